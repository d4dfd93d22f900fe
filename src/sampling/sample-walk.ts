import type { Client } from 'pg'
import type { Migration, Statement } from '../core/model.ts'
import type { StatementSample } from '../cost/samples.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import type { SettingOverrides } from '../postgres/settings.ts'
import { canProbe, commandFor } from '../replay/commands.ts'
import { ReplaySession, type SessionOptions } from '../replay/session.ts'
import { standIn } from '../replay/stand-in.ts'
import type { WireError, WireResult } from '../replay/wire.ts'
import {
  beginMessage,
  beginScript,
  endMessage,
  endScript,
  hasPipeline,
  isPipelined,
} from '../replay/wrapping.ts'
import { fileSizesSql, newEntries, newFileBytes, readFileSizes } from './file-sizes.ts'
import { StatementCounters, waitedForCpuMs } from './statement-counters.ts'

/** Counters of a statement in one walk. */
export type StatementCounts = Omit<StatementSample, 'regime' | 'rows'>

/** What became of a statement in one walk; `wallMs` passed meanwhile, also while others used the CPU. */
export type WalkedStatement = { readonly wallMs: number } & (
  | { readonly counts: StatementCounts }
  | { readonly why: string; readonly cutOff?: boolean }
)

export interface WalkRequest {
  readonly server: PostgresServer
  /** Is changed for good. */
  readonly database: string
  readonly review: readonly Migration[]
  readonly sharesSession: boolean
  /** Statements before which a checkpoint is worth its time. */
  readonly grows: (migration: number, statement: number) => boolean
  /** Tables whose files are looked at, by OID. */
  readonly tables: readonly number[]
  /** On performance.now(): then the walk stops. */
  readonly endsAt: number
  /** How long one statement may take: it must not eat up the time of all others. Milliseconds; 0: it is left out. */
  readonly limitMs: (migration: number, statement: number) => number
  /** What a statement that grows has in place of the server's settings, as far as that needs no restart. */
  readonly settingsOf?: (migration: number, statement: number) => SettingOverrides
  /** The scripts have run on this server before. */
  readonly again: boolean
  readonly sessionOptions: Pick<SessionOptions, 'signal' | 'scriptsSetDefaults'>
}

/**
 * Runs all statements of the review in their own transactions, in one session as the rehearsal does, and counts each.
 * A statement that fails on synthetic rows is left out where it can be; no failure ends the walk but the caller's
 * signal and a server that is gone.
 */
export async function walk(request: WalkRequest): Promise<readonly (readonly WalkedStatement[])[]> {
  const { server, database, review, endsAt, sessionOptions } = request
  const admin = await server.connectAdmin()
  const clock = { limitMs: Infinity }
  try {
    const options: SessionOptions = {
      ...sessionOptions,
      get statementTimeoutMs() {
        return Math.max(leastTimeoutMs, Math.min(clock.limitMs, endsAt - performance.now()))
      },
      // our probe is not the rehearsal's: nothing is prepared
      scriptsDiscard: true,
    }
    const sql = await filesQuery(server, database, request.tables)
    const counters = new StatementCounters(admin, database)
    await using session = await ReplaySession.open(server, database, admin, options)
    await counters.leaveOut(() => readFileSizes(session, sql, true))
    const one = new Walk(request, session, counters, sql, clock)
    const results: (readonly WalkedStatement[])[] = []
    for (const index of review.keys()) results.push(await one.script(index))
    return results
  } finally {
    await admin.end()
  }
}

async function filesQuery(
  server: PostgresServer,
  database: string,
  tables: readonly number[],
): Promise<string> {
  const admin: Client = await server.connectAdmin(database)
  try {
    return await fileSizesSql(admin, tables)
  } finally {
    await admin.end()
  }
}

/** What is to be tidied up after the time is over takes a moment, too. */
const leastTimeoutMs = 200

const overBudget = 'the time for sampling was over'
const tooLong = 'it takes too long even with few rows'
const savepoint = 'pgrehearse_sample'

class Walk {
  private readonly request: WalkRequest
  private readonly session: ReplaySession
  private readonly counters: StatementCounters
  private readonly filesSql: string
  /** Decides when the session's watchdog cancels a statement. */
  private readonly clock: { limitMs: number }
  /** Why nothing more runs until the transaction that migrations share has ended (mode `run`). */
  private broken: string | undefined
  private isFirst = true

  constructor(
    request: WalkRequest,
    session: ReplaySession,
    counters: StatementCounters,
    filesSql: string,
    clock: { limitMs: number },
  ) {
    this.request = request
    this.session = session
    this.counters = counters
    this.filesSql = filesSql
    this.clock = clock
  }

  async script(index: number): Promise<readonly WalkedStatement[]> {
    const migration = this.request.review[index]
    if (migration === undefined) return []
    const endsRun = this.request.review[index + 1]?.transaction.mode !== 'run'
    if (migration.transaction.mode !== 'run') this.broken = undefined
    await this.enter()
    let why =
      this.broken ?? reasonOf(await beginScript(this.session, migration), 'its transaction cannot begin')
    const results: WalkedStatement[] = []
    for (const statement of migration.statements) {
      if (why === undefined && this.isOver) why = overBudget
      if (why !== undefined) {
        results.push({ wallMs: 0, why })
        continue
      }
      await beginMessage(this.session, migration, statement)
      const result = await this.statement(index, migration, statement)
      results.push(result)
      if ('why' in result) why = this.lost(migration, statement)
      else await endMessage(this.session, migration, statement)
    }
    await this.leave(migration, endsRun, why)
    return results
  }

  private get isOver(): boolean {
    return performance.now() >= this.request.endsAt
  }

  /** Tools that connect anew for every file get a session like new. */
  private async enter(): Promise<void> {
    const { sharesSession } = this.request
    if (!this.isFirst && (!sharesSession || this.session.wire.isLost)) await this.session.renew()
    this.isFirst = false
  }

  private async leave(migration: Migration, endsRun: boolean, why: string | undefined): Promise<void> {
    const { wire } = this.session
    if (wire.isLost) return
    if (why === undefined) await endScript(this.session, migration, endsRun)
    else if (wire.status !== 'I' || hasPipeline(migration))
      await this.session.run([{ sql: 'rollback' }], true)
    if (migration.transaction.mode === 'run' && !endsRun) this.broken = why
    else this.broken = undefined
  }

  /** After a failure: why the rest of the script cannot run, if it cannot. */
  private lost(migration: Migration, statement: Statement): string | undefined {
    if (this.isOver) return overBudget
    if (this.session.wire.isLost) return 'the connection was lost before it'
    if (isPipelined(migration, statement) || this.session.wire.status === 'E') {
      return `an earlier statement of its transaction failed on synthetic rows (${beginningOf(statement.sql)})`
    }
    return undefined
  }

  private async statement(
    index: number,
    migration: Migration,
    statement: Statement,
  ): Promise<WalkedStatement> {
    const prepared = standIn(this.request.server, statement, this.request.again)
    if ('refused' in prepared) return { wallMs: 0, why: 'it is not run here' }
    if (this.request.limitMs(index, statement.index) <= 0) return { wallMs: 0, why: tooLong, cutOff: true }
    const sync = !isPipelined(migration, statement)
    const looks = canProbe(statement)
    const guarded = looks && sync && this.session.wire.status === 'T'
    if (this.request.grows(index, statement.index)) await this.likeProduction(index, statement)
    const before = looks ? await readFileSizes(this.session, this.filesSql, sync) : undefined
    if (guarded) await this.session.run([{ sql: `savepoint ${savepoint}` }], true)
    await this.counters.reset()
    const { result, waitedMs, wallMs } = await this.timed(index, statement, prepared.sql, sync)
    if (result === undefined || result.error !== undefined) {
      const failed = this.failure(result?.error)
      if (guarded) await this.session.run([{ sql: `rollback to savepoint ${savepoint}` }], true)
      return { wallMs, ...failed }
    }
    const after = before && (await readFileSizes(this.session, this.filesSql, sync))
    const { ms, rows, ...counted } = await this.counters.read()
    if (guarded) await this.session.run([{ sql: `release savepoint ${savepoint}` }], true)
    const counts = {
      // it may also have waited before it began, which is not in the time of execution
      ms: Math.max(0, Math.min(ms ?? result.durationMs, wallMs - waitedMs)),
      ...counted,
      newFileBytes: before === undefined || after === undefined ? 0 : newFileBytes(before, after),
      matchedRows: rows > 0 || before === undefined || after === undefined ? rows : newEntries(before, after),
    }
    return { wallMs, counts }
  }

  /** Its own memory, and a checkpoint just before it. */
  private async likeProduction(index: number, statement: Statement): Promise<void> {
    const { settingsOf } = this.request
    if (settingsOf !== undefined) await this.counters.adopt(settingsOf(index, statement.index))
    await this.counters.checkpoint()
  }

  private async timed(
    index: number,
    statement: Statement,
    sql: string,
    sync: boolean,
  ): Promise<{
    readonly result: WireResult | undefined
    readonly waitedMs: number
    readonly wallMs: number
  }> {
    const { processId } = this.session.wire
    const before = waitedForCpuMs(processId)
    const begun = performance.now()
    this.clock.limitMs = this.request.limitMs(index, statement.index)
    const [result] = await this.session.run([commandFor(statement, sql)], sync)
    this.clock.limitMs = Infinity
    const wallMs = performance.now() - begun
    return { result, wallMs, waitedMs: Math.max(0, waitedForCpuMs(processId) - before) }
  }

  private failure(error: WireError | undefined): { readonly why: string; readonly cutOff?: boolean } {
    if (this.session.interruption !== 'too long') {
      return { why: reasonOf(error, 'it fails on synthetic rows') ?? overBudget }
    }
    return { why: this.isOver ? overBudget : tooLong, cutOff: true }
  }
}

function reasonOf(error: WireError | undefined, what: string): string | undefined {
  return error === undefined ? undefined : `${what} (${error.message}, SQLSTATE ${error.code})`
}

function beginningOf(sql: string): string {
  const line = sql.trim().replaceAll(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}
