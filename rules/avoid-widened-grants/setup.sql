CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);
CREATE ROLE grants_reader;
