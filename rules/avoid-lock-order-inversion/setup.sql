-- transaction checkout: UPDATE orders SET note = $1 WHERE id = $2; UPDATE payments SET note = $1 WHERE order_id = $2
-- transaction report: SELECT count(*) FROM orders; SELECT count(*) FROM payments
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint, note text);
CREATE TABLE refunds (id bigint PRIMARY KEY, payment_id bigint REFERENCES payments, note text);
CREATE TABLE audits (id bigint PRIMARY KEY, note text);
CREATE INDEX payments_order_id_idx ON payments (order_id);
CREATE INDEX refunds_payment_id_idx ON refunds (payment_id);
