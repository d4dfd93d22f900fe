/** What a command did, as src/record keeps it. */
import type { AstNode } from '../core/model.ts'
import type { CommandEnd } from '../postgres/run-command.ts'
import type { ProxiedSession, ProxiedStatement } from '../proxy/model.ts'

/**
 * - `work`: what migrations are about.
 * - `bookkeeping`: the tool writes into its own tables; replayed with the others, never judged.
 * - `reading`: it looks into catalogues, its own tables or the session, or takes advisory locks: nothing is left of it.
 */
export type StatementKind = 'work' | 'bookkeeping' | 'reading'

/** A statement that the command sent. */
export interface RecordedStatement {
  readonly session: ProxiedSession
  readonly sent: ProxiedStatement
  /** The statement with its parameters in it, without the semicolon at its end. */
  readonly sql: string
  readonly tag: string
  readonly node: AstNode | undefined
  readonly kind: StatementKind
  /** Transactions of all sessions, in the order in which they ended. */
  readonly transaction: number
  readonly outcome: 'committed' | 'rolled back'
  /** We cancelled it when it had run for so many milliseconds. */
  readonly stoppedAfterMs?: number
  /** What of it could not be read, so that it cannot be replayed as it was sent: `a parameter of type 600`. */
  readonly unread?: string
}

/** A line that the command printed. */
export interface OutputLine {
  readonly text: string
  /** Milliseconds since the proxy began, as {@link ProxiedStatement.startedAtMs}. */
  readonly atMs: number
}

/** All that one run of a command gave. */
export interface Recording {
  /** The command, for people. */
  readonly command: string
  readonly end: CommandEnd
  readonly output: readonly OutputLine[]
  /** In the order in which the server answered. */
  readonly statements: readonly RecordedStatement[]
  readonly connections: number
  /** Did it come to the statement at which it was to fail? Absent where it was not to. */
  readonly wasInterrupted?: boolean
  /** It was ended because it did nothing but ask again for a lock of the tool's own; absent: it was not. */
  readonly endedWaiting?: true
  /** What was not passed on or not looked into, a sentence each. */
  readonly limits: readonly string[]
}

/** A file that statements may come from. */
export interface CandidateFile {
  /** Relative to the project root, with `/`. */
  readonly path: string
  readonly text: string
  /** What `apps.py` beside its folder calls Django's app; absent: there is no such file, or it does not say. */
  readonly apps?: readonly string[]
}
