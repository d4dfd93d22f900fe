import { randomBytes } from 'node:crypto'
import { BodyReader, cString, frame, int16, int32, type Frame } from '../postgres/frames.ts'
import type { Inbox } from './inbox.ts'
import { Looks } from './looks.ts'
import { beginFrames, commitFrames, type MessageMode } from './message-mode.ts'
import type { PreparedText, Relay } from './relay.ts'
import type { Replies } from './replies.ts'
import { Run } from './run.ts'
import { cutQuery, type QueryText } from './query-text.ts'

/** What a client says: passed on to the server, with a look behind every statement that somebody wants to look at. */
export class Requests {
  private readonly relay: Relay
  private readonly replies: Replies
  private readonly inbox: Inbox
  private readonly looks: Looks
  private readonly statements = new Map<string, PreparedText>()
  private readonly portals = new Map<string, Run>()
  /** Of the message or pipeline that is under way. */
  private message = 0
  private isInPipeline = false
  /** The client has said goodbye. */
  isOver = false

  constructor(relay: Relay, replies: Replies, inbox: Inbox) {
    this.relay = relay
    this.replies = replies
    this.inbox = inbox
    this.looks = new Looks(relay, replies)
  }

  /** Takes everything that comes, until the client goes. */
  async serve(): Promise<void> {
    for (;;) {
      const one = this.inbox.take()
      if (one !== undefined) {
        const work = this.handle(one)
        if (work !== undefined) await work
        if (this.isOver) return
      } else {
        this.relay.toServer.flush()
        if (this.inbox.isClosed) return
        await this.inbox.change()
      }
    }
  }

  private handle(one: Frame): Promise<void> | undefined {
    if (!one.isHead) {
      this.data(one)
      return undefined
    }
    switch (one.type) {
      case 'Q':
        return this.query(one)
      case 'P':
        return this.parse(one)
      case 'B':
        this.bind(one)
        return undefined
      case 'D':
        this.describe(one)
        return undefined
      case 'E':
        return this.execute(one)
      case 'C':
        this.close(one)
        return undefined
      case 'S':
        this.sync(one)
        return undefined
      default:
        this.other(one)
        return undefined
    }
  }

  private other(one: Frame): void {
    if (one.type === 'd' || one.type === 'c' || one.type === 'f') return this.data(one)
    if (one.type === 'F') {
      this.looks.before(undefined)
      this.beginMessage()
      const run = new Run('', this.message, 'function call')
      this.replies.owed.push({ kind: 'function call', run, isClients: true })
      this.isInPipeline = false
    }
    this.forward(one.bytes)
    if (one.type === 'X') this.isOver = true
    if (this.isOver) this.relay.toServer.flush()
  }

  private data(one: Frame): void {
    if (one.type === 'd') this.replies.copying?.keepCopied(one.isHead ? one.bytes.subarray(5) : one.bytes)
    this.forward(one.bytes)
  }

  private forward(bytes: Buffer): void {
    this.relay.toServer.add(bytes)
  }

  /** Statements up to the next Sync are one message. */
  private beginMessage(): void {
    if (!this.isInPipeline) {
      this.message += 1
      this.looks.beginMessage()
    }
    this.isInPipeline = true
  }

  // The simple protocol

  private async query(one: Frame): Promise<void> {
    this.beginMessage()
    this.isInPipeline = false
    const { relay, looks } = this
    const cut = cutQuery(one.bytes, relay, this.replies.status)
    looks.before(cut.pieces[0]?.sql ?? '', true)
    looks.mention(one.bytes.toString('latin1'))
    const mode = looks.modeOf(cut.pieces.map(({ kind }) => kind))
    const text = mode === 'untouched' ? { ...cut, canSplit: false } : cut
    const runs = await this.runsOf(text)
    const mustSplit = runs.some((run) => run.replacement !== undefined || looks.wants(run))
    if (text.canSplit && mustSplit) return this.sendPieces(text, runs, mode)
    looks.sentUntouched(runs, text)
    this.replies.owed.push({ kind: 'query', runs: [...runs] })
    this.forward(one.bytes)
  }

  private async runsOf({ pieces, canSplit }: QueryText): Promise<readonly Run[]> {
    const { listener } = this.relay.options
    const runs: Run[] = []
    for (const { sql, told, kind } of pieces) {
      const replacement =
        canSplit && listener.prepare !== undefined
          ? await listener.prepare(this.relay.session, told ?? sql)
          : undefined
      const failing = await listener.interrupt?.(this.relay.session, told ?? sql, canSplit)
      const instead = failing === undefined || !canSplit ? replacement : { sql: failing, tag: '' }
      runs.push(new Run(told ?? sql, this.message, 'simple', instead, kind))
    }
    return runs
  }

  private async sendPieces(text: QueryText, runs: readonly Run[], mode: MessageMode): Promise<void> {
    const { looks, replies } = this
    if (mode === 'block') this.ownStatement(beginFrames)
    looks.isInMessage = runs.length > 1
    for (const [index, run] of runs.entries()) {
      const piece = text.pieces[index]
      if (piece === undefined) break
      if (index > 0) looks.before(piece.sql)
      if (mode === 'primed') looks.prime()
      const isLast = index === runs.length - 1
      const { replacement } = run
      const sql =
        replacement === undefined ? Buffer.from(piece.sql, text.encoding) : Buffer.from(replacement.sql)
      this.forward(pieceFrames(sql))
      replies.owed.push({ kind: 'piece', run, isLast, offset: piece.offset })
      if (run.kind.copiesIn && replacement === undefined) {
        await this.copyIn(run)
        if (this.isCutOff(run)) return
        if (run.error !== undefined || !run.isEnded) break
      }
      looks.behind(run, isLast)
    }
    looks.beforeSync()
    if (mode === 'block') this.ownStatement(commitFrames)
    // a simple Query leaves neither unnamed statement nor portal behind
    this.forward(closeUnnamed)
    replies.owed.push({ kind: 'ours', until: '3', times: 2 })
    replies.owed.push({ kind: 'sync', isClients: true, rollsBack: mode === 'block' })
    this.forward(syncFrame)
    looks.isInMessage = false
    if (mode === 'block') await this.untilReady()
  }

  private ownStatement(frames: Buffer): void {
    this.forward(frames)
    this.replies.owed.push({ kind: 'ours', until: 'C' })
  }

  /** What follows may not come before a ROLLBACK of ours. */
  private async untilReady(): Promise<void> {
    const { inbox, relay, replies } = this
    relay.toServer.flush()
    while (!replies.owed.isEmpty && !replies.isLost && !inbox.isClosed) await inbox.change()
  }

  /** While the server waits for data it throws away Flush and Sync, and takes nothing else. */
  private async copyIn(run: Run): Promise<void> {
    const { inbox, relay, replies } = this
    let isSent = false
    this.forward(flushFrame)
    relay.toServer.flush()
    while (!run.isEnded && !run.isSkipped) {
      const one: Frame | undefined = replies.copying === run && !isSent ? inbox.take() : undefined
      if (one === undefined) {
        relay.toServer.flush()
        if (inbox.isClosed || replies.isLost) return
        await inbox.change()
      } else if (one.type === 'd' || !one.isHead) {
        this.data(one)
      } else if (one.type !== 'S' && one.type !== 'H') {
        this.other(one)
        if (this.isOver) return
        isSent = one.type === 'c' || one.type === 'f'
        if (isSent) this.forward(flushFrame)
      }
    }
  }

  /** The client has gone, and left a COPY that waits for data. */
  private isCutOff(run: Run): boolean {
    return !run.isEnded && !run.isSkipped
  }

  // The extended protocol

  private async parse(one: Frame): Promise<void> {
    this.beginMessage()
    const body = new BodyReader(one.bytes)
    const name = body.string()
    const sql = body.string()
    const types = Array.from({ length: body.int16() }, () => body.int32() >>> 0)
    this.looks.before(sql)
    this.looks.mention(sql)
    const replacement = await this.relay.options.listener.prepare?.(this.relay.session, sql)
    const prepared: PreparedText = { sql, replacement, types, isDescribed: false }
    const earlier = this.statements.get(name)
    this.statements.set(name, prepared)
    const undo = (): void => {
      if (this.statements.get(name) !== prepared) return
      if (earlier === undefined) this.statements.delete(name)
      else this.statements.set(name, earlier)
    }
    this.replies.owed.push({ kind: 'parse', prepared, message: this.message, undo })
    this.forward(
      replacement === undefined ? one.bytes : frame('P', cString(name), cString(replacement.sql), int16(0)),
    )
  }

  private bind(one: Frame): void {
    this.beginMessage()
    const body = new BodyReader(one.bytes)
    const portal = body.string()
    const name = body.string()
    const prepared = this.statements.get(name)
    if (name !== '') this.looks.before(prepared?.sql ?? '')
    const run = new Run(prepared?.sql ?? `execute ${name}`, this.message, 'extended', prepared?.replacement)
    run.takeParameters(body, prepared)
    this.portals.set(portal, run)
    this.replies.owed.push({ kind: 'bind', run })
    this.forward(one.bytes)
    const isKnown = prepared === undefined || prepared.isDescribed || !run.hasUnknownTypes
    if (isKnown || this.relay.probe === undefined) return
    prepared.isDescribed = true
    this.replies.owed.push({ kind: 'describe', prepared })
    this.forward(frame('D', Buffer.from('S'), cString(name)))
  }

  private describe(one: Frame): void {
    this.beginMessage()
    const name = one.bytes.toString('utf8', 6, one.bytes.length - 1)
    const isStatement = one.bytes[5] === 0x53
    const prepared = isStatement ? this.statements.get(name) : undefined
    const run = isStatement ? undefined : this.portals.get(name)
    this.replies.owed.push({
      kind: 'describe',
      isClients: true,
      ...(prepared === undefined ? {} : { prepared }),
      ...(run === undefined || run.isSent ? {} : { run }),
    })
    this.forward(one.bytes)
  }

  private execute(one: Frame): Promise<void> | undefined {
    this.beginMessage()
    const body = new BodyReader(one.bytes)
    const name = body.string()
    const run = this.portals.get(name)
    const isFirst = run !== undefined && !run.isSent
    return isFirst && this.relay.options.listener.interrupt !== undefined
      ? this.interruptOrExecute(one, run, name)
      : this.passExecute(one, isFirst ? run : undefined, name)
  }

  private async interruptOrExecute(one: Frame, run: Run, name: string): Promise<void> {
    const { listener } = this.relay.options
    const failing = await listener.interrupt?.(this.relay.session, run.sql, true)
    if (failing === undefined) return this.passExecute(one, run, name)
    this.replies.owed.push({ kind: 'execute', run })
    run.isSent = true
    this.forward(failingFrames(failing))
    return undefined
  }

  /** `run`: of a portal that is executed for the first time. */
  private passExecute(one: Frame, run: Run | undefined, name: string): Promise<void> | undefined {
    this.replies.owed.push(run === undefined ? { kind: 'execute' } : { kind: 'execute', run })
    const { replacement } = this.portals.get(name) ?? {}
    this.forward(replacement === undefined ? one.bytes : frame('E', cString(name), int32(0)))
    if (run === undefined) return undefined
    run.isSent = true
    if (run.kind.copiesIn && run.replacement === undefined) {
      return this.copyThenLook(run)
    }
    this.looks.behind(run, false)
    return undefined
  }

  private async copyThenLook(run: Run): Promise<void> {
    await this.copyIn(run)
    if (!this.isCutOff(run)) this.looks.behind(run, false)
  }

  private close(one: Frame): void {
    this.beginMessage()
    const name = one.bytes.toString('utf8', 6, one.bytes.length - 1)
    if (one.bytes[5] === 0x53) this.statements.delete(name)
    else this.portals.delete(name)
    this.replies.owed.push({ kind: 'close' })
    this.forward(one.bytes)
  }

  private sync(one: Frame): void {
    this.beginMessage()
    this.looks.beforeSync()
    this.replies.owed.push({ kind: 'sync', isClients: true })
    this.forward(one.bytes)
    this.isInPipeline = false
  }
}

const flushFrame = frame('H')
const syncFrame = frame('S')
const closeUnnamed = Buffer.concat([frame('C', cString('S')), frame('C', cString('P'))])

/** Behind the text of Parse: no types of parameters. Then Bind, Describe, Execute, all of what has no name. */
const afterText = Buffer.concat([
  frame('B', cString(''), cString(''), int16(0), int16(0), int16(0)),
  frame('D', cString('P')),
  frame('E', cString(''), int32(0)),
])

function pieceFrames(sql: Buffer): Buffer {
  return Buffer.concat([frame('P', cString(''), sql, Buffer.alloc(1), int16(0)), afterText])
}

/** Statement and portal have a name of their own: the client's stay as they are. */
function failingFrames(sql: string): Buffer {
  const name = cString(`pgrehearse_${randomBytes(6).toString('hex')}`)
  return Buffer.concat([
    frame('P', name, cString(sql), int16(0)),
    frame('B', name, name, int16(0), int16(0), int16(0)),
    frame('E', name, int32(0)),
  ])
}
