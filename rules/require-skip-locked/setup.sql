CREATE TABLE jobs (
  id bigint PRIMARY KEY,
  queue text NOT NULL,
  status text NOT NULL,
  account_id bigint NOT NULL,
  locked_at timestamptz,
  run_at timestamptz NOT NULL,
  payload jsonb
);
CREATE INDEX jobs_queue_status_idx ON jobs (queue, status);
CREATE INDEX jobs_account_id_idx ON jobs (account_id);
