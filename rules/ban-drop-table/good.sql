-- migration: accepted, with the reason
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow ban-drop-table until 2027-06-30: copied to carts in 2025, and read by nobody since
DROP TABLE old_carts;

-- migration: computed again in the same transaction
SET LOCAL lock_timeout = '2s';
DROP MATERIALIZED VIEW cart_counts;
CREATE MATERIALIZED VIEW cart_counts AS SELECT user_id, count(*) AS carts, max(id) AS last FROM carts GROUP BY user_id;

-- migration: a view holds no rows
SET LOCAL lock_timeout = '2s';
DROP VIEW mine;

-- migration: a table of this run, and one that is not there
CREATE TABLE staging (id bigint);
DROP TABLE staging;
DROP TABLE IF EXISTS leftovers;
