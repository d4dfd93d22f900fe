-- finds: dropsMore
-- also finds: ban-drop-column
ALTER TABLE customers DROP COLUMN active CASCADE;
