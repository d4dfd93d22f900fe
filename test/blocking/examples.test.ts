import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectLocks } from '../../src/blocking/collect-locks.ts'
import { waitsOf } from '../../src/blocking/waits.ts'
import type { MigrationResult, QueryLock } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { seedTables } from '../../src/replay/seed.ts'
import { connected } from '../../src/replay/stage.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors, startServer } from '../postgres/servers.ts'
import { rehearse } from '../replay/replay-example.ts'
import { loadExamples, ruleFolders, type Example } from '../rules/run-example.ts'
import { generateQueries, type RunnableQuery } from './generated-queries.ts'
import { openProber, runOnce, walk, type Moment } from './oracle.ts'
import { queryOf, stageOf } from './stage.ts'

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  const totals = { compared: 0, waiting: 0, failing: 0, dropped: 0 }

  beforeAll(async () => {
    await loadParser()
    server = await startServer(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each(ruleFolders())('who waits in the examples of %s', async (id) => {
    for (const example of loadExamples(id)) {
      if (example.review.every(({ statements }) => statements.length === 0)) continue
      expect(await disagreements(server, example, totals), example.file).toEqual([])
    }
  })

  test('enough was compared', () => {
    expect(totals.compared).toBeGreaterThan(3000)
    expect(totals.waiting).toBeGreaterThan(800)
    expect(totals.dropped).toBeLessThan(30)
    // what the migrations took away
    expect(totals.failing).toBeLessThan(totals.compared / 20)
  })
})

type Totals = Record<'compared' | 'waiting' | 'failing' | 'dropped', number>

async function disagreements(
  server: PostgresServer,
  { history, review }: Example,
  totals: Totals,
): Promise<readonly string[]> {
  let database = ''
  const { results } = await rehearse(server, history, review, async (stage) => {
    database = await stage.copyBefore()
  })
  await seed(server, database)
  const queries = await runnable(server, database, totals)
  const reviewed = queries.map(({ sql }) => queryOf(sql))
  const { locks, unknown } = await collectLocks(stageOf(server, database, review), reviewed, {
    budgetMs: 30_000,
    progress: () => {},
  })
  const found: string[] = [...unknown].map(([sql, why]) => `${sql}: ${why}`)
  await walk(server, database, review, async (moment) => {
    for (const query of queries) {
      const derived = waitsNow(moment, locks.get(query.sql) ?? [], results)
      const outcome = await moment.tryOut(query)
      if (outcome === 'fails') totals.failing += 1
      else totals.compared += 1
      if (outcome === 'waits') totals.waiting += 1
      if (outcome === 'fails' || (outcome === 'waits') === derived.length > 0) continue
      found.push(
        `${moment.statement.sql} / ${query.sql}: ${outcome}, derived: ${derived.join(', ') || 'nothing'}`,
      )
    }
  })
  await server.dropDatabase(database)
  return found
}

async function seed(server: PostgresServer, database: string): Promise<void> {
  await using admin = await connected(server, database)
  await seedTables(admin.client, { connectMigrator: () => server.connectMigrator(database) })
}

/** Those that succeed before the migrations, with the values with which they do. */
async function runnable(
  server: PostgresServer,
  database: string,
  totals: Totals,
): Promise<readonly RunnableQuery[]> {
  const admin = await server.connectAdmin(database)
  const prober = await openProber(server, database)
  try {
    const queries: RunnableQuery[] = []
    for (const { sql, runs } of await generateQueries(admin)) {
      const working: (readonly (string | null)[])[] = []
      for (const values of runs) {
        if ((await runOnce(prober, sql, values)) === 'goes on') working.push(values)
      }
      if (working.length > 0) queries.push({ sql, runs: working })
      else totals.dropped += 1
    }
    return queries
  } finally {
    await prober.end()
    await admin.end()
  }
}

/** What is derived for the moment after a statement: its locks, and those that its transaction holds since earlier. */
function waitsNow(
  { migration, statement, held }: Moment,
  locks: readonly QueryLock[],
  results: readonly MigrationResult[],
): readonly string[] {
  const all = results.flatMap((result) =>
    result.statements.map((one) => ({ ...one, file: result.migration.file })),
  )
  return waitsOf(locks, results).flatMap((wait) => {
    const cause = all.find(
      ({ file, statement: { index } }) => file === wait.cause.file && index === wait.cause.index,
    )
    const isNow = cause?.file === migration.file && cause.statement.index === statement.index
    const isBefore =
      cause?.statement.transaction === statement.transaction &&
      !isLater(all, cause, migration.file, statement.index)
    if (cause === undefined || (!isNow && !isBefore)) return []
    const text = `${wait.lock.mode} on ${wait.lock.relation.name} against ${wait.held}`
    const effect = cause.effects.find((one) => one.kind === 'lock' && one.mode === wait.held)
    const isGivenBack = effect?.kind === 'lock' && effect.until === 'statement'
    const name =
      effect?.kind === 'lock' ? `${effect.relation.schema}.${effect.relation.name} ${effect.mode}` : ''
    return isGivenBack && !(isNow && held.has(name)) ? [] : [text]
  })
}

function isLater(
  all: readonly { readonly file: string; readonly statement: { readonly index: number } }[],
  one: { readonly file: string; readonly statement: { readonly index: number } },
  file: string,
  index: number,
): boolean {
  const position = (name: string, at: number): number =>
    all.findIndex((other) => other.file === name && other.statement.index === at)
  return position(one.file, one.statement.index) > position(file, index)
}
