-- migration: a new type
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ALTER COLUMN number TYPE varchar(40);

-- migration: its statistics
ANALYZE orders (number);

-- migration: an index on an expression (no transaction)
CREATE INDEX CONCURRENTLY orders_email_idx ON orders (lower(email));
VACUUM (ANALYZE) orders;

-- migration: an index on a column needs no statistics of its own (no transaction)
CREATE INDEX CONCURRENTLY orders_total_idx ON orders (total);

-- migration: a small table
SET LOCAL lock_timeout = '2s';
ALTER TABLE countries ALTER COLUMN name TYPE varchar(80);

-- migration: a table of this run
CREATE TABLE totals (email text, total bigint);
INSERT INTO totals SELECT email, sum(total) FROM orders GROUP BY email;
CREATE INDEX totals_email_idx ON totals (lower(email));
ANALYZE totals;
CREATE TABLE large_orders (id bigint);
INSERT INTO large_orders SELECT orders.id FROM orders JOIN totals USING (email) WHERE totals.total > 100;

-- migration: a few rows
CREATE TABLE rates (email text, rate integer);
INSERT INTO rates VALUES ('a@example.com', 3);
UPDATE rates SET rate = rate + 1;
DELETE FROM rates WHERE rate IS NULL;
CREATE TABLE rated_orders (id bigint);
INSERT INTO rated_orders SELECT orders.id FROM orders JOIN rates USING (email);
