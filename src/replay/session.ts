import { randomBytes } from 'node:crypto'
import type { Client } from 'pg'
import type { PostgresServer } from '../postgres/provider.ts'
import { allRelationsSql, decodeReading, probeCommand, probeSql, type ProbeReading } from './probe.ts'
import { isTimeout, mayEndLook, noTime, untimed, untimedSql, withTimeout } from './untimed.ts'
import { WireSession, type WireCommand, type WireResult, type WireSync } from './wire.ts'

/** Why a statement was stopped by us, not by the server. */
export type Interruption = 'too long' | 'aborted'

export interface SessionOptions {
  /** A statement that runs longer is cancelled, then its session terminated. Milliseconds. */
  readonly statementTimeoutMs: number
  readonly signal: AbortSignal
  /** Scripts may DISCARD or DEALLOCATE, so the probe must not rely on a prepared statement. */
  readonly scriptsDiscard: boolean
  /** Scripts may change what new sessions begin with (ALTER ROLE … SET, ALTER DATABASE … SET). */
  readonly scriptsSetDefaults: boolean
}

/** What came of a statement with the probe behind it. */
export interface ProbedResult {
  readonly result: WireResult
  readonly reading: ProbeReading | undefined
  /** The answer to the command behind the probe; undefined without one, and when it was not reached. */
  readonly behind?: WireResult | undefined
}

/** A migrator's session with a probe in it and a watchdog outside of it. */
export class ReplaySession implements AsyncDisposable {
  /** Another one after {@link renew}. */
  wire: WireSession
  readonly serverMajor: number
  private readonly connect: () => Promise<WireSession>
  private readonly admin: Client
  private readonly options: SessionOptions
  private readonly probe: WireCommand
  /** Set when the watchdog or an abort stopped the last exchange. */
  interruption: Interruption | undefined
  /** What the probe saw last. */
  lastReading: ProbeReading | undefined

  private constructor(
    wire: WireSession,
    serverMajor: number,
    connect: () => Promise<WireSession>,
    admin: Client,
    probe: WireCommand,
    options: SessionOptions,
  ) {
    this.wire = wire
    this.serverMajor = serverMajor
    this.connect = connect
    this.admin = admin
    this.probe = probe
    this.options = options
  }

  /** Connects to `database` as the migrator; `admin` is the watchdog's own connection, to any database. */
  static async open(
    server: Pick<PostgresServer, 'major' | 'connectMigrator'>,
    database: string,
    admin: Client,
    options: SessionOptions,
  ): Promise<ReplaySession> {
    const probe = probeCommand(probeSql(server.major), !options.scriptsDiscard)
    const connect = async (): Promise<WireSession> => {
      const client = await server.connectMigrator(database)
      const begin = probe.prepared === undefined ? '' : prepareSql(probe)
      await client.query(untimedSql(begin, server.major)).catch((error: unknown) => {
        throw isTimeout(error) ? noTime(error) : error
      })
      return new WireSession(client)
    }
    return new ReplaySession(await connect(), server.major, connect, admin, probe, options)
  }

  /** Makes it as a new connection would be: for tools that connect anew for every file. */
  async renew(): Promise<void> {
    if (this.wire.isLost || this.options.scriptsSetDefaults) {
      await this.wire.end()
      this.wire = await this.connect()
      return
    }
    if (this.wire.status !== 'I') await this.run([{ sql: 'rollback' }], true)
    // several times faster than a new connection, which begins with cold caches
    await this.run(
      discardAllButPlans.map((sql) => ({ sql })),
      true,
    )
    if (this.probe.prepared !== undefined) await this.run([{ sql: prepareSql(this.probe) }], true)
  }

  /** Runs commands under the watchdog. */
  async run(commands: readonly WireCommand[], sync: WireSync): Promise<readonly WireResult[]> {
    this.interruption = undefined
    this.options.signal.throwIfAborted()
    const stop = (interruption: Interruption, how: 'cancel' | 'terminate'): void => {
      this.interruption = interruption
      const call = `select pg_catalog.pg_${how}_backend($1)`
      // the backend may be gone already: then there is nothing to stop
      this.admin.query(call, [this.wire.processId]).catch(() => undefined)
    }
    const limit = this.options.statementTimeoutMs
    const cancel = setTimeout(() => stop('too long', 'cancel'), limit)
    const terminate = setTimeout(() => stop('too long', 'terminate'), limit + graceMs)
    const abort = (): void => stop('aborted', 'terminate')
    this.options.signal.addEventListener('abort', abort, { once: true })
    try {
      const results = await this.wire.run(commands, { sync })
      this.options.signal.throwIfAborted()
      return results
    } finally {
      clearTimeout(cancel)
      clearTimeout(terminate)
      this.options.signal.removeEventListener('abort', abort)
    }
  }

  /**
   * Runs a statement and, in the same round trip and transaction, the probe. With `everyRelation` the reading
   * covers also those on which no lock is left: for statements that commit by themselves. `behind` runs after the probe,
   * in the same round trip.
   */
  async runProbed(
    command: WireCommand,
    options: { readonly sync: boolean; readonly everyRelation: boolean; readonly behind?: WireCommand },
  ): Promise<ProbedResult> {
    const { sync, behind } = options
    const looks = this.looks(options.everyRelation && command.copyData === undefined, command.sql)
    const after = [...looks.commands, ...(behind === undefined ? [] : [behind])]
    // while COPY waits for data nothing else may be on the wire
    const copied = command.copyData === undefined ? undefined : (await this.run([command], false))[0]
    if (command.copyData !== undefined && (copied === undefined || copied.error !== undefined))
      return { result: copied ?? unreached, reading: undefined }
    const [result, ...answers] =
      copied === undefined
        ? await this.run([{ ...command, isTimed: true }, ...after], sync)
        : [copied, ...(await this.run(after, sync))]
    return {
      result: withError(result ?? unreached, answers.at(-1)),
      reading: this.remember(looks.reading(answers)),
      behind: behind === undefined ? undefined : answers[looks.commands.length],
    }
  }

  /** What is asked behind a statement, and how the answers are read. */
  private looks(
    everyRelation: boolean,
    sql?: string,
  ): {
    readonly commands: readonly WireCommand[]
    readonly reading: (answers: readonly WireResult[]) => ProbeReading | undefined
  } {
    const asked = everyRelation ? [this.probe, { sql: allRelationsSql }] : [this.probe]
    // without a statement it is the first look, and nothing is known of the session
    if (sql !== undefined && !mayEndLook(sql, this.lastReading?.statementTimeoutMs ?? 0))
      return {
        commands: asked,
        reading: ([probed, all]) => readingOf(probed, everyRelation ? all : undefined),
      }
    return {
      commands: untimed(asked),
      reading: ([lifted, probed, all]) =>
        readingOf(
          probed && { ...probed, rows: withTimeout(probed.rows, lifted?.rows ?? []) },
          everyRelation ? all : undefined,
        ),
    }
  }

  private remember(reading: ProbeReading | undefined): ProbeReading | undefined {
    this.lastReading = reading ?? this.lastReading
    return reading
  }

  /** The probe alone: the baseline before the first statement. */
  async read(options: { readonly everyRelation: boolean }): Promise<ProbeReading | undefined> {
    const looks = this.looks(options.everyRelation)
    const answers = await this.run(looks.commands, true)
    const error = answers.find((answer) => answer.error !== undefined)?.error
    if (isTimeout(error)) throw noTime(error)
    return this.remember(looks.reading(answers))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.wire.end()
  }
}

/** DISCARD ALL (discard.c: DiscardAll) without DISCARD PLANS, which our event triggers would have to make anew. */
const discardAllButPlans = [
  'close all',
  'set session authorization default',
  'reset all',
  'deallocate all',
  'unlisten *',
  'select pg_catalog.pg_advisory_unlock_all()',
  'discard temp',
  'discard sequences',
]

function prepareSql({ sql, prepared }: WireCommand): string {
  return `prepare ${prepared} as ${sql}`
}

/** After a cancel request, this long until the session is terminated. */
const graceMs = 3000

const unreached: WireResult = { tag: undefined, rows: [], error: undefined, notices: [], durationMs: 0 }

/** An error at Sync (a deferred constraint) shows on the last command of the exchange; it is the statement's. */
function withError(result: WireResult, probed: WireResult | undefined): WireResult {
  return result.error === undefined && probed?.error !== undefined
    ? { ...result, error: probed.error }
    : result
}

function readingOf(probed: WireResult | undefined, all?: WireResult): ProbeReading | undefined {
  return probed?.tag === undefined ? undefined : decodeReading(probed.rows, all?.rows)
}

/** A word that no migration can guess: events of our triggers are recognised by it. */
export function newMarker(): string {
  return `pgrehearse:${randomBytes(12).toString('hex')}`
}

/** Is it an event of our triggers, whichever marker they were installed with? Copies of a database have them too. */
export function isMarked(message: string): boolean {
  return /^pgrehearse:[0-9a-f]{24} /.test(message)
}
