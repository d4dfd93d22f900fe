import process from 'node:process'
import type { Client } from 'pg'
import type { Migration, MigrationResult } from '../../src/core/model.ts'
import type { Production } from '../../src/core/production.ts'
import type { MigrationScript } from '../../src/core/source.ts'
import { plannerSettings } from '../../src/planning/planner-settings.ts'
import { PlanningServer, type PlanningServerRequest } from '../../src/planning/planning-server.ts'
import { startEmbedded } from '../../src/postgres/embedded.ts'
import { predictRun } from '../../src/predict/index.ts'
import { factsOfSnapshot } from '../../src/production/from-snapshot.ts'
import { parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { root } from '../processes.ts'
import { explain, type Explained, type Trial } from './explain.ts'
import type { BenchMigration } from './migrations.ts'
import { history, historySql } from './schema.ts'

/** What the plans of the tool rest on. */
export const modes = ['with values', 'without values', 'sizes only'] as const
export type Mode = (typeof modes)[number]

/** Everything that the tool knows of production, from the snapshot's text. */
export async function productionOf(snapshot: string, mode: Mode): Promise<Production> {
  const { kind, takenAt, limits: _, ...facts } = await factsOfSnapshot(snapshot, 'snapshot.json')
  const source = { kind, name: 'snapshot.json', ...(takenAt === undefined ? {} : { takenAt }) }
  const production: Production = { ...facts, sources: [source] }
  return mode === 'sizes only' ? withoutColumns(production) : production
}

/** As a role sees it that may not read column statistics. */
function withoutColumns({ tables, planner, ...rest }: Production): Production {
  return {
    ...rest,
    tables: tables.map(({ columns: _, ...table }) => table),
    ...(planner === undefined
      ? {}
      : {
          planner: {
            ...planner,
            tables: planner.tables.map(({ columns: _, indexes, ...table }) => ({
              ...table,
              indexes: indexes.map(({ columns: __, ...index }) => index),
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

/** Plans of both sides of a planning server. */
export interface Predicted {
  readonly before: readonly Explained[]
  readonly after: readonly Explained[]
}

/** The tool's plans: on a server without rows. */
export async function predict(
  production: Production,
  migration: BenchMigration,
  trials: readonly Trial[],
): Promise<Predicted> {
  await using planning = await PlanningServer.open(
    requestOf(production, migration),
    performance.now() + 120_000,
  )
  const plan = async (database: string): Promise<readonly Explained[]> => {
    const client = await planning.server.connectMigrator(database)
    try {
      for (const [name, value] of plannerSettings(production.planner?.settings ?? {}))
        await client.query('select set_config($1, $2, false)', [name, value]).catch(() => undefined)
      return await inTransaction(client, () => explain(client, trials))
    } finally {
      await client.end()
    }
  }
  return {
    before: await plan(planning.sides.before.database),
    after: await plan(planning.sides.after.database),
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
