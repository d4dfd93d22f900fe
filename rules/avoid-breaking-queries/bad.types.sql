-- migration: a function gives another type
DROP FUNCTION order_fee(bigint);
-- finds: mismatch (replay only)
CREATE FUNCTION order_fee(bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT ''5 EUR''';

-- migration: a name that two tables have now
SET LOCAL lock_timeout = '2s';
-- finds: ambiguous (replay only)
ALTER TABLE customers ADD COLUMN note text;

-- migration: ids that nobody may choose any more
SET LOCAL lock_timeout = '2s';
-- finds: refused (replay only)
-- also finds: avoid-stale-sequence (replay only)
ALTER TABLE customers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;

-- migration: rights that go
SET LOCAL lock_timeout = '2s';
-- finds: losesRight (replay only)
REVOKE SELECT ON customers FROM CURRENT_USER;
