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
const isPipeline = process.env['PGREHEARSE_MAJORS'] !== undefined
const compared = isPipeline ? majors : [18]

/** Rules of the other presets are about what a schema is like, not about who waits. */
const recommended = ruleFolders().filter((id) =>
  rules.some((rule) => rule.id === id && (rule.preset ?? 'recommended') === 'recommended'),
)

/** All of them take a minute and a half; the pipeline's job of the majors takes that time. */
const folders = recommended.filter((_, index) => isPipeline || index % 3 === 0)

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
    expect(totals.compared).toBeGreaterThan(isPipeline ? 3000 : 900)
    expect(totals.waiting).toBeGreaterThan(isPipeline ? 800 : 200)
    // what the migrations took away
    expect(totals.failing).toBeLessThan(totals.compared / 20)
    // what no values could be found for
    expect(dropped).toBeLessThan(isPipeline ? 30 : 12)
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
