-- finds: password
CREATE ROLE figures_reader LOGIN PASSWORD 'Sommer2026';
-- finds: token
INSERT INTO accounts (id, token) VALUES (1, 'glpat-x9Kq2LmN4pR7sT1vW3yZ');
