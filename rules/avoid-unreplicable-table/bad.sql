-- finds: refusesChanges
CREATE TABLE clicks (at timestamptz NOT NULL, page text NOT NULL);
