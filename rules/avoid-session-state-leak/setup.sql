-- session: shared
CREATE SCHEMA billing;
CREATE TABLE billing.invoices (id bigint PRIMARY KEY, note text);
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
