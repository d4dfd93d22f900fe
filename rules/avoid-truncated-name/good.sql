SET LOCAL lock_timeout = '2s';
-- 63 bytes
ALTER TABLE orders ADD COLUMN estimated_delivery_date_as_promised_to_the_customer_at_checkout date;
-- a name that is only mentioned; it was cut when somebody gave it
ALTER TABLE orders DROP CONSTRAINT orders_customer_id_must_be_positive_or_absent_for_guest_checkouts;
-- a long text is no name
COMMENT ON TABLE orders IS 'customers_who_asked_for_a_copy_of_their_data_under_article_fifteen';
-- Postgres shortens the names that it makes itself, so that they stay apart
CREATE TABLE subscription_invoice_lines_with_their_discounts (
  subscription_invoice_number_in_accounting bigint UNIQUE
);
