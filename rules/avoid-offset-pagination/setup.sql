-- rows: articles 5000000
-- rows: categories 60
CREATE TABLE categories (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE articles (
  id bigint PRIMARY KEY,
  author_id bigint NOT NULL,
  category_id bigint REFERENCES categories,
  title text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX articles_author_id_idx ON articles (author_id);
CREATE INDEX articles_created_at_idx ON articles (created_at);
-- nobody knows how large
CREATE TABLE comments (id bigint PRIMARY KEY, body text NOT NULL);
