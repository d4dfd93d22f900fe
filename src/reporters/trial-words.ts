/** What was tried besides the way up, in words that all reporters share. */
import type { Finding, Report, ReportTrial } from '../core/model.ts'
import { printableLine } from './printable.ts'
import { list } from './words.ts'

/** The heading over all trials. */
export const trialsTitle = 'Tried besides'

const kinds: Readonly<Record<ReportTrial['kind'], string>> = {
  'way down': 'Way down',
  retry: 'Failure and retry',
  'silent changes': 'Silent changes',
  'other branch': 'Together with',
  clone: 'On the clone',
}

/** A trial ready to be read: `Way down of db/0002.sql`, the sentence, its receipts. */
export interface TrialWords {
  readonly outcome: ReportTrial['outcome']
  readonly title: string
  /** Stands in the title; a path or a revision. */
  readonly about: string
  readonly says: string
  readonly lines: readonly string[]
}

/** All trials of the report, in its order. */
export function trialWords({ trials = [], findings }: Report): readonly TrialWords[] {
  const told = findings.filter(({ ruleId }) => ofTrials.has(ruleId))
  return trials.map(({ kind, about, outcome, says, lines }) => ({
    outcome,
    title: titleOf(kind, about),
    about: printableLine(about),
    says: printableLine(says),
    lines: lines.filter((line) => !isTold(line, told)).map(printableLine),
  }))
}

/** A difference that a finding has among its notes, or in its message without the sign, is not said twice. */
function isTold(line: string, findings: readonly Finding[]): boolean {
  if (!/^[-+~] /.test(line)) return false
  return findings.some(({ message, notes }) => notes.includes(line) || message.includes(line.slice(2)))
}

const ofTrials: ReadonlySet<string> = new Set(['down-leaves-differences', 'silent-change'])

function titleOf(kind: ReportTrial['kind'], about: string): string {
  if (about === '') return kinds[kind]
  const word = kind === 'way down' || kind === 'retry' ? ' of' : kind === 'silent changes' ? ' in' : ''
  return `${kinds[kind]}${word}`
}

/** `Postgres 14 only`, `Postgres 14 and 16 only`; undefined where it was found on all servers of the run. */
export function majorsWords({ majors }: Finding): string | undefined {
  if (majors === undefined || majors.length === 0) return undefined
  return `Postgres ${list(majors.map(String))} only`
}
