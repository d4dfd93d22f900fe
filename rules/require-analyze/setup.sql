-- rows: countries 200
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  number varchar(20) NOT NULL,
  email text NOT NULL,
  note text,
  total integer NOT NULL
);
CREATE TABLE refunds (id bigint PRIMARY KEY, amount integer, code varchar(50));
CREATE INDEX refunds_amount_idx ON refunds (abs(amount));
CREATE TABLE countries (id bigint PRIMARY KEY, name varchar(50));
