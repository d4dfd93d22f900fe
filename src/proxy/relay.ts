import type { WireSocket } from '../postgres/wire-login.ts'
import type { ProxiedSession, ProxyOptions, Replacement } from './model.ts'
import type { Outbox } from './outbox.ts'
import type { Ledger, Run } from './run.ts'

/** A statement that a client prepared. */
export interface PreparedText {
  readonly sql: string
  readonly replacement: Replacement | undefined
  /** OIDs of its parameters: what the client said, then what the server decided. */
  types: readonly number[]
  isDescribed: boolean
}

/**
 * What the server still owes, in its order. The server answers strictly in turn, so whose answer a message is follows from
 * what stands first.
 */
export interface Expectation {
  readonly kind:
    | 'parse'
    | 'bind'
    | 'describe'
    | 'execute'
    | 'close'
    /** Parse to Execute of ours for a statement of a simple Query. */
    | 'piece'
    /** A simple Query as the client sent it. */
    | 'query'
    | 'function call'
    | 'sync'
    /** Of ours: nothing of it reaches the client. */
    | 'look'
    | 'ours'
  /** Of a Sync: the client sent it, or a simple Query that it stands for. */
  readonly isClients?: boolean
  /** Of a Sync behind a BEGIN of ours: after an error a ROLLBACK of ours follows. */
  readonly rollsBack?: boolean
  readonly run?: Run
  /** Of a simple Query, one for each statement; those that have not ended yet. */
  readonly runs?: Run[]
  readonly prepared?: PreparedText
  /** In which message it travels, where no run says so. */
  readonly message?: number
  /** Of the last statement of a simple Query: its tag waits for the commit. */
  readonly isLast?: boolean
  /** Characters of the client's message in front of the statement. */
  readonly offset?: number
  readonly which?: 'reading' | 'everyRelation'
  readonly rows?: (readonly (string | null)[])[]
  /** Of ours: over when this type has come so often. */
  readonly until?: string
  /** Of a look: its statement stays prepared. */
  readonly keeps?: boolean
  times?: number
  /** What was noted when it was sent, and did not come true. */
  readonly undo?: () => void
}

/** What both directions of a session share. */
export interface Relay {
  readonly session: ProxiedSession
  readonly options: ProxyOptions
  /** Of this session: undefined where nobody looks. */
  readonly probe: ProxyOptions['probe']
  readonly toClient: Outbox
  readonly toServer: Outbox
  readonly wire: WireSocket
  readonly ledger: Ledger
  readonly parameters: Map<string, string>
  /** Milliseconds since the proxy began. */
  now(): number
  limited(message: string): void
}

/** The queue of what is owed. */
export class Owed {
  private entries: Expectation[] = []
  private head = 0
  /** The server does not answer before the next Sync. */
  private isSkipping = false
  private readonly now: () => number
  /** Called when something else is at its head. */
  onAdvance: () => void = () => undefined

  constructor(now: () => number) {
    this.now = now
  }

  get first(): Expectation | undefined {
    return this.entries[this.head]
  }

  get isEmpty(): boolean {
    return this.head === this.entries.length
  }

  push(one: Expectation): void {
    if (this.isSkipping && one.kind !== 'sync') return drop(one)
    this.isSkipping = false
    const wasEmpty = this.isEmpty
    this.entries.push(one)
    const run = one.run ?? one.runs?.[0]
    if (wasEmpty && run !== undefined && one.kind !== 'look') run.startedAtMs = this.now()
  }

  /** What stood first has been answered. */
  shift(): void {
    if (this.isEmpty) return
    this.head += 1
    if (this.head > 1000 || this.isEmpty) {
      this.entries = this.entries.slice(this.head)
      this.head = 0
    }
    const next = this.first
    const run = next?.run ?? next?.runs?.[0]
    if (run !== undefined && next?.kind !== 'look') run.startedAtMs ??= this.now()
    this.onAdvance()
  }

  /** After an error the server answers nothing any more until it reads a Sync. */
  skipToSync(): void {
    while (!this.isEmpty && this.first?.kind !== 'sync') {
      if (this.first !== undefined) drop(this.first)
      this.shift()
    }
    this.isSkipping = this.isEmpty
  }

  some(test: (one: Expectation) => boolean): boolean {
    for (let at = this.head; at < this.entries.length; at += 1) {
      const one = this.entries[at]
      if (one !== undefined && test(one)) return true
    }
    return false
  }
}

/** It is never answered. */
function drop({ kind, run, runs = [], undo }: Expectation): void {
  undo?.()
  for (const one of run === undefined ? runs : [run]) {
    if (kind !== 'look') one.isSkipped = true
    one.look = 'none'
  }
}
