import type { Finding, HarmlessFinding, MigrationResult } from '../core/model.ts'
import type { Production } from '../core/production.ts'
import type { QueriesOutcome } from '../core/query-model.ts'
import { defaultThresholds, type Thresholds } from '../core/thresholds.ts'
import type { Rule } from '../rule.ts'
import type { AllowComments } from '../sql/suppressions.ts'
import { allowableReserved, applyAllows } from './allows.ts'
import { budgetFindings } from './budgets.ts'
import { noteBurdens } from './burdens.ts'
import { mergeBrokenCode } from './broken-code.ts'
import { numberDuplicates } from './fingerprint.ts'
import { applyQueryAllows } from './query-allows.ts'
import { judgedQueries, runQueryRules } from './query-findings.ts'
import { migrationFails, reservedFindings } from './reserved.ts'
import { Run, type PlacedFinding } from './recorder.ts'
import { runRules, type Severities } from './run-rules.ts'
import { quietSecondary } from './secondary.ts'
import { sortFindings } from './sort.ts'
import { placeStatements, type PlacedStatement } from './views.ts'
import { withWaitingQueries } from './waiting-queries.ts'
import { weighFindings } from './weigh.ts'

export interface JudgeInput {
  /** What is under review, in the order of the run. */
  readonly migrations: readonly MigrationResult[]
  readonly rules: readonly Rule[]
  readonly severities?: Severities
  /** Allow comments of the migrations, one entry per file. */
  readonly allows?: readonly AllowComments[]
  /** ISO date, UTC: what `until` of an allow comment is compared with. */
  readonly today: string
  /** Findings about files, made by `editedMigration` and `sourceProblem`, to be sorted in with the others. */
  readonly aboutFiles?: readonly Finding[]
  /** Everything is judged, on an empty database: nothing existed before, so most comments have nothing to accept. */
  readonly onEmptyDatabase?: boolean
  /** From how long on a wait counts; absent: {@link defaultThresholds}. */
  readonly thresholds?: Thresholds
  /** What is known of production besides the costs and windows that the results carry. */
  readonly production?: Production
  /** What was found out about the application's queries; absent: they were not looked at. */
  readonly queries?: QueriesOutcome
  /** Judge also the queries that are neither new nor changed. */
  readonly everyQuery?: boolean
}

export interface Judgement {
  /** Sorted, with receipts, fingerprints and accepted risks. */
  readonly findings: readonly Finding[]
  /** In the same order: found, and proven harmless by production's sizes. */
  readonly harmless: readonly HarmlessFinding[]
}

/** Turns what the statements do, and how long they take where that is known, into findings. */
export function judge(input: JudgeInput): Judgement {
  const { migrations, rules, severities = {}, allows = [], today, aboutFiles = [] } = input
  const { onEmptyDatabase = false, thresholds = defaultThresholds, production } = input
  const statements = placeStatements(migrations, input.queries)
  const run = new Run(statements)
  const judged = weighFindings(runRules(run, rules, severities), run, { thresholds, production })
  // all of history together is no deployment
  const budgets = onEmptyDatabase ? [] : budgetFindings(statements, thresholds)
  const all = [...judged, ...failures(statements, judged), ...budgets]
  const knownRules = [...rules.map(({ id }) => id), ...allowableReserved]
  const named = withWaitingQueries(all, migrations, input.queries?.results)
  const { findings, aboutAllows } = applyAllows(named, allows, {
    today,
    knownRules,
    rulesOff: new Set(Object.keys(severities).filter((id) => severities[id] === 'off')),
    statements,
    onEmptyDatabase,
  })
  const told = findings.filter(({ harmless }) => harmless === undefined)
  const kept = noteBurdens(quietSecondary(mergeBrokenCode(told, rules)), production)
  const files = migrations.map(({ migration }) => migration.file)
  return separate(
    [
      ...aboutFiles,
      ...kept.map(({ finding }) => finding),
      ...aboutAllows,
      ...aboutQueries(input, severities, knownRules),
    ],
    findings.flatMap(toHarmless),
    files,
  )
}

/** Findings on lines of queries, and about the allow comments above them. */
function aboutQueries(
  { queries, everyQuery = false, rules, today }: JudgeInput,
  severities: Severities,
  knownRules: readonly string[],
): readonly Finding[] {
  if (queries === undefined) return []
  const judged = judgedQueries(queries, everyQuery)
  const found = runQueryRules(judged, rules, severities)
  const { findings, aboutAllows } = applyQueryAllows(found, judged, rules, { today, knownRules })
  return [...findings.map(({ finding }) => finding), ...aboutAllows]
}

function toHarmless({ finding, harmless }: PlacedFinding): readonly HarmlessFinding[] {
  return harmless === undefined ? [] : [{ ...finding, harmless }]
}

/** Numbered together: a table that grows must not give another finding a new fingerprint. */
function separate(
  findings: readonly Finding[],
  harmless: readonly HarmlessFinding[],
  files: readonly string[],
): Judgement {
  const all: readonly (Finding | HarmlessFinding)[] = numberDuplicates(
    sortFindings([...findings, ...harmless], files),
  )
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

/** Every id that a finding can have: for documentation, SARIF rules and `explain`. */
export function findingIds(rules: readonly Rule[]): readonly string[] {
  return [...rules.map(({ id }) => id), ...reservedFindings.map(({ id }) => id)]
}
