import type {
  Effect,
  Evidence,
  EvidencedEffect,
  Finding,
  LockMode,
  MigrationResult,
  Relation,
  TransactionMode,
} from '../../src/core/model.ts'
import { judge, type JudgeInput } from '../../src/judge/judge.ts'
import { defineRule, type Rule } from '../../src/rule.ts'
import { parseScript, type ParsedScript } from '../../src/sql/parse.ts'
import { readAllowComments } from '../../src/sql/suppressions.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'

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
}

/** Migrations with effects made by hand, and their allow comments. */
export function make(files: readonly MadeFile[]): Pick<JudgeInput, 'migrations' | 'allows'> {
  const parsed = files.map(parseFile)
  const laidOut = layOutTransactions(parsed, false)
  const migrations = laidOut.map((migration, index): MigrationResult => {
    const { effects = [], measured: isMeasured = false, lockTimeoutMs = 0 } = files[index] ?? { sql: '' }
    return {
      migration,
      outcome: isMeasured ? 'rehearsed' : 'predicted',
      statements: migration.statements.map((statement, position) => ({
        statement,
        effects: effects[position] ?? [],
        settings: { lockTimeoutMs, statementTimeoutMs: 0, timeZone: 'UTC' },
        measured: isMeasured,
      })),
    }
  })
  return { migrations, allows: parsed.map(readAllowComments) }
}

function parseFile({ file = 'a.sql', sql, mode = 'file' }: MadeFile): ParsedScript {
  return parseScript({
    source: 'plain-sql',
    file,
    version: null,
    title: file,
    text: sql,
    start: 0,
    end: sql.length,
    transaction: { mode, why: 'test' },
    repeatable: false,
  })
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
  return judge({ ...make(files), rules, today: '2026-11-21', ...more }).findings
}

/** `ban-locks 3 orders is locked.` */
export function lines(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ ruleId, span, message, allowed }) =>
    [ruleId, span.start.line, message, ...(allowed === undefined ? [] : [`(${allowed.reason})`])].join(' '),
  )
}
