CREATE TABLE users (
  id bigint PRIMARY KEY,
  email text,
  phone text,
  CONSTRAINT phone_given CHECK (phone IS NOT NULL)
);
