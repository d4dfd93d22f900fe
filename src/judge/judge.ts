import type {
  Finding,
  HarmlessFinding,
  MigrationResult,
  SchemaCatalogs,
  SessionSettings,
} from '../core/model.ts'
import type { Production } from '../core/production.ts'
import type { QueriesOutcome } from '../core/query-model.ts'
import { defaultThresholds, type Thresholds } from '../core/thresholds.ts'
import type { ApplicationTransaction, Preset, Rule } from '../rule.ts'
import type { AllowComments } from '../sql/suppressions.ts'
import type { Baseline, WrittenEntry } from '../core/baseline.ts'
import { allowableReserved, applyAllows, type AllowOptions } from './allows.ts'
import { applyBaseline, type BaselineUse } from './baseline.ts'
import { budgetFindings } from './budgets.ts'
import { noteBurdens } from './burdens.ts'
import { mergeBrokenCode } from './broken-code.ts'
import { numberDuplicates } from './fingerprint.ts'
import { applyQueryAllows } from './query-allows.ts'
import { judgedQueries, runQueryRules } from './query-findings.ts'
import { migrationFails } from './reserved.ts'
import { Run, type PlacedFinding } from './recorder.ts'
import { ActiveRules } from './presets.ts'
import { runRules, type ConfiguredOptions } from './run-rules.ts'
import { quietSecondary } from './secondary.ts'
import { ChosenSeverities, type Severities, type SeverityOverride } from './severities.ts'
import { sortFindings } from './sort.ts'
import { placeStatements, type PlacedStatement } from './views.ts'
import { withWaitingQueries } from './waiting-queries.ts'
import { weighFindings } from './weigh.ts'

export interface JudgeInput {
  /** What is under review, in the order of the run. */
  readonly migrations: readonly MigrationResult[]
  readonly rules: readonly Rule[]
  readonly severities?: Severities
  /** Options of rules by rule id, as configured. */
  readonly options?: ConfiguredOptions
  /** Sets of rules besides `recommended`; a rule that the configuration gives a severity needs none. */
  readonly presets?: readonly Preset[]
  /** The schema before and after everything under review; absent where it is not known. */
  readonly schema?: SchemaCatalogs
  /** What transactions of the application lock, as configured. */
  readonly applicationTransactions?: readonly ApplicationTransaction[]
  /** Do migrations run in one session, so that SET in one is felt in the next? Absent: no. */
  readonly sharesSession?: boolean
  /** Settings that the latest migrations before these set themselves before all else, in lower case. */
  readonly usualSettings?: readonly string[]
  /** What sessions of the run begin with. */
  readonly sessionBegins?: SessionSettings
  /** Severities in some files; the last that matches and names the rule counts. */
  readonly overrides?: readonly SeverityOverride[]
  /** Allow comments of the migrations, one entry per file. */
  readonly allows?: readonly AllowComments[]
  /** ISO date, UTC: what `until` of an allow comment is compared with. */
  readonly today: string
  /** Findings about files, made by `editedMigration` and `sourceProblem`, to be sorted in with the others. */
  readonly aboutFiles?: readonly Finding[]
  /** What trials found (src/trial-runs/trials.ts): at a statement of the run, else about a file. */
  readonly ofTrials?: readonly Finding[]
  /** Everything is judged, on an empty database: nothing existed before, so most comments have nothing to accept. */
  readonly onEmptyDatabase?: boolean
  /** From how long on a wait counts; absent: {@link defaultThresholds}. */
  readonly thresholds?: Thresholds
  /** What is known of production besides the costs and windows that the results carry. */
  readonly production?: Production
  /** Oldest major version that remedies have to be valid on; absent: production's, where that is known. */
  readonly productionMajor?: number
  /** What was found out about the application's queries; absent: they were not looked at. */
  readonly queries?: QueriesOutcome
  /** Judge also the queries that are neither new nor changed. */
  readonly everyQuery?: boolean
  /** Who wrote a line, where that is known: for allow comments. */
  readonly authorOf?: AllowOptions['authorOf']
  /** Findings that were accepted for good. */
  readonly baseline?: Baseline
}

export interface Judgement {
  /** Sorted, with receipts, fingerprints and accepted risks. */
  readonly findings: readonly Finding[]
  /** In the same order: found, and proven harmless by production's sizes. */
  readonly harmless: readonly HarmlessFinding[]
  /** What rules would say that the configuration switches off. */
  readonly off: readonly Finding[]
}

/** Turns what the statements do, and how long they take where that is known, into findings. */
export function judge(input: JudgeInput): Judgement {
  const { migrations, rules, allows = [], today } = input
  const severities = new ChosenSeverities(input.severities, input.overrides)
  const { onEmptyDatabase = false, thresholds = defaultThresholds, production } = input
  const statements = placeStatements(
    migrations,
    input.queries,
    input.productionMajor ?? majorOf(production?.serverVersion),
  )
  const run = new Run(statements)
  const active = new ActiveRules(rules, input.presets ?? [], severities)
  const { options = {}, schema, applicationTransactions = [] } = input
  const about = {
    options,
    applicationTransactions,
    sharesSession: input.sharesSession ?? false,
    usualSettings: input.usualSettings ?? [],
    production,
    ...(input.sessionBegins === undefined ? {} : { sessionBegins: input.sessionBegins }),
    ...(schema === undefined ? {} : { schema }),
  }
  const reported = runRules(run, active.rules, severities, about).filter(({ finding }) =>
    active.isActiveIn(finding.ruleId, finding.span.file),
  )
  const weighed = weighFindings(reported, run, { thresholds, production })
  const judged = weighed.filter(({ off }) => off !== true)
  // all of history together is no deployment
  const budgets = onEmptyDatabase ? [] : budgetFindings(statements, thresholds)
  const trials = placeFindings(input.ofTrials ?? [], statements)
  const aboutFiles = [...(input.aboutFiles ?? []), ...trials.elsewhere]
  const all = [...judged, ...failures(statements, judged), ...budgets, ...trials.placed]
  const knownRules = [...rules.map(({ id }) => id), ...allowableReserved]
  const isReserved = (ruleId: string): boolean => rules.every(({ id }) => id !== ruleId)
  const isOff = (ruleId: string, file: string): boolean =>
    severities.of(ruleId, file) === 'off' || !(isReserved(ruleId) || active.isActiveIn(ruleId, file))
  const named = withWaitingQueries(all, migrations, input.queries?.results)
  const { findings, aboutAllows } = applyAllows(named, allows, {
    today,
    knownRules,
    isOff,
    statements,
    onEmptyDatabase,
    ...(input.authorOf === undefined ? {} : { authorOf: input.authorOf }),
  })
  const told = findings.filter(({ harmless }) => harmless === undefined)
  const kept = noteBurdens(quietSecondary(mergeBrokenCode(told, rules)), production)
  const files = migrations.map(({ migration }) => migration.file)
  const queries = aboutQueries(input, severities, knownRules)
  const off = weighed.filter((placed) => placed.off === true && placed.harmless === undefined)
  const judgement = separate(
    [...aboutFiles, ...kept.map(({ finding }) => finding), ...aboutAllows, ...queries.findings],
    findings.flatMap(toHarmless),
    files,
    baselineUse(input, isOff),
  )
  return { ...judgement, off: [...untold(off, told), ...queries.off] }
}

/** At a statement of the run an allow comment may accept them. */
function placeFindings(
  findings: readonly Finding[],
  statements: readonly PlacedStatement[],
): { readonly placed: readonly PlacedFinding[]; readonly elsewhere: readonly Finding[] } {
  const placed: PlacedFinding[] = []
  const elsewhere: Finding[] = []
  for (const finding of findings) {
    const at = statements.find(
      ({ view: { statement } }) =>
        statement.span.file === finding.span.file &&
        statement.span.start.offset === finding.span.start.offset,
    )
    if (at === undefined) elsewhere.push(finding)
    else placed.push({ finding, placed: at, secondary: false })
  }
  return { placed, elsewhere }
}

/** `16.3` is 16. */
function majorOf(version: string | undefined): number | undefined {
  const major = Number.parseInt(version ?? '', 10)
  return Number.isNaN(major) ? undefined : major
}

/** Of what rules would say that are off, what others do not say as well. */
function untold(off: readonly PlacedFinding[], told: readonly PlacedFinding[]): readonly Finding[] {
  if (off.length === 0) return []
  const unsaid = quietSecondary([...told, ...off])
  return unsaid.filter((placed) => placed.off === true).map(({ finding }) => finding)
}

/** Findings on lines of queries, and about the allow comments above them. */
function aboutQueries(
  { queries, everyQuery = false, rules, presets = [], options = {}, today, authorOf }: JudgeInput,
  severities: ChosenSeverities,
  knownRules: readonly string[],
): Pick<Judgement, 'findings' | 'off'> {
  if (queries === undefined) return { findings: [], off: [] }
  const judged = judgedQueries(queries, everyQuery)
  const active = new ActiveRules(rules, presets, severities)
  const all = runQueryRules(judged, active.rules, severities, options).filter(({ finding }) =>
    active.isActiveIn(finding.ruleId, finding.span.file),
  )
  const found = all.filter(({ off }) => off !== true)
  const { findings, aboutAllows } = applyQueryAllows(found, judged, rules, {
    today,
    knownRules,
    ...(authorOf === undefined ? {} : { authorOf }),
  })
  return {
    findings: [...findings.map(({ finding }) => finding), ...aboutAllows],
    off: all.filter(({ off }) => off === true).map(({ finding }) => finding),
  }
}

function toHarmless({ finding, harmless }: PlacedFinding): readonly HarmlessFinding[] {
  return harmless === undefined ? [] : [{ ...finding, harmless }]
}

function baselineUse(
  input: JudgeInput,
  isOff: (ruleId: string, file: string) => boolean,
): BaselineUse | undefined {
  const { baseline } = input
  if (baseline === undefined) return undefined
  return { baseline, isJudged: (entry) => !isOff(entry.rule, entry.file) && wasJudged(entry, input) }
}

/**
 * Was the file of an entry looked at as it was when the entry was made? On an empty database other findings come up than
 * on top of the history, and without a server fewer.
 */
function wasJudged(entry: WrittenEntry, input: JudgeInput): boolean {
  const { migrations, queries, onEmptyDatabase = false, everyQuery = false } = input
  if (entry.gone === true) return onEmptyDatabase
  if (entry.query !== undefined) {
    if (!everyQuery || queries === undefined || queries.untried !== undefined) return false
    return judgedQueries(queries, true).some(({ view }) => view.query.span?.file === entry.file)
  }
  if (onEmptyDatabase !== (entry.run === 'all')) return false
  const own = migrations.filter(({ migration }) => migration.file === entry.file)
  return own.length > 0 && own.every(({ outcome }) => outcome === 'rehearsed')
}

/** Numbered together: a table that grows must not give another finding a new fingerprint. */
function separate(
  findings: readonly Finding[],
  harmless: readonly HarmlessFinding[],
  files: readonly string[],
  use: BaselineUse | undefined,
): Omit<Judgement, 'off'> {
  const sorted: readonly (Finding | HarmlessFinding)[] = sortFindings([...findings, ...harmless], files)
  const { findings: judged, needless } =
    use === undefined ? { findings: sorted, needless: [] } : applyBaseline(sorted, use)
  const all = numberDuplicates(needless.length === 0 ? judged : sortFindings([...judged, ...needless], files))
  return {
    findings: all.filter((finding) => !isHarmless(finding)),
    harmless: all.filter(isHarmless),
  }
}

function isHarmless(finding: Finding | HarmlessFinding): finding is HarmlessFinding {
  return 'harmless' in finding
}

/** `migration-fails` for every error that no rule gives as its reason: a rule says better what is wrong. */
function failures(
  statements: readonly PlacedStatement[],
  judged: readonly PlacedFinding[],
): readonly PlacedFinding[] {
  const explained = new Set(
    judged.flatMap(({ finding, harmless }) => (harmless === undefined ? finding.because : [])),
  )
  return statements.flatMap((placed) =>
    placed.result.effects.flatMap((effect) => {
      if (effect.kind !== 'error' || explained.has(effect)) return []
      return [{ finding: migrationFails(effect, placed.view.statement), placed, secondary: false }]
    }),
  )
}
