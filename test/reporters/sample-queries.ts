import { LineIndex } from '../../src/sql/lines.ts'
import { reportQueries } from '../../src/report-queries.ts'
import { hostileName, loyalty, status } from './sample-migrations.ts'
import { pricedReport, range } from './sample-costs.ts'
import { finding, spanOf } from './sample-parts.ts'
import type {
  AffectedQuery,
  DeploymentOrder,
  Finding,
  PlanSummary,
  Query,
  QueryEffect,
  QueryRef,
  QueryResult,
  QueryStyle,
  Report,
  StatementRef,
} from '../../src/core/model.ts'

export const ordersSql = {
  file: 'queries/orders.sql',
  text: `-- name: ListOrders :many
SELECT id, total, placed_at
FROM orders
WHERE customer_id = $1
ORDER BY placed_at DESC
LIMIT 50;

-- name: GetOrder :one
SELECT * FROM orders WHERE id = $1;

-- name: OpenOrders :many
SELECT id
FROM orders
WHERE status = $1;

-- name: AddOrderItem :exec
INSERT INTO order_items (order_id, sku) VALUES ($1, $2);

-- name: TouchOrder :exec
UPDATE orders SET touched_at = now() WHERE id = $1;

-- name: GreetCustomer :one
SELECT id, nickname FROM customers WHERE id = $1;

-- name: FindNickname :one
SELECT id FROM customers WHERE nickname = $1;

-- name: CountWarehouse :one
SELECT count(*) FROM warehouse;
`,
}

export const cartsTs = {
  file: 'src/carts.ts',
  text: `import { sql } from './db.ts'

export const listCarts = (user: string) =>
  sql\`SELECT id, note FROM carts
      WHERE owner = \${user} LIMIT 10\`
`,
}

interface Written {
  readonly at: { readonly file: string; readonly text: string }
  readonly piece: string
  readonly name: string
  readonly style?: QueryStyle
  readonly callsPerSecond?: number
}

/** A query of a file, with the lines that hold it. */
export function query({ at, piece, name, style = 'sqlc', callsPerSecond }: Written): Query {
  const span = spanOf(at.file, at.text, piece)
  return {
    name,
    style,
    span,
    text: at.text
      .split('\n')
      .slice(span.start.line - 1, span.end.line)
      .join('\n'),
    sql: piece,
    parameters: [],
    tag: 'SelectStmt',
    node: undefined,
    ...(callsPerSecond === undefined ? {} : { rate: { callsPerSecond, meanMs: 1 } }),
  }
}

/** What is found out about a query that is the same in both revisions. */
export function resultOf(one: Query, effects: readonly QueryEffect[] = []): QueryResult {
  const id = `${one.span?.file ?? 'statement'}#${one.name}`
  return { reviewed: { id, old: one, new: one }, effects, locks: [] }
}

const inOrders = (name: string, piece: string, callsPerSecond?: number): Query =>
  query({ at: ordersSql, piece, name, ...(callsPerSecond === undefined ? {} : { callsPerSecond }) })

const listOrders = inOrders(
  'ListOrders',
  'SELECT id, total, placed_at\nFROM orders\nWHERE customer_id = $1\nORDER BY placed_at DESC\nLIMIT 50',
  96,
)
const getOrder = inOrders('GetOrder', 'SELECT * FROM orders WHERE id = $1', 310)
const openOrders = inOrders('OpenOrders', 'SELECT id\nFROM orders\nWHERE status = $1')
const addItem = inOrders('AddOrderItem', 'INSERT INTO order_items (order_id, sku) VALUES ($1, $2)', 41.2)
const touch = inOrders('TouchOrder', 'UPDATE orders SET touched_at = now() WHERE id = $1', 0.2)
const greet = inOrders('GreetCustomer', 'SELECT id, nickname FROM customers WHERE id = $1', 4.26)
const findNickname = inOrders('FindNickname', 'SELECT id FROM customers WHERE nickname = $1')
const warehouse = inOrders('CountWarehouse', 'SELECT count(*) FROM warehouse')
const carts = query({
  at: cartsTs,
  piece: 'SELECT id, note FROM carts\n      WHERE owner = ${user} LIMIT 10',
  name: 'src/carts.ts:4',
  style: 'tagged template',
})
const statement: Query = {
  name: 'SELECT sum(total) FROM orders WHERE status = $1 AND …',
  style: 'pg_stat_statements',
  text: 'SELECT sum(total) FROM orders WHERE status = $1 AND placed_at > $2',
  sql: 'SELECT sum(total) FROM orders WHERE status = $1 AND placed_at > $2',
  parameters: [],
  tag: 'SelectStmt',
  node: undefined,
  rate: { callsPerSecond: 0.002, meanMs: 900 },
}
export const hostileFile = {
  file: `queries/${hostileName}.sql`,
  text: '\n/* */ SELECT 1; </details>\n```\n/close\n',
}
const hostileQuery = query({
  at: hostileFile,
  piece: 'SELECT 1; </details>\n```\n/close',
  name: hostileName,
  callsPerSecond: 1e21,
})

function statementRef(migration: typeof status, index: number): StatementRef {
  const span = migration.statements[index]?.span
  if (span === undefined) throw new Error(`${migration.file} has no statement ${index}`)
  return { file: migration.file, index, span }
}

const addStatus = statementRef(status, 1)
const buildIndex = statementRef(status, 2)
const changeTotal = statementRef(status, 3)
const dropNickname = statementRef(loyalty, 4)

function plan(text: string, cost: number): PlanSummary {
  return { cost, rows: 20, text, shape: text.split('\n').map((line) => line.trim().split('  ')[0] ?? '') }
}

const byIndex = plan(
  'Index Scan using orders_status_old on orders  (cost=0.56..812.40 rows=200 width=8)\n  Index Cond: (status = $1)',
  812.4,
)
const bySequence = plan(
  'Seq Scan on orders  (cost=0.00..961537.00 rows=200 width=8)\n  Filter: (status = $1)',
  961_537,
)

const waitMs = range(80_000, 130_000, 210_000)
const wait = (through: 'itself' | 'foreign key' = 'itself', name?: string): QueryEffect => ({
  kind: 'wait',
  lock: {
    relation: { schema: 'public', name: 'orders', kind: 'table' },
    mode: through === 'itself' ? 'RowExclusiveLock' : 'RowShareLock',
    through,
    ...(name === undefined ? {} : { name }),
  },
  held: 'ShareLock',
  cause: buildIndex,
  ms: waitMs,
})

const noNickname = 'column "nickname" does not exist'
const broken = {
  kind: 'break',
  when: 'old code on new schema',
  reason: 'missing column',
  sqlstate: '42703',
  message: noNickname,
  object: 'public.customers.nickname',
  cause: dropNickname,
  evidence: 'measured',
} as const satisfies QueryEffect

const ref = (one: Query): QueryRef => ({
  id: resultOf(one).reviewed.id,
  name: one.name,
  style: one.style,
  ...(one.span === undefined ? {} : { file: one.span.file, line: one.span.start.line }),
  ...(one.rate === undefined ? {} : { callsPerSecond: one.rate.callsPerSecond }),
})

function affected(one: Query, what: AffectedQuery['what'], detail?: string): AffectedQuery {
  return { ...ref(one), what, ...(detail === undefined ? {} : { detail }) }
}

const quiet = Array.from({ length: 18 }, (_, index) =>
  query({ at: ordersSql, piece: 'SELECT id FROM customers', name: `Quiet${index}` }),
)
const notCheckable = Array.from({ length: 7 }, (_, index) => ({
  ...resultOf(query({ at: ordersSql, piece: 'SELECT count(*) FROM warehouse', name: `Warehouse${index}` })),
  notCheckable: '42P01: relation "warehouse" does not exist, on the base schema already',
}))

const results: readonly QueryResult[] = [
  ...quiet.map((one) => resultOf(one)),
  ...notCheckable,
  { ...resultOf(warehouse), notCheckable: hostileName },
  resultOf(addItem, [wait('foreign key', 'order_items_order_id_fkey')]),
  resultOf(touch, [wait()]),
  resultOf(hostileQuery, [{ ...wait('trigger' as 'itself', hostileName) }]),
  resultOf(listOrders, [
    { kind: 'cached plan', cause: changeTotal },
    {
      kind: 'plan change',
      before: byIndex,
      after: bySequence,
      changes: [
        { type: 'new sequential scan', table: 'public.orders', rows: 48_000_000 },
        { type: 'lost index', table: 'public.orders', index: 'orders_status_old' },
        { type: 'new sort', rows: 210_000 },
        { type: 'sort spills', rows: 210_000 },
        { type: 'hash spills', rows: 1 },
        { type: 'cost', ratio: 1183.6 },
      ],
      cause: addStatus,
      statistics: 'without value statistics',
      parameters: 'any values (generic plan)',
    },
  ]),
  resultOf(statement, [
    {
      kind: 'plan change',
      before: byIndex,
      after: { ...bySequence, text: hostileName },
      changes: [{ type: 'cost', ratio: 3.14 }],
      statistics: 'without value statistics',
      parameters: "status = 'pending'",
    },
  ]),
  resultOf(getOrder, [
    {
      kind: 'result change',
      changes: [
        { type: 'column added', column: 'status', columnType: 'text' },
        { type: 'type changed', column: 'total', from: 'numeric(12,2)', to: 'numeric(14,4)' },
        { type: 'column removed', column: 'nickname', columnType: 'text' },
        { type: 'column renamed', column: 'a', to: 'b' },
        { type: 'nullable now', column: 'c' },
        { type: 'never null now', column: 'd' },
        { type: 'order changed', columns: ['b', 'a'] },
      ],
      star: true,
      cause: addStatus,
    },
  ]),
  resultOf(greet, [
    broken,
    { ...broken, when: 'new code on new schema', hint: 'Perhaps you meant "nick".', evidence: 'derived' },
  ]),
  {
    ...resultOf(findNickname, [{ ...broken, until: buildIndex }]),
    reviewed: { id: 'queries/orders.sql#FindNickname', old: findNickname },
  },
  {
    ...resultOf(openOrders, [
      {
        kind: 'table read',
        table: 'public.orders',
        tableRows: 48_000_000,
        rows: 200,
        plan: bySequence,
        statistics: 'without value statistics',
        parameters: 'any values (generic plan)',
        advice: {
          table: 'public.orders',
          columns: ['status'],
          sql: 'CREATE INDEX CONCURRENTLY ON orders (status);',
          costBefore: 961_537,
          costAfter: 812.4,
          bytes: 1.1e9,
          buildMs: waitMs,
          after: byIndex,
        },
      },
    ]),
    reviewed: { id: 'queries/orders.sql#OpenOrders', new: openOrders },
    plan: bySequence,
  },
  {
    ...resultOf(carts, [
      {
        ...broken,
        when: 'new code on old schema',
        message: 'column "note" does not exist',
        object: 'public.carts.note',
        cause: addStatus,
      },
    ]),
    reviewed: {
      id: 'src/carts.ts#src/carts.ts:4',
      old: { ...carts, sql: 'SELECT id FROM carts' },
      new: carts,
    },
  },
]

const at = (where: { file: string; text: string }, piece: string) => ({ ...where, piece })
const common = { severity: 'error', evidence: 'measured', because: [] } as const

/** Findings about queries, and those of the priced sample with queries under them. */
const unsorted: readonly Finding[] = [
  ...pricedReport.findings.map((each) =>
    each.ruleId === 'require-concurrent-index'
      ? {
          ...each,
          queries: [
            affected(hostileQuery, 'waits', hostileName),
            affected(addItem, 'waits', 'writes to orders through the foreign key order_items_order_id_fkey'),
            affected(touch, 'waits'),
            affected(statement, 'waits'),
            affected(getOrder, 'waits'),
            affected(listOrders, 'waits'),
            affected(carts, 'waits'),
            affected(openOrders, 'uses it'),
          ],
        }
      : each,
  ),
  finding(at(status, "ALTER TABLE orders ADD COLUMN status text NOT NULL DEFAULT 'new';"), {
    ...common,
    ruleId: 'avoid-slower-queries',
    messageId: 'slower',
    severity: 'warning',
    message: 'ListOrders reads all 48,000,000 rows of orders from now on.',
    object: 'public.orders',
    queries: [
      affected(listOrders, 'slower'),
      affected(getOrder, 'other result'),
      affected(greet, 'fails once'),
    ],
  }),
  finding(at(loyalty, 'ALTER TABLE customers DROP COLUMN nickname;'), {
    ...common,
    ruleId: 'avoid-breaking-queries',
    messageId: 'missingColumn',
    message: 'Dropping customers.nickname breaks GreetCustomer and FindNickname.',
    object: 'public.customers.nickname',
    queries: [
      affected(greet, 'fails', `42703: ${noNickname}`),
      affected(findNickname, 'fails', `42703: ${noNickname}`),
    ],
  }),
  {
    ...finding(at(ordersSql, 'SELECT id\nFROM orders\nWHERE status = $1'), {
      ...common,
      ruleId: 'require-index-for-query',
      messageId: 'tableRead',
      severity: 'warning',
      message: 'OpenOrders reads all 48,000,000 rows of orders to find about 200.',
      object: 'public.orders',
      remedy: {
        summary: 'Create an index on orders (status).',
        migrations: [{ sql: 'CREATE INDEX CONCURRENTLY ON orders (status);', transaction: false }],
      },
    }),
    query: ref(openOrders),
  },
  {
    ...finding(at(cartsTs, 'LIMIT 10'), {
      ...common,
      ruleId: 'avoid-limit-without-order',
      messageId: 'anyRows',
      severity: 'info',
      message: 'LIMIT without ORDER BY gives any ten carts, and others next time.',
      object: 'public.carts',
    }),
    query: ref(carts),
  },
  {
    ...finding(at(hostileFile, '```'), {
      ...common,
      ruleId: 'avoid-limit-without-order',
      messageId: 'hostile',
      message: hostileName,
      object: hostileName,
    }),
    query: ref(hostileQuery),
  },
]

const files = [...pricedReport.migrations.map(({ file }) => file), 'migrations/20260101000000_init.sql']

/** As a report has them: by migration, then queries. */
const findings = unsorted.toSorted((a, b) => placeOf(a) - placeOf(b))

function placeOf({ span }: Finding): number {
  const index = files.indexOf(span.file)
  return (index < 0 ? files.length : index) * 1e6 + span.start.line
}

const deployment: DeploymentOrder = {
  order: 'migrations first',
  because: [affected(carts, 'fails', '42703: column "note" does not exist'), affected(hostileQuery, 'fails')],
}

export const outcome = {
  results,
  catalog: { tables: [], searchPath: ['public'] },
  indexes: [],
  statistics: 'without value statistics',
} as const

/** The priced sample with the application's queries: every style, verdict, effect and kind of finding. */
export const queriesReport: Report = {
  ...pricedReport,
  findings,
  queries: reportQueries(outcome, findings, deployment),
}

/** What `pgrehearse queries` says: nothing about migrations. */
export const onlyQueriesReport: Report = {
  ...queriesReport,
  migrations: [],
  harmless: [],
  notChecked: [],
  findings: findings.filter(({ query: about }) => about !== undefined),
}

/** Queries that nothing happens to. */
export const quietQueriesReport: Report = {
  ...pricedReport,
  migrations: pricedReport.migrations.slice(-1),
  findings: [],
  harmless: [],
  notChecked: [],
  exitCode: 0,
  queries: reportQueries(
    { ...outcome, results: quiet.map((one) => resultOf(one)), statistics: undefined },
    [],
    {
      order: 'any',
      because: [],
    },
  ),
}

/** Where a piece of a query file is. */
export function lineOf({ text }: { readonly text: string }, piece: string): number {
  return new LineIndex(text).span('', text.indexOf(piece), text.indexOf(piece)).start.line
}
