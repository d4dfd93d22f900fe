CREATE VIEW large_orders AS SELECT id, customer_id, total FROM orders WHERE total > 1000;

-- returns the row, whatever it is
CREATE FUNCTION orders_of(customer bigint) RETURNS SETOF orders
LANGUAGE sql STABLE AS 'SELECT * FROM orders WHERE customer_id = customer';

-- gives no column away
CREATE VIEW customers_with_orders AS
SELECT id, email FROM customers c WHERE EXISTS (SELECT * FROM orders o WHERE o.customer_id = c.id);

CREATE VIEW order_counts AS SELECT customer_id, count(*) AS orders FROM orders GROUP BY customer_id;

-- the columns are listed inside
CREATE VIEW ids AS SELECT * FROM (SELECT id FROM orders) AS listed;

-- migration: a table of the same run
CREATE TABLE drafts (id bigint PRIMARY KEY, body text);
CREATE VIEW open_drafts AS SELECT * FROM drafts WHERE body <> '';

-- migration: the old name for as long as old code needs it
SET LOCAL lock_timeout = '2s';
ALTER TABLE archived_orders RENAME TO old_orders;
CREATE VIEW archived_orders AS SELECT * FROM old_orders;

-- migration: what the server brings
CREATE VIEW sessions AS SELECT * FROM pg_stat_activity;
