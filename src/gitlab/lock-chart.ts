import { blocksReads, blocksWrites, displayName, lockStrength } from '../core/locks.ts'
import { describeMode, relationName } from '../reporters/effects.ts'
import { lockTimeline } from '../reporters/lock-timeline.ts'
import { cutText, markdownText } from '../reporters/markdown-text.ts'
import { count, openFindings } from '../reporters/words.ts'
import { gravity } from './sticky-words.ts'
import type { LockMode, Report, ReportMigration } from '../core/model.ts'
import type { LockTimeline, TimelineRow, TimelineSegment } from '../reporters/lock-timeline.ts'

/** More rows are no picture; more statements do not fit on the axis, which counts the days of a year. */
const maxRows = 10
const maxStatements = 300
/** Beyond this many statements Mermaid may choose which numbers it writes below the chart. */
const maxTicks = 40
/** Migrations whose locks are compared: each timeline takes a walk through the whole run. */
const maxCandidates = 30

/**
 * The migration whose locks are worth a picture: the one with the gravest finding, then with the strongest lock, then
 * the longest held. Undefined when no migration of several statements makes anybody wait.
 */
export function migrationToDraw(report: Report): ReportMigration | undefined {
  const gravest = gravityOfFiles(report)
  const [first] = report.migrations
    .map((migration) => ({ migration, gravity: gravest.get(migration.file) ?? 0 }))
    .toSorted((a, b) => b.gravity - a.gravity)
    .slice(0, maxCandidates)
    .map((each) => ({ ...each, weight: weightOf(report, each.migration, each.gravity) }))
    .filter(({ weight }) => weight.length > 0)
    .toSorted((a, b) => compareWeights(b.weight, a.weight))
  return first?.migration
}

/** The locks of one migration as a Mermaid gantt chart whose axis counts statements, and as a list for mails. */
export function lockChart(report: Report, migration: ReportMigration): readonly string[] {
  const timeline = strongRows(lockTimeline(report, migration))
  const rows = timeline.rows.slice(0, maxRows)
  const left = timeline.rows.length - rows.length
  const lines = rows.map((row) => `- ${markdownText(describeRow(row, timeline))}`)
  const more = left > 0 ? [`- … and ${count(left, 'more relation')}`] : []
  return [
    'Locks on what existed before: the axis counts statements, and a bar ends with the commit that gives the lock back.',
    ['```mermaid', ...gantt(rows, timeline), '```'].join('\n'),
    [...lines, ...more].join('\n'),
  ]
}

/** How grave the gravest open finding of each file is. */
function gravityOfFiles({ findings }: Report): ReadonlyMap<string, number> {
  const gravest = new Map<string, number>()
  for (const finding of openFindings(findings)) {
    const { file } = finding.span
    gravest.set(file, Math.max(gravest.get(file) ?? 0, gravity(finding)))
  }
  return gravest
}

function weightOf(report: Report, migration: ReportMigration, ofFindings: number): readonly number[] {
  const { rows, columns } = strongRows(lockTimeline(report, migration))
  if (columns.length < 2 || columns.length > maxStatements || rows.length === 0) return []
  const length = ({ from, to }: TimelineSegment): number => to - from
  return [
    ofFindings,
    Math.max(...rows.map(({ strongest }) => lockStrength(strongest))),
    rows.flatMap(({ segments }) => segments.map(length)).reduce((sum, each) => sum + each, 0),
  ]
}

function compareWeights(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Without the locks that queries take themselves, and without indexes and sequences, which nobody queries. */
function strongRows(timeline: LockTimeline): LockTimeline {
  const isStrong = (mode: LockMode): boolean => lockStrength(mode) >= lockStrength('ShareUpdateExclusiveLock')
  const rows = timeline.rows
    .filter(({ relation, strongest }) => isStrong(strongest) && relation.table === undefined)
    .map((row) => ({ ...row, segments: row.segments.filter(({ mode }) => isStrong(mode)) }))
  return { ...timeline, rows }
}

/**
 * Days of the year stand for statements: `%-j` counts them from 1, and dates are what every version of Mermaid reads
 * alike (plain numbers are seconds to some and milliseconds to others).
 */
function gantt(rows: readonly TimelineRow[], { columns }: LockTimeline): readonly string[] {
  const bar = ({ mode, from, to, kept }: TimelineSegment): string => {
    const end = !kept ? ' given back' : columns[to - 1]?.commits === true ? ' until commit' : ''
    const tag = blocksReads(mode) ? 'crit' : blocksWrites(mode) ? 'active' : 'done'
    return `        ${mode}${end} :${tag}, ${dayOf(from)}, ${dayOf(to)}`
  }
  return [
    'gantt',
    '    dateFormat YYYY-MM-DD',
    '    axisFormat %-j',
    ...(columns.length <= maxTicks ? ['    tickInterval 1day'] : []),
    '    todayMarker off',
    ...rows.flatMap((row) => [
      `    section ${chartName(displayName(row.relation))}`,
      ...row.segments.map(bar),
    ]),
  ]
}

/** The day that stands for the statement at that position, in a year that no today falls into. */
function dayOf(column: number): string {
  return new Date(Date.UTC(2000, 0, 1 + column)).toISOString().slice(0, 10)
}

/** A name that is only a name to Mermaid, whatever it is called in the database. */
function chartName(name: string): string {
  const safe = cutText(name, 40)
    .replaceAll(/[^\p{L}\p{N}_.… ]/gu, '_')
    .trim()
  return safe === '' ? '_' : safe
}

/** `orders: AccessExclusiveLock from statement 2 (line 4) to the commit after statement 4: reads and writes wait` */
function describeRow({ relation, segments }: TimelineRow, { columns }: LockTimeline): string {
  const said = segments.map(({ mode, from, to, kept, openStart, openEnd }) => {
    const last = columns[to - 1]
    const begin = openStart ? 'from before' : `from statement ${from + 1} (line ${columns[from]?.line ?? 0})`
    const end = openEnd
      ? 'into the next file'
      : kept && last?.commits === true
        ? `to the commit after statement ${to}`
        : `to the end of statement ${to}`
    const span =
      !kept && to === from + 1 ? `during statement ${to} (line ${last?.line ?? 0})` : `${begin} ${end}`
    return `${mode} ${span}: ${describeMode(mode)}`
  })
  return `${cutText(relationName(relation), 100)}: ${said.slice(0, 5).join('; ')}`
}
