/** The measured replay of a history against the plain application of the same statements, on one server. */
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Migration } from '../src/core/model.ts'
import type { MigrationScript } from '../src/core/source.ts'
import type { PostgresServer } from '../src/postgres/provider.ts'
import { openServer } from '../src/postgres/server.ts'
import { replay } from '../src/replay/replay.ts'
import { loadParser, parseScript } from '../src/sql/parse.ts'
import { layOutTransactions } from '../src/sql/transactions.ts'
import { generateHistory, scriptOf, type GeneratedMigration } from './generate.ts'
import { compare, timeMs } from './measure.ts'

const projectDir = fileURLToPath(new URL('..', import.meta.url))
const history = generateHistory({ migrations: 100, statementsPerMigration: 10 })

await loadParser()
const migrations = parsed(history)
await using server = await openServer({ projectDir, env: process.env })
await compare({
  title: `100 migrations, 1000 statements, each its own transaction, on ${server.description}`,
  baseline: { name: 'applied by one pg client', round: () => timeMs(() => apply(server)) },
  ours: { name: 'replayed and measured', round: rehearsalMs },
  rounds: 9,
  aim: 1.5,
})

function parsed(files: readonly GeneratedMigration[]): readonly Migration[] {
  const scripts = files.map((migration): MigrationScript => {
    const text = scriptOf(migration)
    return {
      source: 'plain-sql',
      file: migration.file,
      version: migration.file.slice(0, 4),
      title: migration.file,
      text,
      start: 0,
      end: text.length,
      transaction: { mode: 'statement', why: 'benchmark' },
      repeatable: false,
    }
  })
  return layOutTransactions(scripts.map(parseScript), false)
}

/** A database of its own, one client, one round trip per statement. */
async function apply(target: PostgresServer): Promise<void> {
  const database = await target.createDatabase()
  const client = await target.connectMigrator(database)
  for (const { statements } of history) {
    for (const statement of statements) await client.query(statement)
  }
  await client.end()
  await target.dropDatabase(database)
}

async function rehearsalMs(): Promise<number> {
  const duration = await timeMs(() => rehearse(server))
  await dropDatabases(server)
  return duration
}

/** A run leaves its databases to the server's end; many rounds on one server must not. */
async function dropDatabases(target: PostgresServer): Promise<void> {
  const admin = await target.connectAdmin()
  const { rows } = await admin.query<{ name: string }>(
    "select datname as name from pg_database where datname like 'pgrehearse%'",
  )
  await admin.end()
  for (const { name } of rows) await target.dropDatabase(name)
}

/** As `check` does it with an empty history: own database, copy, event triggers, every statement measured. */
async function rehearse(target: PostgresServer): Promise<void> {
  const outcome = await replay({
    server: target,
    history: [],
    review: migrations,
    sharesSession: false,
    settings: { TimeZone: 'UTC' },
    roles: [],
    statementTimeoutMs: 60_000,
    signal: new AbortController().signal,
    progress: () => {},
  })
  const rehearsed = outcome.migrations.filter((migration) => migration.outcome === 'rehearsed').length
  if (rehearsed !== history.length) throw new Error(`Only ${rehearsed} of ${history.length} were rehearsed.`)
}
