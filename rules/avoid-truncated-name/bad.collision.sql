-- migration: the second index is never built (no transaction)
-- finds: isCut
CREATE INDEX CONCURRENTLY orders_lookup_by_customer_for_the_monthly_statement_of_accounts_region ON orders (customer_id, region);
-- finds: meansOther
-- also finds: avoid-concurrent-index-if-not-exists
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_lookup_by_customer_for_the_monthly_statement_of_accounts_note ON orders (customer_id, note);
