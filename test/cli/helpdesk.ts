/** A help desk whose branch changes the schema in every way that its queries notice. */
import type { Files } from './query-repository.ts'

const config = `
queries:
  files: [queries/**, web/**]
  preparedStatements: named
sampling: { budget: 0 }
`

const schema = `
CREATE TABLE accounts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE,
  nickname text,
  joined_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE subscribers (email text NOT NULL, topic text NOT NULL);
CREATE UNIQUE INDEX subscribers_key ON subscribers (email);
CREATE TABLE legacy_visits (id bigint, seen_at timestamptz);
CREATE TYPE mood AS ENUM ('calm', 'angry');
CREATE TABLE tickets (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts (id),
  title text NOT NULL,
  priority smallint NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'open'
);
CREATE FUNCTION open_tickets(account bigint) RETURNS bigint
LANGUAGE sql STABLE AS 'SELECT count(*) FROM tickets WHERE account_id = account';
CREATE TABLE labels (id bigint PRIMARY KEY, name text NOT NULL, color text);
CREATE VIEW overview AS SELECT t.id, t.title, a.email FROM tickets t JOIN accounts a ON a.id = t.account_id;
CREATE VIEW label_list AS SELECT id, name FROM labels;
`

/** As in main; the last ones change, or are there on the branch only. */
const unchangedQueries = `
-- name: ByNickname :many
SELECT id FROM accounts WHERE nickname = $1;

-- name: CountVisits :one
SELECT count(*) FROM legacy_visits WHERE seen_at > $1;

-- name: CreateAccount :one
INSERT INTO accounts (email) VALUES ($1) RETURNING id;

-- name: Subscribe :exec
INSERT INTO subscribers (email, topic) VALUES ($1, $2)
ON CONFLICT (email) DO UPDATE SET topic = excluded.topic;

-- name: OpenTickets :one
SELECT open_tickets($1);

-- name: CastMood :one
SELECT $1::mood;

-- name: WholeAccount :one
SELECT * FROM accounts WHERE id = $1;

-- name: WholeTicket :one
SELECT * FROM tickets WHERE id = $1;

-- name: Priorities :many
SELECT id, priority FROM tickets WHERE state = $1;

-- name: Titles :many
SELECT title FROM tickets WHERE account_id = $1;

-- name: LabelledTickets :many
SELECT title, name FROM tickets t JOIN labels l ON l.id = t.id;

-- name: LabelsLike :many
SELECT id FROM labels WHERE color LIKE $1;

-- name: Overview :many
SELECT id, title, email FROM overview WHERE id = $1;

-- name: TicketState :one
SELECT id, state FROM tickets WHERE id = $1;
`

const web = `
import { sql } from './client'
export const ticket = (id: string) => sql<Ticket[]>\`SELECT * FROM tickets WHERE id = \${id}\`
export const labelList = sql\`SELECT * FROM label_list\`
export function close(id: string) {
  return sql\`UPDATE tickets SET state = 'closed' WHERE id = \${id} RETURNING *\`
}
`

const joinedSince = (column: string): string => `
-- name: JoinedSince :many
SELECT id, ${column} FROM accounts WHERE ${column} > $1;
`

export const main: Files = {
  'pgrehearse.config.yaml': config,
  'migrations/001_schema.up.sql': schema,
  'queries/helpdesk.sql': unchangedQueries + joinedSince('joined_at'),
  'web/tickets.ts': web,
}

export const branch: Files = {
  'migrations/002_accounts.up.sql': `ALTER TABLE accounts DROP COLUMN nickname;
ALTER TABLE accounts ADD COLUMN tenant_id bigint;
UPDATE accounts SET tenant_id = 1 WHERE tenant_id IS NULL;
ALTER TABLE accounts ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE accounts RENAME COLUMN joined_at TO created_at;
`,
  'migrations/003_subscribers.up.sql': `CREATE UNIQUE INDEX subscribers_topic_key ON subscribers (email, topic);
DROP INDEX subscribers_key;
`,
  'migrations/004_old_things.up.sql': `DROP TABLE legacy_visits;
DROP FUNCTION open_tickets(bigint);
ALTER TYPE mood RENAME TO temper;
`,
  'migrations/005_drop_overview.up.sql': `DROP VIEW overview;
`,
  'migrations/006_tickets.up.sql': `ALTER TABLE tickets ALTER COLUMN priority TYPE integer;
ALTER TABLE tickets ADD COLUMN due_at timestamptz;
ALTER TABLE tickets ALTER COLUMN title DROP NOT NULL;
`,
  'migrations/007_overview.up.sql': `CREATE VIEW overview AS
  SELECT t.id, t.title, a.email FROM tickets t JOIN accounts a ON a.id = t.account_id;
`,
  'migrations/008_labels.up.sql': `DROP VIEW label_list;
ALTER TABLE labels ADD COLUMN title text;
ALTER TABLE labels ALTER COLUMN color TYPE integer USING length(color);
CREATE VIEW label_list AS SELECT name, id FROM labels;
`,
  'queries/helpdesk.sql': `${unchangedQueries}${joinedSince('created_at')}
-- name: TenantAccounts :many
SELECT id, email FROM accounts WHERE tenant_id = $1;

-- name: OpenTitles :many
SELECT title FROM tickets WHERE state = 'open';

-- name: Nicknames :many
SELECT nickname FROM accounts WHERE tenant_id = $1;
`,
}
