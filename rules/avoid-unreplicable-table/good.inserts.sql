ALTER PUBLICATION feed SET (publish = 'insert');
CREATE TABLE clicks (at timestamptz NOT NULL, page text NOT NULL);
