-- migration: accepted, with the reason
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow ban-drop-table until 2027-06-30: copied to carts in 2025, and read by nobody since
DROP TABLE old_carts;

-- migration: computed beside the old one
CREATE MATERIALIZED VIEW cart_counts_new AS SELECT user_id, count(*) AS carts, max(id) AS last FROM carts GROUP BY user_id;

-- migration: and put into its place
SET LOCAL lock_timeout = '2s';
DROP MATERIALIZED VIEW cart_counts;
ALTER MATERIALIZED VIEW cart_counts_new RENAME TO cart_counts;

-- migration: a view holds no rows
SET LOCAL lock_timeout = '2s';
DROP VIEW mine;

-- migration: a table of this run, and one that is not there
CREATE TABLE staging (id bigint);
DROP TABLE staging;
DROP TABLE IF EXISTS leftovers;
