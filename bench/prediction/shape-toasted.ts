import { instant, trial, type Shape } from './shape.ts'

/** Articles and comments in one table: most texts are short, a quarter is long enough to be moved to TOAST. */
export const toasted: Shape = {
  name: 'toasted',
  title: 'documents, a quarter in TOAST, 3 indexes',
  use: 'tuning',
  history: [
    'CREATE TABLE authors (id integer PRIMARY KEY, name text NOT NULL, bio text);',
    `CREATE TABLE documents (
    id bigint GENERATED ALWAYS AS IDENTITY,
    author_id integer NOT NULL REFERENCES authors (id),
    parent_id bigint,
    slug text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    language varchar(10),
    words integer,
    published boolean NOT NULL DEFAULT false,
    created_at timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (id)
);
CREATE INDEX documents_author_id_idx ON documents (author_id);
CREATE UNIQUE INDEX documents_slug_idx ON documents (slug);`,
  ],
  load: (rows) => [
    `insert into authors
       select id, corpus.first_name() || ' ' || corpus.last_name(), text
         from generate_series(1, ${Math.ceil(rows / 50)}) as id left join corpus.paragraphs as p using (id)`,
    `insert into documents (author_id, parent_id, slug, title, body, language, words, published, created_at)
       select corpus.zipf(${Math.ceil(rows / 50)}, 2), case when g % 4 > 0 and g > 10 then g - corpus.zipf(10, 1) end,
              trim('-' from regexp_replace(lower(s.text), '[^a-z0-9]+', '-', 'g')) || '-' || g, s.text,
              case when g % 4 > 0 then b.text
                   else concat_ws(e'\\n\\n', a.text, b.text, c.text, d.text, e.text, f.text, h.text, i.text) end,
              (array['en', 'de', 'fr', 'es'])[corpus.zipf(4, 2)], corpus.zipf(900, 3), random() < 0.9,
              timestamp '2014-01-01' + g * interval '5 min'
         from (select g, ${Array.from({ length: 8 }, (_, at) => `corpus.zipf(4000, 1) as p${at}`).join(', ')},
                      corpus.zipf(20000, 1) as title
                 from generate_series(1, ${rows}) as g offset 0) as drawn
         join corpus.sentences as s on s.id = title
         ${[...'abcdefhi'].map((name, at) => `left join corpus.paragraphs as ${name} on ${name}.id = p${at} and (${at} < 2 or g % 4 = 0 and p${at} % 5 > 0)`).join('\n         ')}`,
  ],
  trials: [
    trial('builds', 'create index (text)', 'CREATE INDEX d_title ON documents (title)', 'drop index d_title'),
    trial(
      'builds',
      'create index (expression)',
      'CREATE INDEX d_length ON documents (length(title), language)',
      'drop index d_length',
    ),
    trial(
      'builds',
      'create index (GIN)',
      "CREATE INDEX d_search ON documents USING gin (to_tsvector('english', title))",
      'drop index d_search',
    ),
    trial(
      'builds',
      'create unique index',
      'CREATE UNIQUE INDEX d_author_id ON documents (author_id, id)',
      'drop index d_author_id',
    ),
    trial(
      'scans',
      'set not null',
      'ALTER TABLE documents ALTER COLUMN language SET NOT NULL',
      'alter table documents alter column language drop not null',
    ),
    trial(
      'scans',
      'add check',
      "ALTER TABLE documents ADD CONSTRAINT d_slug CHECK (slug ~ '^[a-z0-9-]+$')",
      'alter table documents drop constraint d_slug',
    ),
    trial(
      'scans',
      'add check (reads TOAST)',
      'ALTER TABLE documents ADD CONSTRAINT d_body CHECK (length(body) > 0)',
      'alter table documents drop constraint d_body',
    ),
    trial(
      'scans',
      'add foreign key',
      'ALTER TABLE documents ADD CONSTRAINT d_parent FOREIGN KEY (parent_id) REFERENCES documents (id)',
      'alter table documents drop constraint d_parent',
    ),
    instant('scans', 'drop column', 'ALTER TABLE documents DROP COLUMN words'),
    trial(
      'type',
      'alter type (integer to bigint)',
      'ALTER TABLE documents ALTER COLUMN author_id TYPE bigint',
    ),
    instant(
      'scans',
      'alter type (timestamp to timestamptz)',
      'ALTER TABLE documents ALTER COLUMN created_at TYPE timestamptz',
    ),
    trial('vacuum', 'vacuum full', 'VACUUM FULL documents'),
    trial('update all', 'update (all rows)', 'UPDATE documents SET words = coalesce(words, 0) + 1'),
    trial('writes', 'update (some rows)', 'UPDATE documents SET title = upper(title) WHERE NOT published'),
    trial('delete', 'delete (half)', 'DELETE FROM documents WHERE id % 2 = 0'),
  ],
}
