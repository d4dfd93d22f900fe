-- migration: a new type
SET LOCAL lock_timeout = '2s';
-- finds: losesStatistics
ALTER TABLE orders ALTER COLUMN number TYPE varchar(40);

-- migration: an index on an expression (no transaction)
-- finds: noStatistics
CREATE INDEX CONCURRENTLY orders_email_idx ON orders (lower(email));

-- migration: a table that was just filled
CREATE TABLE totals (email text, total bigint);
INSERT INTO totals SELECT email, sum(total) FROM orders GROUP BY email;
CREATE TABLE large_orders (id bigint);
-- finds: joinsUnseen
INSERT INTO large_orders SELECT orders.id FROM orders JOIN totals USING (email) WHERE totals.total > 100;
