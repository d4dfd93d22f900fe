CREATE TABLE shop.scratch (id bigint);
-- finds: unqualified
DROP TABLE IF EXISTS scratch;
