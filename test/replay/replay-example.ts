import type { Client } from 'pg'
import type { Finding, Limit, Migration, MigrationResult, SchemaCatalogs } from '../../src/core/model.ts'
import type { QueriesOutcome } from '../../src/core/query-model.ts'
import { predictRunWithSchema } from '../../src/predict/index.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { unite } from '../../src/replay/agree.ts'
import { replayWithLeftovers } from '../../src/replay/alternatives.ts'
import { SchemaCatalogsSeen } from '../../src/replay/schema-catalogs-seen.ts'
import type { QueryStage } from '../../src/replay/query-stage.ts'
import { replay, type ReplayOutcome, type ReplayRequest } from '../../src/replay/replay.ts'
import { watchdogOf } from '../../src/replay/stage.ts'
import { judgeExample, type Example } from '../rules/run-example.ts'
import { replayedQueries, type TriedExample } from './replay-queries.ts'

export interface RehearsedExample {
  readonly results: readonly MigrationResult[]
  readonly limits: readonly Limit[]
  readonly findings: readonly Finding[]
  readonly queries?: QueriesOutcome
  readonly schema: SchemaCatalogs | undefined
}

/** What `pgrehearse check` would find, on this server; its databases are dropped, or those of all examples take 5 GB. */
export async function rehearseExample(server: PostgresServer, example: Example): Promise<RehearsedExample> {
  await using admin = await watchdogOf(server)
  const before = await databasesOf(admin.client)
  const rehearsed = await rehearseOnly(server, example)
  for (const name of await databasesOf(admin.client)) {
    if (!before.includes(name)) await server.dropDatabase(name)
  }
  return rehearsed
}

async function databasesOf(admin: Client): Promise<readonly string[]> {
  const { rows } = await admin.query<{ name: string }>('select datname as name from pg_database')
  return rows.map(({ name }) => name)
}

async function rehearseOnly(server: PostgresServer, example: Example): Promise<RehearsedExample> {
  const { history, review } = example
  if (example.queries === undefined) {
    const { results, limits, schema } = await rehearse(server, history, review)
    return { results, limits, findings: judgeExample(example, results, undefined, schema), schema }
  }
  let tried: TriedExample | undefined
  const { results, limits, schema } = await rehearse(server, history, review, async (stage) => {
    tried = await replayedQueries(stage, example)
  })
  if (tried === undefined) throw new Error(`The queries of ${example.file} were not tried.`)
  const queries = await tried.outcome(results)
  const found = [...limits, ...tried.limits]
  return {
    results,
    limits: found,
    findings: judgeExample(example, results, queries, schema),
    queries,
    schema,
  }
}

/**
 * As {@link rehearseExample}, for all examples of a rule. Those without migrations share one rehearsal: they differ in
 * their queries only.
 */
export async function rehearseExamples(
  server: PostgresServer,
  examples: readonly Example[],
): Promise<readonly (RehearsedExample & { readonly example: Example })[]> {
  const alike = examples.filter(({ queries, review }) => queries !== undefined && review.length === 0)
  const [first] = alike
  const rehearsed: (RehearsedExample & { readonly example: Example })[] = []
  if (first !== undefined) {
    const queries = alike.flatMap((example) => example.queries ?? [])
    const shared = await rehearseExample(server, { ...first, queries })
    for (const example of alike) rehearsed.push({ example, ...ofOne(shared, example) })
  }
  for (const example of examples.filter((one) => !alike.includes(one))) {
    rehearsed.push({ example, ...(await rehearseExample(server, example)) })
  }
  return rehearsed
}

function ofOne({ results, limits, queries, schema }: RehearsedExample, example: Example): RehearsedExample {
  if (queries === undefined) throw new Error(`The queries of ${example.file} were not tried.`)
  const ids = new Set(example.queries?.map(({ id }) => id))
  const own = { ...queries, results: queries.results.filter(({ reviewed }) => ids.has(reviewed.id)) }
  return { results, limits, findings: judgeExample(example, results, own, schema), queries: own, schema }
}

/** Replays the migrations on top of the history, and unites what was measured with what was predicted. */
export async function rehearse(
  server: PostgresServer,
  history: readonly Migration[],
  review: readonly Migration[],
  onStage?: (stage: QueryStage) => Promise<void>,
): Promise<{
  readonly results: readonly MigrationResult[]
  readonly limits: readonly Limit[]
  /** Measured, or predicted where the migrations did not come to their end. */
  readonly schema: SchemaCatalogs | undefined
}> {
  const input = { history, review, timeZone: 'UTC', serverMajor: server.major }
  const { predictions, schema: predicted } = predictRunWithSchema(input)
  const seen = new SchemaCatalogsSeen(server)
  const { migrations, limits } = await replayed(
    {
      server,
      history,
      review,
      sharesSession: false,
      settings: { TimeZone: 'UTC' },
      roles: [],
      statementTimeoutMs: 60_000,
      signal: new AbortController().signal,
      progress: () => {},
      onPrepared: ({ seeded }) => seen.lookBefore(seeded),
      onDone: (database) => seen.lookAfter(database),
    },
    onStage,
  )
  const results = review.map((migration, index) =>
    unite(migration, predictions[index] ?? [], migrations[index], server.version),
  )
  return { results, limits, schema: seen.catalogs(migrations) ?? predicted }
}

function replayed(
  request: ReplayRequest,
  onStage: ((stage: QueryStage) => Promise<void>) | undefined,
): Promise<ReplayOutcome> {
  if (onStage === undefined) return replay(request)
  return replayWithLeftovers(request, (_, { queries }) => onStage(queries))
}
