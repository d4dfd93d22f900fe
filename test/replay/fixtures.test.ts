import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { replay } from '../../src/replay/replay.ts'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { majors } from '../postgres/servers.ts'
import { disagreements } from './compare-model.ts'
import { openMajor } from './servers.ts'

const fixtures = ['shop', 'flyway-bookshop', 'golang-migrate-ledger', 'plain-sql-notes']

describe.each(majors)('fixtures on Postgres %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it.each(fixtures)('%s replays as the lock model predicts, wherever its history is cut', async (name) => {
    const cwd = fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))
    const { underReview, sharesSession } = await decideReviewSet({ cwd, paths: [], all: true, env: {} })
    const parsed = underReview.map(parseScript)
    for (const cut of [1, Math.ceil(parsed.length / 2), parsed.length - Math.min(6, parsed.length - 2)]) {
      const history = layOutTransactions(parsed.slice(0, cut), sharesSession)
      const review = layOutTransactions(parsed.slice(cut), sharesSession)
      const outcome = await replay({
        server,
        history,
        review,
        sharesSession,
        settings: { TimeZone: 'UTC' },
        roles: [],
        statementTimeoutMs: 30_000,
        signal: new AbortController().signal,
        progress: () => undefined,
      })
      expect(outcome.migrations.map(({ outcome: one }) => one)).toEqual(review.map(() => 'rehearsed'))
      expect.soft(disagreements(history, outcome.migrations, major), `cut after ${cut}`).toEqual([])
    }
  })
})
