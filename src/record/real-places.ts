/** The last word before a report is built: what stands in a transcript gets its place in the file that it came from. */
import type {
  Finding,
  HarmlessFinding,
  Limit,
  Recorded,
  Report,
  ReportMigration,
  Span,
} from '../core/model.ts'
import type { CandidateFile } from './model.ts'

/** A statement of a transcript, and where it comes from. */
export interface RealPlace {
  /** UTF-16 offsets in the transcript: of the allow comments above it, and of itself. */
  readonly from: number
  readonly start: number
  readonly end: number
  /** Undefined where nobody knows the file: the place in the transcript stays. */
  readonly span: Span | undefined
  readonly sql: string
}

/** One transcript. */
export interface RealMigration {
  /** As the transcript's spans and the report have it. */
  readonly file: string
  readonly id?: string
  readonly recorded: Recorded
  /** Undefined where nobody knows it. */
  readonly source: CandidateFile | undefined
  readonly places: readonly RealPlace[]
}

/** The report with real places. */
export function withRealPlaces(report: Report, migrations: readonly RealMigration[]): Report {
  const find = finder(migrations)
  return {
    ...report,
    migrations: report.migrations.map((migration) => realMigration(migration, migrations)),
    findings: withoutRepeated(report.findings.map((finding) => realFinding(finding, find))),
    harmless: report.harmless.map((finding) => realFinding(finding, find)),
    notChecked: report.notChecked.map((limit) => realLimit(limit, find)),
  }
}

type Find = (span: Span) => RealPlace | undefined

function finder(migrations: readonly RealMigration[]): Find {
  // several transcripts of one file begin anew, and their statements differ
  const places = new Map<string, readonly RealPlace[]>()
  for (const { file, places: own } of migrations) places.set(file, [...(places.get(file) ?? []), ...own])
  return ({ file, start }) =>
    places
      .get(file)
      ?.find((place) => place.from <= start.offset && start.offset < Math.max(place.end, place.start + 1))
}

function realMigration(migration: ReportMigration, migrations: readonly RealMigration[]): ReportMigration {
  const real = migrations.find(({ file, id }) => file === migration.file && id === migration.id)
  if (real === undefined) return migration
  const find = finder([real])
  return {
    ...migration,
    text: real.source?.text ?? migration.text,
    recorded: real.recorded,
    statements: migration.statements.map((statement) => {
      const place = find(statement.span)
      if (place === undefined) return statement
      return { ...statement, span: place.span ?? statement.span, sent: place.sql }
    }),
  }
}

/** They stand in the way down, which is no transcript of those under review. */
const inWayDown: ReadonlySet<string> = new Set(['down-fails', 'down-leaves-differences'])

function realFinding<F extends Finding | HarmlessFinding>(finding: F, find: Find): F {
  if (inWayDown.has(finding.ruleId)) return finding
  const place = find(finding.span)
  const { suggestion: _, ...rest } = finding
  if (place === undefined) return finding
  if (finding.span.start.offset < place.start) return { ...finding, span: place.span ?? finding.span }
  // lines of a transcript are nobody's to replace
  return { ...(rest as F), span: place.span ?? finding.span, sent: place.sql }
}

/** Of several statements that one line makes, an allow comment above it may be about any. */
function withoutRepeated(findings: readonly Finding[]): readonly Finding[] {
  const lineOf = ({ span }: Finding): string => `${span.file}:${span.start.line}`
  const used = new Set(findings.flatMap((one) => (one.allowed === undefined ? [] : [lineOf(one)])))
  const told = new Set<string>()
  return findings.filter((finding) => {
    if (finding.ruleId !== 'needless-allow') return true
    const key = `${lineOf(finding)} ${finding.message}`
    if (used.has(lineOf(finding)) || told.has(key)) return false
    told.add(key)
    return true
  })
}

function realLimit(limit: Limit, find: Find): Limit {
  const { span, steps } = limit
  return {
    ...limit,
    ...(span === undefined ? {} : { span: find(span)?.span ?? span }),
    ...(steps === undefined
      ? {}
      : { steps: steps.map((step) => ({ ...step, span: find(step.span)?.span ?? step.span })) }),
  }
}
