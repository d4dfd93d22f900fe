-- finds: losesTable
DROP MATERIALIZED VIEW cart_counts;
