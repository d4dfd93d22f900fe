-- migration: as pg_dump begins a file (no transaction)
SET lock_timeout = 0;
SET check_function_bodies = false;
-- finds: leaks
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE billing.refunds (id bigint PRIMARY KEY);

-- migration: data is loaded without triggers
-- finds: leaks
SET session_replication_role = replica;
CREATE TABLE public.refund_reasons (id bigint PRIMARY KEY);

-- migration: from a block of code
-- finds: leaks
DO $$ BEGIN PERFORM set_config('timezone', 'Europe/Berlin', false); END $$;

-- migration: only what nobody checks
-- finds: leaks
SET check_function_bodies = off;
