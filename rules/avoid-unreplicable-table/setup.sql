CREATE TABLE customers (id bigint PRIMARY KEY, name text);
CREATE TABLE visits (at timestamptz, page text);
CREATE TABLE codes (id bigint PRIMARY KEY, code text NOT NULL CONSTRAINT codes_code_key UNIQUE);
ALTER TABLE codes REPLICA IDENTITY USING INDEX codes_code_key;
CREATE TABLE notes (id bigint CONSTRAINT notes_pkey PRIMARY KEY, body text);
ALTER TABLE visits REPLICA IDENTITY FULL;
CREATE PUBLICATION feed FOR ALL TABLES;
