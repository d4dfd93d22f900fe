-- finds: domainScans
ALTER DOMAIN percentage ADD CONSTRAINT percentage_range CHECK (VALUE BETWEEN 0 AND 100);

-- migration: validated later, which takes the same lock
ALTER DOMAIN percentage ADD CONSTRAINT percentage_small CHECK (VALUE < 1000) NOT VALID;
-- finds: domainValidates
ALTER DOMAIN percentage VALIDATE CONSTRAINT percentage_small;

-- migration: no NULL
-- finds: domainNotNull
ALTER DOMAIN percentage SET NOT NULL;
