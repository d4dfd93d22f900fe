import { createHash } from 'node:crypto'
import { LineIndex } from '../../src/sql/lines.ts'
import type {
  Effect,
  Evidence,
  EvidencedEffect,
  Finding,
  LockMode,
  Relation,
  ReportMigration,
  ReportStatement,
  SessionSettings,
  Span,
} from '../../src/core/model.ts'

export const measured = { by: 'measured', probe: 'pg_locks', server: '18.4' } as const satisfies Evidence
export const predicted: Evidence = { by: 'predicted', source: 'ALTER TABLE … ALTER COLUMN TYPE' }
export const known: Evidence = { by: 'known', source: 'CREATE INDEX CONCURRENTLY' }

export const settings: SessionSettings = { lockTimeoutMs: 0, statementTimeoutMs: 0, timeZone: 'UTC' }

export function table(name: string, more: Partial<Relation> = {}): Relation {
  return { kind: 'table', schema: 'public', name, existedBefore: true, ...more }
}

export function lock(relation: Relation, mode: LockMode, until: 'commit' | 'statement' = 'commit'): Effect {
  return { kind: 'lock', relation, mode, until }
}

export function by(evidence: Evidence, ...effects: readonly Effect[]): readonly EvidencedEffect[] {
  return effects.map((effect) => ({ ...effect, evidence }))
}

/** The span of a piece of text, which must occur in the file. */
export function spanOf(file: string, text: string, piece: string): Span {
  const start = text.indexOf(piece)
  if (start < 0) throw new Error(`${file} does not contain ${piece}`)
  return new LineIndex(text).span(file, start, start + piece.length)
}

/** A statement of the sample: the text it begins and ends with, and what it does. */
export interface SampleStatement {
  readonly sql: string
  readonly tag: string
  readonly transaction: number
  readonly measured?: boolean
  readonly effects?: readonly EvidencedEffect[]
  readonly settings?: SessionSettings
}

export function migration(
  facts: Pick<ReportMigration, 'file' | 'source' | 'version' | 'title' | 'transaction' | 'outcome' | 'text'>,
  statements: readonly SampleStatement[],
): ReportMigration {
  return {
    ...facts,
    statements: statements.map((statement): ReportStatement => {
      const isMeasured = statement.measured ?? true
      return {
        span: spanOf(facts.file, facts.text, statement.sql),
        tag: statement.tag,
        transaction: statement.transaction,
        measured: isMeasured,
        settings: statement.settings ?? settings,
        ...(isMeasured ? { durationMs: 1.25 } : {}),
        effects: statement.effects ?? [],
      }
    }),
  }
}

/** A finding at a piece of a migration's text. */
export function finding(
  at: { readonly file: string; readonly text: string; readonly piece: string },
  facts: Omit<Finding, 'span' | 'fingerprint' | 'notes'> & { readonly notes?: readonly string[] },
): Finding {
  const identity = [facts.ruleId, facts.messageId, facts.object, at.piece].join('\n')
  return {
    notes: [],
    ...facts,
    span: spanOf(at.file, at.text, at.piece),
    fingerprint: createHash('sha256').update(identity).digest('hex'),
  }
}
