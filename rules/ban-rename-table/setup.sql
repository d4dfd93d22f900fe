CREATE SCHEMA archive;
CREATE TABLE users (id bigint PRIMARY KEY, name text);
CREATE TABLE events (id bigint PRIMARY KEY);
CREATE TABLE prices (id bigint PRIMARY KEY);
CREATE TABLE prices_new (id bigint PRIMARY KEY);
CREATE VIEW names AS SELECT name FROM users;
