CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY, order_id bigint CONSTRAINT notes_order REFERENCES orders ON DELETE CASCADE);
