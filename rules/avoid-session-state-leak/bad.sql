-- finds: leaks
SET search_path = billing, public;
CREATE TABLE refunds (id bigint PRIMARY KEY, invoice_id bigint);
