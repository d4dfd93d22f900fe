-- finds: required
ALTER TABLE orders ADD COLUMN customer_id bigint NOT NULL;
