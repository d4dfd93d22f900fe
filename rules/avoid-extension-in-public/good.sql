CREATE EXTENSION citext SCHEMA extensions;
-- migration: one that was there
CREATE EXTENSION IF NOT EXISTS pg_trgm;
