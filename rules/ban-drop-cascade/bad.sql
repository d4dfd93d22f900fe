SET LOCAL lock_timeout = '2s';
-- finds: dropsMore
-- also finds: ban-drop-table
DROP TABLE customers CASCADE;
