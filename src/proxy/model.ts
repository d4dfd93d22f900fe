/**
 * The words between the proxy, which speaks the protocol, and whoever records what a command does (src/record). The
 * design and its traps: docs/run.md.
 */
import type { ProbeRows } from '../replay/probe.ts'
import type { TransactionStatus, WireError, WireNotice } from '../replay/wire.ts'

/** What listens for clients, on 127.0.0.1 alone, on a port and with a password that nobody can know before. */
export interface ProxyAddress {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** The certificate that clients may check, PEM, for sslrootcert. */
  readonly certificate: string
}

/** A running proxy. Disposing it ends every session, its backend included, and leaves no socket. */
export interface Proxy extends AsyncDisposable {
  readonly address: ProxyAddress
  /** Resolves when no client is connected any more and everything that they did has been told. */
  idle(): Promise<void>
}

export interface ProxyOptions {
  /** The database that clients are told of; they may ask for others, which are not looked into. */
  readonly database: string
  /** Looks after every statement, within its transaction, when set: SQL without parameters, see src/replay/probe.ts. */
  readonly probe?: ProbeQueries
  readonly listener: ProxyListener
  /** Is this message, of level INFO, one of our event triggers'? Clients do not get it. Absent: none is. */
  isOurs?(message: string): boolean
  /** Ends everything when aborted. */
  readonly signal: AbortSignal
}

export interface ProbeQueries {
  readonly sql: string
  /** Is there something to look at behind this statement? Not behind BEGIN, SET TRANSACTION and their like. */
  isWanted(sql: string): boolean
  /** Asked besides, where a statement commits by itself and holds no locks any more when the probe looks. */
  readonly everyRelation: { readonly sql: string; isWanted(sql: string): boolean }
}

/** Told what happens, in the order in which the server answered. */
export interface ProxyListener {
  connected?(session: ProxiedSession): void
  /**
   * Before a statement is sent. What it resolves to is sent in its place; the client sees the other's command tag and none
   * of its rows (stand-ins for what only a superuser may do). Absent, or undefined: as it is.
   */
  prepare?(session: ProxiedSession, sql: string): Promise<Replacement | undefined>
  /**
   * Each time before a statement runs, however it travels. SQL that it resolves to runs in the place of that one run, and is
   * to fail: a failure on purpose.
   * @param canFail false where the message cannot be taken apart: the statement runs whatever it resolves to
   */
  interrupt?(session: ProxiedSession, sql: string, canFail: boolean): Promise<string | undefined>
  statement(session: ProxiedSession, statement: ProxiedStatement): void
  /** A transaction has come to its end, by a command, by the end of a message, or with its session. */
  transactionEnded?(session: ProxiedSession, how: 'committed' | 'rolled back'): void
  disconnected?(session: ProxiedSession): void
  /** What the proxy did not pass on, or did not look into: a sentence, once per kind. */
  limited?(message: string): void
}

export interface Replacement {
  readonly sql: string
  /** `CREATE EXTENSION` */
  readonly tag: string
}

/** One connection of a client. */
export interface ProxiedSession {
  /** In the order of connection, from 1. */
  readonly id: number
  readonly database: string
  /** As the client sent them: application_name, options, client_encoding, … */
  readonly parameters: Readonly<Record<string, string>>
  /** Of its backend. */
  readonly processId: number
}

/** A statement that a client ran, with what came of it. */
export interface ProxiedStatement {
  readonly sql: string
  /**
   * Statements with the same number, within their session, travelled in one message (simple Query) or up to one Sync: they
   * are one implicit transaction where no BEGIN says otherwise.
   */
  readonly message: number
  readonly protocol: 'simple' | 'extended' | 'function call'
  readonly parameters: readonly ProxiedParameter[]
  /** Milliseconds since the proxy began. */
  readonly startedAtMs: number
  readonly durationMs: number
  /** Command tag, e.g. `UPDATE 2`; undefined when it failed. */
  readonly tag: string | undefined
  /** Also of the commit behind it, where it was the last of its transaction. */
  readonly error: WireError | undefined
  /** Those of our event triggers among them; the client did not get these. */
  readonly notices: readonly WireNotice[]
  /** Transaction status before it: `I` where it began a transaction. */
  readonly before: TransactionStatus
  /** Rows that the client sent for COPY … FROM STDIN; undefined where there were none or too many to keep. */
  readonly copyData: string | undefined
  /** What the probe read; undefined where it could not, or nobody wanted it. */
  readonly reading: ProbeRows | undefined
  readonly everyRelation: ProbeRows | undefined
}

/** A parameter as it was bound. */
export interface ProxiedParameter {
  readonly value: Uint8Array | null
  readonly format: 'text' | 'binary'
  /** OID, as the client or the server decided it; 0 when not known. */
  readonly type: number
}
