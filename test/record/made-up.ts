/** Statements as a proxy would tell them, without one. */
import type { ProxiedParameter, ProxiedSession, ProxiedStatement } from '../../src/proxy/model.ts'
import type { RecordedStatement } from '../../src/record/model.ts'
import { Recorder } from '../../src/record/recorder.ts'

export const database = 'shop'

/** What a client does: each string is a message of its own; `fails` makes the last statement fail. */
export interface MadeUp {
  readonly sql: string
  readonly parameters?: readonly ProxiedParameter[]
  /** Statements with the same message travel together. */
  readonly message?: number
  readonly session?: number
  readonly fails?: string
  readonly startedAtMs?: number
  readonly copyData?: string
}

/** Plays what a client sends to a recorder; transactions begin and end with BEGIN, COMMIT and ROLLBACK. */
export function recorded(steps: readonly (string | MadeUp)[]): readonly RecordedStatement[] {
  const recorder = new Recorder(database)
  const states = new Map<number, 'I' | 'T' | 'E'>()
  for (const [index, step] of steps.entries()) {
    const one = typeof step === 'string' ? { sql: step } : step
    const session = sessionOf(one.session ?? 1)
    const before = states.get(session.id) ?? 'I'
    const message = one.message ?? index + 1
    recorder.statement(session, statementOf(one, before, message, index))
    const next = typeof steps[index + 1] === 'object' ? (steps[index + 1] as MadeUp) : undefined
    const after = statusAfter(one, before)
    states.set(session.id, after)
    const goesOn = next?.message !== undefined && next.message === one.message
    if (after === 'I' && !goesOn)
      recorder.transactionEnded(session, rolledBack(one, before) ? 'rolled back' : 'committed')
  }
  return recorder.take().statements
}

function rolledBack({ sql, fails }: MadeUp, before: string): boolean {
  return fails !== undefined || before === 'E' || /^rollback(?! to)/i.test(sql)
}

function statusAfter({ sql, fails }: MadeUp, before: 'I' | 'T' | 'E'): 'I' | 'T' | 'E' {
  if (fails !== undefined) return before === 'I' ? 'I' : 'E'
  if (/^(?:begin|start transaction)/i.test(sql)) return 'T'
  if (/^rollback to/i.test(sql)) return 'T'
  return /^(?:commit|rollback|end)/i.test(sql) ? 'I' : before
}

function sessionOf(id: number): ProxiedSession {
  return { id, database, parameters: {}, processId: 1000 + id }
}

function statementOf(
  { sql, parameters = [], fails, startedAtMs, copyData }: MadeUp,
  before: 'I' | 'T' | 'E',
  message: number,
  index: number,
): ProxiedStatement {
  return {
    sql,
    message,
    protocol: 'simple',
    parameters,
    startedAtMs: startedAtMs ?? index * 10,
    durationMs: 1,
    tag: fails === undefined ? 'DONE' : undefined,
    error: fails === undefined ? undefined : { code: fails, message: `error ${fails}` },
    notices: [],
    before,
    copyData,
    reading: undefined,
    everyRelation: undefined,
  }
}

/** A parameter in text format. */
export function text(value: string, type = 25): ProxiedParameter {
  return { value: Buffer.from(value), format: 'text', type }
}
