-- finds: locksRows
SELECT * FROM users FOR UPDATE;
