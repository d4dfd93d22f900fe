CREATE TYPE state AS ENUM ('open', 'paid', 'void');
CREATE TABLE invoices (
  id bigint PRIMARY KEY,
  number varchar(20) NOT NULL,
  code varchar(20) NOT NULL CHECK (char_length(code) <= 8),
  title varchar(50),
  total numeric(12, 4) NOT NULL,
  net numeric(12, 2),
  weight double precision,
  reference text,
  shop_key text,
  shown_state text,
  state state,
  payload json,
  visits bigint NOT NULL,
  issued_at timestamptz NOT NULL,
  due_at timestamp
);
