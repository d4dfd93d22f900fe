-- migration: everybody
-- finds: everyRow
UPDATE users SET active = true;

-- migration: whoever matches
-- finds: matchingRows
DELETE FROM sessions WHERE expires_at < now();
