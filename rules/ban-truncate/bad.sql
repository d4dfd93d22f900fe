-- finds: losesRows
TRUNCATE visits;
