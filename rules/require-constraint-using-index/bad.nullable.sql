-- migration: the index exists, but id can be NULL
-- finds: checksNulls
ALTER TABLE imports ADD CONSTRAINT imports_pkey PRIMARY KEY USING INDEX imports_id_idx;
