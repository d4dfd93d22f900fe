import type { Finding, Limit, Migration, MigrationResult } from '../../src/core/model.ts'
import { rules } from '../../rules/index.ts'
import { judge } from '../../src/judge/judge.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { predictRun } from '../../src/predict/index.ts'
import { unite } from '../../src/replay/agree.ts'
import { replay } from '../../src/replay/replay.ts'
import { today, type Example } from '../rules/run-example.ts'

export interface RehearsedExample {
  readonly results: readonly MigrationResult[]
  readonly limits: readonly Limit[]
  readonly findings: readonly Finding[]
}

/** What `pgrehearse check` would find, on this server. */
export async function rehearseExample(server: PostgresServer, example: Example): Promise<RehearsedExample> {
  const { results, limits } = await rehearse(server, example.history, example.review)
  const { findings } = judge({ migrations: results, rules, allows: example.allows, today })
  return { results, limits, findings }
}

/** Replays the migrations on top of the history, and unites what was measured with what was predicted. */
export async function rehearse(
  server: PostgresServer,
  history: readonly Migration[],
  review: readonly Migration[],
): Promise<{ readonly results: readonly MigrationResult[]; readonly limits: readonly Limit[] }> {
  const predictions = predictRun({ history, review, timeZone: 'UTC', serverMajor: server.major })
  const { migrations, limits } = await replay({
    server,
    history,
    review,
    sharesSession: false,
    settings: { TimeZone: 'UTC' },
    roles: [],
    statementTimeoutMs: 60_000,
    signal: new AbortController().signal,
    progress: () => {},
  })
  const results = review.map((migration, index) =>
    unite(migration, predictions[index] ?? [], migrations[index], server.version),
  )
  return { results, limits }
}
