/** What the proxy read behind the statements of a command, as what the replay of files makes of it. */
import type { Migration, Statement } from '../core/model.ts'
import type { DdlEvent } from '../postgres/event-triggers.ts'
import { isRollback } from '../replay/commands.ts'
import type { MeasuredStatement } from '../replay/measure.ts'
import { decodeReading, type ProbeReading } from '../replay/probe.ts'
import type { RelationCatalog } from '../replay/relations.ts'
import { SessionReader, toErrorEffect } from '../replay/session-reader.ts'
import type { RecordedStatement } from './model.ts'
import type { TranscribedStatement } from './transcript.ts'

export interface MeasuredOptions {
  readonly serverMajor: number
  readonly decodeEvent: ((message: string) => DdlEvent | undefined) | undefined
  /** Of the database before the command. */
  readonly catalog: RelationCatalog
  /** What a session begins with. */
  readonly baseline: ProbeReading
}

/** A migration and where its statements come from. */
export interface TranscribedMigration {
  readonly migration: Migration
  readonly statements: readonly TranscribedStatement[]
}

export interface MeasuredRecording {
  readonly statements: ReadonlyMap<Statement, MeasuredStatement>
  /** What stands for a recorded statement in the transcripts. */
  readonly placed: ReadonlyMap<RecordedStatement, Statement>
}

/**
 * Goes through everything that was recorded, in the order in which the server answered, and gives the statements of the
 * transcripts with their effects.
 */
export function measuredStatements(
  recorded: readonly RecordedStatement[],
  transcribed: readonly TranscribedMigration[],
  options: MeasuredOptions,
): MeasuredRecording {
  const places = new Map<RecordedStatement, { statement: Statement; text: string }>()
  for (const { migration, statements } of transcribed) {
    for (const { recorded: one, start, end } of statements) {
      const statement = migration.statements.find(
        ({ span }) => span.start.offset >= start && span.start.offset < end,
      )
      if (statement !== undefined) places.set(one, { statement, text: migration.text })
    }
  }
  const reading = new Reading(options)
  const last = lastOfTransactions(recorded)
  const measured = new Map<Statement, MeasuredStatement>()
  for (const one of recorded) {
    const place = places.get(one)
    const result = reading.read(one, place, last.has(one))
    const end = place === undefined && one.sent.error !== undefined ? ended(one, recorded, places) : undefined
    if (end !== undefined) places.set(one, end)
    const { statement } = place ?? end ?? {}
    if (statement !== undefined) measured.set(statement, joined(measured.get(statement), result, statement))
  }
  return {
    statements: measured,
    placed: new Map([...places].map(([one, { statement }]) => [one, statement])),
  }
}

/** An error at COMMIT comes after the last statement had succeeded: it is shown there. */
function ended<T>(
  one: RecordedStatement,
  recorded: readonly RecordedStatement[],
  places: ReadonlyMap<RecordedStatement, T>,
): T | undefined {
  if (one.tag !== 'TransactionStmt') return undefined
  const last = recorded.findLast((other) => other.transaction === one.transaction && places.has(other))
  return last === undefined ? undefined : places.get(last)
}

function joined(
  before: MeasuredStatement | undefined,
  now: MeasuredStatement,
  statement: Statement,
): MeasuredStatement {
  if (before === undefined) return now
  return { ...before, statement, effects: [...before.effects, ...now.effects] }
}

class Reading {
  readonly #options: MeasuredOptions
  readonly #readers = new Map<number, SessionReader>()
  /** Bytes, whoever wrote them. */
  #wal: number

  constructor(options: MeasuredOptions) {
    this.#options = options
    this.#wal = options.baseline.walPosition
  }

  read(
    { session, sent, sql, tag, node, transaction, outcome }: RecordedStatement,
    place: { readonly statement: Statement; readonly text: string } | undefined,
    isLast: boolean,
  ): MeasuredStatement {
    const statement = place?.statement ?? unplaced(sql, tag, node)
    const reader = this.#reader(session.id)
    reader.enterTransaction(transaction, outcome === 'rolled back')
    reader.skipWal(this.#wal)
    const failed = sent.error !== undefined
    const reading =
      sent.reading === undefined || failed ? undefined : decodeReading(sent.reading, sent.everyRelation)
    if (reading !== undefined) this.#wal = Math.max(this.#wal, reading.walPosition)
    const effects = [...reader.effectsOf(statement, { reading, notices: sent.notices })]
    if (sent.error !== undefined) effects.push(toErrorEffect(sent.error, statement, place?.text ?? sql))
    if (isLast && outcome === 'rolled back' && !isRollback(statement)) reader.rollBack()
    return {
      statement,
      effects,
      settings: reader.settings,
      durationMs: sent.durationMs,
      sawCatalog: this.#options.decodeEvent !== undefined,
    }
  }

  #reader(id: number): SessionReader {
    const { catalog, baseline } = this.#options
    const reader = this.#readers.get(id) ?? new SessionReader(catalog, this.#options, baseline)
    this.#readers.set(id, reader)
    return reader
  }
}

/** A statement that is in no transcript: what it did was taken back, or it only read. */
function unplaced(sql: string, tag: string, node: Statement['node']): Statement {
  const at = { line: 1, column: 1, offset: 0 }
  return {
    sql,
    span: { file: '', start: at, end: at },
    tag,
    node,
    index: 0,
    transaction: -1,
    inTransactionBlock: false,
  }
}

function lastOfTransactions(recorded: readonly RecordedStatement[]): ReadonlySet<RecordedStatement> {
  const last = new Map<number, RecordedStatement>()
  for (const one of recorded) last.set(one.transaction, one)
  return new Set(last.values())
}
