-- finds: losesRows
TRUNCATE orders CASCADE;
