import { relationKey, strongestPerRelation } from '../core/effects.ts'
import { lockStrength } from '../core/locks.ts'
import { describeEffects, isMetadataOnly, metadataOnly } from '../reporters/effects.ts'
import { codeElement, codeSpan, cutText, markdownText } from '../reporters/markdown-text.ts'
import { count, describeOutcome, describeTransaction } from '../reporters/words.ts'
import { lockChart } from './lock-chart.ts'
import { groupBy } from './match.ts'
import { gravity, isOpen } from './sticky-words.ts'
import type { EvidencedEffect, Report, ReportMigration, ReportStatement } from '../core/model.ts'
import type { ReviewedFinding } from './model.ts'
import type { Part } from './sticky-fit.ts'

const maxStatements = 60
const maxEffects = 15

/** One folded section per migration: what each statement does. One of them may show its locks as a chart. */
export function migrationsPart(
  report: Report,
  findings: readonly ReviewedFinding[],
  nameOf: (file: string) => string,
  drawn: ReportMigration | undefined,
): Part {
  const open = groupBy(findings.filter(isOpen), ({ finding }) => finding.span.file)
  const gravest = ({ file }: ReportMigration): number =>
    (open.get(file) ?? []).reduce((worst, { finding }) => Math.max(worst, gravity(finding)), 0)
  return {
    pieces: report.migrations.map((migration) => ({
      weight: gravest(migration) * 3,
      text: migrationSection(migration, nameOf, migration === drawn ? lockChart(report, migration) : []),
    })),
    render: (kept, { here }) => {
      if (report.migrations.length === 0) return undefined
      const more = here === 0 ? [] : [`… and the effects of ${count(here, 'more migration')}.`]
      return [...(kept.length > 0 ? ['**Effects, statement by statement**'] : []), ...kept, ...more].join(
        '\n\n',
      )
    },
  }
}

function migrationSection(
  migration: ReportMigration,
  nameOf: (file: string) => string,
  chart: readonly string[],
): string {
  const { file, statements, outcome, transaction } = migration
  const about = `${count(statements.length, 'statement')}, ${describeOutcome(outcome)}`
  const receipts = statements.slice(0, maxStatements).map(describeStatement)
  const evidences = new Set(receipts.flatMap(({ evidence }) => evidence))
  const common = evidences.size === 1 ? [...evidences].join('') : undefined
  const mode = cutText(describeTransaction(transaction), 300)
  const items = receipts.map((receipt, index) => statementItem(migration, index, receipt, common))
  const left = statements.length - receipts.length
  return [
    `<details><summary>${codeElement(cutText(nameOf(file), 200))}: ${about}</summary>`,
    `Transaction: ${markdownText(mode)}.${common === undefined ? '' : ` All effects ${markdownText(common)}.`}`,
    ...chart,
    ...(items.length === 0 ? [] : [items.join('\n')]),
    ...(left > 0 ? [`… and ${count(left, 'more statement')}.`] : []),
    '</details>',
  ].join('\n\n')
}

interface StatementReceipt {
  readonly lines: readonly string[]
  /** Empty when each line says its own, or when there is nothing to say. */
  readonly evidence: readonly string[]
  readonly hidden: number
}

function describeStatement({ effects }: ReportStatement): StatementReceipt {
  const locked = strongestPerRelation(effects.filter((effect) => effect.kind === 'lock'))
  const strength = new Map(locked.map(({ relation, mode }) => [relationKey(relation), lockStrength(mode)]))
  const shown = effects.filter((effect) => !isOrdinary(effect, strength))
  const { effects: lines, evidence } = describeEffects(shown, isMetadataOnly(effects) ? [metadataOnly] : [])
  // mixed evidence stands in the lines, and then no sentence above may speak for all
  const evidences = evidence === undefined ? (lines.length === 0 ? [] : ['mixed', 'evidence']) : [evidence]
  return { lines, evidence: evidences, hidden: Math.max(0, lines.length - maxEffects) }
}

/** Locks on indexes and the like that every query takes too, or that add nothing to the lock on their table. */
function isOrdinary(effect: EvidencedEffect, strength: ReadonlyMap<string, number>): boolean {
  if (effect.kind !== 'lock' || effect.relation.table === undefined) return false
  const ordinary = Math.max(lockStrength('RowExclusiveLock'), strength.get(effect.relation.table) ?? 0)
  return lockStrength(effect.mode) <= ordinary
}

function statementItem(
  { text, statements }: ReportMigration,
  index: number,
  { lines, evidence, hidden }: StatementReceipt,
  common: string | undefined,
): string {
  const span = statements[index]?.span
  const sql = text.slice(span?.start.offset, span?.end.offset).replaceAll(/\s+/g, ' ').trim()
  const mark = `${index + 1}. `
  const indent = ' '.repeat(mark.length)
  const own = common === undefined && evidence.length === 1 ? evidence : []
  const bullets = [
    ...lines.slice(0, maxEffects).map((line) => markdownText(cutText(line, 500))),
    ...(hidden > 0 ? [`… and ${count(hidden, 'more effect')}`] : []),
    ...own.map((line) => markdownText(cutText(line, 200))),
  ]
  return [
    `${mark}${codeSpan(cutText(sql, 120))} (line ${span?.start.line ?? 0})`,
    ...bullets.map((line) => `${indent}- ${line}`),
  ].join('\n')
}
