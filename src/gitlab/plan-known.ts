/** Does this run know enough to call a finding of an earlier run fixed? */
import { hashPath } from './match.ts'
import type { Limit, Report, ReportMigration } from '../core/model.ts'
import type { Marker } from './model.ts'

/** Limits that take nothing away from what is known of a file. */
const harmlessLimits: readonly string[] = [
  'depends-on-data',
  'edited-migration',
  'others-migrations',
  'order-not-compared',
]

/** Limits that take something away from what is known of queries, whatever file they stand in. */
const queryLimits: readonly string[] = [
  'plans-not-compared',
  'queries-not-checked',
  'queries-not-compared',
  'queries-not-planned',
]

/** As report-schema.ts has it. */
const longestPath = 4096

/**
 * Why a finding that is gone from the report may still be there; undefined when the report looked at least as closely
 * as the run that found it.
 */
export function knowsLess(marker: Marker, report: Report): string | undefined {
  const { pathHash, evidence } = marker
  if (pathHash === undefined) return undefined
  const wasMeasured = evidence === 'measured'
  const ofFile = report.migrations.filter(({ file }) => hashPath(file) === pathHash)
  if (ofFile.length === 0) {
    if (limitsName(pathHash, report)) return 'its file was not judged in this run'
    if (asksLess(report) && queryFiles(report).has(pathHash))
      return 'it is about a query, and not everything about queries was looked at in this run'
    // the file was deleted, or renamed to any of these
    return wasMeasured && !report.migrations.every(isMeasured)
      ? 'it was measured before, its file is gone or has a new name, and not every migration was measured in this run'
      : undefined
  }
  if (!wasMeasured) return undefined
  if (!ofFile.every(isMeasured))
    return 'it was measured before, and its migration was not measured to its end in this run'
  return limitsName(pathHash, report)
    ? 'it was measured before, and not everything about its migration could be seen in this run'
    : undefined
}

/** Where nothing is known of production there never are plans, and none that earlier runs had are missing. */
function asksLess({ notChecked, production }: Report): boolean {
  return notChecked.some(
    ({ code }) => queryLimits.includes(code) && (code !== 'plans-not-compared' || production !== undefined),
  )
}

const filesOf = new WeakMap<Report, ReadonlySet<string>>()

/** Hashes of all files with queries; remembered, because a run asks for each of its threads. */
function queryFiles(report: Report): ReadonlySet<string> {
  const known = filesOf.get(report)
  if (known !== undefined) return known
  const files = new Set((report.queries?.list ?? []).flatMap(({ file }) => file ?? []))
  const hashes = new Set([...files].map(hashPath))
  filesOf.set(report, hashes)
  return hashes
}

/** Does the report say of every statement what a server did with it? */
function isMeasured({ outcome, statements }: ReportMigration): boolean {
  const wasRehearsed = outcome === 'rehearsed' || outcome === 'failed'
  return wasRehearsed && statements.every(({ measured }) => measured)
}

function limitsName(pathHash: string, report: Report): boolean {
  return limitedFiles(report).has(pathHash)
}

/** A run asks for each of its threads, and a report may have 50,000 limits. */
const known = new WeakMap<Report, ReadonlySet<string>>()

/** Hashes of all files that a limit may be about. */
function limitedFiles(report: Report): ReadonlySet<string> {
  const read = known.get(report)
  if (read !== undefined) return read
  const prefix = report.project?.prefix ?? ''
  const limits = report.notChecked.filter(({ code }) => !harmlessLimits.includes(code))
  const files = new Set(limits.flatMap(filesIn))
  const hashes = new Set([...files].flatMap((file) => [hashPath(file), hashPath(prefix + file)]))
  known.set(report, hashes)
  return hashes
}

/** The file of the limit, and every word of its sentence that could be one. */
function filesIn({ span, message }: Limit): readonly string[] {
  const words = message
    .split(' ')
    .filter((word) => word.length <= longestPath)
    .map((word) => word.replace(/[,.:;]+$/, ''))
  return span === undefined ? words : [span.file, ...words]
}
