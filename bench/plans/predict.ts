import process from 'node:process'
import type { Client } from 'pg'
import type { Migration, MigrationResult } from '../../src/core/model.ts'
import type { Production } from '../../src/core/production.ts'
import type { MigrationScript } from '../../src/core/source.ts'
import type { IndexUse, PlanChange, Query, QueryEffect, ReviewedQuery } from '../../src/core/query-model.ts'
import { planChanges, type PlanSide } from '../../src/planning/compare-plans.ts'
import { indexUses } from '../../src/planning/index-use.ts'
import { InflatedCopy } from '../../src/planning/inflated-copy.ts'
import { parametersIn, plannedText } from '../../src/planning/parameters.ts'
import { planAll } from '../../src/planning/plan-all.ts'
import { relationReads } from '../../src/planning/plan-shape.ts'
import type { PlanNode } from '../../src/planning/plan.ts'
import type { PlannedQuery } from '../../src/planning/planned-query.ts'
import type { PlannedTable } from '../../src/planning/planning-copy.ts'
import { planMemory, plannerSettings, type PlanMemory } from '../../src/planning/planner-settings.ts'
import { PlanningServer, type PlanningServerRequest } from '../../src/planning/planning-server.ts'
import { QueryJudge } from '../../src/planning/query-judge.ts'
import { tableKey } from '../../src/planning/table-tree.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { startEmbedded } from '../../src/postgres/embedded.ts'
import { predictRun } from '../../src/predict/index.ts'
import { factsOfSnapshot } from '../../src/production/from-snapshot.ts'
import { parseScript, parseStatement } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { root } from '../processes.ts'
import { explain, type Explained, type Trial } from './explain.ts'
import type { BenchMigration } from './migrations.ts'
import type { BenchQuery } from './queries.ts'
import { history, historySql } from './schema.ts'

/** What the plans of the tool rest on. */
export const modes = ['with values', 'without values', 'sizes only'] as const
export type Mode = (typeof modes)[number]

/** Everything that the tool knows of production, from the snapshot's text. */
export async function productionOf(snapshot: string, mode: Mode): Promise<Production> {
  const { kind, takenAt, limits: _limits, ...facts } = await factsOfSnapshot(snapshot, 'snapshot.json')
  const source = { kind, name: 'snapshot.json', ...(takenAt === undefined ? {} : { takenAt }) }
  const production: Production = { ...facts, sources: [source] }
  return mode === 'sizes only' ? withoutColumns(production) : production
}

/** As a role sees it that may not read column statistics. */
function withoutColumns({ tables, planner, ...rest }: Production): Production {
  return {
    ...rest,
    tables: tables.map(({ columns: _columns, ...table }) => table),
    ...(planner === undefined
      ? {}
      : {
          planner: {
            ...planner,
            tables: planner.tables.map(({ columns: _columns, indexes, ...table }) => ({
              ...table,
              indexes: indexes.map(({ columns: _expressions, ...index }) => index),
            })),
          },
        }),
  }
}

/** What {@link PlanningServer.open} takes, for one migration. */
export function requestOf(production: Production, migration: BenchMigration): PlanningServerRequest {
  const { past, review, results } = migrationsOf(migration)
  return {
    serverOptions: { projectDir: root, env: process.env },
    history: past,
    review,
    results,
    sharesSession: false,
    settings: { TimeZone: 'UTC' },
    roles: [],
    statementTimeoutMs: 60_000,
    production,
    signal: new AbortController().signal,
    progress: () => {},
  }
}

/** The history, and the migration under review with what it is predicted to do. */
export function migrationsOf({ sql }: BenchMigration): {
  readonly past: readonly Migration[]
  readonly review: readonly Migration[]
  readonly results: readonly MigrationResult[]
} {
  const past = layOutTransactions(
    history.map((file) => parseScript(script(file.file, file.sql))),
    false,
  )
  const review = layOutTransactions([parseScript(script('migrations/0003_review.sql', sql))], false)
  const predictions = predictRun({ history: past, review, timeZone: 'UTC' })
  const results = review.map((one, index): MigrationResult => ({
    migration: one,
    outcome: 'predicted',
    statements: one.statements.map((statement, position) => {
      const prediction = predictions[index]?.[position]
      if (prediction === undefined) throw new Error('a statement without prediction')
      return { statement, effects: prediction.effects, settings: prediction.settings, measured: false }
    }),
  }))
  return { past, review, results }
}

function script(file: string, text: string): MigrationScript {
  return {
    source: 'plain-sql',
    file,
    version: null,
    title: file,
    text,
    start: 0,
    end: text.length,
    transaction: { mode: 'file', why: 'bench' },
    repeatable: false,
  }
}

/** What the tool says about one migration. */
export interface Prediction {
  /** Plans of the trials that were handed in. */
  readonly before: readonly Explained[]
  readonly after: readonly Explained[]
  /** By the name of the query; without those that have none. */
  readonly effects: ReadonlyMap<string, readonly QueryEffect[]>
  /** The statements that the effects rest on, with the values that the tool took. */
  readonly chosen: readonly Trial[]
  readonly indexes: readonly IndexUse[]
  /** The tool's comparison, for any two plans of this schema. */
  readonly compare: (before: PlanNode, after: PlanNode) => readonly PlanChange[]
}

/** The tool's plans: on a server without rows. `state`: are the queries there already, or do they come now? */
export async function predict(
  production: Production,
  migration: BenchMigration,
  trials: readonly Trial[],
  state: 'old' | 'new' = 'old',
): Promise<Prediction> {
  const request = requestOf(production, migration)
  const endsAt = performance.now() + 120_000
  await using planning = await PlanningServer.open(request, endsAt)
  await using copy = await InflatedCopy.open(planning, {
    production,
    signal: request.signal,
    endsAt,
  })
  const queries = new Map(trials.map(({ query }) => [query.name, query]))
  const reviewed = [...queries.values()].map((query) => reviewedOf(query, state))
  const { planned } = await planAll(copy, planning, reviewed)
  const judge = new QueryJudge(copy, planning, production, request.results, undefined)
  const effects = new Map<string, readonly QueryEffect[]>()
  for (const one of planned) {
    const found = await judge.effects(one)
    if (found.length > 0) effects.set(one.reviewed.id, found)
  }
  const indexes = await indexUses(copy, planned, request.results)
  const plan = (side: 'before' | 'after'): Promise<readonly Explained[]> =>
    plansOn(planning.server, planning.sides[side].database, production, trials)
  return {
    before: await plan('before'),
    after: await plan('after'),
    effects,
    chosen: planned.flatMap((one) => chosenTrials(one, queries)),
    indexes,
    compare: comparer(copy, planMemory(production.planner?.settings ?? {}, planning.server.major)),
  }
}

function reviewedOf({ name, sql }: BenchQuery, state: 'old' | 'new'): ReviewedQuery {
  const { tag, node } = parseStatement(sql)
  const numbers = [...new Set(parametersIn(node))]
  const parameters = numbers.map((number) => ({ number }))
  const query: Query = { name, style: 'sqlc', text: sql, sql, parameters, tag, node }
  return { id: name, ...(state === 'old' ? { old: query } : {}), new: query }
}

function chosenTrials(
  { reviewed, variants }: PlannedQuery,
  queries: ReadonlyMap<string, BenchQuery>,
): readonly Trial[] {
  const query = queries.get(reviewed.id)
  const source = reviewed.new
  if (query === undefined || source === undefined) return []
  return variants.map(({ parameters }) => ({
    query,
    parameters: 'chosen values',
    sql: plannedText(source, parameters?.literals).sql,
  }))
}

/** As QueryJudge compares, with sizes and names of the copy: those of the truth are the same. */
function comparer(copy: InflatedCopy, memory: PlanMemory): Prediction['compare'] {
  const tables = { before: copy.tables('before'), after: copy.tables('after') }
  const hasValues = copy.statistics === 'with value statistics'
  const side = (name: 'before' | 'after', plan: PlanNode): PlanSide => {
    const find = (relation: string): PlannedTable | undefined =>
      tables[name].find((table) => tableKey(table) === relation)
    const rootOf = (table: PlannedTable): PlannedTable => {
      const parent = tables[name].find(({ oid }) => oid === table.partitionOf)
      return parent === undefined ? table : rootOf(parent)
    }
    const reads = relationReads(plan, copy.indexNames(name)).flatMap((read) => {
      const table = find(read.relation)
      if (table === undefined) return []
      const top = rootOf(table)
      return [{ ...read, root: top.oid, rootName: tableKey(top), rows: table.rows, hasValues }]
    })
    return {
      plan: { root: plan, summary: { cost: plan['Total Cost'], rows: 0, text: '', shape: [] } },
      reads,
    }
  }
  return (before, after) => planChanges(side('before', before), side('after', after), memory)
}

async function plansOn(
  server: PostgresServer,
  database: string,
  production: Production,
  trials: readonly Trial[],
): Promise<readonly Explained[]> {
  const client = await server.connectMigrator(database)
  try {
    for (const [name, value] of plannerSettings(production.planner?.settings ?? {}))
      await client.query('select set_config($1, $2, false)', [name, value]).catch(() => undefined)
    return await inTransaction(client, () => explain(client, trials))
  } finally {
    await client.end()
  }
}

/** The baseline: the schema alone, as any database for tests has it. */
export async function planWithoutAnything(
  migrations: readonly BenchMigration[],
  trials: readonly Trial[],
): Promise<readonly (readonly Explained[])[]> {
  await using server = await startEmbedded({ projectDir: root, env: process.env })
  const client = await server.connectMigrator(await server.createDatabase())
  try {
    await client.query(historySql)
    const plans: (readonly Explained[])[] = []
    for (const { sql } of migrations) {
      plans.push(
        await inTransaction(client, async () => {
          await client.query(sql)
          return explain(client, trials)
        }),
      )
    }
    return plans
  } finally {
    await client.end()
  }
}

async function inTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    return await work()
  } finally {
    await client.query('rollback')
  }
}
