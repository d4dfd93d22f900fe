CREATE TABLE "Accounts" (id bigint PRIMARY KEY, "createdAt" timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
