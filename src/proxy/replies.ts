import { BodyReader, cString, frame, messageFields, type Frame } from '../postgres/frames.ts'
import type { TransactionStatus } from '../replay/wire.ts'
import { rollbackFrames } from './message-mode.ts'
import { Owed, type Expectation, type Relay } from './relay.ts'
import { Run, wireError } from './run.ts'
import { withPosition } from './position.ts'

/** What the server says: passed on to the client, or kept, by what it answers. */
export class Replies {
  readonly owed: Owed
  /** As the last ReadyForQuery said it, and as statements since then have changed it. */
  status: TransactionStatus = 'I'
  /** What a COPY of this statement sends is kept. */
  copying: Run | undefined
  /** Called when a statement ends or asks for rows. */
  onProgress: () => void = () => undefined
  /** The server is gone. */
  isLost = false
  /** As the last look found it. */
  statementTimeout = '0'
  /** The statement of the looks is prepared. */
  keepsLook = false
  private readonly relay: Relay
  /** There is something that the end of the transaction ends. */
  private inTransaction = false
  private hasFailed = false
  /** Columns that the client gets with the first row, and the tag that it gets after the commit. */
  private heldColumns: Buffer | undefined
  private heldTag: Buffer | undefined
  /** Is the large message that is on its way for the client? */
  private passesRest = false

  constructor(relay: Relay) {
    this.relay = relay
    this.owed = new Owed(() => relay.now())
  }

  take(one: Frame): void {
    if (!one.isHead) {
      if (this.passesRest) this.relay.toClient.add(one.bytes)
      return
    }
    this.passesRest = false
    switch (one.type) {
      case 'S':
        this.parameterStatus(one)
        return
      case 'A':
        this.releaseHeld()
        this.pass(one)
        return
      case 'N':
        this.notice(one)
        return
      case 'E':
        this.error(one)
        return
      case 'Z':
        this.ready(one)
        return
      default:
        this.answer(one)
    }
  }

  private pass(one: Frame): void {
    this.relay.toClient.add(one.bytes)
    this.passesRest = true
  }

  private parameterStatus(one: Frame): void {
    this.releaseHeld()
    const body = new BodyReader(one.bytes)
    this.relay.parameters.set(body.string(), body.string())
    this.pass(one)
  }

  private notice(one: Frame): void {
    const fields = messageFields(one.bytes)
    const notice = {
      severity: fields.get('V') ?? fields.get('S') ?? 'NOTICE',
      message: fields.get('M') ?? '',
    }
    const { first } = this.owed
    const run = first?.run ?? first?.runs?.[0] ?? this.relay.ledger.last
    const isOurs = notice.severity === 'INFO' && this.relay.options.isOurs?.(notice.message) === true
    run?.keepNotice(notice)
    if (isOurs) return
    const bytes = first?.offset === undefined ? one.bytes : withPosition(one.bytes, first.offset)
    this.pass({ ...one, bytes })
  }

  private answer(one: Frame): void {
    const { first } = this.owed
    switch (first?.kind) {
      case 'parse':
      case 'bind':
      case 'close':
        this.pass(one)
        this.owed.shift()
        break
      case 'describe':
        this.description(first, one)
        break
      case 'execute':
      case 'piece':
        this.execution(first, one)
        break
      case 'query':
        this.queryAnswer(first, one)
        break
      case 'function call':
        if (first.run !== undefined && one.type === 'V') this.finish(first.run, 'SELECT')
        this.pass(one)
        break
      case 'look':
        this.lookAnswer(first, one)
        break
      case 'ours':
        this.oursAnswer(first, one)
        break
      default:
        this.pass(one)
    }
  }

  private description(first: Expectation, one: Frame): void {
    const { prepared } = first
    if (one.type === 't' && prepared !== undefined) {
      prepared.types = parameterTypes(one.bytes)
      prepared.isDescribed = true
    }
    const isReplaced = (prepared?.replacement ?? first.run?.replacement) !== undefined
    if (first.isClients === true) {
      if (one.type === 'T' && isReplaced) this.relay.toClient.add(frame('n'))
      else this.pass(one)
    }
    if (one.type !== 't') this.owed.shift()
  }

  private execution(first: Expectation, one: Frame): void {
    const { run } = first
    const isReplaced = run?.replacement !== undefined
    switch (one.type) {
      case '1':
      case '2':
      case 'n':
        return
      case 'T':
        this.columns(first, one)
        return
      case 'D':
        if (isReplaced) return
        this.releaseColumns()
        this.pass(one)
        return
      case 'C':
      case 'I':
      case 's':
        this.executed(first, one)
        return
      default:
        if (one.type === 'G') this.beginCopy(run, one)
        this.pass(one)
        if (one.type === 'G') this.onProgress()
    }
  }

  private columns({ run }: Expectation, one: Frame): void {
    if (run?.replacement !== undefined) return
    if (run?.kind.describesFirst === true) this.pass(one)
    else this.heldColumns = one.bytes
  }

  private executed(first: Expectation, one: Frame): void {
    const { run } = first
    const tag = one.type === 'C' ? new BodyReader(one.bytes).string() : firstWord(run?.sql)
    this.releaseColumns()
    const bytes = run?.replacement === undefined ? one.bytes : frame('C', cString(run.replacement.tag))
    if (first.isLast === true) this.heldTag = bytes
    else this.relay.toClient.add(bytes)
    this.owed.shift()
    if (run !== undefined) this.finish(run, run.replacement?.tag ?? tag)
  }

  private queryAnswer(first: Expectation, one: Frame): void {
    const { runs = [] } = first
    if (one.type === 'G') this.beginCopy(runs[0], one)
    if (one.type === 'C') {
      const run = runs.shift()
      if (run !== undefined) this.finish(run, new BodyReader(one.bytes).string())
      const next = runs[0]
      if (next !== undefined) next.startedAtMs ??= this.relay.now()
    }
    this.pass(one)
  }

  private beginCopy(run: Run | undefined, one: Frame): void {
    this.copying = run
    run?.beginCopy(one.bytes[5] === 1)
  }

  private lookAnswer(first: Expectation, one: Frame): void {
    if (one.type === 'D') first.rows?.push(dataRow(one.bytes))
    if (one.type !== '3' || !this.isOver(first)) return
    const { run, which, rows } = first
    if (run !== undefined && which !== undefined) run[which] = rows
    if (which === 'reading') {
      this.statementTimeout = rows?.[0]?.[2] ?? '0'
      this.keepsLook = first.keeps === true
    }
    this.owed.shift()
    const more = this.owed.first
    if (run !== undefined && (more?.kind !== 'look' || more.run !== run)) run.look = 'none'
    this.relay.ledger.tell()
  }

  private oursAnswer(first: Expectation, one: Frame): void {
    if (one.type === first.until && this.isOver(first)) this.owed.shift()
  }

  private isOver(first: Expectation): boolean {
    first.times = (first.times ?? 1) - 1
    return first.times === 0
  }

  /** A statement has succeeded. */
  private finish(run: Run, tag: string): void {
    run.endedAtMs = this.relay.now()
    run.tag = tag
    run.before = this.status
    this.copying = undefined
    const { ledger } = this.relay
    ledger.add(run)
    const { transaction } = run.kind
    if (transaction === 'end' || transaction === 'end and chain') {
      if (this.inTransaction) ledger.transactionEnded(tag === 'ROLLBACK' ? 'rolled back' : 'committed')
      this.status = transaction === 'end' ? 'I' : 'T'
      this.inTransaction = this.status === 'T'
    } else {
      this.status = 'T'
      this.inTransaction = true
    }
    ledger.tell()
    this.onProgress()
  }

  private error(one: Frame): void {
    const { first } = this.owed
    this.heldColumns = undefined
    this.heldTag = undefined
    const isReplaced = (first?.run?.replacement ?? first?.prepared?.replacement) !== undefined
    const shift = isReplaced ? 'none' : first?.offset
    if (first !== undefined) this.hasFailed = true
    this.blame(first, one)
    if (
      first === undefined ||
      first.kind === 'sync' ||
      first.kind === 'query' ||
      first.kind === 'function call'
    ) {
      this.pass({ ...one, bytes: withPosition(one.bytes, shift) })
      return
    }
    this.owed.skipToSync()
    // the client waits for nothing, and would not know whose error it is
    const next = this.owed.first
    if (first.kind === 'look' && next !== undefined && next.isClients !== true) return
    this.pass({ ...one, bytes: withPosition(one.bytes, shift) })
    this.onProgress()
  }

  /** Whose error is it? */
  private blame(first: Expectation | undefined, one: Frame): void {
    const error = wireError(one.bytes)
    const { ledger } = this.relay
    if (first?.kind === 'look') {
      this.keepsLook = false
      this.relay.limited(
        `What a statement did could not be looked at: Postgres answered the question with an error (${error.code}), which ended the transaction as well.`,
      )
    }
    const own = first?.kind === 'look' ? undefined : (first?.run ?? first?.runs?.shift())
    const run = own !== undefined && !own.isEnded ? own : undefined
    if (run !== undefined) {
      this.failed(run, error)
    } else if (first?.prepared !== undefined) {
      this.failed(
        new Run(first.prepared.sql, first.message ?? 0, 'extended', first.prepared.replacement),
        error,
      )
    } else if (ledger.last !== undefined) {
      ledger.last.error ??= error
    }
  }

  private failed(run: Run, error: ReturnType<typeof wireError>): void {
    run.endedAtMs = this.relay.now()
    run.error = run.replacement === undefined ? error : withoutPosition(error)
    run.before = this.status
    run.look = 'none'
    this.copying = undefined
    this.relay.ledger.add(run)
    this.relay.ledger.tell()
  }

  private ready(one: Frame): void {
    const { first } = this.owed
    const { ledger } = this.relay
    const status = String.fromCharCode(one.bytes[5] ?? 0x49) as TransactionStatus
    if (first?.rollsBack === true && status === 'E') {
      this.rollBack()
      return
    }
    this.releaseHeld()
    if (first?.kind !== 'sync' || first.isClients === true) this.pass(one)
    this.status = status
    this.copying = undefined
    ledger.seal()
    if (status !== 'T') ledger.forgetDeferred()
    if (status === 'I' && (this.inTransaction || this.hasFailed)) {
      ledger.transactionEnded(this.hasFailed ? 'rolled back' : 'committed')
    }
    this.inTransaction = status !== 'I'
    this.hasFailed = false
    ledger.tell()
    this.owed.shift()
    this.onProgress()
  }

  private rollBack(): void {
    this.relay.toServer.add(rollbackFrames)
    this.relay.toServer.add(frame('S'))
    this.owed.push({ kind: 'ours', until: 'C' })
    this.owed.push({ kind: 'sync', isClients: true })
    this.relay.toServer.flush()
    this.owed.shift()
  }

  private releaseColumns(): void {
    if (this.heldColumns !== undefined) this.relay.toClient.add(this.heldColumns)
    this.heldColumns = undefined
  }

  private releaseHeld(): void {
    this.releaseColumns()
    if (this.heldTag !== undefined) this.relay.toClient.add(this.heldTag)
    this.heldTag = undefined
  }

  /** The session is over: what was under way has come to nothing. */
  end(message: string): void {
    const { first } = this.owed
    const run = first?.kind === 'look' ? undefined : (first?.run ?? first?.runs?.[0])
    if (run !== undefined && !run.isEnded) this.failed(run, { code: '08006', message })
    this.relay.ledger.end()
    if (this.inTransaction || this.hasFailed || run !== undefined)
      this.relay.ledger.transactionEnded('rolled back')
  }
}

function parameterTypes(bytes: Buffer): readonly number[] {
  const body = new BodyReader(bytes)
  return Array.from({ length: body.int16() }, () => body.int32() >>> 0)
}

function dataRow(bytes: Buffer): readonly (string | null)[] {
  const body = new BodyReader(bytes)
  return Array.from({ length: body.int16() }, () => {
    const length = body.int32()
    return length < 0 ? null : body.take(length).toString('utf8')
  })
}

function firstWord(sql: string | undefined): string {
  return /[a-z]+/i.exec(sql ?? '')?.[0].toUpperCase() ?? ''
}

function withoutPosition(error: ReturnType<typeof wireError>): ReturnType<typeof wireError> {
  const { position: _position, ...rest } = error
  return rest
}
