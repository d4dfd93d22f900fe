CREATE TABLE reservations (
  id bigint PRIMARY KEY,
  during tstzrange NOT NULL,
  CONSTRAINT reservations_no_overlap EXCLUDE USING gist (during WITH &&)
);
ALTER TABLE reservations ADD CONSTRAINT reservations_apart EXCLUDE USING gist (during WITH -|-);
