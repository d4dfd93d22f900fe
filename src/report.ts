import { readFileSync } from 'node:fs'
import type {
  FailOn,
  Finding,
  HarmlessFinding,
  Limit,
  MigrationResult,
  Report,
  ReportMigration,
  ReportProduction,
  ReportQueries,
  ReportTrial,
  Severity,
} from './core/model.ts'
import { withoutItsSecrets, withoutSecrets } from './without-secrets.ts'

export interface ReportParts {
  readonly findings: readonly Finding[]
  readonly harmless: readonly HarmlessFinding[]
  /** Absent when nothing is known of production. */
  readonly production: ReportProduction | undefined
  /** Absent when there are none. */
  readonly queries?: ReportQueries | undefined
  /** What was tried besides the way up. */
  readonly trials?: readonly ReportTrial[]
  /** Further files that findings may point into. */
  readonly files?: Report['files']
  readonly results: readonly MigrationResult[]
  readonly database?: Report['database'] | undefined
  readonly base: Report['base']
  readonly project: Report['project']
  readonly historyCount: number
  readonly timeZone: string
  readonly failOn: FailOn
  readonly requireRehearsal: boolean
  /** Files that the configuration extends; absent: none. */
  readonly configExtends?: readonly string[] | undefined
  readonly remediesNotReplayed?: string | undefined
  readonly notChecked: readonly Limit[]
  /** See Report.policy. */
  readonly policy?: readonly string[]
  readonly now: Date
  /** Gives what a command sent its places in the files that it came from; absent: it stands in them. */
  readonly place?: ((report: Report) => Report) | undefined
  /** Absent when nothing was replayed. */
  readonly server?: { readonly version: string; readonly kind: string }
}

/** Puts together what a run says, with the exit code it deserves; without the secrets that the migrations hold. */
export function buildReport(parts: ReportParts): Report {
  const { findings, results, base, project, historyCount, timeZone } = parts
  const { failOn, requireRehearsal, notChecked, now, server } = parts
  const unrehearsed = lacksRehearsal(results, notChecked)
  const report: Report = {
    schemaVersion: 1,
    tool: { name: 'pgrehearse', version: toolVersion() },
    createdAt: now.toISOString(),
    evidence: server === undefined ? 'predicted' : 'measured',
    ...(server === undefined ? {} : { server }),
    ...(parts.database === undefined ? {} : { database: parts.database }),
    base,
    ...(project === undefined ? {} : { project }),
    historyCount,
    settings: {
      timeZone,
      failOn,
      requireRehearsal,
      ...(parts.configExtends === undefined ? {} : { configExtends: parts.configExtends }),
    },
    migrations: results.map(reportMigration),
    findings,
    harmless: parts.harmless,
    ...(parts.production === undefined ? {} : { production: parts.production }),
    ...(parts.queries === undefined ? {} : { queries: parts.queries }),
    ...filesOf(parts),
    ...(parts.trials === undefined || parts.trials.length === 0 ? {} : { trials: parts.trials }),
    ...(parts.remediesNotReplayed === undefined ? {} : { remediesNotReplayed: parts.remediesNotReplayed }),
    notChecked,
    ...(parts.policy === undefined || parts.policy.length === 0 ? {} : { policy: parts.policy }),
    exitCode: exitCodeOf(findings, { failOn, fails: requireRehearsal && unrehearsed }),
  }
  return withoutSecrets(parts.place?.(report) ?? report, results)
}

/** Those that a finding points into, without the secrets that stand in them. */
function filesOf({ files = [], findings }: ReportParts): Pick<Report, 'files'> {
  const named = files.filter(({ file }) => findings.some(({ span }) => span.file === file))
  if (named.length === 0) return {}
  return { files: named.map(({ file, text }) => ({ file, text: withoutItsSecrets(text) })) }
}

/** What a report says about the application's queries, without what is about migrations alone. */
export function queriesPart(report: Report): Report {
  const findings = report.findings.filter(
    ({ query, queries, ruleId }) =>
      query !== undefined || queries !== undefined || ruleId === 'needless-baseline-entry',
  )
  return {
    ...report,
    only: 'queries',
    findings,
    harmless: [],
    exitCode: exitCodeOf(findings, { failOn: report.settings.failOn, fails: false }),
  }
}

/** Was a migration not rehearsed, or did it not run on the clone of production that was wanted? */
export function lacksRehearsal(
  migrations: readonly Pick<ReportMigration, 'outcome'>[],
  notChecked: readonly Limit[],
): boolean {
  return (
    migrations.some(({ outcome }) => outcome === 'not rehearsed') ||
    notChecked.some(({ code }) => cloneCodes.has(code))
  )
}

const cloneCodes: ReadonlySet<string> = new Set(['clone-failed', 'clone-too-long', 'clone-not-run'])

const severities: readonly Severity[] = ['info', 'warning', 'error']

/** The exit code that findings deserve; `fails`: something else makes it 1. */
export function exitCodeOf(
  findings: readonly Finding[],
  { failOn, fails }: { readonly failOn: FailOn; readonly fails: boolean },
): number {
  return fails || reachesLevel(findings, failOn) ? 1 : 0
}

/** Is there a finding, not accepted by an allow comment, at or above the level? */
function reachesLevel(findings: readonly Finding[], failOn: FailOn): boolean {
  if (failOn === 'never') return false
  const level = severities.indexOf(failOn)
  return findings.some(
    ({ allowed, severity }) => allowed === undefined && severities.indexOf(severity) >= level,
  )
}

function reportMigration({ migration, statements, outcome }: MigrationResult): ReportMigration {
  const { file, id, source, version, title, transaction, text } = migration
  return {
    file,
    ...(id === undefined ? {} : { id }),
    source,
    version,
    title,
    transaction,
    outcome,
    text,
    statements: statements.map(({ statement, measured, settings, durationMs, effects, cost }) => ({
      span: statement.span,
      tag: statement.tag,
      transaction: statement.transaction,
      measured,
      settings,
      effects,
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(cost === undefined ? {} : { cost }),
    })),
  }
}

/** Version in our package.json. */
export function toolVersion(): string {
  const manifest = readFileSync(new URL(import.meta.resolve('#pkg/package.json')), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
