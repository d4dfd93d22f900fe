/**
 * What really waits: queries are executed, with a short lock_timeout and in a transaction that is rolled back, while
 * another session has executed a statement of the migrations and not committed yet.
 */
import type { Client } from 'pg'
import type { Migration, Statement } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { commandFor } from '../../src/replay/commands.ts'
import { ReplaySession } from '../../src/replay/session.ts'
import { connected } from '../../src/replay/stage.ts'
import { standIn } from '../../src/replay/stand-in.ts'
import { beginScript, endScript } from '../../src/replay/wrapping.ts'
import type { RunnableQuery } from './generated-queries.ts'

/** `fails`: what it names is gone, or changed; then nobody can tell whether it would have waited. */
export type Outcome = 'goes on' | 'waits' | 'fails'

/** After a statement, before its commit. */
export interface Moment {
  readonly migration: Migration
  readonly statement: Statement
  /** `schema.name mode` of what the migration's session holds. */
  readonly held: ReadonlySet<string>
  tryOut(query: RunnableQuery): Promise<Outcome>
}

/** Runs the migrations as their tool would, and calls back after each statement. Ends at the first that fails. */
export async function walk(
  server: PostgresServer,
  database: string,
  review: readonly Migration[],
  visit: (moment: Moment) => Promise<void>,
): Promise<void> {
  await using watchdog = await connected(server)
  await using observer = await connected(server, database)
  await using session = await ReplaySession.open(server, database, watchdog.client, {
    statementTimeoutMs: 60_000,
    signal: new AbortController().signal,
    scriptsDiscard: true,
    scriptsSetDefaults: false,
  })
  const prober = await openProber(server, database)
  try {
    for (const [index, migration] of review.entries()) {
      if ((await beginScript(session, migration)) !== undefined) return
      for (const statement of migration.statements) {
        const prepared = standIn(server, statement, true)
        if ('refused' in prepared) return
        const [result] = await session.run([commandFor(statement, prepared.sql)], false)
        if (result?.error !== undefined) return
        const held = await locksOf(observer.client, session.wire.processId)
        await visit({
          migration,
          statement,
          held,
          // nobody waits for nothing
          tryOut: (query) => (held.size === 0 ? Promise.resolve('goes on') : tryOut(prober, query)),
        })
        const [, failed] = await session.run([], true)
        if (failed?.error !== undefined) return
      }
      const endsRun = review[index + 1]?.transaction.mode !== 'run'
      if ((await endScript(session, migration, endsRun)) !== undefined) return
      if (session.wire.status !== 'I' && endsRun) await session.run([{ sql: 'rollback' }], true)
    }
  } finally {
    await prober.end()
  }
}

/** A session of the application: every statement is planned anew, for any parameters. */
export async function openProber(server: PostgresServer, database: string): Promise<Client> {
  const prober = await server.connectMigrator(database)
  await prober.query(`set plan_cache_mode = force_generic_plan; set lock_timeout = '${lockTimeoutMs}ms'`)
  return prober
}

/** Nobody else is there to wait for. */
const lockTimeoutMs = 2

async function locksOf(observer: Client, processId: number): Promise<ReadonlySet<string>> {
  const { rows } = await observer.query<{ lock: string }>(
    `select n.nspname || '.' || c.relname || ' ' || l.mode as lock
     from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
     where l.pid = $1 and l.locktype = 'relation' and l.granted and l.relation >= 16384`,
    [processId],
  )
  return new Set(rows.map(({ lock }) => lock))
}

/** It waits when it waits with any of its values. */
export async function tryOut(prober: Client, { sql, runs }: RunnableQuery): Promise<Outcome> {
  const outcomes = new Set<Outcome>()
  for (const values of runs) {
    const outcome = await runOnce(prober, sql, values)
    if (outcome === 'waits') return outcome
    outcomes.add(outcome)
  }
  return outcomes.has('fails') ? 'fails' : 'goes on'
}

/** Executes it and rolls back. */
export async function runOnce(
  prober: Client,
  sql: string,
  values: readonly (string | null)[],
): Promise<Outcome> {
  try {
    await prober.query('begin')
    await prober.query(sql, [...values])
    await prober.query('set constraints all immediate')
    return 'goes on'
  } catch (error) {
    const { code, where = '' } = error as { code?: string; where?: string }
    if (code !== '55P03') return 'fails'
    // for a row it waits behind the locks of relations
    return /\btuple \(/.test(where) ? 'goes on' : 'waits'
  } finally {
    await prober.query('rollback')
  }
}
