-- options: {"columns": ["created_at", "updated_at"]}
-- finds: missing
CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL);
