CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, region text, note text);
ALTER TABLE orders ADD CONSTRAINT orders_customer_id_must_be_positive_or_absent_for_guest_checkouts CHECK (customer_id > 0);
