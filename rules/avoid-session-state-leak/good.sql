-- migration: ends with the transaction
SET LOCAL search_path = billing, public;
CREATE TABLE refunds (id bigint PRIMARY KEY);

-- migration: timeouts that are good practice
SET lock_timeout = '2s';
SET statement_timeout = '10min';
ALTER TABLE orders ADD COLUMN priority integer;

-- migration: put back
SET search_path = billing, public;
CREATE TABLE charges (id bigint PRIMARY KEY);
RESET search_path;

-- migration: undone with its transaction (no transaction)
BEGIN;
SET search_path = billing, public;
ROLLBACK;
SET search_path = billing, public;
RESET ALL;

-- migration: the time zone that it is anyway
SET TIME ZONE 'UTC';

-- migration: the next one begins with its own
SET search_path = billing, public;
CREATE TABLE discounts (id bigint PRIMARY KEY);

-- migration: which it puts back
SET search_path = billing, public;
CREATE TABLE fees (id bigint PRIMARY KEY);
SET search_path TO DEFAULT;
