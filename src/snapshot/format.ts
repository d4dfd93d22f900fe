/**
 * The snapshot file: what production's statistics say, in one file that people review and git keeps. Published as
 * schemas/snapshot.schema.json, described in docs/snapshot.md. It comes back through merge requests: everything is
 * bounded, nothing is believed to be SQL.
 */
import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { normaliseStatements } from './statements.ts'

/** Characters of the largest file that is read. */
export const snapshotSizeLimit = 128 * 1024 * 1024

const name = z.string().min(1).max(1000)
const word = z.string().max(1000)
const text = z.string().max(100_000)
const values = z.string().max(10_000_000)
const amount = z.number().min(0).max(1e18)
const whole = z.int().min(0)
const share = z.number().min(0).max(1)
const time = z.iso.datetime({ offset: true })

const mostRelations = 500_000

const columnStatistics = z.strictObject({
  name,
  nullFraction: share.describe('Share of NULLs.'),
  distinct: z
    .number()
    .min(-1)
    .max(1e18)
    .describe('As pg_stats.n_distinct: a count, or negative: minus the share of the rows.'),
  width: amount.describe('Average bytes of a value that is not NULL.'),
  correlation: z
    .number()
    .min(-1)
    .max(1)
    .exactOptional()
    .describe('Between physical and logical order; absent for types without order.'),
  values: z
    .strictObject({
      mostCommon: values.exactOptional().describe('Data. pg_stats.most_common_vals as text.'),
      frequencies: z.array(share).max(10_000).exactOptional(),
      histogram: values.exactOptional().describe('Data. pg_stats.histogram_bounds as text.'),
    })
    .exactOptional()
    .describe('Data of the column; only with --with-values.'),
})

const columns = z.array(columnStatistics).max(2000)

const index = z.strictObject({
  name,
  method: word.describe('Access method, e.g. `btree`.'),
  primary: z.literal(true).exactOptional(),
  unique: z.literal(true).exactOptional(),
  invalid: z.literal(true).exactOptional(),
  rows: amount.nullable().describe('Entries; null when never counted.'),
  pages: amount.nullable().describe('In pages of server.blockSize bytes.'),
  bytes: amount.nullable(),
  scansPerSecond: amount.exactOptional(),
  columns: columns.exactOptional().describe('Statistics of its expressions.'),
})

const rates = z.strictObject({
  sequentialScans: amount,
  indexScans: amount.describe('Of all its indexes; a nested loop counts each turn.'),
  inserted: amount.describe('Rows.'),
  updated: amount.describe('Rows.'),
  deleted: amount.describe('Rows.'),
})

const table = z.strictObject({
  schema: name,
  name,
  kind: z.enum(['table', 'partitioned table', 'materialized view']),
  partitionOf: z
    .strictObject({ schema: name, name })
    .exactOptional()
    .describe('The partitioned table that it is a partition of.'),
  partitionedBy: z.enum(['list', 'range', 'hash']).exactOptional(),
  unlogged: z.literal(true).exactOptional(),
  options: z.array(text).max(100).exactOptional().describe('Storage parameters, e.g. `fillfactor=70`.'),
  rows: amount
    .nullable()
    .describe(
      'Null when nobody counted, and for a partitioned table that was never analysed: see its partitions.',
    ),
  rowsFrom: z
    .enum(['reltuples', 'live tuples', 'file'])
    .exactOptional()
    .describe(
      '`reltuples`: the last VACUUM or ANALYZE counted; `live tuples`: the running count since; `file`: it is empty.',
    ),
  pages: amount
    .nullable()
    .describe('Heap, in pages of server.blockSize bytes; null when unknown, 0 for a partitioned table.'),
  bytes: amount.nullable().describe('Heap, without TOAST and indexes.'),
  bytesFrom: z
    .enum(['relpages', 'file'])
    .exactOptional()
    .describe('`relpages`: as of the last VACUUM or ANALYZE; `file`: the length of the file.'),
  toastBytes: amount.nullable().exactOptional().describe('TOAST with its index; absent without TOAST.'),
  allVisiblePages: amount.exactOptional(),
  live: amount.exactOptional().describe('Live rows by the running count; absent on a standby.'),
  dead: amount.exactOptional().describe('Dead rows by the running count; absent on a standby.'),
  rates: rates.exactOptional().describe('Per second, since statistics.since; absent on a standby.'),
  columns: columns.exactOptional().describe('Absent when not readable or never analysed.'),
  indexes: z.array(index).max(10_000),
})

const statement = z.strictObject({
  sql: text.describe('One SELECT, INSERT, UPDATE, DELETE or MERGE with parameters for all literals.'),
  callsPerSecond: amount,
  meanMs: amount,
  rowsPerCall: amount,
})

const statements = z.strictObject({
  since: time.nullable().describe('Start of its counters; null when unknown (then statistics.since counts).'),
  list: z.array(statement).max(20_000),
  leftOut: z
    .strictObject({
      hidden: whole.describe('Texts of other roles that we may not see.'),
      otherCommands: whole.describe('Not SELECT, INSERT, UPDATE, DELETE or MERGE.'),
      literals: whole.describe('Texts with literals that pg_stat_statements left in place.'),
      rare: whole.describe('Beyond the 500 most called and the 500 that take most time.'),
      unparsed: whole.describe('Texts that our parser does not take.'),
    })
    .describe('Numbers of statements that are not in the list.'),
})

const standby = z.strictObject({
  name: word.nullable().describe('application_name.'),
  state: word.nullable(),
  sync: word.nullable().describe('sync_state.'),
  lagBytes: amount.nullable().describe('WAL that it has not replayed.'),
  lagMs: amount.nullable().describe('replay_lag; null also when it is idle.'),
})

const slot = z.strictObject({
  name,
  type: z.enum(['physical', 'logical']),
  active: z.boolean(),
  retainedBytes: amount.nullable().describe('WAL that is kept for it.'),
})

const server = z.strictObject({
  version: z.string().regex(/^\d{1,3}(\.\d{1,3})?\w{0,10}$/, 'Expected a version of Postgres such as 16.3'),
  database: name,
  standby: z.boolean(),
  encoding: word,
  collation: word,
  ctype: word,
  localeProvider: z.enum(['libc', 'icu', 'builtin']),
  locale: word.exactOptional().describe('Of providers icu and builtin.'),
  blockSize: z.int().min(512).max(65_536),
  connections: amount.describe('To this database, when the snapshot was taken.'),
  transactionsPerSecond: amount,
})

export const snapshotSchema = z
  .strictObject({
    format: z.literal('pgrehearse-snapshot'),
    version: z.literal(1),
    takenAt: time,
    containsValues: z.boolean().describe('Does it hold data of production (--with-values)?'),
    statementsNormalised: z
      .boolean()
      .describe('False in what the SQL script writes: the statements are normalised when the file is read.'),
    server,
    statistics: z.strictObject({
      since: time.describe('Start of the counters behind the rates of tables and indexes.'),
      sinceFrom: z.enum(['reset of the statistics', 'first start of the statistics', 'start of the server']),
    }),
    settings: z
      .record(z.string().regex(/^[A-Za-z][\w.]{0,99}$/), z.union([z.number(), z.boolean(), text]))
      .describe(
        'By the name in Postgres. Memory in bytes, times in milliseconds, others as Postgres has them.',
      ),
    replication: z.strictObject({
      standbys: z.array(standby).max(10_000),
      slots: z.array(slot).max(10_000),
    }),
    tables: z.array(table).max(mostRelations),
    statements: statements.nullable().describe('Null without pg_stat_statements.'),
    notRead: z
      .array(
        z.strictObject({
          what: word,
          remedy: word.exactOptional(),
        }),
      )
      .max(1000)
      .describe('What could not be read, and which right would let us.'),
  })
  .describe('What `pgrehearse snapshot` read of a production database.')

/** A snapshot as it stands in the file. Numbers are rounded: two or three digits that count. */
export type Snapshot = z.infer<typeof snapshotSchema>
export type SnapshotTable = Snapshot['tables'][number]
export type SnapshotIndex = SnapshotTable['indexes'][number]
export type SnapshotStatement = NonNullable<Snapshot['statements']>['list'][number]

const hint = 'Expected what `pgrehearse snapshot` or the script of `pgrehearse snapshot --print-sql` writes.'

/**
 * Reads a snapshot file; `fileName` is how messages call it. Statements that nobody has normalised yet are: what is
 * then not one SELECT, INSERT, UPDATE, DELETE or MERGE is left out.
 * @throws {ConfigError} naming the first keys that are wrong
 */
export async function parseSnapshot(json: string, fileName: string): Promise<Snapshot> {
  const value = parseJson(json, fileName)
  const newer = versionOf(value)
  if (newer !== undefined && newer > 1) {
    throw new ConfigError(`${fileName} is a snapshot of version ${newer}; this pgrehearse reads version 1.`, {
      hint: 'Update pgrehearse, or take the snapshot with this version.',
    })
  }
  const result = snapshotSchema.safeParse(value)
  if (!result.success) {
    const issues = result.error.issues.slice(0, 3).map(describeIssue)
    throw new ConfigError(`${fileName} is not a valid snapshot.\n${issues.join('\n')}`, { hint })
  }
  const twice = firstTwice(result.data.tables)
  if (twice !== undefined) {
    throw new ConfigError(`${fileName} lists the table ${JSON.stringify(twice).slice(0, 200)} twice.`, {
      hint: 'Take the snapshot again: a merge of two of them may have left both tables.',
    })
  }
  return normaliseStatements(result.data)
}

/** `schema.name` of a table that is there more than once. */
function firstTwice(tables: readonly SnapshotTable[]): string | undefined {
  const seen = new Set<string>()
  for (const one of tables) {
    const key = JSON.stringify([one.schema, one.name])
    if (seen.has(key)) return `${one.schema}.${one.name}`
    seen.add(key)
  }
  return undefined
}

function parseJson(json: string, fileName: string): unknown {
  if (json.length > snapshotSizeLimit) {
    throw new ConfigError(
      `${fileName} is larger than ${snapshotSizeLimit / 1024 / 1024} MB; such a snapshot is not read.`,
    )
  }
  try {
    // psql on Windows, and editors, may begin a file with a byte order mark
    return JSON.parse(json.replace(/^\u{feff}/u, ''))
  } catch (cause) {
    throw new ConfigError(`${fileName} is not JSON.`, { hint, cause })
  }
}

function versionOf(value: unknown): number | undefined {
  const header = z.object({ format: z.literal('pgrehearse-snapshot'), version: z.int() }).safeParse(value)
  return header.success ? header.data.version : undefined
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return `  ${path.map(String).join('.').slice(0, 200) || 'the file'}: ${message.slice(0, 200)}`
}
