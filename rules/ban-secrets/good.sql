CREATE ROLE analysts LOGIN;
CREATE ROLE loader LOGIN PASSWORD 'SCRAM-SHA-256$4096:WT8HzEQXNzGzRbHFVyA5Ag==$BFuX1h5ba3A1nBYVO2C7nhNTIZsj7j3pIPsZ7eqGx6A=:oLmFmtdLqVAJJSaEsxXHBQ8WOuwO/LAFCYiR9dCJJPE=';
-- the application's own passwords, hashed; and the word in other places
INSERT INTO accounts (id, password) VALUES (1, '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy');
COMMENT ON COLUMN accounts.password IS 'of the user, password ''hashed'' with bcrypt';
INSERT INTO accounts (id, token) VALUES (2, 'AKIAIOSFODNN7EXAMPLE'), (3, 'https://docs.example.com/a:b');
