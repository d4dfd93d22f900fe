import type { Client } from 'pg'
import { escapeLiteral } from 'pg'
import type { PlanNode } from '../../src/planning/plan.ts'
import type { BenchQuery } from './queries.ts'

/** A query as it is planned: with any values (a generic plan), or with usual ones. */
export interface Trial {
  readonly query: BenchQuery
  /** `as written`: it has none; `chosen values`: those that the tool takes, from statistics. */
  readonly parameters: 'any values' | 'usual values' | 'as written' | 'chosen values'
  readonly sql: string
}

/** EXPLAIN (FORMAT JSON), or why there is none. */
export type Explained =
  | { readonly plan: PlanNode; readonly failed?: undefined }
  | { readonly plan?: undefined; readonly failed: string }

export function trialsOf(queries: readonly BenchQuery[]): readonly Trial[] {
  return queries.flatMap((query): readonly Trial[] => {
    if (query.values.length === 0) return [{ query, parameters: 'as written', sql: query.sql }]
    return [
      { query, parameters: 'any values', sql: query.sql },
      { query, parameters: 'usual values', sql: withValues(query) },
    ]
  })
}

/** With literals in place of parameters: Postgres gives them the types that the parameters have. */
export function withValues({ sql, values }: BenchQuery): string {
  return sql.replace(/\$(\d+)/g, (_, number: string) => escapeLiteral(values[Number(number) - 1] ?? ''))
}

/** Plans of all, on a connection that is in a transaction; what fails leaves it as it was. */
export async function explain(client: Client, trials: readonly Trial[]): Promise<readonly Explained[]> {
  const explained: Explained[] = []
  for (const { sql } of trials) {
    const options = /\$\d/.test(sql) ? 'verbose, format json, generic_plan' : 'verbose, format json'
    explained.push(await explainOne(client, `explain (${options}) ${sql}`))
  }
  return explained
}

async function explainOne(client: Client, sql: string): Promise<Explained> {
  await client.query('savepoint planned')
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(sql)
    const plan = rows[0]?.['QUERY PLAN'][0]?.Plan
    return plan === undefined ? { failed: 'no plan' } : { plan }
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) }
  } finally {
    await client.query('rollback to planned')
  }
}
