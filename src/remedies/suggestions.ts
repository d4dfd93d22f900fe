/**
 * Suggestions: the SQL of a remedy in the place of its statement, offered only when the file with it was replayed in
 * its tool's transaction mode without error, without the finding and to the same schema. They are an extra: whatever
 * happens here, the run's own results stay as they are.
 */
import type { Finding, Migration, MigrationResult, Severity, Suggestion } from '../core/model.ts'
import { runsElsewhere, scriptKey } from '../core/script-name.ts'
import type { MigrationScript, ScriptOrigin } from '../core/source.ts'
import type { JudgedRun, Scripts } from '../judge-run.ts'
import { withProof, type ProvenRemedies } from './proven-remedy.ts'
import { schemaDifferenceLines } from '../replay/schema-diff-text.ts'
import { decodeText } from '../sources/text.ts'
import { candidateFor, type Candidate } from '../suggest/candidate.ts'
import { objection } from '../suggest/objection.ts'
import { overlay } from '../suggest/overlay.ts'
import { budgetMs, resultOf, TryOut, type MendedRun, type Outcome } from './try-out.ts'

/** Each takes a replay of what is under review. */
const mostCandidates = 10

/**
 * The suggestions that hold, by the fingerprints of their findings; the worst findings come first when there are
 * many. Never throws but for the user's own interruption.
 */
export async function proveSuggestions(
  run: MendedRun,
  remedies: ProvenRemedies,
): Promise<ReadonlyMap<string, Suggestion>> {
  const proven = new Map<string, Suggestion>()
  const { options, reviewSet, rehearsal } = run
  if (reviewSet.origin === undefined || rehearsal.migrations.some(({ outcome }) => outcome !== 'rehearsed'))
    return proven
  const limit = options.suggestionsLimitMs ?? budgetMs(run.elapsedMs)
  const deadline = AbortSignal.timeout(limit)
  const signal = AbortSignal.any([options.signal, deadline])
  try {
    const tryOut = await TryOut.begin(run)
    const candidates = await findCandidates(reviewSet.origin, tryOut.before, remedies)
    if (candidates.length === 0) return proven
    options.progress(`Trying out ${count(candidates.length)}`)
    const proof = await Proof.begin(tryOut, reviewSet.origin, signal)
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

/** Of remedies that hold as migrations of their own, or may. */
async function findCandidates(
  origin: ScriptOrigin,
  judged: JudgedRun,
  remedies: ProvenRemedies,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = []
  const worstFirst = judged.findings.toSorted((a, b) => weight[a.severity] - weight[b.severity])
  for (const finding of worstFirst.map((one) => withProof(one, remedies))) {
    const candidate = await candidateIn(origin, finding, resultOf(finding, judged))
    if (candidate !== undefined) candidates.push(candidate)
  }
  return candidates.slice(0, mostCandidates)
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

class Proof {
  private readonly tryOut: TryOut
  private readonly origin: ScriptOrigin
  private readonly signal: AbortSignal
  private readonly knownProblems: ReadonlySet<string>
  /** Two findings of one statement may have the same remedy. */
  private readonly outcomes = new Map<string, Promise<Outcome | string>>()

  private constructor(
    tryOut: TryOut,
    origin: ScriptOrigin,
    signal: AbortSignal,
    knownProblems: ReadonlySet<string>,
  ) {
    this.tryOut = tryOut
    this.origin = origin
    this.signal = signal
    this.knownProblems = knownProblems
  }

  static async begin(tryOut: TryOut, origin: ScriptOrigin, signal: AbortSignal): Promise<Proof> {
    const { source, root, files, options } = origin
    const { problems } = await source.load(root, files, options)
    return new Proof(tryOut, origin, signal, new Set(problems.map(({ message }) => message)))
  }

  /** Why the candidate is not to be offered; undefined when it is good. */
  async objectionTo(candidate: Candidate): Promise<string | undefined> {
    const key = `${candidate.finding.span.file}\0${candidate.text}`
    const known = this.outcomes.get(key) ?? this.outcomeOf(candidate)
    this.outcomes.set(key, known)
    const outcome = await known
    if (typeof outcome === 'string') return outcome
    const { judged, difference } = outcome
    if (!difference.equal)
      return `the schema becomes another: ${schemaDifferenceLines(difference).join('; ')}`
    return objection({
      candidate,
      before: this.tryOut.before.findings,
      after: judged.findings,
      ...this.tryOut.about,
    })
  }

  private async outcomeOf(candidate: Candidate): Promise<Outcome | string> {
    this.signal.throwIfAborted()
    const loaded = await this.load(candidate)
    if (typeof loaded === 'string') return loaded
    const byKey = new Map(loaded.map((script) => [scriptKey(script), [script]]))
    const scripts = this.tryOut.scriptsWith(byKey)
    const { file } = candidate.finding.span
    if (scripts.review.some((changed) => changed.file === file && isKeptFromRunning(candidate, changed)))
      return 'it must run outside a transaction, and this file is one'
    const foreseen = await this.foreseenObjection(candidate, scripts)
    if (foreseen !== undefined) return foreseen
    const outcome = await this.tryOut.replay(scripts, this.signal)
    return 'why' in outcome ? outcome.why : outcome
  }

  /** Prediction against prediction: most remedies that need another file are seen so, without a replay. */
  private async foreseenObjection(candidate: Candidate, scripts: Scripts): Promise<string | undefined> {
    const { findings: before } = await this.tryOut.foreseenBefore()
    const finding = before.find(({ fingerprint }) => fingerprint === candidate.finding.fingerprint)
    if (finding === undefined) return undefined
    const { findings: after } = await this.tryOut.foresee(scripts)
    return objection({
      candidate: { ...candidate, finding },
      before,
      after,
      ...this.tryOut.about,
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
    const elsewhere = ofFile.map(runsElsewhere).find((why) => why !== undefined)
    if (elsewhere !== undefined) return elsewhere
    return this.isComplete(file, ofFile) ? ofFile : 'the tool does not run the file with it'
  }

  /** Are all scripts of the file that are under review among these? */
  private isComplete(file: string, loaded: readonly MigrationScript[]): boolean {
    const keys = new Set(loaded.map(scriptKey))
    return this.tryOut.run.scripts.parsed.every(
      ({ script }) => script.file !== file || keys.has(scriptKey(script)),
    )
  }
}

function isKeptFromRunning({ block, outside }: Candidate, { statements }: Migration): boolean {
  return statements.some(
    ({ span: { start }, sql, inTransactionBlock }) =>
      inTransactionBlock && start.line >= block.startLine && start.line <= block.endLine && outside.has(sql),
  )
}
