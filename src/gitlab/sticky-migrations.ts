import { groupBy } from '../core/groups.ts'
import { relationKey, strongestPerRelation } from '../core/effects.ts'
import { lockStrength } from '../core/locks.ts'
import { timeWords } from '../core/time-words.ts'
import { costLines, samplingLimits } from '../reporters/cost-words.ts'
import { isMetadataOnly, metadataOnly } from '../reporters/effects.ts'
import { codeElement, codeSpan, cutText, markdownText } from '../reporters/markdown-text.ts'
import { migrationName, migrationOf } from '../reporters/migration-of.ts'
import { objectNames, tableNames } from '../reporters/object-names.ts'
import { totalMs } from '../reporters/production-words.ts'
import { count, describeOutcome, describeTransaction } from '../reporters/words.ts'
import { effectLines } from './effect-lines.ts'
import { lockChart } from './lock-chart.ts'
import { isOpen } from './gate.ts'
import { gravity } from './sticky-words.ts'
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
  const open = groupBy(findings.filter(isOpen), ({ finding }) => migrationOf(report, finding))
  const gravest = (migration: ReportMigration): number =>
    (open.get(migration) ?? []).reduce((worst, { finding }) => Math.max(worst, gravity(finding)), 0)
  return {
    pieces: report.migrations.map((migration) => ({
      weight: gravest(migration) * 3,
      text: migrationSection(
        report,
        migration,
        nameOf,
        migration === drawn ? lockChart(report, migration) : [],
      ),
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
  report: Report,
  migration: ReportMigration,
  nameOf: (file: string) => string,
  chart: readonly string[],
): string {
  const { statements } = migration
  const total = totalMs(statements)
  const time = total === undefined ? [] : [timeWords(total)]
  const about = [count(statements.length, 'statement'), describeOutcome(migration), ...time].join(', ')
  const locks = statements.flatMap(({ effects }) => effects.filter((effect) => effect.kind === 'lock'))
  const isHeld = locks.length > 0 && locks.every(({ until }) => until === 'commit')
  const receipts = statements
    .slice(0, maxStatements)
    .map((statement) => describeStatement(report, statement, !isHeld))
  const evidences = new Set(receipts.flatMap(({ evidence }) => evidence))
  const common = evidences.size === 1 ? [...evidences].join('') : undefined
  const mode = cutText(describeTransaction(migration), 300)
  const items = receipts.map((receipt, index) => statementItem(migration, index, receipt, common))
  const left = statements.length - receipts.length
  return [
    `<details><summary>${codeElement(cutText(migrationName(report, migration, nameOf), 200))}: ${about}</summary>`,
    [
      `Transaction: ${markdownText(mode)}.`,
      ...(isHeld ? ['Locks are held until commit.'] : []),
      ...(common === undefined ? [] : [`All effects ${markdownText(common)}.`]),
    ].join(' '),
    ...chart,
    ...(items.length === 0 ? [] : [items.join('\n')]),
    ...(left > 0 ? [`… and ${count(left, 'more statement')}.`] : []),
    '</details>',
  ].join('\n\n')
}

interface StatementReceipt {
  readonly lines: readonly string[]
  /** What it costs in production: estimates. */
  readonly costs: readonly string[]
  /** Empty when each line says its own, or when there is nothing to say. */
  readonly evidence: readonly string[]
  readonly hidden: number
  readonly names: ReadonlySet<string>
}

function describeStatement(report: Report, statement: ReportStatement, holding: boolean): StatementReceipt {
  const { effects, cost } = statement
  const locked = strongestPerRelation(effects.filter((effect) => effect.kind === 'lock'))
  const strength = new Map(locked.map(({ relation, mode }) => [relationKey(relation), lockStrength(mode)]))
  const changed = new Set(
    effects.flatMap((effect) =>
      effect.kind === 'catalog' && effect.change.type !== 'alter' ? [relationKey(effect.object)] : [],
    ),
  )
  const shown = effects.filter((effect) => !isOrdinary(effect, strength) && !isSaid(effect, changed))
  const metadata = isMetadataOnly(statement) ? [metadataOnly] : []
  const { lines, evidence } = effectLines(shown, metadata, holding, cost?.durationMs)
  // a SET and its like: nobody asks how long that takes
  const isNothing = lines.length === 0 && cost?.basis.by === 'rehearsal'
  const costs = costLines(isNothing ? undefined : cost, { notes: samplingLimits(report) })
  // mixed evidence stands in the lines, and then no sentence above may speak for all
  const evidences = evidence === undefined ? (lines.length === 0 ? [] : ['mixed', 'evidence']) : [evidence]
  const hidden = Math.max(0, lines.length - maxEffects)
  const names = new Set([
    ...objectNames(effects),
    ...tableNames(cost?.tables.map(({ table }) => table) ?? []),
  ])
  return {
    lines,
    costs: [...costs.cost, ...costs.notes].slice(0, maxEffects),
    evidence: evidences,
    hidden,
    names,
  }
}

/** `alters table orders`, where another line says what about the table changes. */
function isSaid(effect: EvidencedEffect, changed: ReadonlySet<string>): boolean {
  return (
    effect.kind === 'catalog' && effect.change.type === 'alter' && changed.has(relationKey(effect.object))
  )
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
  { lines, costs, evidence, hidden, names }: StatementReceipt,
  common: string | undefined,
): string {
  const span = statements[index]?.span
  const sql = text.slice(span?.start.offset, span?.end.offset).replaceAll(/\s+/g, ' ').trim()
  const mark = `${index + 1}. `
  const indent = ' '.repeat(mark.length)
  const own = common === undefined && evidence.length === 1 ? evidence : []
  const source = own.map((line) => markdownText(cutText(line, 200)))
  const bullets = [
    ...lines.slice(0, maxEffects).map((line) => markdownText(cutText(line, 500), names)),
    ...(hidden > 0 ? [`… and ${count(hidden, 'more effect')}`] : []),
    ...costs.map((line) => markdownText(cutText(line, 500), names)),
  ]
  return [
    [`${mark}${codeSpan(cutText(sql, 120))} (line ${span?.start.line ?? 0})`, ...source].join(', '),
    ...bullets.map((line) => `${indent}- ${line}`),
  ].join('\n')
}
