/**
 * `npm run test:regress`: runs the regression suite that ships with PostgreSQL through our parser, prediction and replay,
 * and says how often prediction and measurement agree. `-- alter_table partition` runs the files with these words in
 * their names only; `--details` prints every disagreement. Fails on a crash of ours, and on nothing else.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Migration } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { startServer } from '../postgres/servers.ts'
import { crashOf } from './lint-file.ts'
import { plainSql } from './psql-file.ts'
import { rehearseFile, type FileOutcome } from './rehearse-file.ts'
import { fileLine, summary } from './report.ts'
import { NoNetwork, regressSource } from './source.ts'

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    details: { type: 'boolean', default: false },
    /** Of one file; the whole takes some ten minutes on two cores. */
    seconds: { type: 'string', default: '40' },
  },
})

const major = 18

/** Files that others rely on, in the order of parallel_schedule; they run one after the other in one database. */
const foundation = [
  'test_setup',
  'create_misc',
  'create_operator',
  'create_procedure',
  'create_table',
  'create_type',
  'create_index',
  'create_view',
  'create_aggregate',
  'create_function_sql',
]

interface Ground {
  readonly template: string | undefined
  readonly history: readonly Migration[]
}

const crashes: string[] = []
const outcomes: FileOutcome[] = []

try {
  await main()
} catch (error) {
  if (!(error instanceof NoNetwork)) throw error
  print(`SKIPPED: the regression suite of PostgreSQL ${major} is not here. ${error.message}`)
}

async function main(): Promise<void> {
  const { version, folder } = await regressSource(major)
  await loadParser()
  print(`The regression suite of PostgreSQL ${version} on a server of PostgreSQL ${major}`)
  const files = (await scheduled(folder)).filter((name) => !foundation.includes(name) && isWanted(name))
  let isFirst = true
  while (isFirst || files.length > 0) {
    await runUntilCrash(folder, files, isFirst)
    isFirst = false
  }
  print(summary(outcomes, options.details))
  for (const crash of crashes) print(`CRASH ${crash}`)
  if (crashes.length > 0) process.exitCode = 1
}

/** Takes from the files until the server itself crashes, as tests of what newer releases mended make it do. */
async function runUntilCrash(folder: string, files: string[], reports: boolean): Promise<void> {
  await using server = await startServer(major, { superuser: true })
  let ground: Ground = { template: undefined, history: [] }
  for (const name of foundation)
    ground = await run(server, folder, name, ground, reports ? 'reported' : 'silent')
  for (let name = files.shift(); name !== undefined; name = files.shift()) {
    await run(server, folder, name, ground, 'thrown away')
    const why = await whyGone(server)
    if (why !== undefined) {
      print(`${name}: the server crashed (${why}); a new one takes over`)
      return
    }
  }
}

async function whyGone(server: PostgresServer): Promise<string | undefined> {
  try {
    await server.dropDatabase(await server.createDatabase())
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function isWanted(name: string): boolean {
  return words.length === 0 || words.some((word) => name.includes(word))
}

async function scheduled(folder: string): Promise<readonly string[]> {
  const schedule = await readFile(path.join(folder, 'parallel_schedule'), 'utf8')
  return schedule.split('\n').flatMap((line) => /^test: (.*)$/.exec(line)?.[1]?.trim().split(/\s+/) ?? [])
}

/** Runs a file; the ground after it, where others stand on it. */
async function run(
  server: PostgresServer,
  folder: string,
  name: string,
  ground: Ground,
  use: 'reported' | 'silent' | 'thrown away',
): Promise<Ground> {
  const text = await readFile(path.join(folder, 'sql', `${name}.sql`), 'utf8')
  const sql = plainSql(text, { sourceFolder: folder })
  const crash = crashOf(name, sql)
  if (crash !== undefined) crashes.push(crash)
  try {
    const { outcome, history, database } = await rehearseFile({
      server,
      ...ground,
      file: `${name}.sql`,
      text: sql,
      statementTimeoutMs: 5000,
      fileTimeoutMs: Number(options.seconds) * 1000,
    })
    if (isWanted(name) && use !== 'silent') {
      outcomes.push(outcome)
      print(fileLine(outcome))
    }
    if (use !== 'thrown away') return { template: database, history: [...ground.history, history] }
    await server.dropDatabase(database)
  } catch (error) {
    const isServers =
      error instanceof Error &&
      /ECONNRESET|terminat|connection error|recovery mode|shutting down/i.test(error.message)
    if (!isServers) crashes.push(`${name}: ${error instanceof Error ? error.stack : String(error)}`)
  }
  return ground
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
