import { describeMode, relationName } from './effects.ts'
import { lockTimeline, type LockTimeline, type TimelineRow, type TimelineSegment } from './lock-timeline.ts'
import { markup, type Markup } from './markup.ts'
import { count, severityRank } from './words.ts'
import { blocksWrites } from '../core/locks.ts'
import type { Finding, LockMode, Report, ReportMigration, Severity } from '../core/model.ts'

/** Relations drawn of one migration; the strongest locks come first. */
const maxRows = 60

/**
 * The locks of one migration: a table with a row per existing relation, in words and as an SVG bar from the
 * statement that takes the lock to the commit that gives it back. Undefined when nothing existing is locked.
 */
export function timelineFigure(report: Report, migration: ReportMigration): Markup | undefined {
  const timeline = lockTimeline(report, migration)
  if (timeline.rows.length === 0) return undefined
  const shown = timeline.rows.slice(0, maxRows)
  return markup`
<figure class="locks">
<figcaption>Locks on existing relations</figcaption>
<table>
<thead><tr><th scope="col">${timeline.columns.length === 1 ? 'Statement on line' : 'Statements, by line'}</th><td>${axis(report, migration, timeline)}</td></tr></thead>
<tbody>${shown.map((row) => relationRow(row, timeline))}</tbody>
</table>
${leftOut(timeline, shown.length)}
</figure>`
}

function leftOut({ rows, hidden }: LockTimeline, shown: number): Markup | undefined {
  const parts = [
    ...(rows.length > shown
      ? [`${count(rows.length - shown, 'more relation')} with weaker or equal locks`]
      : []),
    ...(hidden > 0 ? [`${count(hidden, 'lock')} on indexes and TOAST tables of these tables`] : []),
  ]
  return parts.length === 0 ? undefined : markup`<p class="muted small">Not drawn: ${parts.join('; ')}.</p>`
}

function relationRow(row: TimelineRow, timeline: LockTimeline): Markup {
  const modes = [...new Set(row.segments.map(({ mode }) => mode))]
  return markup`
<tr><th scope="row"><code>${relationName(row.relation)}</code>
${modes.map((mode) => heldWords(mode, row, timeline))}</th>
<td>${bars(row, timeline)}</td></tr>`
}

function heldWords(mode: LockMode, { segments }: TimelineRow, timeline: LockTimeline): Markup {
  const stretches = segments.filter((segment) => segment.mode === mode).map((each) => stretch(each, timeline))
  return markup`<span class="held"><span class="dot ${mode}"></span>${mode}: ${describeMode(mode)}; ${stretches.join(', ')}</span>`
}

/** When a lock is held, in line numbers, because those are what the reader has in front of him. */
function stretch({ from, to, kept, openStart, openEnd }: TimelineSegment, { columns }: LockTimeline): string {
  const first = columns[from]?.line ?? 0
  const last = columns[to - 1]?.line ?? 0
  if (!kept) return `during line ${first}`
  const lines = first === last ? `line ${first}` : `lines ${first}–${last}`
  const start = openStart ? `from an earlier file, ${lines}` : lines
  return openEnd ? `${start}, on into the next file` : `${start}, to commit`
}

function bars({ relation, segments }: TimelineRow, timeline: LockTimeline): Markup {
  const { columns } = timeline
  return markup`<svg aria-hidden="true">
${gridLines(timeline)}
${segments.map((segment) => bar(segment, relationName(relation), columns.length))}
</svg>`
}

function bar({ mode, from, to }: TimelineSegment, name: string, columns: number): Markup {
  const height = blocksWrites(mode) ? 18 : 8
  return markup`<rect class="bar ${mode}" x="${percent(from, columns)}" y="50%" width="${percent(to - from, columns)}" height="${height}" rx="4" transform="translate(0 ${-height / 2})"><title>${mode} on ${name}</title></rect>`
}

/** Line numbers of the statements (as many as fit), and a bracket over each transaction. */
function axis(report: Report, migration: ReportMigration, timeline: LockTimeline): Markup {
  const { columns } = timeline
  const every = Math.ceil(columns.length / 16)
  const ticks = columns.map(({ line, number }, index) => {
    const severity = gravest(report, migration, index)
    if (severity === undefined && (number - 1) % every !== 0) return undefined
    return markup`<text class="tick ${severity ?? ''}" x="${percent(index + 0.5, columns.length)}" y="18" text-anchor="middle">${line}</text>`
  })
  return markup`<svg aria-hidden="true">${ticks}
${transactions(timeline).map(
  ({ from, to }) =>
    markup`<line class="span" x1="${percent(from + 0.06, columns.length)}" x2="${percent(to - 0.06, columns.length)}" y1="27.5" y2="27.5"/>`,
)}</svg>`
}

function transactions({ columns }: LockTimeline): readonly { readonly from: number; readonly to: number }[] {
  const ends = columns.flatMap(({ commits, number }) => (commits ? [number] : []))
  const all = ends.at(-1) === columns.length ? ends : [...ends, columns.length]
  return all.map((to, index) => ({ from: all[index - 1] ?? 0, to }))
}

/** Thin lines between statements, dashed where a transaction commits. */
function gridLines({ columns }: LockTimeline): readonly Markup[] {
  const drawn = columns.length > 60 ? columns.filter(({ commits }) => commits) : columns
  return (drawn.length > 120 ? [] : drawn).map(({ commits, number }) => {
    const x = percent(number, columns.length)
    return markup`<line class="${commits ? 'commit' : 'grid'}" x1="${x}" x2="${x}" y1="0" y2="100%"/>`
  })
}

/** The gravest finding at a statement; infos do not colour the axis. */
function gravest(report: Report, migration: ReportMigration, index: number): Severity | undefined {
  const span = migration.statements[index]?.span
  const isHere = ({ span: at, allowed, severity }: Finding) =>
    allowed === undefined &&
    severity !== 'info' &&
    span !== undefined &&
    at.file === migration.file &&
    at.start.offset >= span.start.offset &&
    at.start.offset < span.end.offset
  return report.findings
    .filter(isHere)
    .map(({ severity }) => severity)
    .toSorted((a, b) => severityRank(a) - severityRank(b))[0]
}

function percent(part: number, whole: number): string {
  return `${Number(((part / whole) * 100).toFixed(3))}%`
}
