-- finds: buildsIndex
ALTER TABLE imports ADD CONSTRAINT imports_pkey PRIMARY KEY (id, batch) DEFERRABLE;
