import { randomBytes } from 'node:crypto'
import { cString, frame, int16, int32 } from '../postgres/frames.ts'
import { durationSetting } from '../replay/probe.ts'
import type { QueryText } from './query-text.ts'
import type { ProxyOptions } from './model.ts'
import type { Relay } from './relay.ts'
import type { Replies } from './replies.ts'
import type { Run } from './run.ts'
import { messageMode, primerFrames, type MessageMode } from './message-mode.ts'
import { statementKind, type StatementKind } from './statement-kind.ts'

/**
 * When to look behind a statement. As a rule at once, within its transaction. Later, when the next message shows that no
 * harm is done:
 *
 * - At the beginning of a block, behind what needs no snapshot (SET, LOCK): the look takes one, and SET TRANSACTION would
 *   come too late then.
 * - Behind what may commit by itself, with more to come in the same pipeline: what follows must be the first of its
 *   transaction, as it would be without us.
 */
export class Looks {
  private readonly relay: Relay
  private readonly replies: Replies
  private readonly name: Buffer
  private readonly reading: Buffer
  /** Of a statement that is kept from look to look: made, and used again. */
  private readonly making: Buffer
  private readonly again: Buffer
  private readonly everyRelation: Buffer
  private deferred: Run | undefined
  /** Of what has been sent: within BEGIN … COMMIT? */
  private isInBlock = false
  /** No snapshot has been taken in the transaction. */
  private isFresh = true
  /** Has the implicit transaction of this simple Query been made a block? */
  private isPrimed = false
  /** For how long a statement_timeout is set that would end a look. */
  private hurry: 'none' | 'in this transaction' | 'in this session' = 'none'
  /** Statements of one simple Query, which are one transaction, are being sent. */
  isInMessage = false

  constructor(relay: Relay, replies: Replies) {
    this.relay = relay
    this.replies = replies
    const name = newName()
    this.name = name
    this.reading = lookFrames(name, relay.probe?.sql ?? '')
    this.again = executeFrames(name)
    this.making = Buffer.concat([closeFrame(name), parseFrame(name, relay.probe?.sql ?? ''), this.again])
    this.everyRelation = lookFrames(newName(), relay.probe?.everyRelation.sql ?? '')
  }

  /** A simple Query begins, or a pipeline. */
  beginMessage(): void {
    this.catchUp()
    this.isPrimed = this.isInBlock
    this.isInMessage = false
  }

  /** Is this statement to be looked at, at once? */
  wants(run: Run): boolean {
    return this.relay.probe?.isWanted(run.sql) === true
  }

  /** What the server has said is right, what we sent may have failed. */
  private catchUp(): void {
    if (!this.replies.owed.isEmpty) return
    this.isInBlock = this.replies.status !== 'I'
    if (!this.isInBlock) this.isFresh = true
  }

  /** How a simple Query of these statements is to be sent. */
  modeOf(kinds: readonly StatementKind[]): MessageMode {
    const version = this.relay.parameters.get('server_version') ?? ''
    return messageMode(kinds, Number.parseInt(version, 10), this.isInBlock)
  }

  /** Makes the implicit transaction of a simple Query a block, if it is none yet. */
  prime(): void {
    if (this.isPrimed) return
    this.isPrimed = true
    this.relay.toServer.add(primerFrames)
    this.replies.owed.push({ kind: 'ours', until: 'C' })
  }

  /** The statement has been sent. `endsMessage`: a Sync of ours follows. */
  behind(run: Run, endsMessage: boolean): void {
    this.note(run)
    if (run.error !== undefined || this.relay.probe === undefined || !this.wants(run)) return
    const { kind } = run
    const followed = !(endsMessage && !this.isInBlock)
    const commits = kind.mayCommitItself && !this.isInBlock && !this.isInMessage
    const mustWait = commits || (kind.needsNoSnapshot && this.isFresh)
    if (this.isHasty()) return
    if (followed && mustWait && this.deferred?.look === 'deferred' && !kind.locks) return
    if (this.deferred?.look === 'deferred') this.deferred.look = 'none'
    run.look = 'deferred'
    this.deferred = run
    if (!followed || !mustWait) this.send()
  }

  private note(run: Run): void {
    const { kind } = run
    this.noteHurry(run)
    if (kind.transaction === 'begin') this.isInBlock = true
    else if (kind.transaction === 'none') {
      if (!kind.needsNoSnapshot) this.isFresh = false
    } else {
      this.isInBlock = kind.transaction === 'end and chain'
      this.isFresh = true
      this.isPrimed = this.isInBlock
    }
  }

  /** A short statement_timeout is known from the words that set it: a look that asks for it would be ended by it. */
  private noteHurry({ sql, kind }: Run): void {
    if (setsTimeout.test(sql)) {
      const [, number, unit = ''] = /statement_timeout\D{0,12}(\d+)\s*([a-z]*)/i.exec(sql) ?? []
      const isShort = Number(number) > 0 && Number(number) < shortestMs && !/^(?:s|min|h|d)$/.test(unit)
      this.hurry = isShort ? (/\blocal\b/i.test(sql) ? 'in this transaction' : 'in this session') : 'none'
      this.replies.statementTimeout = '0'
    } else if (
      /^\s*(?:reset|discard)\s+all\b/i.test(sql) ||
      (kind.transaction !== 'none' && kind.transaction !== 'begin' && this.hurry === 'in this transaction')
    )
      this.hurry = 'none'
  }

  /** A look that the client's own statement_timeout would end would take the transaction with it. */
  private isHasty(): boolean {
    const timeout = durationSetting(this.replies.statementTimeout)
    const isHasty = this.hurry !== 'none' || (timeout > 0 && timeout < shortestMs)
    if (isHasty)
      this.relay.limited(
        `Statements under a statement_timeout of less than ${shortestMs} ms were not looked into: it would have ended the look, and the transaction with it.`,
      )
    return isHasty
  }

  /** A statement of a message that goes as the client sent it: there is time for a look at the last when it is over. */
  sentUntouched(runs: readonly Run[], text: QueryText): void {
    for (const run of runs) this.note(run)
    const last = runs.at(-1)
    const { probe } = this.relay
    if (last === undefined || probe === undefined) return
    // within a block there is time for a look at the last, in front of what comes next
    const unseen = this.isInBlock ? runs.slice(0, -1) : runs
    if (
      !text.canSplit &&
      this.replies.status !== 'E' &&
      unseen.some((run) => this.wants(run) && !asksForCursor.test(run.sql))
    )
      this.relay.limited(
        'Statements that went to the server as the client sent them, because they could not be taken apart safely, were not looked into.',
      )
    if (!this.wants(last) || this.isHasty()) return
    last.look = 'deferred'
    this.deferred = last
  }

  /** The next statement is about to be sent. */
  before(sql: string | undefined, isQuery = false): void {
    const run = this.deferred
    if (run === undefined || run.look !== 'deferred') return
    const { owed, status } = this.replies
    const kind = statementKind(sql ?? '')
    const isIdle = owed.isEmpty && !this.isInMessage
    const isOver = isIdle && status !== 'T'
    // SET TRANSACTION may come as long as nothing else has
    if (!isOver && this.isFresh && kind.needsNoSnapshot && !kind.transaction.startsWith('end')) return
    const commits = run.kind.mayCommitItself && !this.isInBlock && !this.isInMessage
    if (isOver || commits || (isQuery && !isIdle)) {
      run.look = 'none'
      this.deferred = undefined
      this.relay.ledger.tell()
      return
    }
    this.send()
    if (!isIdle) return
    this.replies.owed.push({ kind: 'sync' })
    this.relay.toServer.add(syncFrame)
  }

  /** A Sync is about to be sent: it ends an implicit transaction. */
  beforeSync(): void {
    if (this.deferred?.look === 'deferred' && !this.isInBlock) this.send()
    if (!this.isInBlock) this.isFresh = true
  }

  private send(): void {
    const run = this.deferred
    this.deferred = undefined
    if (run === undefined) return
    run.look = 'sent'
    this.isFresh = false
    const { options } = this.relay
    if (careful.has(options)) this.one(run, 'reading', this.reading, 3)
    else if (this.replies.keepsLook) this.one(run, 'reading', this.again, 1)
    else this.one(run, 'reading', this.making, 2)
    if (this.relay.probe?.everyRelation.isWanted(run.sql) === true) {
      this.one(run, 'everyRelation', this.everyRelation, 3)
    }
  }

  private one(run: Run, which: 'reading' | 'everyRelation', frames: Buffer, times: number): void {
    this.relay.toServer.add(frames)
    this.replies.owed.push({ kind: 'look', run, which, rows: [], until: '3', times, keeps: times < 3 })
  }

  /** What the client is about to send. Where it could throw prepared statements away, or list them, none of ours is kept. */
  mention(text: string): void {
    if (!/deallocate|discard|pg_prepared_/i.test(text)) return
    careful.add(this.relay.options)
    if (!this.replies.keepsLook) return
    this.replies.keepsLook = false
    this.relay.toServer.add(closeFrame(this.name))
    this.replies.owed.push({ kind: 'ours', until: '3' })
  }
}

/** Proxies whose clients have spoken of prepared statements: in a function, maybe, that another session calls. */
const careful = new WeakSet<ProxyOptions>()

/** psycopg asks so before it closes a cursor: it reads nothing else. */
const asksForCursor =
  /^\s*select\s+[\w*, ]+\sfrom\s+(?:pg_catalog\.)?pg_cursors(?:\s+where\s+name\s*=\s*'[^']*')?[\s;]*$/i

/** A look takes a fraction of a millisecond. */
const shortestMs = 100

/** SET, RESET, or set_config(). */
const setsTimeout =
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:re)?set\b[^;]*\bstatement_timeout\b|\bset_config\b[^;]*\bstatement_timeout\b/i

/**
 * Statement and portal have a name of ours, so that the client's, which have none, stay; both are closed again. Of a look
 * that failed, when a cancel met it, the statement is still there.
 */
function lookFrames(name: Buffer, sql: string): Buffer {
  return Buffer.concat([closeFrame(name), parseFrame(name, sql), executeFrames(name), closeFrame(name)])
}

function newName(): Buffer {
  return cString(`pgrehearse_${randomBytes(6).toString('hex')}`)
}

function parseFrame(name: Buffer, sql: string): Buffer {
  return frame('P', name, cString(sql), int16(0))
}

function executeFrames(name: Buffer): Buffer {
  return Buffer.concat([
    frame('B', name, name, int16(0), int16(0), int16(0)),
    frame('E', name, int32(0)),
    frame('C', Buffer.from('P'), name),
  ])
}

function closeFrame(name: Buffer): Buffer {
  return frame('C', Buffer.from('S'), name)
}

const syncFrame = frame('S')
