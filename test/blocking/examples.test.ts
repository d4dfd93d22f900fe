import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rules } from '../../rules/index.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { connected } from '../../src/replay/stage.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors, startServer } from '../postgres/servers.ts'
import { rehearse } from '../replay/replay-example.ts'
import { loadExamples, ruleFolders, type Example } from '../rules/run-example.ts'
import { compareWaits, runnable, seed } from './compare-waits.ts'
import { generateQueries, type RunnableQuery } from './generated-queries.ts'

/** What waits for which mode is the same in all majors (lock.c); the pipeline looks at each of them nevertheless. */
const compared = process.env['PGREHEARSE_MAJORS'] === undefined ? [18] : majors

/** Rules of the other presets are about what a schema is like, not about who waits. */
const folders = ruleFolders().filter((id) =>
  rules.some((rule) => rule.id === id && (rule.preset ?? 'recommended') === 'recommended'),
)

/** Files of which the comparison would say nothing true, and why. */
const notCompared: Readonly<Record<string, string>> = {
  'rules/avoid-lost-table-properties/bad.more.sql':
    'the DELETE of tenants that is generated comes to no foreign key check between the two renames',
  'rules/avoid-lost-table-properties/good.sql':
    'a view that an earlier migration of the run made anew is no old one any more',
}

describe.each(compared)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  const totals = { compared: 0, waiting: 0, failing: 0 }
  let dropped = 0

  beforeAll(async () => {
    await loadParser()
    server = await startServer(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each(folders)('those wait in the examples of %s who are said to', async (id) => {
    let prepared: Prepared | undefined
    for (const { file, history, review } of loadExamples(id)) {
      if (notCompared[file] !== undefined || review.every(({ statements }) => statements.length === 0))
        continue
      // all examples of a rule have the same history
      prepared ??= await prepare(server, history)
      dropped += prepared.dropped
      const { results } = await rehearse(server, history, review)
      const { database, queries } = prepared
      expect(await compareWaits({ server, database, review, results, queries }, totals), file).toEqual([])
    }
  })

  test('enough was compared', () => {
    expect(totals.compared).toBeGreaterThan(3000)
    expect(totals.waiting).toBeGreaterThan(800)
    // what the migrations took away
    expect(totals.failing).toBeLessThan(totals.compared / 20)
    // what no values could be found for
    expect(dropped).toBeLessThan(30)
  })
})

interface Prepared {
  readonly database: string
  readonly queries: readonly RunnableQuery[]
  readonly dropped: number
}

async function prepare(server: PostgresServer, history: Example['history']): Promise<Prepared> {
  let database = ''
  await rehearse(server, history, [], async (stage) => {
    database = await stage.copyBefore()
  })
  await seed(server, database)
  const generated = await withAdmin(server, database)
  const queries = await runnable(server, database, generated)
  return { database, queries, dropped: generated.length - queries.length }
}

async function withAdmin(server: PostgresServer, database: string): Promise<readonly RunnableQuery[]> {
  await using admin = await connected(server, database)
  return await generateQueries(admin.client)
}
