CREATE TABLE orders (id bigint PRIMARY KEY, note text, legacy_code text);
CREATE SCHEMA billing;
CREATE TABLE billing."Invoice" (id bigint PRIMARY KEY, "dueDate" date);
