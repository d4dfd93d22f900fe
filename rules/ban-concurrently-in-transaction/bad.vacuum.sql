-- finds: fails
VACUUM (ANALYZE) orders;
