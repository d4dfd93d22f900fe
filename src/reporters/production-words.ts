/** What is known of production, what the run costs there, and what that rests on: lines for the end of a report. */

import { addTimes } from '../core/cost-model.ts'
import { formatMs } from '../core/quantities.ts'
import { isMeasuredTime, timeBasis, timeWords } from '../core/time-words.ts'
import { byteWords, costLines, longMs, unknownSizes } from './cost-words.ts'
import { statementOf } from './effects.ts'
import { migrationOf } from './migration-of.ts'
import { printableLine } from './printable.ts'
import { count, describeOutcome, hasMeasured, hasQueries, list } from './words.ts'
import type {
  Duration,
  Range,
  Report,
  ReportMigration,
  ReportProduction,
  ReportStatement,
} from '../core/model.ts'

/** From so many days on a snapshot is called old. */
const oldDays = 30

/** Sources named one by one. */
const maxSources = 5

/** Long statements named of one migration. */
const maxLong = 5

/** What the rehearsal's own tables say about production. */
const sampleRows =
  "the rehearsal's tables held a sample row or two: locks, rewrites and scans carry over to production"

const nothingKnown =
  'no production sizes are known (no snapshot, no tables in the configuration), so no durations are given; ' +
  'pgrehearse snapshot writes them to a file, without data'

/** What the whole run takes in production; empty when nothing is known of it. */
export function runLines(report: Report): readonly string[] {
  const { production, migrations } = report
  if (production === undefined || (migrations.length === 0 && hasQueries(report))) return []
  const { run } = production
  const isMeasured = isMeasuredTime(run.durationMs)
  const total =
    run.durationMs.high > 0
      ? [
          `${timeWords(run.durationMs)} in all${isMeasured ? '' : " at production's size"}, ${printableLine(timeBasis(run.durationMs))}`,
        ]
      : []
  const disk = byteWords({ diskBytes: run.diskBytes }).map((words) =>
    isMeasured ? `${words} (estimated)` : words,
  )
  const bytes = [...byteWords({ walBytes: run.walBytes }), ...disk]
  const lag = run.lagMs === undefined ? [] : [lagWords(run.lagMs)]
  const missing = run.unknown === 0 ? [] : [missingWords(run.unknown, total.length > 0)]
  const unknown = new Set(
    migrations.flatMap(({ statements }) => statements.flatMap(({ cost }) => cost?.unknownTables ?? [])),
  )
  return [
    ...joined([...total, ...(bytes.length === 0 ? [] : [list(bytes)]), ...lag]),
    ...missing,
    ...(unknown.size === 0 ? [] : [unknownSizes([...unknown])]),
  ]
}

/** How many of the durations were measured on a clone of production. */
function cloneShare({ migrations }: Report): 'none' | 'some' | 'all' {
  const timed = migrations
    .flatMap(({ statements }) => statements.flatMap(({ cost }) => cost ?? []))
    .filter(({ durationMs }) => durationMs !== undefined)
  const measured = timed.filter(({ basis }) => basis.by === 'clone').length
  return measured === 0 ? 'none' : measured < timed.length ? 'some' : 'all'
}

function lagWords({ low, expected, high }: Range): string {
  if (high < 1) return 'standbys keep up'
  return expected < 1
    ? `standbys keep up, or end up to ${formatMs(high)} behind`
    : `standbys end ${timeWords({ low, expected, high })} behind`
}

function missingWords(unknown: number, hasTotal: boolean): string {
  const statements = count(unknown, 'statement')
  return hasTotal
    ? `not in it: ${statements} whose duration is not known`
    : `a time that is not known, of ${statements}`
}

function joined(parts: readonly string[]): readonly string[] {
  return parts.length === 0 ? [] : [parts.join('; ')]
}

/** What durations rest on, or why there are none. */
export function basisLines(report: Report): readonly string[] {
  const { production } = report
  const isRehearsed = hasMeasured(report)
  // a part of a report may leave out what its durations rest on
  const hasDurations = report.findings.some(({ wait }) => wait !== undefined)
  if (production === undefined) return isRehearsed && !hasDurations ? [nothingKnown] : []
  const share = cloneShare(report)
  return [
    ...sourceLines(production),
    ...(share === 'all' ? [] : [speed[production.hardware]]),
    ...(share === 'none' ? [] : [cloneSpeed]),
    ...(isRehearsed ? [sampleRows] : []),
  ]
}

const cloneSpeed =
  "durations that were measured on the clone are those of its machine, with nobody else on it and production's rows"

const speed: Readonly<Record<ReportProduction['hardware'], string>> = {
  'this machine': "durations are for this machine's speed; run pgrehearse calibrate on production's",
  production: "durations are for production's speed, as the configuration gives it",
}

function sourceLines({ sources, serverVersion }: ReportProduction): readonly string[] {
  const names = sources.slice(0, maxSources).map(describeSource)
  const left = sources.length - names.length
  const shown = left > 0 ? [...names, `${left} more`] : names
  const version =
    serverVersion === undefined
      ? ''
      : `${shown.length === 0 ? '' : '; '}production runs PostgreSQL ${printableLine(serverVersion)}`
  const from = shown.length === 0 ? '' : `sizes from ${list(shown)}`
  return from + version === '' ? [] : [from + version]
}

/** `production-snapshot.json, 7 days old`; `the configuration`. */
function describeSource({ kind, name, ageDays }: ReportProduction['sources'][number]): string {
  const what = kind === 'configuration' ? 'the configuration' : printableLine(name)
  if (ageDays === undefined) return what
  if (ageDays < 0) return `${what} (dated in the future)`
  if (ageDays >= oldDays) return `${what} (old: taken ${ageDays} days ago, take a new one)`
  return `${what} (${ageDays === 0 ? 'less than a day old' : `${count(ageDays, 'day')} old`})`
}

/** What became of a migration without findings: `3 statements, nothing found, about 40 ms`. */
export function quietWords(report: Report, migration: ReportMigration): string {
  const { statements, outcome } = migration
  const harmless = report.harmless.filter((finding) => migrationOf(report, finding) === migration).length
  const found =
    harmless === 0 ? 'nothing found' : `${count(harmless, 'finding')} harmless at production's size`
  const about = outcome === 'rehearsed' ? found : `${describeOutcome(migration)}: ${found}`
  const total = totalMs(statements)
  return [
    count(statements.length, 'statement'),
    about,
    ...(total === undefined ? [] : [timeWords(total)]),
  ].join(', ')
}

/** What the statements take together, undefined where that is not known of each. */
export function totalMs(statements: readonly ReportStatement[]): Duration | undefined {
  const known = statements.flatMap(({ cost }) => cost?.durationMs ?? [])
  return known.length === statements.length && known.length > 0 ? addTimes(...known) : undefined
}

/** Statements without a finding that take long: nobody waits for their locks, the deployment waits for them. */
export function longStatements(report: Report, migration: ReportMigration): readonly string[] {
  const found = new Set(report.findings.map((finding) => statementOf(report, finding)))
  return migration.statements
    .filter((statement) => !found.has(statement) && (statement.cost?.durationMs?.expected ?? 0) >= longMs)
    .slice(0, maxLong)
    .map((statement) => `line ${statement.span.start.line}: ${costLines(statement.cost).cost.join(', ')}`)
}
