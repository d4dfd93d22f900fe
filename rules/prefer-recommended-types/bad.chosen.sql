-- options: {"types": ["varchar", "boolean"]}
-- finds: varchar
-- finds: boolean
CREATE TABLE drafts (id integer PRIMARY KEY, title varchar(20) NOT NULL, done boolean);
