/** Words that all reporters share, so that a finding says the same thing wherever it is read. */

import { migrationName, migrationOf } from './migration-of.ts'
import { printableLine } from './printable.ts'
import type {
  Acceptance,
  FailOn,
  Finding,
  Limit,
  Report,
  RemedyMigration,
  ReportMigration,
  Severity,
  TransactionMode,
} from '../core/model.ts'

/** Gravest first. */
export const severities = ['error', 'warning', 'info'] as const satisfies readonly Severity[]

/** Position in {@link severities}; a smaller number is graver. */
export function severityRank(severity: Severity): number {
  return severities.indexOf(severity)
}

/** `1 finding`, `3 findings`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`
}

/** `a`, `a and b`, `a, b and c`. */
export function list(parts: readonly string[]): string {
  if (parts.length <= 1) return parts.join('')
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/** Findings that no allow comment accepts. */
export function openFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => finding.allowed === undefined)
}

/** Does this finding make the run fail? Allowed findings never do. */
export function isBlocking(finding: Finding, failOn: FailOn): boolean {
  if (failOn === 'never' || finding.allowed !== undefined) return false
  return severityRank(finding.severity) <= severityRank(failOn)
}

/** `accepted until 2027-01-31 by Jo in .pgrehearse-baseline.yaml`: how a finding came to count for nothing. */
export function describeAcceptance({ until, author, baseline }: Acceptance): string {
  return [
    'accepted',
    ...(until === undefined ? [] : [`until ${printableLine(until)}`]),
    ...(author === undefined ? [] : [`by ${printableLine(author)}`]),
    ...(baseline === undefined ? [] : [`in ${printableLine(baseline)}`]),
  ].join(' ')
}

/** `2 errors, 1 warning and 1 info; 1 allowed`, or `no findings`. */
export function countFindings(findings: readonly Finding[]): string {
  const open = openFindings(findings)
  const allowed = findings.length - open.length
  const counted = severities
    .map((severity) => ({ severity, number: open.filter((finding) => finding.severity === severity).length }))
    .filter(({ number }) => number > 0)
    .map(({ severity, number }) => count(number, severity, severity === 'info' ? 'infos' : undefined))
  const text = counted.length === 0 ? 'no findings' : list(counted)
  return allowed === 0 ? text : `${text}; ${allowed} allowed`
}

const modeWords: Readonly<Record<TransactionMode, string>> = {
  statement: 'each statement commits by itself',
  file: 'the whole file is one transaction',
  'simple query': 'the whole file is sent at once, one implicit transaction',
  run: 'all pending files are one transaction',
}

/** `each statement commits by itself (assumed: psql -f)`. */
export function describeTransaction({
  transaction: { mode, why },
  statements,
  recorded,
}: Pick<ReportMigration, 'transaction' | 'statements' | 'recorded'>): string {
  if (recorded !== undefined) return recordedWords(recorded)
  const transactions = new Set(statements.map(({ transaction }) => transaction)).size
  const cut = transactions > 1 ? 'the file runs in several transactions' : undefined
  const alone = statements.length === 1 ? 'its one statement commits by itself' : undefined
  const words = (mode === 'simple query' ? (cut ?? alone) : undefined) ?? modeWords[mode]
  return `${words} (${printableLine(why)})`
}

/** `recorded from bin/rails db:migrate (recorded in schema_migrations)`. */
function recordedWords({ command, knownBy }: NonNullable<ReportMigration['recorded']>): string {
  return `recorded from ${printableLine(command)} (${printableLine(knownBy)})`
}

const outcomeWords: Readonly<Record<ReportMigration['outcome'], string>> = {
  rehearsed: 'rehearsed',
  failed: 'fails',
  'not rehearsed': 'could not be rehearsed, judged by prediction',
  predicted: 'predicted, not rehearsed',
}

/** What became of a migration, in words. */
export function describeOutcome({
  outcome,
  statements,
  recorded,
}: Pick<ReportMigration, 'outcome' | 'statements' | 'recorded'>): string {
  if (outcome === 'not rehearsed' && recorded !== undefined)
    return statements.length === 0
      ? 'not rehearsed, because the command did not come to it'
      : 'rehearsed up to where the command stopped'
  const predicted = statements.filter(({ measured }) => !measured).length
  if (outcome !== 'not rehearsed' || predicted === 0 || predicted === statements.length)
    return outcomeWords[outcome]
  return `rehearsed but for ${count(predicted, 'statement')}, judged by prediction`
}

/** `PostgreSQL 18.4 (embedded)`; `no server` when nothing was replayed. */
export function describeServer(report: Report): string {
  const { server, servers = [] } = report
  if (server === undefined) return 'no server'
  if (servers.length < 2) return `${postgres(server.version)} (${printableLine(server.kind)})`
  const versions = list(servers.map(({ version }) => printableLine(version)))
  return `PostgreSQL ${versions} (${printableLine(server.kind)})`
}

/** `PostgreSQL 18.4` for `18.4`; unchanged when the product is already named. */
export function postgres(server: string): string {
  return /^\d/.test(server) ? `PostgreSQL ${printableLine(server)}` : printableLine(server)
}

/** Where nothing is compared: what chose the migrations under review. */
const choiceWords: Readonly<Record<string, string>> = {
  '--all': 'all are judged (--all)',
  paths: 'the paths were named',
}

/** What was looked at, a sentence part per line. */
export function describeScope(report: Report): readonly string[] {
  const statements = report.migrations.flatMap((migration) => migration.statements)
  const measured = statements.filter((statement) => statement.measured).length
  const how = [
    ...(measured > 0 ? [`${measured} measured on ${describeServer(report)}`] : []),
    ...(measured < statements.length ? [`${statements.length - measured} predicted`] : []),
  ]
  const { base, settings } = report
  const commit = base.commit !== undefined && !base.description.includes(base.commit.slice(0, 7))
  const migrations =
    `${count(report.migrations.length, 'migration')} with ${count(statements.length, 'statement')}` +
    (how.length === 0 ? '' : `: ${list(how)}`)
  return [
    ...(report.database === undefined ? [] : [`database ${report.database}`]),
    ...(report.migrations.length === 0 && hasQueries(report) ? [] : [migrations]),
    `on top of ${count(report.historyCount, 'earlier migration')}, ` +
      (choiceWords[base.description] ?? `compared with ${printableLine(base.description)}`) +
      (commit ? ` (${printableLine(base.commit.slice(0, 12))})` : ''),
    `TimeZone ${printableLine(settings.timeZone)} (assumed)`,
    ...(hasUntriedRemedies(report) ? [`remedies were not replayed${whyNot(report)}`] : []),
    ...policyLines(report),
  ]
}

/** Is there SQL in place of statements, and was none of it tried? */
function hasUntriedRemedies({ findings }: Report): boolean {
  const remedies = findings.flatMap(({ allowed, query, remedy }) =>
    allowed === undefined && query === undefined && remedy !== undefined ? [remedy] : [],
  )
  return (
    remedies.some(({ migrations }) => migrations.length > 0) &&
    remedies.every(({ proof }) => proof === undefined)
  )
}

function whyNot({ remediesNotReplayed: why }: Report): string {
  return why === undefined ? '' : `: ${printableLine(why)}`
}

/** The fingerprint among those of all databases: two may have the same table, and a server takes all reports together. */
export function ofDatabase({ database }: Report, fingerprint: string): string {
  return database === undefined ? fingerprint : `${database}-${fingerprint}`
}

/** What the configuration makes of the rules and leaves out. */
export function policyLines({ policy = [] }: Report): readonly string[] {
  return policy.map(printableLine)
}

/** Does the report say anything about the application's queries? */
export function hasQueries({ queries }: Report): boolean {
  return queries !== undefined && queries.counts.checked + queries.counts['not checkable'] > 0
}

/** Was any statement executed on a server? */
export function hasMeasured(report: Report): boolean {
  return report.migrations.some(({ statements }) => statements.some(({ measured }) => measured))
}

/** The verdict: did the run pass, and why. `passed` is what the exit code says. */
export function verdict(report: Report): { readonly passed: boolean; readonly text: string } {
  const { failOn } = report.settings
  const blocking = report.findings.filter((finding) => isBlocking(finding, failOn)).length
  const passed = report.exitCode === 0
  if (report.migrations.length === 0 && report.findings.length === 0 && !hasQueries(report)) {
    return { passed, text: passed ? 'Nothing under review.' : `Failed with exit code ${report.exitCode}.` }
  }
  if (passed) return { passed, text: `Passed: ${passedBecause(report)}.` }
  if (blocking > 0) {
    const level =
      failOn === 'error' ? count(blocking, 'error') : `${count(blocking, 'finding')} at ${failOn} or above`
    return { passed, text: `Failed: ${level} (exit code ${report.exitCode}).` }
  }
  const why = missedWords(report) ?? 'see what was not checked'
  return { passed, text: `Failed: ${why} (exit code ${report.exitCode}).` }
}

function passedBecause(report: Report): string {
  const { failOn } = report.settings
  const missed = missedWords(report)
  return `${nothingBlocking(report, failOn)}${missed === undefined ? '' : `, but ${missed}`}`
}

function isInPart({ statements }: ReportMigration): boolean {
  const measured = statements.filter((statement) => statement.measured).length
  return measured > 0 && measured < statements.length
}

/** `2 migrations could not be rehearsed`; undefined where all were. */
function missedWords({ migrations }: Report): string | undefined {
  const missed = migrations.filter(({ outcome }) => outcome === 'not rehearsed')
  if (missed.length === 0) return undefined
  const inPart = missed.every(isInPart)
  return `${count(missed.length, 'migration')} could not be rehearsed${inPart ? ' in full' : ''}`
}

function nothingBlocking(report: Report, failOn: FailOn): string {
  if (openFindings(report.findings).length === 0) return 'nothing found'
  if (failOn === 'never') return 'findings never fail this run (--fail-on never)'
  return failOn === 'error' ? 'no errors' : `nothing at ${failOn} or above`
}

/** The part of a report about one migration or other file, in report order; findings also come for files that are no migration under review. */
export interface FileGroup {
  readonly file: string
  /** The file, and which of its migrations where the report has several. */
  readonly name: string
  readonly migration: ReportMigration | undefined
  /** It holds queries of the application. */
  readonly isQueries: boolean
  readonly findings: readonly Finding[]
}

/**
 * One group per migration, then one per other file with findings, those of queries last; findings keep the report's
 * order.
 */
export function groupByFile(report: Report): readonly FileGroup[] {
  const known = new Set(report.migrations.map((migration) => migration.file))
  const filesOf = (findings: readonly Finding[]): readonly string[] => [
    ...new Set(findings.map(({ span }) => span.file).filter((file) => !known.has(file))),
  ]
  const queries = filesOf(report.findings.filter(({ query }) => query !== undefined))
  const others = filesOf(report.findings).filter((file) => !queries.includes(file))
  return [
    ...report.migrations.map((migration) => ({
      file: migration.file,
      name: migrationName(report, migration),
      migration,
      isQueries: false,
    })),
    ...others.map((file) => ({ file, name: file, migration: undefined, isQueries: false })),
    ...queries.map((file) => ({ file, name: file, migration: undefined, isQueries: true })),
  ]
    .map((group) => ({
      ...group,
      findings: report.findings.filter(
        (finding) => finding.span.file === group.file && migrationOf(report, finding) === group.migration,
      ),
    }))
    .filter((group) => isShown(report, group))
}

/** Those that a report is about: of `pgrehearse queries` the ones that have findings. */
function isShown({ only }: Report, { findings }: FileGroup): boolean {
  return only === undefined || findings.length > 0
}

/** What a file is, below its name. */
export function describeFile({ migration, isQueries, findings }: FileGroup): string {
  if (migration === undefined) {
    if (isQueries) return 'queries of the application'
    return findings.every(({ ruleId }) => ruleId.startsWith('down-')) ? 'the way down' : 'not under review'
  }
  return `${describeTransaction(migration)} · ${describeOutcome(migration)}`
}

/** Where a limit or finding is: `file:line:column`. */
export function location(span: Finding['span']): string {
  return `${printableLine(span.file)}:${span.start.line}:${span.start.column}`
}

/** A limit in lines: where (unless the message says so itself), what, and what to do. */
export interface LimitWords {
  readonly place: string | undefined
  readonly message: string
  /** The hint with its SQL behind it. */
  readonly hint: string | undefined
}

/** What was not checked, ready to be read. */
export function describeLimit({ span, message, hint: advice, sql }: Limit): LimitWords {
  const hint = advice === undefined ? sql : sql === undefined ? advice : `${advice} ${sql}`
  return {
    place: span === undefined || message.includes(span.file) ? undefined : location(span),
    message: printableLine(message),
    hint: hint === undefined ? undefined : printableLine(hint),
  }
}

/** {@link describeLimit} in one line without the hint: `file:line:column: message`. */
export function limitSentence(limit: Limit): string {
  const { place, message } = describeLimit(limit)
  return place === undefined ? message : `${place}: ${message}`
}

/** `migration 1 of 2, outside a transaction, next release` or nothing: how and when the SQL of a remedy is to be run. */
export function describeRemedyStep(
  step: { readonly transaction: boolean; readonly when?: RemedyMigration['when'] },
  index: number,
  total: number,
): string {
  return [
    ...(total === 1 ? [] : [`migration ${index + 1} of ${total}`]),
    ...(step.transaction ? [] : ['outside a transaction']),
    ...(step.when === undefined || step.when === 'now' ? [] : [step.when]),
  ].join(', ')
}
