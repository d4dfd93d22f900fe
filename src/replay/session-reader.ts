import type { Effect, ErrorEffect, SessionSettings, Statement } from '../core/model.ts'
import type { DdlEvent } from '../postgres/event-triggers.ts'
import { LineIndex } from '../sql/lines.ts'
import { catalogChanges } from './catalog-changes.ts'
import { isRollback } from './commands.ts'
import { observedEffects } from './effects.ts'
import type { ProbeReading, RelationReading } from './probe.ts'
import type { KnownRelation, RelationCatalog } from './relations.ts'
import type { WireError, WireNotice } from './wire.ts'

export interface ReaderOptions {
  readonly serverMajor: number
  /** Tells our triggers' messages from the migration's own; undefined where there are no event triggers of ours. */
  readonly decodeEvent: ((message: string) => DdlEvent | undefined) | undefined
}

/** What a session gave for one statement. */
export interface StatementAnswer {
  /** What the probe read behind it; undefined where there was none, or the statement failed. */
  readonly reading: ProbeReading | undefined
  readonly notices: readonly WireNotice[]
  /** What a look at the catalogue told, where there are no event triggers. */
  readonly events?: readonly DdlEvent[]
}

/** Makes effects of what was read behind the statements of one session, in their order. */
export class SessionReader {
  private readonly catalog: RelationCatalog
  private readonly options: ReaderOptions
  private last: ProbeReading
  private transaction = -1
  private catalogAtBegin: ReadonlyMap<number, KnownRelation> | undefined

  /** `catalog`: of its database; sessions of one database share it. `baseline`: read before the first statement. */
  constructor(catalog: RelationCatalog, options: ReaderOptions, baseline: ProbeReading) {
    this.catalog = catalog
    this.options = options
    this.last = baseline
  }

  /** In force after the last statement that was looked at. */
  get settings(): SessionSettings {
    const { lockTimeoutMs, statementTimeoutMs, timeZone } = this.last
    return { lockTimeoutMs, statementTimeoutMs, timeZone }
  }

  /** Locks end with their transaction. Counters start anew where every commit flushes them (15+), else they go on. */
  enterTransaction(transaction: number, rollsBack: boolean): void {
    if (transaction === this.transaction) return
    this.transaction = transaction
    const flushes = this.options.serverMajor >= 15
    this.last = flushes
      ? { ...this.last, relations: new Map(), sentinel: 0 }
      : { ...this.last, relations: withoutLocks(this.last.relations) }
    this.catalogAtBegin = rollsBack ? this.catalog.snapshot() : undefined
  }

  /** What others wrote meanwhile is not this session's. Bytes, as {@link ProbeReading} counts them. */
  skipWal(walPosition: number): void {
    if (walPosition > this.last.walPosition) this.last = { ...this.last, walPosition }
  }

  effectsOf(statement: Statement, { reading, notices, events = [] }: StatementAnswer): readonly Effect[] {
    const said = splitNotices(notices, this.options.decodeEvent)
    const seen = reading === undefined ? [] : this.observe(statement, reading, [...said.events, ...events])
    if (isRollback(statement)) this.rollBack()
    return [...seen, ...said.effects]
  }

  /** The transaction that it is in came to nothing. */
  rollBack(): void {
    if (this.catalogAtBegin !== undefined) this.catalog.restore(this.catalogAtBegin)
  }

  private observe(
    statement: Statement,
    reading: ProbeReading,
    events: readonly DdlEvent[],
  ): readonly Effect[] {
    const observed = observedEffects({
      statement,
      before: this.last,
      after: reading,
      catalog: this.catalog,
      events,
    })
    const changes = catalogChanges(events, this.catalog)
    for (const relation of reading.relations.values())
      this.catalog.rememberFilenode(relation.oid, relation.filenode)
    // what is not locked any more keeps its counters, until a flush sets all of them to zero
    const flushed = reading.sentinel < this.last.sentinel
    const earlier = flushed ? new Map<number, RelationReading>() : withoutLocks(this.last.relations)
    this.last = { ...reading, relations: new Map([...earlier, ...reading.relations]) }
    return [...observed, ...changes]
  }
}

function withoutLocks(relations: ReadonlyMap<number, RelationReading>): ReadonlyMap<number, RelationReading> {
  return new Map([...relations].map(([oid, reading]) => [oid, { ...reading, modes: [] }]))
}

function splitNotices(
  notices: readonly WireNotice[],
  decode: ReaderOptions['decodeEvent'],
): { readonly events: readonly DdlEvent[]; readonly effects: readonly Effect[] } {
  const events: DdlEvent[] = []
  const effects: Effect[] = []
  for (const { severity, message } of notices) {
    const event = severity === 'INFO' ? decode?.(message) : undefined
    if (event !== undefined) events.push(event)
    else if (effects.length < noticesKept) effects.push({ kind: 'notice', severity, message })
  }
  return { events, effects }
}

/** A loop that raises a notice per row must not fill the report. */
const noticesKept = 20

/** A server's error, with its place in `text`, where the statement stands. */
export function toErrorEffect(error: WireError, statement: Statement, text: string): ErrorEffect {
  const { code, message, detail, hint, position } = error
  return {
    kind: 'error',
    sqlstate: code,
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    ...(position === undefined ? {} : { position: positionInFile(position, statement, text) }),
  }
}

/** The server counts code points of the statement from 1; files are counted in UTF-16 units. */
function positionInFile(
  position: number,
  statement: Statement,
  text: string,
): ErrorEffect['position'] & object {
  const before = [...statement.sql].slice(0, position - 1).join('')
  return new LineIndex(text).position(statement.span.start.offset + before.length)
}
