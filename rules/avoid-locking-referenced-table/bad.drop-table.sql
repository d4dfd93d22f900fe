SET LOCAL lock_timeout = '2s';
-- an info with a lock_timeout, but worth knowing
-- finds: dropLocks
-- also finds: ban-drop-table
DROP TABLE orders;
