CREATE TABLE accounts (id bigint PRIMARY KEY, password text, token text);
