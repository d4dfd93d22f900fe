import type { MigrationResult } from '../../src/core/model.ts'
import type { Production, TableFacts } from '../../src/core/production.ts'
import type { Query } from '../../src/core/query-model.ts'
import { InflatedCopy } from '../../src/planning/inflated-copy.ts'
import { PlanningServer } from '../../src/planning/planning-server.ts'
import { predictRun } from '../../src/predict/index.ts'
import { parseScript, parseStatement } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { serverOptions } from '../postgres/servers.ts'
import { parametersIn } from '../../src/planning/parameters.ts'
import { script } from '../sql/scripts.ts'

/** A planning copy of a made-up production, with what the review is predicted to do. */
export interface TrialCopy extends AsyncDisposable {
  readonly copy: InflatedCopy
  readonly production: Production
  readonly results: readonly MigrationResult[]
}

export async function openTrialCopy(
  major: number,
  {
    history,
    review = 'select 1',
    tables,
  }: { history: string; review?: string; tables: readonly TableFacts[] },
): Promise<TrialCopy> {
  const past = layOutTransactions([parseScript(script(history, 'statement', '0001.sql'))], false)
  const migrations = layOutTransactions([parseScript(script(review, 'statement', '0002.sql'))], false)
  const predictions = predictRun({ history: past, review: migrations, timeZone: 'UTC' })
  const results = migrations.map((migration, index): MigrationResult => ({
    migration,
    outcome: 'predicted',
    statements: migration.statements.map((statement, position) => {
      const prediction = predictions[index]?.[position]
      if (prediction === undefined) throw new Error('a statement without prediction')
      return { statement, effects: prediction.effects, settings: prediction.settings, measured: false }
    }),
  }))
  // as on disks without moving parts
  const planner = { tables: [], settings: { random_page_cost: 1.1 }, hasValues: false }
  const production: Production = { sources: [], tables, settings: {}, planner }
  const signal = new AbortController().signal
  const endsAt = performance.now() + 60_000
  const planning = await PlanningServer.open(
    {
      serverOptions: serverOptions(major),
      history: past,
      review: migrations,
      results,
      sharesSession: false,
      settings: { TimeZone: 'UTC' },
      roles: [],
      statementTimeoutMs: 60_000,
      production,
      signal,
      progress: () => {},
    },
    endsAt,
  )
  const copy = await InflatedCopy.open(planning, { production, signal, endsAt })
  return {
    copy,
    production,
    results,
    async [Symbol.asyncDispose]() {
      await copy[Symbol.asyncDispose]()
      await planning[Symbol.asyncDispose]()
    },
  }
}

/** A query as its file would have it. */
export function queryOf(sql: string, name = 'Query'): Query {
  const { tag, node } = parseStatement(sql)
  const numbers = [...new Set(parametersIn(node))].toSorted((a, b) => a - b)
  const parameters = numbers.map((number) => ({ number }))
  return { name, style: 'sqlc', text: sql, sql, parameters, tag, node }
}
