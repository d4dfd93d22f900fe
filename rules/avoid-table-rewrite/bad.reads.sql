-- migration: the index is built anew, under UTC too
-- finds: readsAgain
ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamptz;

-- migration: the same bytes, but text sorts in another way
-- finds: readsAgain
ALTER TABLE orders ALTER COLUMN code TYPE varchar(20) COLLATE "C";
