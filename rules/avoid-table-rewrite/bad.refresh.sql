-- finds: refreshes
REFRESH MATERIALIZED VIEW totals;
