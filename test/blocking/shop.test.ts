import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Migration, Query } from '../../src/core/model.ts'
import type { FileTree } from '../../src/core/source.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { findQueries } from '../../src/queries/find.ts'
import { connected } from '../../src/replay/stage.ts'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { majors, startServer } from '../postgres/servers.ts'
import { rehearse } from '../replay/replay-example.ts'
import { compareWaits, runnable, seed } from './compare-waits.ts'
import { readTables, type RunnableQuery } from './generated-queries.ts'
import { withValues } from './parameter-values.ts'

const shop = fileURLToPath(new URL('../../fixtures/shop', import.meta.url))

describe.each(majors)('the sample shop on PostgreSQL %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await startServer(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('its queries wait for its migrations as derived', async () => {
    const { underReview, sharesSession } = await decideReviewSet({ cwd: shop, paths: [], all: true, env: {} })
    const parsed = underReview.map(parseScript)
    const cut = parsed.findIndex(({ script }) => script.file.includes('V017__'))
    const history = layOutTransactions(parsed.slice(0, cut), sharesSession)
    const review = layOutTransactions(parsed.slice(cut), sharesSession)
    const database = await prepare(server, history)
    const queries = await shopQueries(server, database)
    expect(queries.length).toBeGreaterThanOrEqual(60)
    const { results } = await rehearse(server, history, review)
    const totals = { compared: 0, waiting: 0, failing: 0 }
    expect(await compareWaits({ server, database, review, results, queries }, totals)).toEqual([])
    expect(totals.waiting).toBeGreaterThan(50)
  })
})

async function prepare(server: PostgresServer, history: readonly Migration[]): Promise<string> {
  let database = ''
  await rehearse(server, history, [], async (stage) => {
    database = await stage.copyBefore()
  })
  await seed(server, database)
  return database
}

/** Those of the base revision, with values with which they succeed. */
async function shopQueries(server: PostgresServer, database: string): Promise<readonly RunnableQuery[]> {
  const { queries } = await findQueries(shopTree(), {}, (path) => path.startsWith('db/'))
  await using admin = await connected(server, database)
  await admin.client.query('set search_path = public')
  const tables = await readTables(admin.client)
  const ready: RunnableQuery[] = []
  for (const query of distinct(queries)) {
    const one = await withValues(admin.client, query, tables).catch(() => undefined)
    if (one !== undefined) ready.push(one)
  }
  return await runnable(server, database, ready)
}

function distinct(queries: readonly Query[]): readonly Query[] {
  return [...new Map(queries.map((query) => [query.sql, query] as const)).values()]
}

function shopTree(): FileTree {
  const paths = readdirSync(shop, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(shop.length + 1))
    .filter((path) => !path.startsWith('branch/'))
    .toSorted()
  return {
    list: () => Promise.resolve(paths),
    read: (path) => Promise.resolve(paths.includes(path) ? readFileSync(join(shop, path)) : undefined),
  }
}
