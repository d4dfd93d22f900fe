import { collectLocks } from '../../src/blocking/collect-locks.ts'
import { waitsOf } from '../../src/blocking/waits.ts'
import type { Migration, MigrationResult, QueryWaitEffect, ReviewedQuery } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { seedTables } from '../../src/replay/seed.ts'
import { connected } from '../../src/replay/stage.ts'
import { obstaclesOf } from '../../src/sql/obstacles.ts'
import type { RunnableQuery } from './generated-queries.ts'
import { openProber, runOnce, walk, type Moment } from './oracle.ts'
import { queryOf, stageOf } from './stage.ts'

/** How many pairs of a query and a moment there were. */
export interface Totals {
  compared: number
  waiting: number
  /** What the query names is gone. */
  failing: number
}

export interface Compared {
  readonly server: PostgresServer
  /** With the schema before the migrations, and rows. Left as it is. */
  readonly database: string
  readonly review: readonly Migration[]
  readonly results: readonly MigrationResult[]
  readonly queries: readonly RunnableQuery[]
}

/** Where what is derived and what happens are not the same: one line each. */
export async function compareWaits(
  { server, database, review, results, queries }: Compared,
  totals: Totals,
): Promise<readonly string[]> {
  const reviewed = queries.map(({ sql }): ReviewedQuery => queryOf(sql))
  const stage = stageOf(server, database, review)
  const { locks, unknown } = await collectLocks(stage, reviewed, { budgetMs: 60_000, progress: () => {} })
  const found: string[] = [...unknown].map(([sql, why]) => `${sql}: ${why}`)
  const waits = new Map(queries.map(({ sql }) => [sql, waitsOf(locks.get(sql) ?? [], results)] as const))
  const isOn = heldAt(results)
  const copy = await server.createDatabase({ template: database })
  await walk(server, copy, review, async (moment) => {
    // COMMIT and ROLLBACK have given all locks back by then
    if (/^(commit|end|rollback)\b/i.test(moment.statement.sql)) return
    for (const query of queries) {
      const derived = (waits.get(query.sql) ?? []).filter((wait) => isOn(wait, moment))
      const outcome = await moment.tryOut(query)
      totals[outcome === 'fails' ? 'failing' : 'compared'] += 1
      if (outcome === 'waits') totals.waiting += 1
      if (outcome === 'fails' || (outcome === 'waits') === derived.length > 0) continue
      found.push(`${moment.statement.sql} / ${query.sql}: ${outcome}, derived: ${describe(derived)}`)
    }
  })
  await server.dropDatabase(copy)
  return found
}

function describe(waits: readonly QueryWaitEffect[]): string {
  const words = waits.map(({ lock, held }) => `${lock.mode} on ${lock.relation.name} against ${held}`)
  return words.length === 0 ? 'nothing' : words.join(', ')
}

/**
 * Is the lock held after a statement: of its own, and kept or seen to be there; or of an earlier one of the same
 * transaction?
 */
function heldAt(results: readonly MigrationResult[]): (wait: QueryWaitEffect, moment: Moment) => boolean {
  const obstacles = obstaclesOf(results)
  const order = results.flatMap(({ migration: { file }, statements }) =>
    statements.map(({ statement: { index } }) => `${file} ${index}`),
  )
  const position = (file: string, index: number): number => order.indexOf(`${file} ${index}`)
  return ({ cause, held: mode }, { migration, statement, held }) => {
    const now = position(migration.file, statement.index)
    const then = position(cause.file, cause.index)
    return obstacles.some(({ lock, cause: { file, index }, transaction }) => {
      if (file !== cause.file || index !== cause.index || lock.mode !== mode) return false
      if (lock.until === 'commit') return transaction === statement.transaction && then <= now
      return then === now && held.has(`${lock.relation.schema}.${lock.relation.name} ${mode}`)
    })
  }
}

/** Rows of ours, without which foreign keys and triggers do not show. */
export async function seed(server: PostgresServer, database: string): Promise<void> {
  await using admin = await connected(server, database)
  await seedTables(admin.client, { connectMigrator: () => server.connectMigrator(database) })
}

/** Those that succeed, with the values with which they do. */
export async function runnable(
  server: PostgresServer,
  database: string,
  queries: readonly RunnableQuery[],
): Promise<readonly RunnableQuery[]> {
  const prober = await openProber(server, database)
  try {
    const found: RunnableQuery[] = []
    for (const { sql, runs } of queries) {
      const working: RunnableQuery['runs'][number][] = []
      for (const values of runs) {
        if ((await runOnce(prober, sql, values)) === 'goes on') working.push(values)
      }
      if (working.length > 0) found.push({ sql, runs: working })
    }
    return found
  } finally {
    await prober.end()
  }
}
