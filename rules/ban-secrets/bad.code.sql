-- finds: password
DO $$ BEGIN
  CREATE ROLE importer LOGIN PASSWORD 'Winter2026';
END $$;
-- finds: connection
CREATE FUNCTION remote() RETURNS text LANGUAGE sql AS $$ SELECT 'host=db.example.com user=app password=Herbst2026' $$;
