CREATE TABLE customers (id integer PRIMARY KEY, created_at timestamp, data json);
