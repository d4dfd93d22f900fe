-- migration: a key has an index already
CREATE TABLE coupons (id bigint PRIMARY KEY, code text NOT NULL UNIQUE);
-- finds: sameIndex
CREATE UNIQUE INDEX coupons_code_idx ON coupons (code);
