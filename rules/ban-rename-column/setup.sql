CREATE TABLE users (id bigint PRIMARY KEY, name text, login text, login_new text);
