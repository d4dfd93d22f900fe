-- finds: needsQuotes
-- finds: otherForm
CREATE TABLE drafts (
  id bigint PRIMARY KEY,
  "orderId" bigint UNIQUE,
  note text CONSTRAINT "CK_Note" CHECK (note <> '')
);
