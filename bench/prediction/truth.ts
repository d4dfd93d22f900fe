import type { Client } from 'pg'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { median, timeMs } from '../measure.ts'
import { measure, number, type Measured } from './truth-server.ts'
import type { Shape, Trial } from './shape.ts'
import { vocabulary } from './vocabulary.ts'

/** What a statement really took on the full table. */
export interface Truth extends Measured {
  /** How often it ran: short ones twice, for the median. */
  readonly runs: number
  /** How much larger the database was afterwards. */
  readonly grownBytes: number
}

/** Statements below this run twice. */
const shortMs = 2000

/** A shape with all its rows on the server that plays production. */
export class Production {
  readonly shape: Shape
  readonly database: string
  readonly #server: PostgresServer
  readonly #admin: Client

  private constructor(shape: Shape, database: string, server: PostgresServer, admin: Client) {
    this.shape = shape
    this.database = database
    this.#server = server
    this.#admin = admin
  }

  /** Applies the history and fills the tables; their statistics are fresh afterwards. */
  static async load(server: PostgresServer, admin: Client, shape: Shape, rows: number): Promise<Production> {
    const database = await server.createDatabase()
    const migrator = await server.connectMigrator(database)
    for (const migration of shape.history) await migrator.query(migration)
    await migrator.end()
    await fill(server, database, shape.load(rows))
    return new Production(shape, database, server, admin)
  }

  bytes(): Promise<number> {
    return sizeOf(this.#admin, this.database)
  }

  /** Runs the trial, on a copy unless it can be taken back. */
  async run(trial: Trial): Promise<Truth> {
    const first = await this.#once(trial)
    if (first.ms >= shortMs) return { ...first, runs: 1 }
    const second = await this.#once(trial)
    const middle = (key: keyof Measured) => median([first[key], second[key]])
    return {
      ms: middle('ms'),
      waitMs: middle('waitMs'),
      walBytes: middle('walBytes'),
      tempBytes: middle('tempBytes'),
      grownBytes: first.grownBytes,
      runs: 2,
    }
  }

  async #once({ sql, undo }: Trial): Promise<Omit<Truth, 'runs'>> {
    const database =
      undo === undefined ? await this.#server.createDatabase({ template: this.database }) : this.database
    try {
      const before = await sizeOf(this.#admin, database)
      const measured = await measure(this.#server, this.#admin, database, sql)
      const grownBytes = (await sizeOf(this.#admin, database)) - before
      if (undo !== undefined) await this.#undo(undo)
      return { ...measured, grownBytes }
    } finally {
      if (undo === undefined) await this.#server.dropDatabase(database)
    }
  }

  async #undo(sql: string): Promise<void> {
    const client = await this.#server.connectMigrator(this.database)
    await client.query(sql)
    await client.end()
  }

  drop(): Promise<void> {
    return this.#server.dropDatabase(this.database)
  }
}

async function fill(server: PostgresServer, database: string, statements: readonly string[]): Promise<void> {
  const client = await server.connectAdmin(database)
  try {
    await client.query(
      `set search_path = public; set session_replication_role = replica;
       set work_mem = '256MB'; select setseed(0.42)`,
    )
    for (const sql of [...vocabulary, ...statements]) {
      const ms = await timeMs(() => client.query(sql))
      if (ms > 5000)
        console.log(`    ${(ms / 1000).toFixed(0)} s: ${sql.trim().slice(0, 60).replaceAll(/\s+/g, ' ')}`)
    }
    await client.query('drop schema corpus cascade')
    await client.query('vacuum (analyze)')
    await client.query('checkpoint')
    await client.query('select pg_stat_force_next_flush()')
  } finally {
    await client.end()
  }
}

function sizeOf(admin: Client, database: string): Promise<number> {
  return number(admin, 'select pg_database_size($1)', [database])
}
