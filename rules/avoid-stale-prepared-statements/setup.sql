CREATE TABLE orders (id bigint PRIMARY KEY, code varchar(20) NOT NULL, total numeric(10,2) NOT NULL);
