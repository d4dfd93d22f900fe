SET LOCAL lock_timeout = '2s';
CREATE TABLE shop.orders (id bigint PRIMARY KEY, note text);
ALTER TABLE shop.customers ADD COLUMN note text;
CREATE INDEX orders_idx ON shop.orders (note);
-- migration: with a path of its own
SET LOCAL search_path = shop, pg_catalog;
CREATE TABLE returns (id bigint PRIMARY KEY);
-- migration: temporary
CREATE TEMPORARY TABLE loading (line text);
ALTER TABLE loading ADD COLUMN number integer;
DROP TABLE loading;
