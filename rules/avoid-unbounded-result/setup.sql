-- rows: payments 6000000
-- rows: merchants 40000
-- rows: countries 250
CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
CREATE TABLE merchants (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE payments (
  id bigint PRIMARY KEY,
  merchant_id bigint NOT NULL REFERENCES merchants,
  country text NOT NULL REFERENCES countries,
  amount numeric NOT NULL,
  paid_at timestamptz NOT NULL
);
CREATE INDEX payments_merchant_id_idx ON payments (merchant_id);
CREATE INDEX payments_country_idx ON payments (country);
CREATE INDEX payments_paid_at_idx ON payments (paid_at);
-- nobody knows how large
CREATE TABLE refunds (id bigint PRIMARY KEY, payment_id bigint NOT NULL);
