import type { Finding, MigrationResult } from '../core/model.ts'
import type { Rule } from '../rule.ts'
import type { AllowComments } from '../sql/suppressions.ts'
import { applyAllows } from './allows.ts'
import { numberDuplicates } from './fingerprint.ts'
import { migrationFails, reservedFindings } from './reserved.ts'
import type { PlacedFinding } from './recorder.ts'
import { runRules, type Severities } from './run-rules.ts'
import { quietSecondary } from './secondary.ts'
import { sortFindings } from './sort.ts'
import { placeStatements, type PlacedStatement } from './views.ts'

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
}

/** Turns what the statements do into findings: sorted, with receipts, fingerprints and accepted risks. */
export function judge(input: JudgeInput): readonly Finding[] {
  const { migrations, rules, severities = {}, allows = [], today, aboutFiles = [] } = input
  const { onEmptyDatabase = false } = input
  const statements = placeStatements(migrations)
  const judged = runRules(statements, rules, severities)
  const all = [...judged, ...failures(statements, judged)]
  const { findings, aboutAllows } = applyAllows(all, allows, {
    today,
    knownRules: [...rules.map(({ id }) => id), 'migration-fails'],
    rulesOff: new Set(Object.keys(severities).filter((id) => severities[id] === 'off')),
    statements,
    onEmptyDatabase,
  })
  const files = migrations.map(({ migration }) => migration.file)
  const kept = quietSecondary(findings).map(({ finding }) => finding)
  return numberDuplicates(sortFindings([...aboutFiles, ...kept, ...aboutAllows], files))
}

/** `migration-fails` for every error that no rule gives as its reason: a rule says better what is wrong. */
function failures(
  statements: readonly PlacedStatement[],
  judged: readonly PlacedFinding[],
): readonly PlacedFinding[] {
  const explained = new Set(judged.flatMap(({ finding }) => finding.because))
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
