-- migration: a value of its own for each row
-- finds: matchingRows
UPDATE users AS u SET token = gen_random_uuid(), visits = coalesce(visits, 0) + 1 WHERE u.token IS NULL;

-- migration: no batch can tell what is done already
-- finds: everyRow
UPDATE users SET visits = visits + 1;

-- migration: partitioned
-- finds: matchingRows
DELETE FROM logs WHERE line LIKE 'debug%';

-- migration: from another table
-- finds: matchingRows
UPDATE sessions SET user_id = users.id FROM users WHERE users.token = sessions.id;
