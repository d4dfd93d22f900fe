import { by, finding, measured, migration, spanOf } from './sample-parts.ts'
import {
  concurrent,
  concurrentEffects,
  failing,
  failure,
  hostileEffects,
  hostileMigration,
  hostileName,
  loyalty,
  loyaltyEffects,
  status,
  statusEffects,
} from './sample-migrations.ts'
import type { CatalogChange, Finding, Report } from '../../src/core/model.ts'

const changes: readonly CatalogChange[] = [
  { type: 'drop', cascaded: true },
  { type: 'alter' },
  { type: 'rename', from: 'a', to: 'b' },
  { type: 'move schema', from: 'a', to: 'b' },
  { type: 'rename column', from: 'a', to: 'b' },
  { type: 'set not null', column: 'a' },
  { type: 'drop not null', column: 'a' },
  { type: 'set default', column: 'a' },
  { type: 'drop default', column: 'a' },
]

/** Finds nothing, and holds every kind of change that the others do not. */
const clean = migration(
  {
    file: 'migrations/20260305100000_widen.sql',
    source: 'plain-sql',
    version: '20260305100000',
    title: 'widen',
    transaction: { mode: 'statement', why: 'assumed: psql -f' },
    outcome: 'rehearsed',
    text: 'ALTER TABLE customers ALTER COLUMN email TYPE varchar(400);\nSELECT 1;\n',
  },
  [
    {
      sql: 'ALTER TABLE customers ALTER COLUMN email TYPE varchar(400);',
      tag: 'AlterTableStmt',
      transaction: 9,
      effects: by(
        measured,
        ...changes.map((change) => ({
          kind: 'catalog' as const,
          object: { kind: 'trigger', schema: 'public', name: 'sample', table: 'public.customers' },
          existedBefore: true,
          change,
        })),
      ),
    },
    { sql: 'SELECT 1;', tag: 'SelectStmt', transaction: 10 },
  ],
)

const at = (where: { file: string; text: string }, piece: string) => ({ ...where, piece })

const findings: readonly Finding[] = [
  finding(at(status, "ALTER TABLE orders ADD COLUMN status text NOT NULL DEFAULT 'new';"), {
    ruleId: 'require-lock-timeout',
    messageId: 'instant',
    severity: 'info',
    message: 'Adding status to orders makes every query on it queue behind the longest running one.',
    object: 'public.orders',
    evidence: 'measured',
    because: statusEffects.addColumn.slice(0, 1),
    notes: ['lock_timeout is 5s (set in the file)'],
  }),
  finding(at(status, 'CREATE INDEX orders_status_idx\n  ON orders (status);'), {
    ruleId: 'require-concurrent-index',
    messageId: 'blocksWrites',
    severity: 'error',
    message: 'Building orders_status_idx blocks every write to orders until it is done.',
    object: 'public.orders',
    evidence: 'measured',
    because: statusEffects.index,
    remedy: {
      summary: 'Build the index without blocking writes, in a migration of its own.',
      migrations: [
        { sql: 'CREATE INDEX CONCURRENTLY orders_status_idx\n  ON orders (status);', transaction: false },
      ],
      proof: {
        outcome: 'proven',
        says: 'Replayed: ShareUpdateExclusiveLock instead of ShareLock on orders, same schema.',
      },
    },
  }),
  finding(at(status, 'ALTER TABLE orders\n  ALTER COLUMN total TYPE numeric(14, 4);'), {
    ruleId: 'avoid-table-rewrite',
    messageId: 'columnType',
    severity: 'error',
    message: 'Changing the type of orders.total rewrites the table while all its readers and writers wait.',
    object: 'public.orders',
    evidence: 'measured',
    because: statusEffects.rewrite,
    notes: ['numeric(12,2) to numeric(14,4) changes the scale, so every row is stored anew'],
    remedy: {
      summary: 'Add a column of the new type, fill it in batches, then switch over.',
      migrations: [
        { sql: 'ALTER TABLE orders ADD COLUMN total_new numeric(14, 4);', transaction: true },
        {
          sql: '-- repeat until no row is left\nUPDATE orders SET total_new = total\nWHERE id IN (SELECT id FROM orders WHERE total_new IS NULL LIMIT 1000);',
          transaction: false,
          when: 'after the new code is out',
          note: 'backfill in batches; safe to stop and run again',
        },
      ],
      proof: {
        outcome: 'not equal',
        says: 'Replayed: its steps run, and end with another schema: + column public.orders.total_new numeric(14,4).',
      },
    },
    preflight: [
      {
        question: 'Is any orders.total too large for numeric(14, 4)?',
        sql: 'SELECT id, total\nFROM orders\nWHERE abs(total) >= 10 ^ 10\nLIMIT 1;',
        speed: 'slow',
        reading: 'No row: go ahead. Else decide about the rows listed.',
      },
    ],
  }),
  finding(at(loyalty, 'ALTER TABLE billing.invoices ADD COLUMN customer_loyalty integer;'), {
    ruleId: 'avoid-several-locks',
    messageId: 'several',
    severity: 'warning',
    message:
      'Locking customers and billing.invoices in one transaction stops both, and can deadlock with code that takes them in the other order.',
    object: 'billing.invoices',
    evidence: 'measured',
    because: [...loyaltyEffects.addColumn.slice(0, 1), ...loyaltyEffects.invoices.slice(0, 1)],
  }),
  finding(at(loyalty, 'UPDATE customers SET loyalty_points = 0;'), {
    ruleId: 'avoid-slow-work-under-lock',
    messageId: 'backfill',
    severity: 'error',
    message: 'Reads and writes of customers wait while every row of it is updated.',
    object: 'public.customers',
    evidence: 'measured',
    because: [...loyaltyEffects.addColumn.slice(0, 1), ...loyaltyEffects.backfill],
    remedy: {
      summary: 'Commit the new column first, then fill it in batches.',
      migrations: [{ sql: 'ALTER TABLE customers ADD COLUMN loyalty_points integer;', transaction: true }],
    },
  }),
  finding(at(loyalty, 'ALTER TABLE customers DROP COLUMN nickname;'), {
    ruleId: 'avoid-drop-column',
    messageId: 'drop',
    severity: 'warning',
    message: 'Dropping customers.nickname breaks code that still reads it, and the data is gone.',
    object: 'public.customers.nickname',
    evidence: 'measured',
    because: loyaltyEffects.drop,
    allowed: { reason: 'nothing has read it since release 41', until: '2027-01-31' },
  }),
  finding(at(concurrent, concurrent.text.trimEnd()), {
    ruleId: 'avoid-if-not-exists-index',
    messageId: 'invalid',
    severity: 'warning',
    message:
      'A failed earlier attempt leaves an invalid orders_customer_idx behind, and IF NOT EXISTS keeps it.',
    object: 'public.orders',
    evidence: 'known',
    because: concurrentEffects,
  }),
  ...['a', 'b'].map(() =>
    finding(at(hostileMigration, hostileMigration.text.slice(...hostileRange())), {
      ruleId: 'require-lock-timeout',
      messageId: 'hostile',
      severity: 'error',
      message: `Locking ${hostileName} [click](http://evil.example) stops "everything".`,
      object: hostileName,
      evidence: 'predicted',
      because: hostileEffects,
      notes: ['/approve ]]> <!-- note -->'],
      remedy: {
        summary: '/merge @all <b>now</b>',
        migrations: [
          {
            sql: "```\n/close\nSELECT '</pre><script>alert(1)</script>';\n````",
            transaction: false,
            note: hostileName,
          },
        ],
        proof: { outcome: 'not tried', says: `Not replayed: ${hostileName}.` },
      },
      preflight: [
        { question: hostileName, sql: `SELECT 1; -- ${hostileName}`, speed: 'fast', reading: hostileName },
      ],
    }),
  ),
  finding(at(failing, 'ordres'), {
    ruleId: 'migration-fails',
    messageId: 'fails',
    severity: 'error',
    message: 'The migration fails: relation "ordres" does not exist.',
    object: 'ordres',
    evidence: 'measured',
    because: [failure],
  }),
  finding(
    {
      file: 'migrations/20260101000000_init.sql',
      text: 'CREATE TABLE orders (id bigint PRIMARY KEY);',
      piece: 'CREATE',
    },
    {
      ruleId: 'edited-migration',
      messageId: 'edited',
      severity: 'warning',
      message:
        'This migration was edited after it was merged; databases that ran it will not get the change.',
      object: '',
      evidence: 'known',
      because: [],
    },
  ),
]

function hostileRange(): [number, number] {
  const span = hostileMigration.statements[0]?.span
  return [span?.start.offset ?? 0, span?.end.offset ?? 0]
}

/** One report with everything a reporter can meet. */
export const sampleReport: Report = {
  schemaVersion: 1,
  harmless: [],
  tool: { name: 'pgrehearse', version: '0.1.0' },
  createdAt: '2026-11-21T04:00:00.000Z',
  evidence: 'measured',
  server: { version: '18.4', kind: 'embedded' },
  base: { description: 'origin/main', commit: '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d' },
  historyCount: 15,
  settings: { timeZone: 'UTC', failOn: 'error', requireRehearsal: false },
  migrations: [status, loyalty, concurrent, hostileMigration, failing, clean],
  findings,
  notChecked: [
    {
      code: 'not-rehearsed',
      message: 'Could not be rehearsed: extension postgis is missing on our server.\n/close @all',
      hint: 'Replay on a server that has it: --server-url',
      span: spanOf(hostileMigration.file, hostileMigration.text, '/approve'),
    },
    {
      code: 'table-not-seeded',
      message: 'No sample row could be made for audit_log: its foreign-key locks may be missing.',
    },
  ],
  exitCode: 1,
}

/** The report of a run that has nothing to say. */
export const emptyReport: Report = {
  ...sampleReport,
  migrations: [],
  findings: [],
  notChecked: [],
  exitCode: 0,
}

/** One clean migration, rehearsed. */
export const cleanReport: Report = {
  ...sampleReport,
  migrations: [clean],
  findings: [],
  notChecked: [],
  exitCode: 0,
}
