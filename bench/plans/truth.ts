import process from 'node:process'
import type { Client } from 'pg'
import { startEmbedded } from '../../src/postgres/embedded.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { takeSnapshot } from '../prediction/snapshot.ts'
import { root } from '../processes.ts'
import { explain, type Explained, type Trial } from './explain.ts'
import type { BenchMigration } from './migrations.ts'
import { fillSql, history } from './schema.ts'

/** Settings of the server that plays production. Some are not Postgres' own, so that it shows whether they count. */
export const truthSettings = {
  shared_buffers: '256MB',
  maintenance_work_mem: '128MB',
  max_wal_size: '4GB',
  random_page_cost: 1.1,
  work_mem: '8MB',
  effective_cache_size: '2GB',
  max_parallel_workers_per_gather: 2,
} as const

/** A really filled database, the one that production would be. */
export class Truth implements AsyncDisposable {
  readonly #server: PostgresServer
  readonly #database: string
  readonly #admin: Client
  readonly #client: Client

  private constructor(server: PostgresServer, database: string, admin: Client, client: Client) {
    this.#server = server
    this.#database = database
    this.#admin = admin
    this.#client = client
  }

  /** Starts a server and fills the shop; VACUUM and ANALYZE have seen everything. */
  static async fill(orders: number): Promise<Truth> {
    const server = await startEmbedded({ projectDir: root, env: process.env }, truthSettings)
    try {
      const database = await server.createDatabase()
      const client = await server.connectMigrator(database)
      const [tables, indexes] = history
      await client.query(tables.sql)
      for (const sql of fillSql(orders)) await client.query(sql)
      await client.query(indexes.sql)
      const admin = await server.connectAdmin(database)
      await admin.query('vacuum analyze')
      return new Truth(server, database, admin, client)
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  get description(): string {
    return this.#server.description
  }

  /** The file of `pgrehearse snapshot`, with values or without. */
  snapshot(values: 'all' | 'none'): Promise<string> {
    return takeSnapshot(this.#admin, this.#database, { kind: values })
  }

  plans(trials: readonly Trial[]): Promise<readonly Explained[]> {
    return this.within([], (client) => explain(client, trials))
  }

  /** Runs SQL in a transaction, hands the connection to `work`, and takes everything back. */
  async within<T>(statements: readonly string[], work: (client: Client) => Promise<T>): Promise<T> {
    await this.#client.query('begin')
    try {
      for (const sql of statements) await this.#client.query(sql)
      return await work(this.#client)
    } finally {
      await this.#client.query('rollback')
    }
  }

  /** Plans after a migration, and after ANALYZE of the columns that it left without statistics. */
  plansAfter({ sql, analyze = [] }: BenchMigration, trials: readonly Trial[]): Promise<readonly Explained[]> {
    return this.within([sql, ...analyze.map((columns) => `analyze ${columns}`)], (client) =>
      explain(client, trials),
    )
  }

  /** Plans with an index named `advised`, and its bytes, those of partitions too. Statistics of expressions as well. */
  withIndex(
    create: string,
    table: string,
    trials: readonly Trial[],
  ): Promise<readonly [plans: readonly Explained[], bytes: number]> {
    return this.within([create, `analyze ${table}`], async (client) => {
      const { rows } = await client.query<{ bytes: string }>(
        `select coalesce(sum(pg_relation_size(relid)), pg_relation_size('advised')) as bytes from pg_partition_tree('advised')`,
      )
      return [await explain(client, trials), Number(rows[0]?.bytes)] as const
    })
  }

  async rows(): Promise<number> {
    const { rows } = await this.#admin.query<{ rows: string }>(
      `select sum(reltuples)::bigint as rows from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    )
    return Number(rows[0]?.rows)
  }

  async bytes(): Promise<number> {
    const { rows } = await this.#admin.query<{ bytes: string }>(
      'select pg_database_size(current_database()) as bytes',
    )
    return Number(rows[0]?.bytes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end()
    await this.#admin.end()
    await this.#server[Symbol.asyncDispose]()
  }
}
