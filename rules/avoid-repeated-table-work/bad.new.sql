CREATE TABLE totals (order_id bigint, total integer);
CREATE INDEX totals_order_id_idx ON totals (order_id);
-- finds: fillsIndexed
INSERT INTO totals SELECT order_id, price FROM items;
-- finds: rewritesFilled
ALTER TABLE totals ALTER COLUMN total TYPE bigint;
