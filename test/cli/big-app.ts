/** An application with large tables, whose branch drops and adds indexes and asks new questions. */
import type { Files } from './query-repository.ts'

const schema = `
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL,
  name text,
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users (id),
  kind text NOT NULL,
  happened_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_user_id_idx ON events (user_id);
CREATE INDEX events_happened_at_idx ON events (happened_at);
CREATE TABLE jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state text NOT NULL,
  run_at timestamptz NOT NULL
);
CREATE INDEX jobs_run_at_idx ON jobs (run_at);
CREATE INDEX jobs_old_state_idx ON jobs (state);
CREATE TABLE opt_outs (user_id bigint);
CREATE TABLE settings (key text PRIMARY KEY, value text);
`

const oldQueries = `
-- name: EventsOfUser :many
SELECT id, kind, happened_at FROM events WHERE user_id = $1;

-- name: UserByEmail :one
SELECT id, name FROM users WHERE email = $1;

-- name: Rename :exec
UPDATE users SET name = $2 WHERE id = $1;

-- name: AddEvent :exec
INSERT INTO events (user_id, kind) VALUES ($1, $2);

-- name: JobsInOrder :many
SELECT id FROM jobs ORDER BY run_at;

-- name: JobsInState :many
SELECT id, run_at FROM jobs WHERE state = $1;

-- name: Setting :one
SELECT value FROM settings WHERE key = $1;
`

/** One for each rule about a query of its own, in the order of the issue. */
const lintQueries = `
-- name: ForgetAll :exec
DELETE FROM events;

-- name: NotOptedOut :many
SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM opt_outs) AND email = $1;

-- name: EventsPage :many
SELECT id, kind FROM events ORDER BY happened_at LIMIT 50 OFFSET $1;

-- name: SearchUsers :many
SELECT id FROM users WHERE name LIKE '%' || $1::text || '%' ORDER BY id LIMIT 20;

-- name: EventsOfDay :one
SELECT count(*) FROM events WHERE happened_at::date = $1;

-- name: Pairs :many
SELECT u.id, e.kind FROM users u, events e WHERE u.name = $1;

-- name: SomeUsers :many
SELECT id, email FROM users WHERE active LIMIT 10;

-- name: Lucky :one
SELECT id FROM users ORDER BY random() LIMIT 1;

-- name: TakeJobs :many
SELECT id FROM jobs WHERE state = 'ready' ORDER BY run_at LIMIT 20 FOR UPDATE;

-- name: AllEvents :many
SELECT id, kind FROM events;
`

const newQueries = `
-- name: EventsOfKind :many
SELECT id, user_id, happened_at FROM events WHERE kind = $1 ORDER BY id LIMIT 1000;

-- name: ReadyJobs :many
SELECT id FROM jobs WHERE state = $1 AND run_at < $2 ORDER BY run_at LIMIT 20 FOR UPDATE SKIP LOCKED;
`

interface Column {
  readonly name: string
  readonly distinct: number
  readonly width: number
  readonly correlation?: number
}

interface Table {
  readonly columns: readonly Column[]
  readonly [key: string]: unknown
}

/** `events(kind)` and so on, of a table of this many rows. */
function table(name: string, rows: number, columns: readonly Column[], indexes: readonly string[]): Table {
  const width = columns.reduce((sum, column) => sum + column.width, 36)
  const pages = Math.ceil((rows * width) / 8192)
  const indexPages = Math.ceil((rows * 24) / 8192)
  return {
    schema: 'public',
    name,
    kind: 'table',
    rows,
    rowsFrom: 'reltuples',
    pages,
    bytes: pages * 8192,
    bytesFrom: 'relpages',
    allVisiblePages: pages,
    columns: columns.map((column) => ({ nullFraction: 0, correlation: 0.1, ...column })),
    indexes: indexes.map((index) => ({
      name: index,
      method: 'btree',
      rows,
      pages: indexPages,
      bytes: indexPages * 8192,
    })),
  }
}

const statesOfJobs = { mostCommon: '{done,failed,ready}', frequencies: [0.97, 0.02, 0.0001] }

const id = { name: 'id', distinct: -1, width: 8 }

const snapshot = {
  format: 'pgrehearse-snapshot',
  version: 1,
  takenAt: '2026-11-01T00:00:00Z',
  containsValues: false,
  statementsNormalised: true,
  server: {
    version: '18.1',
    database: 'app',
    standby: false,
    encoding: 'UTF8',
    collation: 'C.UTF-8',
    ctype: 'C.UTF-8',
    localeProvider: 'libc',
    blockSize: 8192,
    connections: 20,
    transactionsPerSecond: 300,
  },
  statistics: { since: '2026-09-01T00:00:00Z', sinceFrom: 'reset of the statistics' },
  settings: { max_connections: 100, random_page_cost: 1.1, work_mem: 4194304 },
  replication: { standbys: [], slots: [] },
  notRead: [],
  statements: {
    since: '2026-09-01T00:00:00Z',
    list: [
      {
        sql: 'SELECT "events"."id" FROM "events" WHERE "events"."user_id" = $1 AND "events"."kind" = $2',
        callsPerSecond: 2,
        meanMs: 0.4,
        rowsPerCall: 1,
      },
      {
        sql: 'UPDATE users SET name = $1 WHERE id = $2',
        callsPerSecond: 40,
        meanMs: 0.2,
        rowsPerCall: 1,
      },
    ],
    leftOut: { hidden: 0, otherCommands: 0, literals: 0, rare: 0, unparsed: 0 },
  },
  tables: [
    table(
      'events',
      50_000_000,
      [
        id,
        { name: 'user_id', distinct: 1_800_000, width: 8 },
        { name: 'kind', distinct: 40_000, width: 12 },
        { name: 'happened_at', distinct: -0.9, width: 8 },
      ],
      ['events_happened_at_idx', 'events_pkey', 'events_user_id_idx'],
    ),
    table(
      'jobs',
      3_000_000,
      [
        id,
        { name: 'state', distinct: 12, width: 6 },
        { name: 'run_at', distinct: -0.9, width: 8, correlation: 1 },
      ],
      ['jobs_old_state_idx', 'jobs_pkey', 'jobs_run_at_idx'],
    ),
    table('opt_outs', 20_000, [{ name: 'user_id', distinct: -1, width: 8 }], []),
    table(
      'settings',
      40,
      [
        { name: 'key', distinct: -1, width: 14 },
        { name: 'value', distinct: -0.8, width: 20 },
      ],
      ['settings_pkey'],
    ),
    table(
      'users',
      2_000_000,
      [
        id,
        { name: 'email', distinct: -1, width: 24 },
        { name: 'name', distinct: -0.6, width: 16 },
        { name: 'active', distinct: 2, width: 1 },
        { name: 'created_at', distinct: -1, width: 8 },
      ],
      ['users_email_key', 'users_pkey'],
    ),
  ],
}

export const main: Files = {
  'pgrehearse.config.yaml': 'snapshot: production.json\nqueries: [queries/**]\nsampling: { budget: 0 }\n',
  'production.json': JSON.stringify(snapshot),
  'migrations/001_schema.up.sql': schema,
  'queries/app.sql': oldQueries,
}

export const branch: Files = {
  'migrations/002_less.up.sql': 'DROP INDEX CONCURRENTLY events_user_id_idx;\n',
  'migrations/003_order.up.sql': 'DROP INDEX CONCURRENTLY jobs_run_at_idx;\n',
  'migrations/004_more.up.sql': 'CREATE INDEX CONCURRENTLY users_created_at_idx ON users (created_at);\n',
  'migrations/005_jobs.up.sql': 'CREATE INDEX CONCURRENTLY jobs_state_idx ON jobs (state, run_at);\n',
  'migrations/006_names.up.sql': 'CREATE INDEX users_name_idx ON users (name);\n',
  'migrations/007_view.up.sql': 'CREATE VIEW whole_users AS SELECT * FROM users;\n',
  'queries/app.sql': oldQueries + newQueries,
  'queries/lint.sql': lintQueries,
}

/** The snapshot with the values of one column. */
export const withValues: Files = {
  'production.json': JSON.stringify({
    ...snapshot,
    containsValues: true,
    tables: snapshot.tables.map((one) => ({
      ...one,
      columns: one.columns.map((column) =>
        column.name === 'state' ? { ...column, values: statesOfJobs } : column,
      ),
    })),
  }),
}

/** A migration that drops the index by which rare jobs are found. */
export const slower: Files = {
  'migrations/002_states.up.sql': 'DROP INDEX CONCURRENTLY jobs_old_state_idx;\n',
}

/** A migration that no query of main notices. */
export const harmless: Files = {
  'migrations/002_audit.up.sql': 'CREATE TABLE audits (id bigint PRIMARY KEY, note text);\n',
}
