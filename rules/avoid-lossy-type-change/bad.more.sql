-- migration: too long
-- finds: fails
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN number TYPE varchar(10);

-- migration: fewer digits before the point
-- finds: fails
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN net TYPE numeric(8, 2);

-- migration: the first characters only
-- finds: cutsValues
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN title TYPE varchar(10) USING left(title, 10);

-- migration: text that is no uuid
-- finds: readsText
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN shop_key TYPE uuid USING shop_key::uuid;

-- migration: text that is no label
-- finds: readsText
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN shown_state TYPE state USING shown_state::state;

-- migration: a label is missing
CREATE TYPE shorter AS ENUM ('open', 'paid');
-- finds: fails
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN state TYPE shorter USING state::text::shorter;

-- migration: no fractions of a second, no digits behind the 15th
-- finds: changesValues
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN due_at TYPE timestamp(0);
-- finds: changesValues
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN weight TYPE numeric;

-- migration: keys that one object has twice
-- finds: changesValues
-- also finds: avoid-table-rewrite
-- also finds: avoid-repeated-table-work
ALTER TABLE invoices ALTER COLUMN payload TYPE jsonb;

-- migration: moments without their zone
SET LOCAL TimeZone = 'Europe/Berlin';
-- finds: losesZone
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN issued_at TYPE timestamp;
