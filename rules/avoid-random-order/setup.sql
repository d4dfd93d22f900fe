-- rows: products 2000000
-- rows: banners 40
CREATE TABLE products (id bigint PRIMARY KEY, shop_id bigint NOT NULL, name text NOT NULL);
CREATE INDEX products_shop_id_idx ON products (shop_id);
CREATE TABLE banners (id bigint PRIMARY KEY, text text NOT NULL);
-- nobody knows how large
CREATE TABLE jokes (id bigint PRIMARY KEY, text text NOT NULL);
