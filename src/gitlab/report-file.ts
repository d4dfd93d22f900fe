import { z } from 'zod'
import { UsageError } from '../core/errors.ts'
import type { Finding, Position, Report, ReportMigration, ReportProduction } from '../core/model.ts'
import { repositoryPath } from '../reporters/repository-path.ts'
import { placedQueries, placedRef, type MovePath, type PlaceSpan } from './placed-queries.ts'
import { reportSchema } from './report-schema.ts'

/** Bytes of the largest report that is read. */
export const reportSizeLimit = 32 * 1024 * 1024

/** A report that was made in git; its paths are relative to the top of the repository. */
export interface ReviewReport extends Report {
  readonly project: NonNullable<Report['project']>
}

/** A report as it was read, and what becomes of its paths. */
export interface ReceivedReport {
  /** Paths are relative to the top of the repository, and `project.prefix` is empty. */
  readonly report: ReviewReport
  /** `project.prefix` as it was: the folder of the project, with `/` at its end, or empty. */
  readonly prefix: string
}

/**
 * Reads a report that nobody vouches for: it comes from a job that runs the merge request's own code. What is
 * accepted has the fields of schemas/report.schema.json and no others, bounded lists and texts, paths inside of
 * the repository, and positions inside of the texts it carries. Whether it tells the truth, nothing can say.
 *
 * `name` is how messages call the file, `commit` the commit that must have been judged.
 * @throws {UsageError} saying what is wrong with it
 */
export function readReport(bytes: Uint8Array, options: ReadOptions): ReceivedReport {
  return receivedReport(parse(bytes, options.name), options)
}

/**
 * The same where one file may hold the reports of several databases, each of which has a review of its own. Never empty.
 * @throws {UsageError} also when two of them are of one database
 */
export function readReports(bytes: Uint8Array, options: ReadOptions): readonly ReceivedReport[] {
  const value = parse(bytes, options.name)
  const several = severalReports.safeParse(value)
  if (!several.success) return [receivedReport(value, options)]
  const received = several.data.reports.map((report) => receivedReport(report, options))
  const names = received.map(({ report }) => report.database ?? '')
  if (new Set(names).size < names.length || names.includes('')) {
    throw new UsageError(`${options.name} does not say which of its reports is about which database.`, {
      hint: reportHint,
    })
  }
  return received
}

/** What `--format json` writes for several databases. */
const severalReports = z.strictObject({
  schemaVersion: z.literal(1),
  reports: z.array(z.unknown()).min(1).max(100),
})

function receivedReport(value: unknown, { name, commit }: ReadOptions): ReceivedReport {
  const report = validReport(value, name)
  const { project } = report
  if (project === undefined) {
    throw new UsageError(
      `${name} does not say which commit it is about: it was not made in a git repository.`,
      {
        hint: 'Run `pgrehearse check --format json:report.json` in the clone of the repository.',
      },
    )
  }
  if (!isObjectId(project.commit)) {
    throw new UsageError(`${name} is about a commit that is none: ${shown(project.commit)}.`)
  }
  if (project.commit !== commit) {
    throw new UsageError(
      `${name} is about commit ${project.commit.slice(0, 10)}, and this pipeline is about ${commit.slice(0, 10)}.`,
      { hint: 'Hand over the report that the same pipeline made (needs: and artifacts: of the job).' },
    )
  }
  if (project.prefix !== '' && !(project.prefix.endsWith('/') && isCleanPath(project.prefix.slice(0, -1)))) {
    throw new UsageError(`${name} names a project folder that is none: ${shown(project.prefix)}.`)
  }
  return { report: inRepository(report, project, name), prefix: project.prefix }
}

export interface ReadOptions {
  readonly name: string
  readonly commit: string
}

function parse(bytes: Uint8Array, name: string): unknown {
  if (bytes.byteLength > reportSizeLimit) {
    throw new UsageError(
      `${name} is larger than ${reportSizeLimit / 1024 / 1024} MB; such a report is not read.`,
    )
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new UsageError(`${name} is not JSON.`, { hint: reportHint, cause })
  }
}

const reportHint = 'Expected what `pgrehearse check --format json:report.json` writes.'

function validReport(value: unknown, name: string): Report {
  const result = reportSchema.safeParse(value)
  if (result.success) {
    if (result.data.only === undefined) return result.data
    // its threads about migrations would look mended
    throw new UsageError(`${name} is a report of \`pgrehearse queries\`: it tells about queries only.`, {
      hint: reportHint,
    })
  }
  const version =
    typeof value === 'object' && value !== null && 'tool' in value
      ? z.object({ version: z.string().max(40) }).safeParse(value.tool)
      : undefined
  const by =
    version?.success === true ? ` It says that pgrehearse ${shown(version.data.version)} wrote it.` : ''
  const issues = result.error.issues.slice(0, 3).map(describeIssue)
  throw new UsageError(`${name} is not a report that this version reads.${by}\n${issues.join('\n')}`, {
    hint: `${reportHint} Both jobs need the same version of pgrehearse.`,
  })
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return `  ${path.map(String).join('.') || 'report'}: ${message.slice(0, 200)}`
}

/** Cut, in quotes: it may hold anything. */
function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

function isObjectId(value: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)
}

/** Relative, normalised, printable: what git lists and GitLab shows. */
function isCleanPath(path: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (path === '' || /[\u0000-\u001f\u007f-\u009f\u2028\u2029\\]/.test(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part !== '.git')
}

/** The report with paths from the top of the repository, and no position outside of the texts it carries. */
function inRepository(report: Report, project: NonNullable<Report['project']>, name: string): ReviewReport {
  const moved: MovePath = (file) => {
    const path = repositoryPath({ project }, file)
    if (isCleanPath(path)) return path
    throw new UsageError(`${name} names a file that is not in the repository: ${shown(file)}.`)
  }
  const extents = new Map(
    [...(report.files ?? []), ...report.migrations].map(({ file, text }) => [file, extentOf(text)]),
  )
  const place: PlaceSpan = (span) => {
    const extent = extents.get(span.file)
    const start = extent === undefined ? span.start : within(span.start, extent)
    const end = extent === undefined ? span.end : within(span.end, extent)
    return {
      file: moved(span.file),
      start,
      end: end.offset < start.offset || end.line < start.line ? start : end,
    }
  }
  const placeFinding = <Kind extends Finding>(finding: Kind): Kind =>
    placedFinding(finding, extents.get(finding.span.file), place, moved)
  // what is a finding is not harmless, whatever else the report says of it
  const found = new Set(report.findings.map(placeKey))
  return {
    ...report,
    project: { prefix: '', commit: project.commit },
    migrations: report.migrations.map((migration) => placedMigration(migration, moved, place)),
    ...(report.files === undefined
      ? {}
      : { files: report.files.map(({ file, text }) => ({ file: moved(file), text })) }),
    findings: report.findings.map(placeFinding),
    harmless: report.harmless.filter((finding) => !found.has(placeKey(finding))).map(placeFinding),
    ...(report.production === undefined ? {} : { production: placedProduction(report.production, project) }),
    ...(report.queries === undefined ? {} : { queries: placedQueries(report.queries, moved, place) }),
    notChecked: report.notChecked.map(({ span, ...limit }) =>
      span === undefined ? limit : { ...limit, span: place(span) },
    ),
  }
}

/** Files outside of the repository, and what is no file, keep the name that the report gives them. */
function placedProduction(
  production: ReportProduction,
  project: NonNullable<Report['project']>,
): ReportProduction {
  const sources = production.sources.map((source) => {
    const isElsewhere = source.kind === 'configuration' || source.name.startsWith('/')
    const path = isElsewhere ? '' : repositoryPath({ project }, source.name)
    return isCleanPath(path) ? { ...source, name: path } : source
  })
  return { ...production, sources }
}

/** One rule at one place of a file. */
function placeKey({ fingerprint, span }: Finding): string {
  return JSON.stringify([fingerprint, span.file, span.start.offset])
}

interface Extent {
  readonly lines: number
  readonly length: number
}

function extentOf(text: string): Extent {
  return { lines: text.split('\n').length, length: text.length }
}

function within(position: Position, { lines, length }: Extent): Position {
  const { line, column, offset } = position
  return { line: Math.min(line, lines), column, offset: Math.min(offset, length) }
}

function placedMigration(migration: ReportMigration, moved: MovePath, place: PlaceSpan): ReportMigration {
  const { file } = migration
  return {
    ...migration,
    file: moved(file),
    statements: migration.statements.map((statement) => ({
      ...statement,
      span: place({ ...statement.span, file }),
    })),
  }
}

/** A suggestion for lines that the file has not is left out. */
function placedFinding<Kind extends Finding>(
  finding: Kind,
  extent: Extent | undefined,
  place: PlaceSpan,
  moved: MovePath,
): Kind {
  const { suggestion, query, queries } = finding
  const placed: Kind = {
    ...finding,
    span: place(finding.span),
    ...(query === undefined ? {} : { query: placedRef(query, moved) }),
    ...(queries === undefined ? {} : { queries: queries.map((each) => placedRef(each, moved)) }),
  }
  const isInside =
    suggestion !== undefined &&
    extent !== undefined &&
    suggestion.startLine <= suggestion.endLine &&
    suggestion.endLine <= extent.lines
  if (isInside) return placed
  const { suggestion: _, ...rest } = placed
  return rest as Kind
}
