SET LOCAL lock_timeout = '2s';
-- finds: isCut
ALTER TABLE orders ADD COLUMN estimated_delivery_date_as_promised_to_the_customer_at_checkout_time date;
