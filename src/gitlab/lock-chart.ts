import { groupBy } from '../core/groups.ts'
import { blocksReads, blocksWrites, displayName, lockStrength } from '../core/locks.ts'
import { formatMs } from '../core/quantities.ts'
import { about, isMeasuredTime, timeBasis } from '../core/time-words.ts'
import { describeMode, relationName } from '../reporters/effects.ts'
import { lockTimeline } from '../reporters/lock-timeline.ts'
import { codeSpan, cutText, markdownText } from '../reporters/markdown-text.ts'
import { migrationOf } from '../reporters/migration-of.ts'
import { totalMs } from '../reporters/production-words.ts'
import { count, list, openFindings } from '../reporters/words.ts'
import { gravity } from './sticky-words.ts'
import type { Duration, LockMode, Report, ReportMigration } from '../core/model.ts'
import type { LockTimeline, TimelineRow, TimelineSegment } from '../reporters/lock-timeline.ts'

/** More rows are no picture; more statements do not fit on the axis, which counts the days of a year. */
const maxRows = 10
const maxStatements = 300
/** Beyond this many statements their boxes are too narrow for numbers, and Mermaid numbers the axis as it likes. */
const maxBoxes = 30
/** Beyond this many commits their signs stand on top of each other, and bars end with their statements anyway. */
const maxCommits = 6
/** Of more statements than this, or when all of them are done in less, each is as wide as the others. */
const maxTimed = 15
const leastMs = 1000
/** Days of the axis that all statements share equally, so that each box holds its number, and those that time shares. */
const daysForAll = 100
const daysForTime = 200
/** The box of a statement that takes less has no room for its time. */
const leastShare = 0.25
/** Migrations whose locks are compared: each timeline takes a walk through the whole run. */
const maxCandidates = 30

/**
 * The migration whose locks are worth a picture: the one with the gravest finding, then with the strongest lock, then
 * the longest held. Undefined when no migration of several statements makes anybody wait.
 */
export function migrationToDraw(report: Report): ReportMigration | undefined {
  const gravest = gravityOfMigrations(report)
  const [first] = report.migrations
    .map((migration) => ({ migration, gravity: gravest.get(migration) ?? 0 }))
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
  const lines = describeRows(rows, timeline).map((line) => `- ${line}`)
  const more = left > 0 ? [`- … and ${count(left, 'more relation')}`] : []
  const scale = scaleOf(migration)
  const widths = scale.isTime ? `, as wide as ${timeOf(migration)} (short ones are drawn wider)` : ''
  return [
    `Locks on what existed before, statement by statement${widths}; a bar ends where the lock is given back:`,
    ['```mermaid', ...gantt(rows, timeline, scale), '```'].join('\n'),
    [...lines, ...more].join('\n'),
  ]
}

function timeOf({ statements }: ReportMigration): string {
  const total = totalMs(statements)
  if (total?.onClone === undefined) return 'its estimated time in production'
  return isMeasuredTime(total)
    ? `its time, ${markdownText(timeBasis(total))}`
    : 'its time in production, measured on a clone where it ran there, else estimated'
}

/** How grave the gravest open finding of each migration is. */
function gravityOfMigrations(report: Report): ReadonlyMap<ReportMigration, number> {
  const gravest = new Map<ReportMigration, number>()
  for (const finding of openFindings(report.findings)) {
    const migration = migrationOf(report, finding)
    if (migration !== undefined)
      gravest.set(migration, Math.max(gravest.get(migration) ?? 0, gravity(finding)))
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
 * alike (plain numbers are seconds to some and milliseconds to others). A Mermaid that does not know the first line's
 * settings, which is what makes room for names and puts the statements into one row, draws the same bars less well.
 */
function gantt(rows: readonly TimelineRow[], { columns }: LockTimeline, scale: Scale): readonly string[] {
  const names = rows.map(({ relation }) => chartName(displayName(relation)))
  const commits = columns.flatMap(({ commits: isLast, number }) => (isLast ? [number] : []))
  const hasBoxes = columns.length <= maxBoxes
  const { day, labels } = scale
  const boxes = hasBoxes
    ? columns.map(
        ({ number }) => `        ${labels[number - 1] ?? number} :done, ${day(number - 1)}, ${day(number)}`,
      )
    : [`        1 to ${columns.length} :done, ${day(0)}, ${day(columns.length)}`]
  const tick = scale.isTime ? '12month' : '1day'
  return [
    `%%{init: {"gantt": {"displayMode": "compact", "leftPadding": ${nameWidth(names)}}}}%%`,
    'gantt',
    '    dateFormat YYYY-MM-DD',
    ...(hasBoxes ? ['    axisFormat ·', `    tickInterval ${tick}`] : ['    axisFormat %-j']),
    '    todayMarker off',
    '    section statement',
    ...boxes,
    ...(commits.length === 0 || commits.length > maxCommits ? [] : ['    section commit']),
    ...(commits.length > maxCommits
      ? []
      : commits.map((number) => `        after ${number} :milestone, ${day(number)}, 0d`)),
    ...rows.flatMap((row, index) => bars(names[index] ?? '_', row, columns, scale)),
  ]
}

/** A section for each bar, because the words on the bars of one row would run into each other. */
function bars(
  name: string,
  { segments }: TimelineRow,
  columns: LockTimeline['columns'],
  { day }: Scale,
): readonly string[] {
  return segments.flatMap(({ mode, from, to, kept }, index) => {
    const end = !kept ? ' given back' : columns[to - 1]?.commits === true ? ' until commit' : ''
    const tag = blocksReads(mode) ? 'crit' : blocksWrites(mode) ? 'active' : 'done'
    return [
      `    section ${name}${index === 0 ? '' : ` (${index + 1})`}`,
      `        ${mode}${end} :${tag}, ${day(from)}, ${day(to)}`,
    ]
  })
}

/** Pixels for the names on the left, in Mermaid's letters of 11 pixels; its own 75 are less than most names take. */
function nameWidth(names: readonly string[]): number {
  const longest = Math.max(...names.map((name) => [...name].length), 'statement'.length)
  return Math.min(280, Math.round(longest * 6.5) + 24)
}

interface Scale {
  /** Where the statement at that position begins. */
  readonly day: (column: number) => string
  /** What stands in the box of each statement, where that is more than its number. */
  readonly labels: readonly string[]
  /** Is a statement as wide as it takes long? */
  readonly isTime: boolean
}

/** A day per statement; where all of their times in production are known, more for those that take longer. */
function scaleOf({ statements }: ReportMigration): Scale {
  const durations = statements.flatMap(({ cost }) => cost?.durationMs ?? [])
  const times = durations.map(({ expected }) => expected)
  const total = times.reduce((sum, ms) => sum + ms, 0)
  const isTime = times.length === statements.length && times.length <= maxTimed && total >= leastMs
  if (!isTime) return { day: dayOf, labels: [], isTime }
  const shares = times.map((ms) => ms / total)
  const widths = shares.map((share) => Math.round(daysForAll / times.length + share * daysForTime))
  const starts = [
    0,
    ...widths.map((_, index) => widths.slice(0, index + 1).reduce((sum, each) => sum + each, 0)),
  ]
  const labels = durations.map((time, index) =>
    (shares[index] ?? 0) < leastShare ? `${index + 1}` : `${index + 1} (${expectedWords(time)})`,
  )
  return { day: (column) => dayOf(starts[column] ?? 0), labels, isTime }
}

/** Without its range, which is too long for a box. */
function expectedWords(time: Duration): string {
  const text = formatMs(time.expected)
  return isMeasuredTime(time) ? text : about(text)
}

/** The day that stands for that position, in a year that no today falls into. */
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

/** Relations that are locked alike in one line. */
function describeRows(rows: readonly TimelineRow[], timeline: LockTimeline): readonly string[] {
  const alike = groupBy(rows, (row) => describeSegments(row, timeline))
  return [...alike].map(([said, same]) => {
    const names = same.map(({ relation }) => codeSpan(cutText(relationName(relation), 100)))
    return `${list(names)}: ${markdownText(said)}`
  })
}

/** `AccessExclusiveLock from statement 2 (line 4) to the commit after statement 4: reads and writes wait` */
function describeSegments({ segments }: TimelineRow, { columns }: LockTimeline): string {
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
  return said.slice(0, 5).join('; ')
}
