-- finds: locksParent
-- also finds: ban-drop-table
DROP TABLE readings_2026;
