-- finds: inPublic (replay only)
CREATE EXTENSION citext;
