import { z } from 'zod'
import type { MigrationSource } from '../core/source.ts'
import { standInExtensions } from '../core/stand-in-extensions.ts'
import type { Rule } from '../rule.ts'
import { customParts } from './custom-schema.ts'
import { configDefaults } from './defaults.ts'
import type { CustomReporter } from './define.ts'
import { duration, text } from './parts.ts'
import { baseline, extended, overrides, policy, presets, rules, settings } from './policy-schema.ts'
import { production, sampling, snapshot, tables, thresholds } from './production-schema.ts'
import { queries } from './queries-schema.ts'
import { server } from './server-schema.ts'
import { transactions } from './transactions-schema.ts'

const migrationsParts = z.strictObject({
  source: text
    .exactOptional()
    .describe('Which migration tool the folder belongs to, instead of finding it out.')
    .meta({ example: 'flyway' }),
  dir: z
    .string()
    .exactOptional()
    .describe('The folder that holds the migrations, relative to the project root.')
    .meta({ example: 'db/migrations' }),
  transaction: z
    .enum(['statement', 'file', 'simple query', 'run'])
    .exactOptional()
    .describe(
      'How your runner wraps a file, when it differs from the tool’s default: `statement` commits after ' +
        'every statement, `file` wraps each file in BEGIN and COMMIT, `simple query` sends a whole file as ' +
        'one message, `run` applies all pending files in one transaction.',
    ),
  placeholders: z
    .record(z.string(), z.string())
    .exactOptional()
    .describe(
      'Values for placeholders in the SQL: `${name}` (Flyway, Liquibase and others), `:name` (psql, in plain SQL files and Sqitch).',
    )
    .meta({ example: { schema: 'shop' } }),
  start: text
    .exactOptional()
    .describe(
      'A dump of the schema that the history starts from, relative to the project root: Rails’ structure.sql, the ' +
        'output of pg_dump. It stands before the first migration and is not judged; migrations whose versions it holds ' +
        'are not run again.',
    )
    .meta({ example: 'db/structure.sql' }),
  migrate: text
    .exactOptional()
    .describe(
      'Command that brings a database up to date, for `sh -c` in the project root: `check` runs it on the throwaway server, ' +
        'which it finds in DATABASE_URL and the PG* variables, and records what it does, instead of reading files of SQL ' +
        '(docs/run.md). For migrations in Ruby, Python, TypeScript, Java and the like.',
    )
    .meta({ example: 'npx knex migrate:latest' }),
  history: text
    .exactOptional()
    .describe(
      'Command that brings an empty database to the state that production has. Default: `migrate`, run in a copy of the ' +
        'base revision.',
    )
    .meta({ example: 'bin/rails db:schema:load' }),
  down: text
    .exactOptional()
    .describe(
      'Command that takes back exactly the migrations under review, likewise: how many they are it finds in ' +
        'PGREHEARSE_MIGRATIONS, their paths in PGREHEARSE_FILES, a line each, and in PGREHEARSE_BEFORE the last one before ' +
        'them. It is tried on a copy (docs/down.md).',
    )
    .meta({ example: 'bin/rails db:rollback STEP=$PGREHEARSE_MIGRATIONS' }),
  timeout: duration
    .refine((milliseconds) => milliseconds > 0, 'Expected a duration greater than 0')
    .exactOptional()
    .describe('How long `migrate`, `history` and `down` may each take.')
    .meta({ example: '20min', defaultValue: `${configDefaults.commandTimeout / 60_000}min` }),
  exclude: z
    .array(text)
    .exactOptional()
    .describe(
      'Files and folders to leave out, relative to the project root. `*` stays within a folder, `**` spans folders.',
    )
    .meta({ example: ['db/migrations/seeds/**'] }),
})

const migrations = migrationsParts
  .refine(({ migrate, history }) => migrate !== undefined || history === undefined, {
    error: 'Expected migrate besides history: files of SQL have their history in themselves',
    path: ['history'],
  })
  .refine(({ migrate, down }) => migrate !== undefined || down === undefined, {
    error: 'Expected migrate besides down: files of SQL have their way down beside them',
    path: ['down'],
  })
  .refine(({ migrate, source }) => migrate === undefined || source === undefined, {
    error: 'Expected one of source and migrate: files are read, or a command is run',
    path: ['migrate'],
  })

const extensionName = text
  .max(63, 'Expected the name of an extension of at most 63 characters')
  .regex(/^[\w-]+$/, 'Expected the name of an extension, for example "pgcrypto"')

const shipped = Object.keys(standInExtensions)

const extensions = z.strictObject({
  create: z
    .array(extensionName)
    .exactOptional()
    .describe(
      'Extensions that production had before its first migration, because somebody created them by hand. They are ' +
        'created before the history.',
    )
    .meta({ example: ['pgcrypto', 'uuid-ossp'] }),
  stub: z
    .array(
      z.enum(shipped, {
        error: `Expected an extension that pgrehearse has a stand-in for: ${shipped.join(', ')}`,
      }),
    )
    .exactOptional()
    .describe(
      'Extensions to stand in for on the embedded server, which lacks them: their types, functions and operators are ' +
        'there, what they do is not, and every finding that one has a part in says so. There are stand-ins for ' +
        `${shipped.join(', ')}. A server that has the extension (\`server.image\`, \`server.url\`) tells more.`,
    )
    .meta({ example: ['vector'] }),
})

const runner = z.strictObject({
  lockTimeout: duration
    .exactOptional()
    .describe(
      'lock_timeout that the migration runner sets in production before it runs a file. 0 means none.',
    )
    .meta({ example: '5s' }),
  statementTimeout: duration
    .exactOptional()
    .describe(
      'statement_timeout that the migration runner sets in production before it runs a file. 0 means none.',
    )
    .meta({ example: '15min' }),
})

const reviewName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,31}$/,
    'Expected at most 32 lower-case letters, digits and hyphens, for example "billing-database"',
  )

const review = z.strictObject({
  name: reviewName
    .exactOptional()
    .describe(
      'Tells several reviews of one merge request apart, for instance one per database: each keeps a summary and ' +
        'threads of its own.',
    )
    .meta({ defaultValue: configDefaults.review.name, example: 'billing-database' }),
  maxThreads: z
    .int()
    .min(0)
    .max(100, 'Expected at most 100 threads')
    .exactOptional()
    .describe(
      'At most this many threads are open at a time for findings, worst first; the summary has the rest.',
    )
    .meta({ defaultValue: configDefaults.review.maxThreads }),
  allow: z
    .enum(['developer', 'maintainer', 'not-the-author'])
    .exactOptional()
    .describe(
      'Who may accept a finding with the comment `pgrehearse allow <reason>`: members with at least the role ' +
        'Developer, or Maintainer, or Developers other than the author of the merge request.',
    )
    .meta({ defaultValue: configDefaults.review.allow }),
})

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** Everything that a configuration says of one database, or of all. */
const commonSchema = z.strictObject({
  migrations: z
    .union([migrations, z.array(migrations)], { error: 'Expected an object or a list of objects' })
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .exactOptional()
    .describe('Where the migrations are and how your runner applies them: an object, or a list of objects.'),
  base: text
    .exactOptional()
    .describe(
      'The git revision that production runs: what is new since then is under review. Default: in a GitLab merge ' +
        'request its diff base, else the merge base with the default branch of the remote.',
    )
    .meta({ example: 'origin/release' }),
  failOn: z
    .enum(['error', 'warning', 'info', 'never'])
    .exactOptional()
    .describe('Exit with code 1 when a finding has at least this severity.')
    .meta({ defaultValue: configDefaults.failOn }),
  requireRehearsal: z
    .boolean()
    .exactOptional()
    .describe('Exit with code 1 when a migration under review could not be rehearsed.')
    .meta({ defaultValue: configDefaults.requireRehearsal }),
  down: z
    .boolean()
    .exactOptional()
    .describe(
      'Apply what is under review, take it back by its way down (down.sql, down sections, rollbacks), and apply it again, ' +
        'on a copy of the database of the rehearsal.',
    )
    .meta({ defaultValue: true }),
  retry: z
    .boolean()
    .exactOptional()
    .describe(
      'Break migrations that are not one transaction off in their middle, on copies, and run them again as the tool would, ' +
        'to say where that stops or ends otherwise.',
    )
    .meta({ defaultValue: true }),
  timeZone: z
    .string()
    .refine(isTimeZone, 'Expected a time zone of the IANA database, for example "UTC" or "Europe/Berlin"')
    .exactOptional()
    .describe('TimeZone of the session that runs the migrations in production.')
    .meta({ defaultValue: configDefaults.timeZone, example: 'Europe/Berlin' }),
  statementTimeout: duration
    .refine((milliseconds) => milliseconds > 0, 'Expected a duration greater than 0')
    .exactOptional()
    .describe('The watchdog cancels a statement of the rehearsal that runs longer than this.')
    .meta({ defaultValue: `${configDefaults.statementTimeout / 1000}s` }),
  cacheDir: text
    .exactOptional()
    .describe(
      'Folder that keeps the replayed history between runs, relative to the project root. Default: no cache.',
    )
    .meta({ example: '.pgrehearse/cache' }),
  runner: runner
    .exactOptional()
    .describe('Timeouts that the migration runner sets itself, so that nobody is told to set what is set.'),
  settings,
  roles: z
    .array(text.max(63, 'Expected a role name of at most 63 characters'))
    .exactOptional()
    .describe('Roles to create before the replay, in addition to those that the SQL names.')
    .meta({ example: ['app_reader'] }),
  presets,
  rules,
  overrides,
  baseline,
  policy,
  extends: extended,
  ...customParts,
  server: server.exactOptional().describe('The server that the rehearsal runs on.'),
  extensions: extensions
    .exactOptional()
    .describe('Extensions that the history needs and that the server does not have by itself.'),
  snapshot,
  tables,
  production,
  thresholds,
  sampling,
  queries,
  transactions,
  review: review
    .exactOptional()
    .describe(
      'The review on the GitLab merge request. Read from the target branch, together with `failOn` and ' +
        '`requireRehearsal`: what a merge request changes here holds once it is merged.',
    ),
})

/** What is decided for the whole run, or by the branch that the merge request goes to. */
const ofTheWholeRun = {
  base: true,
  failOn: true,
  requireRehearsal: true,
  cacheDir: true,
  policy: true,
  extends: true,
  overrides: true,
  customRules: true,
  customSources: true,
  customReporters: true,
  review: true,
} as const

/** One of several databases: what is said here takes the place of what is said of all. */
const databaseSchema = z.strictObject({
  name: reviewName.describe('How reports and reviews call the database.').meta({ example: 'billing' }),
  ...commonSchema.omit(ofTheWholeRun).shape,
})

/** The configuration file; every part is optional. */
export const configSchema = z.strictObject({
  ...commonSchema.shape,
  databases: z
    .array(databaseSchema)
    .min(1, 'Expected at least one database')
    .refine(haveNamesOfTheirOwn, 'Expected a name of its own for each database')
    .exactOptional()
    .describe(
      'The databases whose migrations the repository holds, when there are several: each is judged by itself and ' +
        'gets reports and a review of its own. An entry may say anything that the configuration says, in the place ' +
        'of what is said of all; rules are united.',
    )
    .meta({ example: [{ name: 'billing', migrations: { dir: 'services/billing/migrations' } }] }),
})

function haveNamesOfTheirOwn(databases: readonly { readonly name: string }[]): boolean {
  return new Set(databases.map(({ name }) => name)).size === databases.length
}

/** What the review reads of the target branch's configuration; its other keys are not its business. */
export const policySchema = z.object(
  configSchema.pick({ failOn: true, requireRehearsal: true, review: true }).shape,
)

/** The part of the configuration that decides how a merge request is reviewed. */
export type PolicyConfig = Readonly<z.output<typeof policySchema>>

/**
 * The configuration once read: durations in milliseconds, `migrations` a list, every rule a severity or `off` (with its
 * reason where there is one), and what it extends merged in.
 */
export type Config = Readonly<Omit<z.output<typeof configSchema>, 'extends'>>

/** `queries` when it is not `false`. */
export type QueriesConfig = Exclude<NonNullable<Config['queries']>, false>

/** One entry of `databases`. */
export type DatabaseConfig = NonNullable<Config['databases']>[number]

/** One entry of `migrations`. */
export type MigrationsConfig = Readonly<z.output<typeof migrations>>

/** The configuration as people write it, for defineConfig(). A value of undefined is as good as none. */
export type ConfigInput = AllowUndefined<z.input<typeof configSchema>>

type AllowUndefined<T> = T extends readonly (infer Item)[]
  ? readonly AllowUndefined<Item>[]
  : T extends Rule | MigrationSource | CustomReporter
    ? T
    : T extends object
      ? { readonly [K in keyof T]: AllowUndefined<T[K]> | OptionalOnly<T, K> }
      : T

/** undefined for optional keys, nothing for required ones. */
type OptionalOnly<T, K extends keyof T> = object extends Pick<T, K> ? undefined : never
