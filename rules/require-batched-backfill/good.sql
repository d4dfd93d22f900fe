-- migration: by key
UPDATE users SET active = false WHERE id = 17;
DELETE FROM users WHERE id IN (1, 2, 3);
INSERT INTO users (id, email) VALUES (4, 'root@example.org') ON CONFLICT (id) DO UPDATE SET email = excluded.email;

-- migration: a new table
CREATE TABLE flags (id bigint, enabled boolean);
INSERT INTO flags VALUES (1, NULL);
UPDATE flags SET enabled = true;

-- migration: in batches (no transaction)
DO $$
BEGIN
  LOOP
    DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < now() LIMIT 1000);
    EXIT WHEN NOT FOUND;
    COMMIT;
  END LOOP;
END $$;

-- migration: one row
SELECT * FROM users WHERE id = 17 FOR UPDATE;
