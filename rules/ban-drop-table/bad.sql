-- finds: losesTable
DROP TABLE old_carts;
