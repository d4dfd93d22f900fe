/**
 * Suggestions: the SQL of a remedy in the place of its statement, offered only when the file with it was replayed in
 * its tool's transaction mode without error, without the finding and to the same schema. They are an extra: whatever
 * happens here, the run's own results stay as they are.
 */
import type { CheckOptions } from './check.ts'
import type { Finding, Migration, MigrationResult, Severity, Statement, Suggestion } from './core/model.ts'
import { scriptKey } from './core/script-name.ts'
import type { MigrationScript, ReviewSet, ScriptOrigin } from './core/source.ts'
import { judgeRun, type JudgedRun, type Scripts } from './judge-run.ts'
import type { Alternatives } from './replay/alternatives.ts'
import { diffSchema, type SchemaDifference } from './replay/fingerprint.ts'
import { schemaDifferenceLines } from './replay/schema-diff-text.ts'
import type { Rehearsal } from './rehearse.ts'
import { parseScript } from './sql/parse.ts'
import { layOutTransactions } from './sql/transactions.ts'
import { decodeText } from './sources/text.ts'
import { candidateFor, type Candidate } from './suggest/candidate.ts'
import { objection } from './suggest/objection.ts'
import { overlay } from './suggest/overlay.ts'

/** The run whose findings are to be mended. */
export interface MendedRun {
  readonly options: CheckOptions
  readonly reviewSet: ReviewSet
  readonly scripts: Scripts
  readonly rehearsal: Rehearsal
  readonly alternatives: Alternatives
  /** What the run itself has taken so far, in milliseconds. */
  readonly elapsedMs: number
}

/** Each takes a replay of what is under review. */
const mostCandidates = 10

const leastBudgetMs = 10_000
const mostBudgetMs = 60_000

/** In half of the time of the run on a slow machine; elsewhere ten replays of a few files take less than the least. */
function budgetMs(elapsedMs: number): number {
  return Math.round(Math.min(mostBudgetMs, Math.max(leastBudgetMs, elapsedMs / 2)))
}

/**
 * The suggestions that hold, by the fingerprints of their findings; the worst findings come first when there are
 * many. Never throws but for the user's own interruption.
 */
export async function proveSuggestions(run: MendedRun): Promise<ReadonlyMap<string, Suggestion>> {
  const proven = new Map<string, Suggestion>()
  const { options, reviewSet, rehearsal } = run
  if (reviewSet.origin === undefined || rehearsal.migrations.some(({ outcome }) => outcome !== 'rehearsed'))
    return proven
  const limit = options.suggestionsLimitMs ?? budgetMs(run.elapsedMs)
  const deadline = AbortSignal.timeout(limit)
  const signal = AbortSignal.any([options.signal, deadline])
  try {
    const judged = await judgeRun(options, reviewSet, run.scripts, rehearsal)
    const candidates = await findCandidates(reviewSet.origin, judged)
    if (candidates.length === 0) return proven
    options.progress(`Trying out ${count(candidates.length)}`)
    const proof = await Proof.begin(run, reviewSet.origin, judged, signal)
    for (const candidate of candidates) {
      const objected = await proof.objectionTo(candidate)
      if (objected === undefined) proven.set(candidate.finding.fingerprint, candidate.suggestion)
      else options.debug?.(notProven(candidate, objected))
    }
  } catch (error) {
    options.signal.throwIfAborted()
    if (deadline.aborted)
      options.progress(
        `Stopped trying out suggestions after ${limit / 1000} s: ${count(proven.size)} found good`,
      )
    else options.debug?.(`Suggestions ended early: ${error instanceof Error ? error.message : String(error)}`)
  }
  return proven
}

function count(suggestions: number): string {
  return suggestions === 1 ? '1 suggestion' : `${suggestions} suggestions`
}

function notProven({ finding: { ruleId, span } }: Candidate, why: string): string {
  return `No suggestion for ${ruleId} in ${span.file}:${span.start.line}: ${why}`
}

const weight: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

async function findCandidates(origin: ScriptOrigin, judged: JudgedRun): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = []
  for (const finding of judged.findings.toSorted((a, b) => weight[a.severity] - weight[b.severity])) {
    const candidate = await candidateIn(origin, finding, resultOf(finding, judged))
    if (candidate !== undefined) candidates.push(candidate)
  }
  return candidates.slice(0, mostCandidates)
}

function resultOf({ span }: Finding, { results }: JudgedRun): MigrationResult | undefined {
  const isHere = ({ span: { start } }: Statement): boolean => start.offset === span.start.offset
  return results.find(({ migration }) => migration.file === span.file && migration.statements.some(isHere))
}

async function candidateIn(
  { files }: ScriptOrigin,
  finding: Finding,
  result: MigrationResult | undefined,
): Promise<Candidate | undefined> {
  const bytes = result === undefined ? undefined : await files.read(finding.span.file)
  const decoded = bytes === undefined ? undefined : decodeText(bytes)
  if (result === undefined || decoded === undefined || !('text' in decoded)) return undefined
  return candidateFor(finding, result, decoded.text)
}

/** What a file with a candidate in it comes to. */
interface Outcome {
  readonly judged: JudgedRun
  readonly difference: SchemaDifference
}

class Proof {
  private readonly run: MendedRun
  private readonly origin: ScriptOrigin
  private readonly before: JudgedRun
  private readonly signal: AbortSignal
  private readonly knownProblems: ReadonlySet<string>
  private readonly secondaryRules: ReadonlySet<string>
  /** Two findings of one statement may have the same remedy. */
  private readonly outcomes = new Map<string, Promise<Outcome | string>>()
  /** What is found without a server. */
  private foreseen: Promise<JudgedRun> | undefined

  private constructor(
    run: MendedRun,
    origin: ScriptOrigin,
    before: JudgedRun,
    signal: AbortSignal,
    known: { readonly problems: ReadonlySet<string>; readonly secondaryRules: ReadonlySet<string> },
  ) {
    this.run = run
    this.origin = origin
    this.before = before
    this.signal = signal
    this.knownProblems = known.problems
    this.secondaryRules = known.secondaryRules
  }

  static async begin(
    run: MendedRun,
    origin: ScriptOrigin,
    before: JudgedRun,
    signal: AbortSignal,
  ): Promise<Proof> {
    const { source, root, files, options } = origin
    const { problems } = await source.load(root, files, options)
    const { rules } = await import('../rules/index.ts')
    const all = [...(run.options.config.customRules ?? []), ...rules]
    return new Proof(run, origin, before, signal, {
      problems: new Set(problems.map(({ message }) => message)),
      secondaryRules: new Set(all.filter(({ secondary }) => secondary === true).map(({ id }) => id)),
    })
  }

  /** Why the candidate is not to be offered; undefined when it is good. */
  async objectionTo(candidate: Candidate): Promise<string | undefined> {
    const key = `${candidate.finding.span.file}\0${candidate.text}`
    const known = this.outcomes.get(key) ?? this.tryOut(candidate)
    this.outcomes.set(key, known)
    const outcome = await known
    if (typeof outcome === 'string') return outcome
    const { judged, difference } = outcome
    if (!difference.equal)
      return `the schema becomes another: ${schemaDifferenceLines(difference).join('; ')}`
    return objection({
      candidate,
      before: this.before.findings,
      after: judged.findings,
      secondaryRules: this.secondaryRules,
    })
  }

  private async tryOut(candidate: Candidate): Promise<Outcome | string> {
    this.signal.throwIfAborted()
    const loaded = await this.load(candidate)
    if (typeof loaded === 'string') return loaded
    const scripts = this.scriptsWith(loaded)
    const { file } = candidate.finding.span
    if (scripts.review.some((changed) => changed.file === file && isKeptFromRunning(candidate, changed)))
      return 'it must run outside a transaction, and this file is one'
    const foreseen = await this.foreseenObjection(candidate, scripts)
    if (foreseen !== undefined) return foreseen
    const { alternatives, rehearsal, options, reviewSet } = this.run
    const replayed = await alternatives.replay(scripts.review, this.signal)
    const failed = replayed.migrations.find(({ outcome }) => outcome !== 'rehearsed')
    if (failed !== undefined) return `${failed.migration.file} fails with it: ${errorOf(failed)}`
    if (replayed.limits.length > rehearsal.limits.length) return 'less of it can be rehearsed'
    const measured = {
      migrations: replayed.migrations,
      server: rehearsal.server,
      ...(replayed.catalogs === undefined ? {} : { schema: replayed.catalogs }),
    }
    const judged = await judgeRun(options, reviewSet, scripts, measured)
    const difference = diffSchema(await alternatives.schema(), replayed.schema)
    return { judged, difference }
  }

  /** Prediction against prediction: most remedies that need another file are seen so, without a replay. */
  private async foreseenObjection(candidate: Candidate, scripts: Scripts): Promise<string | undefined> {
    const { options, reviewSet, rehearsal } = this.run
    const unmeasured = { migrations: [], server: rehearsal.server }
    this.foreseen ??= judgeRun(options, reviewSet, this.run.scripts, unmeasured)
    const { findings: before } = await this.foreseen
    const finding = before.find(({ fingerprint }) => fingerprint === candidate.finding.fingerprint)
    if (finding === undefined) return undefined
    const { findings: after } = await judgeRun(options, reviewSet, scripts, unmeasured)
    return objection({
      candidate: { ...candidate, finding },
      before,
      after,
      secondaryRules: this.secondaryRules,
    })
  }

  /** The file's scripts as the tool would take them: in another transaction mode, perhaps, or not at all. */
  private async load({ finding, text }: Candidate): Promise<readonly MigrationScript[] | string> {
    const { source, root, files, options } = this.origin
    const { file } = finding.span
    const { scripts, problems } = await source.load(root, overlay(files, file, text), options)
    const problem = problems.find(({ message }) => !this.knownProblems.has(message))
    if (problem !== undefined) return problem.message
    const ofFile = scripts.filter((script) => script.file === file)
    return this.isComplete(file, ofFile) ? ofFile : 'the tool does not run the file with it'
  }

  /** Are all scripts of the file that are under review among these? */
  private isComplete(file: string, loaded: readonly MigrationScript[]): boolean {
    const keys = new Set(loaded.map(scriptKey))
    return this.run.scripts.parsed.every(({ script }) => script.file !== file || keys.has(scriptKey(script)))
  }

  private scriptsWith(loaded: readonly MigrationScript[]): Scripts {
    const { scripts, reviewSet } = this.run
    const changed = new Map(loaded.map((script) => [scriptKey(script), script]))
    const parsed = scripts.parsed.map((one) => {
      const script = changed.get(scriptKey(one.script))
      return script === undefined ? one : parseScript(script)
    })
    return { ...scripts, parsed, review: layOutTransactions(parsed, reviewSet.sharesSession) }
  }
}

function isKeptFromRunning({ block, outside }: Candidate, { statements }: Migration): boolean {
  return statements.some(
    ({ span: { start }, sql, inTransactionBlock }) =>
      inTransactionBlock && start.line >= block.startLine && start.line <= block.endLine && outside.has(sql),
  )
}

function errorOf({ statements }: Rehearsal['migrations'][number]): string {
  const errors = statements.flatMap(({ effects }) => effects.filter((effect) => effect.kind === 'error'))
  return errors[0]?.message ?? 'it could not be rehearsed'
}
