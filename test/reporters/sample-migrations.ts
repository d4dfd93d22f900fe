import { by, known, lock, measured, migration, predicted, settings, table } from './sample-parts.ts'
import type { EvidencedEffect, Relation } from '../../src/core/model.ts'

export const orders = table('orders')
export const ordersPkey = table('orders_pkey', { kind: 'index', table: 'public.orders' })
export const customers = table('customers')
export const invoices = table('invoices', { schema: 'billing' })
const fresh = (name: string, more: Partial<Relation> = {}) => table(name, { existedBefore: false, ...more })

/** What a merge request could plant: markup, mentions, quick actions, references, escapes, bidi overrides. */
export const hostileName =
  'x"; </script><img src=x onerror=alert(1)>\n/close\n@all #1 !1 ~bug `code` | \u001b[31mred\u001b[0m \u202etxt.exe %0A::error::'
export const hostile = table(hostileName)

const statusText = `-- Orders get a status, and a way to find them by it.
SET lock_timeout = '5s';

ALTER TABLE orders ADD COLUMN status text NOT NULL DEFAULT 'new';

CREATE INDEX orders_status_idx
  ON orders (status);

ALTER TABLE orders
  ALTER COLUMN total TYPE numeric(14, 4);
`
const withLockTimeout = { ...settings, lockTimeoutMs: 5000 }

export const statusEffects = {
  addColumn: [
    ...by(measured, lock(orders, 'AccessExclusiveLock'), {
      kind: 'catalog',
      object: { kind: 'table', schema: 'public', name: 'orders' },
      existedBefore: true,
      change: {
        type: 'add column',
        column: { name: 'status', type: 'text', notNull: true, filled: true },
      },
    }),
    ...by({ ...measured, probe: 'wal_lsn' }, { kind: 'wal', bytes: 2720 }),
  ],
  index: [
    ...by(
      measured,
      lock(orders, 'ShareLock'),
      { kind: 'scan', relation: orders, reason: 'build index' },
      {
        kind: 'catalog',
        object: { kind: 'index', schema: 'public', name: 'orders_status_idx', table: 'public.orders' },
        existedBefore: true,
        change: { type: 'create' },
      },
    ),
    ...by({ ...measured, probe: 'pg_stat_statements' }, { kind: 'temp', bytes: 8192 }),
  ],
  rewrite: by(
    measured,
    lock(orders, 'AccessExclusiveLock'),
    { kind: 'rewrite', relation: orders, cause: 'column type' },
    { kind: 'scan', relation: orders, reason: 'rewrite' },
    { kind: 'rewrite', relation: ordersPkey, cause: 'index rebuild' },
    {
      kind: 'catalog',
      object: { kind: 'table', schema: 'public', name: 'orders' },
      existedBefore: true,
      change: { type: 'change type', column: 'total', from: 'numeric(12,2)', to: 'numeric(14,4)' },
    },
  ),
} satisfies Record<string, readonly EvidencedEffect[]>

export const status = migration(
  {
    file: 'migrations/20260301120000_orders_status.sql',
    source: 'plain-sql',
    version: '20260301120000',
    title: 'orders status',
    transaction: { mode: 'statement', why: 'assumed: psql -f' },
    outcome: 'rehearsed',
    text: statusText,
  },
  [
    { sql: "SET lock_timeout = '5s';", tag: 'VariableSetStmt', transaction: 1 },
    {
      sql: "ALTER TABLE orders ADD COLUMN status text NOT NULL DEFAULT 'new';",
      tag: 'AlterTableStmt',
      transaction: 2,
      effects: statusEffects.addColumn,
      settings: withLockTimeout,
    },
    {
      sql: 'CREATE INDEX orders_status_idx\n  ON orders (status);',
      tag: 'IndexStmt',
      transaction: 3,
      effects: statusEffects.index,
      settings: withLockTimeout,
    },
    {
      sql: 'ALTER TABLE orders\n  ALTER COLUMN total TYPE numeric(14, 4);',
      tag: 'AlterTableStmt',
      transaction: 4,
      effects: statusEffects.rewrite,
      settings: withLockTimeout,
    },
  ],
)

const loyaltyText = `ALTER TABLE customers ADD COLUMN loyalty_points integer;
ALTER TABLE billing.invoices ADD COLUMN customer_loyalty integer;
UPDATE customers SET loyalty_points = 0;
CREATE TABLE loyalty_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers (id),
  points integer NOT NULL
);
-- pgrehearse-allow avoid-drop-column until 2027-01-31: nothing has read it since release 41
ALTER TABLE customers DROP COLUMN nickname;
`
export const loyaltyEffects = {
  addColumn: by(measured, lock(customers, 'AccessExclusiveLock'), {
    kind: 'catalog',
    object: { kind: 'table', schema: 'public', name: 'customers' },
    existedBefore: true,
    change: {
      type: 'add column',
      column: { name: 'loyalty_points', type: 'integer', notNull: false, filled: false },
    },
  }),
  invoices: by(measured, lock(invoices, 'AccessExclusiveLock'), {
    kind: 'catalog',
    object: { kind: 'table', schema: 'billing', name: 'invoices' },
    existedBefore: true,
    change: {
      type: 'add column',
      column: { name: 'customer_loyalty', type: 'integer', notNull: false, filled: false },
    },
  }),
  backfill: by(
    measured,
    { kind: 'write', relation: customers, command: 'UPDATE', reach: 'all rows' },
    { kind: 'scan', relation: customers, reason: 'read' },
  ),
  create: by(
    measured,
    {
      kind: 'catalog',
      object: { kind: 'table', schema: 'public', name: 'loyalty_events' },
      existedBefore: false,
      change: { type: 'create' },
    },
    lock(fresh('loyalty_events'), 'AccessExclusiveLock'),
  ),
  drop: by(measured, {
    kind: 'catalog',
    object: { kind: 'table', schema: 'public', name: 'customers' },
    existedBefore: true,
    change: { type: 'drop column', column: 'nickname' },
  }),
} satisfies Record<string, readonly EvidencedEffect[]>

export const loyalty = migration(
  {
    file: 'db/migration/V43__loyalty.sql',
    source: 'flyway',
    version: '43',
    title: 'loyalty',
    transaction: { mode: 'file', why: 'Flyway default' },
    outcome: 'rehearsed',
    text: loyaltyText,
  },
  [
    ['ALTER TABLE customers ADD COLUMN loyalty_points integer;', 'AlterTableStmt', loyaltyEffects.addColumn],
    [
      'ALTER TABLE billing.invoices ADD COLUMN customer_loyalty integer;',
      'AlterTableStmt',
      loyaltyEffects.invoices,
    ],
    ['UPDATE customers SET loyalty_points = 0;', 'UpdateStmt', loyaltyEffects.backfill],
    [
      loyaltyText.slice(loyaltyText.indexOf('CREATE'), loyaltyText.indexOf(');\n') + 2),
      'CreateStmt',
      loyaltyEffects.create,
    ],
    ['ALTER TABLE customers DROP COLUMN nickname;', 'AlterTableStmt', loyaltyEffects.drop],
  ].map(([sql, tag, effects]) => ({
    sql: sql as string,
    tag: tag as string,
    transaction: 5,
    effects: effects as readonly EvidencedEffect[],
  })),
)

export const concurrentEffects = by(known, lock(orders, 'ShareUpdateExclusiveLock', 'statement'), {
  kind: 'scan',
  relation: orders,
  reason: 'build index',
})

export const concurrent = migration(
  {
    file: 'migrations/20260302090000_orders_index.sql',
    source: 'plain-sql',
    version: '20260302090000',
    title: 'orders index',
    transaction: { mode: 'statement', why: 'assumed: psql -f' },
    outcome: 'rehearsed',
    text: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_customer_idx ON orders (customer_id);\n',
  },
  [
    {
      sql: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_customer_idx ON orders (customer_id);',
      tag: 'IndexStmt',
      transaction: 6,
      effects: concurrentEffects,
    },
  ],
)

export const longColumns = Array.from({ length: 90 }, (_, n) => `\tADD COLUMN "naïve_größe_${n}" text`)
const hostileSql = `ALTER TABLE "x""; </script><img src=x onerror=alert(1)>"\r\n${longColumns.join(',\r\n')};`
const hostileText = `-- \u001b[2J @all /close\r\n/* 🐘 ünïcode */ ${hostileSql}\r\n/approve\r\n-- \`\`\`\`\r\nSELECT '${'é'.repeat(900)}🐘';\r\n`

export const hostileEffects = by(
  predicted,
  lock(hostile, 'AccessExclusiveLock'),
  {
    kind: 'notice',
    severity: 'WARNING',
    message: 'there is\r\n/merge no \u001b]0;title\u0007 going back <b>',
  },
  { kind: 'truncate', relation: hostile, cascaded: true },
)

export const hostileMigration = migration(
  {
    file: 'migrations/20260303_<img src=x onerror=alert(1)> @all `\u001b[31m/close\n\u202e.sql',
    source: 'plain-sql',
    version: null,
    title: '</title><script>alert(1)</script>',
    transaction: { mode: 'run', why: '</details>\n/approve @all' },
    outcome: 'not rehearsed',
    text: hostileText,
  },
  [
    { sql: hostileSql, tag: 'AlterTableStmt', transaction: 7, measured: false, effects: hostileEffects },
    { sql: `SELECT '${'é'.repeat(900)}🐘';`, tag: 'SelectStmt', transaction: 7, measured: false },
  ],
)

const failingText = `-- Ümläute before the error: 🐘
CREATE TABLE refunds (id bigint PRIMARY KEY);
INSERT INTO refunds (id) SELECT id FROM ordres WHERE refunded;
`
export const failure: EvidencedEffect = {
  kind: 'error',
  sqlstate: '42P01',
  message: 'relation "ordres" does not exist',
  hint: 'Perhaps you meant to reference the table "orders".',
  position: { line: 3, column: 41, offset: failingText.indexOf('ordres') },
  evidence: { ...measured, probe: 'error response' },
}

export const failing = migration(
  {
    file: 'migrations/20260304100000_refunds.sql',
    source: 'golang-migrate',
    version: '20260304100000',
    title: 'refunds',
    transaction: { mode: 'simple query', why: 'golang-migrate default' },
    outcome: 'failed',
    text: failingText,
  },
  [
    { sql: 'CREATE TABLE refunds (id bigint PRIMARY KEY);', tag: 'CreateStmt', transaction: 8 },
    {
      sql: 'INSERT INTO refunds (id) SELECT id FROM ordres WHERE refunded;',
      tag: 'InsertStmt',
      transaction: 8,
      effects: [failure],
    },
  ],
)
