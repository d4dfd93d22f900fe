CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);
CREATE SCHEMA shop;
CREATE SCHEMA open_to_all;
GRANT CREATE ON SCHEMA open_to_all TO PUBLIC;
CREATE FUNCTION total() RETURNS numeric LANGUAGE sql SECURITY DEFINER AS 'SELECT sum(balance) FROM accounts';
