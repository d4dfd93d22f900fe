CREATE TABLE accounts (id bigint NOT NULL, email text NOT NULL, iban text);
CREATE TABLE imports (id bigint, batch integer);
CREATE UNIQUE INDEX imports_id_idx ON imports (id);
