import type {
  Effect,
  Evidence,
  EvidencedEffect,
  Finding,
  LockMode,
  MigrationResult,
  Range,
  Relation,
  StatementCost,
  TransactionMode,
} from '../../src/core/model.ts'
import { judge, type JudgeInput, type Judgement } from '../../src/judge/judge.ts'
import { defineRule, type Rule } from '../../src/rule.ts'
import { parseScript, type ParsedScript } from '../../src/sql/parse.ts'
import { readAllowComments } from '../../src/sql/suppressions.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { script } from '../sql/scripts.ts'

export const predicted: Evidence = { by: 'predicted', source: 'by hand' }
export const measured: Evidence = { by: 'measured', probe: 'by hand', server: '18.4' }
export const known: Evidence = { by: 'known', source: 'by hand' }

export function table(name: string, existedBefore = true): Relation {
  return { kind: 'table', schema: 'public', name, existedBefore }
}

export function lock(
  name: string,
  mode: LockMode = 'AccessExclusiveLock',
  evidence: Evidence = predicted,
): EvidencedEffect {
  return { kind: 'lock', relation: table(name), mode, until: 'commit', evidence }
}

/** A lock that is held this long at production size. */
export function heldLock(
  name: string,
  mode: LockMode,
  heldMs: Range,
): EvidencedEffect & { readonly kind: 'lock' } {
  return { kind: 'lock', relation: table(name), mode, until: 'commit', heldMs, evidence: predicted }
}

/** What a statement costs at production size: milliseconds, and more where given. */
export function cost(durationMs: Range | undefined, more: Partial<StatementCost> = {}): StatementCost {
  return {
    growth: 'grows with the table',
    basis: { by: 'samples', rows: [30_000, 100_000], server: '18.4' },
    ...(durationMs === undefined ? {} : { durationMs }),
    tables: [],
    unknownTables: [],
    notes: [],
    ...more,
  }
}

/** An estimate with bounds at half and double. */
export function about(expected: number): Range {
  return { low: expected / 2, expected, high: expected * 2 }
}

export function failure(sqlstate: string, message: string, more: Partial<Effect> = {}): EvidencedEffect {
  return { kind: 'error', sqlstate, message, ...more, evidence: measured } as EvidencedEffect
}

/** A file of SQL, and the effects of its statements in order. */
export interface MadeFile {
  readonly file?: string
  readonly sql: string
  readonly effects?: readonly (readonly EvidencedEffect[])[]
  readonly measured?: boolean
  readonly mode?: TransactionMode
  readonly lockTimeoutMs?: number
  readonly statementTimeoutMs?: number
  /** Of its statements in order, at production size. */
  readonly costs?: readonly (StatementCost | undefined)[]
}

/** Migrations with effects made by hand, and their allow comments. */
export function make(files: readonly MadeFile[]): Pick<JudgeInput, 'migrations' | 'allows'> {
  const parsed = files.map(parseFile)
  const laidOut = layOutTransactions(parsed, false)
  const migrations = laidOut.map((migration, index): MigrationResult => {
    const { effects = [], measured: isMeasured = false, costs = [], ...file } = files[index] ?? { sql: '' }
    const { lockTimeoutMs = 0, statementTimeoutMs = 0 } = file
    return {
      migration,
      outcome: isMeasured ? 'rehearsed' : 'predicted',
      statements: migration.statements.map((statement, position) => ({
        statement,
        effects: effects[position] ?? [],
        settings: { lockTimeoutMs, statementTimeoutMs, timeZone: 'UTC' },
        measured: isMeasured,
        ...(costs[position] === undefined ? {} : { cost: costs[position] }),
      })),
    }
  })
  return { migrations, allows: parsed.map(readAllowComments) }
}

function parseFile({ file = 'a.sql', sql, mode = 'file' }: MadeFile): ParsedScript {
  return parseScript(script(sql, mode, file))
}

/** Reports every lock, each at its statement. */
export const everyLock: Rule = defineRule({
  id: 'ban-locks',
  title: 'Ban locks',
  severity: 'warning',
  since: '0.1.0',
  messages: { locks: ({ name }: { name: string }) => `${name} is locked.` },
  statement({ effects, report }) {
    for (const effect of effects) {
      if (effect.kind === 'lock')
        report('locks', { name: effect.relation.name }, { on: effect.relation, because: [effect] })
    }
  },
})

/** The same, as advice for where nobody else speaks. */
export const lockAdvice: Rule = defineRule({
  id: 'prefer-no-locks',
  title: 'Prefer no locks',
  severity: 'info',
  since: '0.1.0',
  secondary: true,
  messages: { advice: ({ name }: { name: string }) => `Think about ${name}.` },
  statement({ effects, report }) {
    for (const effect of effects) {
      if (effect.kind === 'lock') report('advice', { name: effect.relation.name }, { because: [effect] })
    }
  },
})

export function judgeFiles(
  files: readonly MadeFile[],
  rules: readonly Rule[],
  more: Partial<JudgeInput> = {},
): readonly Finding[] {
  return judgeAll(files, rules, more).findings
}

export function judgeAll(
  files: readonly MadeFile[],
  rules: readonly Rule[],
  more: Partial<JudgeInput> = {},
): Judgement {
  return judge({ ...make(files), rules, today: '2026-11-21', ...more })
}

/** `ban-locks 3 orders is locked.` */
export function lines(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ ruleId, span, message, allowed }) =>
    [ruleId, span.start.line, message, ...(allowed === undefined ? [] : [`(${allowed.reason})`])].join(' '),
  )
}
