import { z } from 'zod'
import { defaultThresholds } from '../core/thresholds.ts'
import { configDefaults } from './defaults.ts'
import { duration, text } from './parts.ts'
import { parseBytes, parseCount, parseRate, parseTableSize, type TableSize } from './quantity.ts'
import { parseTableName } from './table-name.ts'

/** The keys of the configuration that tell of production: how large it is, how fast, what a wait is worth. */

const wrongCount = 'Expected a number of rows, for example 48000000 or "48M"'
const wrongBytes = 'Expected a size, for example "31 GB", or bytes as a whole number'
const wrongRate = 'Expected a rate such as "60 MB/s", or bytes per second as a number'

const wrongMicros = 'Expected microseconds per row, for example 0.92'
const measured = 'Missing: `hardware` needs the three speeds that `pgrehearse calibrate` measures'

const wholeNumber = z.int().min(0)

/** A whole number, or a text that `parse` reads. */
function wholeOrText(parse: (text: string) => number | undefined, error: string) {
  return z.union([wholeNumber, z.string()], { error }).transform((value, context) => {
    const number = typeof value === 'number' ? value : parse(value)
    if (number !== undefined) return number
    context.addIssue({ code: 'custom', message: error })
    return z.NEVER
  })
}

const rate = z
  .union([z.number().positive(wrongRate), z.string()], {
    error: ({ input }) => (input === undefined ? measured : wrongRate),
  })
  .transform((value, context) => {
    const number = typeof value === 'number' ? value : parseRate(value)
    if (number !== undefined && number > 0) return number
    context.addIssue({ code: 'custom', message: wrongRate })
    return z.NEVER
  })

const sizeParts = z
  .strictObject({
    rows: wholeOrText((value) => parseCount(value.replace(/\s*rows?$/i, '')), wrongCount),
    bytes: wholeNumber.exactOptional(),
    size: wholeOrText(parseBytes, wrongBytes).exactOptional(),
  })
  .refine(({ bytes, size }) => bytes === undefined || size === undefined, {
    error: 'Expected either `bytes` or `size`',
  })
  .transform(({ rows, bytes, size }): TableSize => {
    const given = bytes ?? size
    return given === undefined ? { rows } : { rows, bytes: given }
  })

const sizeText = z.string().transform((value, context): TableSize => {
  const size = parseTableSize(value)
  if (typeof size !== 'string') return size
  context.addIssue({ code: 'custom', message: size })
  return z.NEVER
})

export const tables = z
  .record(
    z.string(),
    z.union([sizeText, sizeParts], {
      error: 'Expected a size such as "48_000_000 rows, 31 GB", or an object with `rows` and `size`',
    }),
  )
  .superRefine((sizes, context) => {
    const seen = new Map<string, string>()
    for (const name of Object.keys(sizes)) {
      const table = parseTableName(name)
      const key = JSON.stringify([table?.schema, table?.name])
      const other = seen.get(key)
      if (table === undefined) {
        const message =
          'Expected the name of a table, for example users, billing.invoices or billing."Invoice"'
        context.addIssue({ code: 'custom', message, path: [name] })
      } else if (other !== undefined) {
        context.addIssue({ code: 'custom', message: `It is the same table as ${other}`, path: [name] })
      }
      seen.set(key, name)
    }
  })
  .exactOptional()
  .describe(
    'How large tables are in production: rows, and the bytes of heap and TOAST without indexes where known (kB, MB, GB ' +
      'and TB as pg_size_pretty() has them). Names are read as in SQL: without quotes in lower case, without a schema ' +
      'in public. What stands here wins over the snapshot. Instead of a text, an object with `rows`, and `size` or ' +
      '`bytes`.',
  )
  .meta({
    example: { users: '48_000_000 rows, 31 GB', 'billing.invoices': '1.5M rows', countries: '249 rows' },
  })

export const snapshot = text
  .exactOptional()
  .describe(
    'What is known of production: a file written by `pgrehearse snapshot`, or by `pg_dump --statistics-only` of ' +
      'version 18 or later, whose statistics contain values of the data. Relative to the project root, which it may ' +
      'not leave, also by a symbolic link; or an absolute path.',
  )
  .meta({ example: 'pgrehearse-snapshot.json' })

const hardware = z.strictObject({
  sortMicrosPerRow: z
    .number({ error: ({ input }) => (input === undefined ? measured : wrongMicros) })
    .min(0.001, wrongMicros)
    .max(10_000, wrongMicros)
    .describe('Microseconds per row of a fixed sort: the speed of the CPU.')
    .meta({ example: 0.92 }),
  scanBytesPerSecond: rate
    .describe('How fast a table is read that is in memory.')
    .meta({ example: '2200 MB/s' }),
  walBytesPerSecond: rate.describe('How fast WAL is written into its buffers.').meta({ example: '900 MB/s' }),
  diskReadBytesPerSecond: rate
    .exactOptional()
    .describe('What the disk reads; cloud providers publish it. Not measured by calibrate.')
    .meta({ example: '250 MB/s' }),
  diskWriteBytesPerSecond: rate
    .exactOptional()
    .describe('What the disk writes; cloud providers publish it. Not measured by calibrate.')
    .meta({ example: '125 MB/s' }),
  commitMs: z
    .number()
    .min(0)
    .max(60_000, 'Expected milliseconds')
    .exactOptional()
    .describe('Milliseconds until a commit is on disk.')
    .meta({ example: 0.4 }),
})

const wrongVersion = 'Expected a version of Postgres, for example "16.3" or 16'

const version = z
  .union([z.string().regex(/^\d{1,2}(?:\.\d{1,3})?$/, wrongVersion), z.number().min(8).max(99)], {
    error: wrongVersion,
  })
  .transform(String)

export const production = z
  .strictObject({
    version: version
      .exactOptional()
      .describe(
        'Version of Postgres that production runs; wins over the snapshot’s. Rehearsals are on that major by default, ' +
          'and a rehearsal on another one says so.',
      )
      .meta({ example: '16.3' }),
    hardware: hardware
      .exactOptional()
      .describe(
        'Speeds of the machine that runs production, as `pgrehearse calibrate` prints them there. Without them, ' +
          'durations are those of a machine like the one that rehearses.',
      ),
    replicaApplyRate: rate
      .exactOptional()
      .describe('WAL that a standby replays per second. With it, reports tell how far standbys fall behind.')
      .meta({ example: '60 MB/s' }),
    maxConnections: z
      .int()
      .min(1)
      .max(262_143)
      .exactOptional()
      .describe('max_connections of production; wins over the snapshot’s. Waiting sessions count towards it.')
      .meta({ example: 200 }),
  })
  .exactOptional()
  .describe('Facts about production that no snapshot holds.')

interface Wait {
  readonly warning?: number
  readonly error?: number
}

function wait(what: string, { warningMs, errorMs }: { warningMs: number; errorMs: number }) {
  return z
    .strictObject({
      warning: duration
        .exactOptional()
        .describe(`From how long on ${what} is a warning.`)
        .meta({ defaultValue: shown(warningMs) }),
      error: duration
        .exactOptional()
        .describe(`From how long on ${what} is an error.`)
        .meta({ defaultValue: shown(errorMs) }),
    })
    .superRefine((given: Wait, context) => {
      const [warning, error] = [given.warning ?? warningMs, given.error ?? errorMs]
      if (warning <= error) return
      const message =
        given.warning === undefined || given.error === undefined
          ? `The warning (${shown(warning)}) would begin later than the error (${shown(error)}): give both`
          : 'Expected a warning that begins before the error'
      context.addIssue({ code: 'custom', message })
    })
    .exactOptional()
}

export const thresholds = z
  .strictObject({
    readsBlocked: wait('blocked reads', defaultThresholds.readsBlocked).describe(
      'How long nobody can read a table (AccessExclusiveLock).',
    ),
    writesBlocked: wait('blocked writes', defaultThresholds.writesBlocked).describe(
      'How long nobody can write to a table, while reads go on.',
    ),
    run: duration
      .exactOptional()
      .describe('From how long on all migrations under review together are a warning.')
      .meta({ defaultValue: shown(defaultThresholds.runMs) }),
    concurrent: duration
      .exactOptional()
      .describe(
        'From how long on one statement that blocks nobody is a warning, such as CREATE INDEX CONCURRENTLY.',
      )
      .meta({ defaultValue: shown(defaultThresholds.concurrentMs) }),
  })
  .exactOptional()
  .describe(
    'How long a wait in production has to be to become a finding. The default of `run` is the budget ' +
      'that GitLab publishes for its own migrations.',
  )

export const sampling = z
  .strictObject({
    budget: duration
      .refine((milliseconds) => milliseconds <= 3_600_000, 'Expected at most an hour')
      .exactOptional()
      .describe(
        'Time for trying statements out on synthetic rows, over the whole run, in order to tell how long they take in ' +
          'production. 0: not at all, durations come from sizes alone.',
      )
      .meta({ defaultValue: shown(configDefaults.sampling.budget) }),
  })
  .exactOptional()
  .describe('How durations are measured.')

/** As one would write it: `20s`, `3min`, `100ms`. */
function shown(milliseconds: number): string {
  if (milliseconds >= 60_000 && milliseconds % 60_000 === 0) return `${milliseconds / 60_000}min`
  return milliseconds >= 1000 && milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`
}
