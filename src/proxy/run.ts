import type { TransactionStatus, WireError, WireNotice } from '../replay/wire.ts'
import { messageFields, type BodyReader } from '../postgres/frames.ts'
import type {
  ProxiedParameter,
  ProxiedStatement,
  ProxyListener,
  ProxiedSession,
  Replacement,
} from './model.ts'
import { statementKind, type StatementKind } from './statement-kind.ts'
import type { ProbeRows } from '../replay/probe.ts'

/** Characters of COPY data that are kept. */
const mostCopyBytes = 8 * 1024 ** 2
/** A loop that raises a notice per row must not fill the memory. */
const mostNotices = 100_000

/** The look behind a statement: not wanted or over, still to come, or on its way. */
export type Look = 'none' | 'deferred' | 'sent'

/** A statement on its way through the proxy. */
export class Run {
  readonly sql: string
  readonly message: number
  readonly protocol: ProxiedStatement['protocol']
  readonly kind: StatementKind
  readonly replacement: Replacement | undefined
  private values: readonly Omit<ProxiedParameter, 'type'>[] = []
  private prepared: { readonly types: readonly number[] } | undefined
  startedAtMs: number | undefined
  endedAtMs: number | undefined
  tag: string | undefined
  error: WireError | undefined
  notices: WireNotice[] = []
  before: TransactionStatus = 'I'
  reading: ProbeRows | undefined
  everyRelation: ProbeRows | undefined
  look: Look = 'none'
  /** Nothing that comes can change it: an error of the commit behind it, say. */
  isSealed = false
  /** Execute has been sent. */
  isSent = false
  /** An error before it kept it from being run. */
  isSkipped = false
  private copied: Buffer[] | undefined
  private copiedBytes = 0

  constructor(
    sql: string,
    message: number,
    protocol: ProxiedStatement['protocol'],
    replacement?: Replacement,
    kind?: StatementKind,
  ) {
    this.sql = sql
    this.message = message
    this.protocol = protocol
    this.replacement = replacement
    this.kind = kind ?? statementKind(sql)
  }

  get isEnded(): boolean {
    return this.endedAtMs !== undefined
  }

  get isSettled(): boolean {
    return this.isEnded && this.isSealed && this.look === 'none'
  }

  keepNotice(notice: WireNotice): void {
    if (this.notices.length < mostNotices) this.notices.push(notice)
  }

  /** Reads the parameters of a Bind behind its names. */
  takeParameters(body: BodyReader, prepared: { readonly types: readonly number[] } | undefined): void {
    const formats = Array.from({ length: body.int16() }, () => body.int16())
    this.prepared = prepared
    this.values = Array.from({ length: body.int16() }, (_, index) => {
      const format = (formats.length === 1 ? formats[0] : formats[index]) === 1 ? 'binary' : 'text'
      const length = body.int32()
      return { value: length < 0 ? null : body.take(length), format }
    })
  }

  get hasUnknownTypes(): boolean {
    return this.values.some((_, index) => (this.prepared?.types[index] ?? 0) === 0)
  }

  get parameters(): readonly ProxiedParameter[] {
    return this.values.map((one, index) => ({ ...one, type: this.prepared?.types[index] ?? 0 }))
  }

  /** The server asks for rows. */
  beginCopy(isBinary: boolean): void {
    if (!isBinary) this.copied = []
  }

  keepCopied(bytes: Buffer): void {
    this.copiedBytes += bytes.length
    if (this.copiedBytes > mostCopyBytes) this.copied = undefined
    // a copy, because the chunk of the socket that it lies in may be much larger
    this.copied?.push(Buffer.from(bytes))
  }

  told(): ProxiedStatement {
    const { sql, message, protocol, parameters, tag, error, notices, before, reading, everyRelation } = this
    const startedAtMs = this.startedAtMs ?? this.endedAtMs ?? 0
    return {
      sql,
      message,
      protocol,
      parameters,
      startedAtMs,
      durationMs: Math.max((this.endedAtMs ?? startedAtMs) - startedAtMs, 0),
      tag: error === undefined ? tag : undefined,
      error,
      notices,
      before,
      copyData: this.copied === undefined ? undefined : Buffer.concat(this.copied).toString('utf8'),
      reading,
      everyRelation,
    }
  }
}

type Entry = Run | 'committed' | 'rolled back'

/** Tells the listener what happened, in its order, each when nothing can change it any more. */
export class Ledger {
  private readonly entries: Entry[] = []
  private readonly listener: ProxyListener
  private readonly session: ProxiedSession

  constructor(listener: ProxyListener, session: ProxiedSession) {
    this.listener = listener
    this.session = session
  }

  /** A statement has come to its end. */
  add(run: Run): void {
    this.seal()
    this.entries.push(run)
  }

  transactionEnded(how: 'committed' | 'rolled back'): void {
    this.seal()
    this.entries.push(how)
    this.tell()
  }

  /** The last statement, while something may still become of it. */
  get last(): Run | undefined {
    const last = this.entries.at(-1)
    return last instanceof Run && !last.isSealed ? last : undefined
  }

  seal(): void {
    for (const entry of this.entries) if (entry instanceof Run) entry.isSealed = true
  }

  tell(): void {
    for (;;) {
      const [first] = this.entries
      if (first === undefined || (first instanceof Run && !first.isSettled)) return
      this.entries.shift()
      if (first instanceof Run) this.listener.statement(this.session, first.told())
      else this.listener.transactionEnded?.(this.session, first)
    }
  }

  /** The transaction is over: there is nothing to look at any more. */
  forgetDeferred(): void {
    for (const entry of this.entries)
      if (entry instanceof Run && entry.look === 'deferred') entry.look = 'none'
  }

  /** The session is over: no look will come any more. */
  end(): void {
    this.seal()
    for (const entry of this.entries) if (entry instanceof Run) entry.look = 'none'
    this.tell()
  }
}

/** The fields of an ErrorResponse. */
export function wireError(bytes: Buffer): WireError {
  const fields = messageFields(bytes)
  const optional = { detail: 'D', hint: 'H', internalQuery: 'q', where: 'W' } as const
  const given = Object.entries(optional).flatMap(([name, letter]) => {
    const value = fields.get(letter)
    return value === undefined ? [] : [[name, value] as const]
  })
  const position = fields.get('P')
  return {
    code: fields.get('C') ?? 'XX000',
    message: fields.get('M') ?? '',
    ...Object.fromEntries(given),
    ...(position === undefined ? {} : { position: Number(position) }),
  }
}
