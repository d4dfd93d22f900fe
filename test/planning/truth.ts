import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { escapeLiteral, type Client } from 'pg'
import type { MigrationResult } from '../../src/core/model.ts'
import type { Production } from '../../src/core/production.ts'
import type { Query, ReviewedQuery } from '../../src/core/query-model.ts'
import { indexSignature } from '../../src/planning/index-signature.ts'
import { planShape } from '../../src/planning/plan-shape.ts'
import { readSideCatalog } from '../../src/planning/side-catalog.ts'
import type { PlanNode } from '../../src/planning/plan.ts'
import type { PlanningRequest } from '../../src/planning/plan-queries.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { factsOfSnapshot } from '../../src/production/from-snapshot.ts'
import { printSnapshot } from '../../src/snapshot/print.ts'
import { readProduction } from '../../src/snapshot/read.ts'
import type { ValuesChoice } from '../../src/snapshot/values-choice.ts'
import { loadParser, parseStatement } from '../../src/sql/parse.ts'
import { migration } from '../replay/laboratory.ts'
import { rehearse } from '../replay/replay-example.ts'
import { openMajor } from '../replay/servers.ts'

// tests write queries before anything of them runs
await loadParser()

/** A query as a file would have it. */
export function query(name: string, sql: string): Query {
  const { tag, node } = parseStatement(sql)
  const numbers = new Set([...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
  return {
    name,
    style: 'plain SQL',
    text: sql,
    sql,
    parameters: [...numbers].toSorted((a, b) => a - b).map((number) => ({ number })),
    tag,
    node,
  }
}

/** In the code before and after. */
export function unchanged(name: string, sql: string): ReviewedQuery {
  const one = query(name, sql)
  return { id: name, old: one, new: one }
}

/** Really filled tables: a production in a nutshell. */
export class Truth implements AsyncDisposable {
  readonly server: PostgresServer
  readonly database: string
  readonly client: Client
  readonly admin: Client
  readonly major: 14 | 18

  private constructor(
    major: 14 | 18,
    server: PostgresServer,
    database: string,
    client: Client,
    admin: Client,
  ) {
    this.major = major
    this.server = server
    this.database = database
    this.client = client
    this.admin = admin
  }

  static async fill(major: 14 | 18, schema: string, fill: string): Promise<Truth> {
    const server = await openMajor(major)
    const database = await server.createDatabase()
    const client = await server.connectMigrator(database)
    await client.query(schema)
    await client.query(fill)
    await client.query('set max_parallel_workers_per_gather = 2')
    const admin = await server.connectAdmin(database)
    await admin.query(`alter database "${database}" set max_parallel_workers_per_gather = 2`)
    await admin.query('vacuum analyze')
    return new Truth(major, server, database, client, admin)
  }

  /** What a snapshot of it says. */
  async production(values: ValuesChoice = { kind: 'all' }): Promise<Production> {
    const password = randomBytes(16).toString('hex')
    await this.admin.query('drop role if exists snapshot_reader')
    await this.admin.query(
      `create role snapshot_reader login password ${escapeLiteral(password)} in role pg_monitor, pg_read_all_data`,
    )
    const { rows } = await this.admin.query<{ folder: string }>(
      "select current_setting('unix_socket_directories') as folder",
    )
    const host = encodeURIComponent(rows[0]?.folder ?? '')
    const url = `postgresql://snapshot_reader:${password}@localhost/${this.database}?host=${host}`
    const snapshot = await readProduction({ url, values, signal: new AbortController().signal })
    const {
      limits: _limits,
      kind: _kind,
      takenAt: _takenAt,
      ...facts
    } = await factsOfSnapshot(printSnapshot(snapshot), 'snapshot.json')
    return { sources: [], ...facts }
  }

  /** Shapes of the plans after a migration that is taken back; columns of new types are analysed. */
  async shapesAfter(
    sql: string,
    analyze: string | undefined,
    selects: readonly string[],
  ): Promise<readonly { readonly shape: readonly string[]; readonly cost: number }[]> {
    await this.client.query('begin')
    try {
      await this.client.query(sql)
      if (analyze !== undefined) await this.client.query(`analyze ${analyze}`)
      const plans: PlanNode[] = []
      for (const select of selects) plans.push(await this.#plan(select))
      await this.client.query('set local search_path = pg_catalog')
      const { indexes } = await readSideCatalog(this.client)
      const signatures = new Map(
        [...indexes.values()].map((index) => [`${index.schema}.${index.name}`, indexSignature(index)]),
      )
      return plans.map((plan) => ({
        shape: planShape(plan, (schema, name) => signatures.get(`${schema}.${name}`)),
        cost: plan['Total Cost'],
      }))
    } finally {
      await this.client.query('rollback')
    }
  }

  async #plan(select: string): Promise<PlanNode> {
    const { rows } = await this.client.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
      `explain (verbose, format json) ${select}`,
    )
    const plan = rows[0]?.['QUERY PLAN'][0]?.Plan
    if (plan === undefined) throw new Error(`no plan of ${select}`)
    return plan
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end()
    await this.admin.end()
    await this.server[Symbol.asyncDispose]()
  }
}

/** What planning is asked; without the effects of a rehearsal, which only say what is the cause of what. */
export async function planningRequest(
  major: 14 | 18,
  schema: string,
  review: string,
  production: Production,
  queries: readonly ReviewedQuery[],
  results: readonly MigrationResult[] = [],
): Promise<PlanningRequest> {
  const projectDir = fileURLToPath(new URL(major === 14 ? '../majors' : '../..', import.meta.url))
  return {
    serverOptions: { projectDir, env: process.env, ...(major === 14 ? { pgVersion: 14 } : {}) },
    history: [migration(schema, 'file')],
    review: review === '' ? [] : [migration(review, 'file')],
    results,
    sharesSession: false,
    settings: { TimeZone: 'UTC' },
    roles: [],
    statementTimeoutMs: 60_000,
    production,
    queries,
    signal: new AbortController().signal,
    progress: () => {},
  }
}

/** The same, with what a rehearsal finds. */
export async function rehearsedRequest(
  ...[major, schema, review, production, queries]: Parameters<typeof planningRequest>
): Promise<PlanningRequest> {
  await using server = await openMajor(major)
  const { results } = await rehearse(server, [migration(schema, 'file')], [migration(review, 'file')])
  return await planningRequest(major, schema, review, production, queries, results)
}
