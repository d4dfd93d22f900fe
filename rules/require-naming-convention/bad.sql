-- finds: needsQuotes
-- finds: needsQuotes
CREATE TABLE "user" (id bigint PRIMARY KEY, "firstName" text, "order" integer);
