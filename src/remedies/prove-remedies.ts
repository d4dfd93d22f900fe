/**
 * Proves remedies: each is replayed in the place of its statement, on a copy of the database that the review began
 * with, and is offered as SQL only where it runs, leads to the same schema, mends its finding without another, and
 * locks nothing more strongly or longer. docs/remedies.md tells the whole story.
 */
import type { Finding, Severity } from '../core/model.ts'
import { remedyText, type ProvenRemedies, type ProvenRemedy, type RemedyVerdict } from './proven-remedy.ts'
import {
  changesSchema,
  notEqual,
  notTried,
  objectionTo,
  proofOf,
  refusalOf,
  remediedRun,
} from './remedy-assessment.ts'
import { remedyTrials, withoutOverlap, type RemedyTrial } from '../suggest/remedy-trial.ts'
import { budgetMs, resultOf, TryOut, type MendedRun } from './try-out.ts'
import { whyEnded } from '../rehearsal/why-ended.ts'

/** More remedies of one run are not tried. */
const mostTrials = 40

const weight: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

/** What came of the remedies, and why that is nothing where they were not tried. */
export interface ProvedRemedies {
  readonly proven: ProvenRemedies
  readonly unproven?: string
}

/**
 * Tries out the remedies, the gravest findings first. Nothing is tried where the migrations themselves do not come to
 * their end: there is no schema to compare with then. Never throws but for the user's own interruption.
 */
export async function proveRemedies(run: MendedRun): Promise<ProvedRemedies> {
  const { options, rehearsal } = run
  if (rehearsal.migrations.some(({ outcome }) => outcome !== 'rehearsed'))
    return { proven: new Map(), unproven: 'the migrations themselves were not rehearsed to their end' }
  const limitMs = options.proveLimitMs ?? budgetMs(run.elapsedMs)
  const deadline = AbortSignal.timeout(Math.ceil(limitMs))
  const prover = new Prover(run, AbortSignal.any([options.signal, deadline]))
  try {
    await prover.run()
  } catch (error) {
    options.signal.throwIfAborted()
    if (!deadline.aborted)
      options.debug?.(`Remedies ended early: ${error instanceof Error ? error.stack : String(error)}`)
    const why = whyEnded(error, deadline)
    prover.leaveRest(why)
    return { proven: prover.proven, unproven: why }
  }
  return { proven: prover.proven }
}

/** What holds only with the other remedies of the run says so. */
function together(verdict: RemedyVerdict): RemedyVerdict {
  const { proof } = verdict
  if (proof.outcome !== 'proven') return verdict
  const says = proof.says.replace(/^Replayed:/, 'Replayed with the other remedies here:')
  return { ...verdict, proof: { ...proof, says } }
}

function count(remedies: number): string {
  return remedies === 1 ? '1 remedy' : `${remedies} remedies`
}

class Prover {
  readonly proven = new Map<string, ProvenRemedy>()
  private readonly mended: MendedRun
  private readonly signal: AbortSignal
  private readonly pending = new Set<RemedyTrial>()

  constructor(mended: MendedRun, signal: AbortSignal) {
    this.mended = mended
    this.signal = signal
  }

  async run(): Promise<void> {
    const tryOut = await TryOut.begin(this.mended)
    const worstFirst = tryOut.before.findings.toSorted((a, b) => weight[a.severity] - weight[b.severity])
    const { trials, notPlaced } = remedyTrials(worstFirst, (finding) => resultOf(finding, tryOut.before))
    for (const [finding, { why }] of notPlaced) this.say(finding, notTried(why))
    for (const [index, trial] of trials.entries()) {
      if (index < mostTrials) this.pending.add(trial)
      else this.conclude(trial, notTried(`there are more than ${mostTrials} remedies`))
    }
    if (this.pending.size === 0) return
    this.mended.options.progress(`Replaying ${count(this.pending.size)}`)
    const { certain, uncertain, doubtful } = await this.foresee(tryOut)
    if (doubtful.size > 0 && (await this.tryAll(tryOut, [...certain, ...doubtful.keys()]))) {
      for (const trial of uncertain) await this.tryTogether(tryOut, [trial])
      return
    }
    for (const [trial, why] of doubtful) this.conclude(trial, notEqual(why))
    for (let left = certain; left.length > 0;) {
      const round = withoutOverlap(left)
      await this.tryTogether(tryOut, round.together)
      left = round.left
    }
    for (const trial of uncertain) await this.tryTogether(tryOut, [trial])
  }

  leaveRest(why: string): void {
    for (const trial of this.pending) this.conclude(trial, notTried(why))
  }

  /**
   * Prediction against prediction: a remedy that is seen not to mend its finding needs no replay. What mends its
   * finding by itself can be replayed together with others; of what prediction does not see nobody knows that.
   */
  private async foresee(tryOut: TryOut): Promise<{
    readonly certain: readonly RemedyTrial[]
    readonly uncertain: readonly RemedyTrial[]
    /** With an objection that another remedy may answer: what one leaves behind, the next may mend. */
    readonly doubtful: ReadonlyMap<RemedyTrial, string>
  }> {
    const { findings: before } = await tryOut.foreseenBefore()
    const known = new Map(before.map((finding) => [finding.fingerprint, finding]))
    const [certain, uncertain]: [RemedyTrial[], RemedyTrial[]] = [[], []]
    const doubtful = new Map<RemedyTrial, string>()
    for (const trial of this.pending) {
      this.signal.throwIfAborted()
      const targets = trial.findings.flatMap(({ fingerprint }) => known.get(fingerprint) ?? [])
      // its difference is to be told from those of others
      if (targets.length < trial.findings.length || changesSchema(trial)) {
        uncertain.push(trial)
        continue
      }
      const remedied = remediedRun(tryOut, [trial])
      const { findings: after } = await tryOut.foresee(remedied.scripts)
      const why = objectionTo(remedied, { before, after }, targets, tryOut.about)
      if (why === undefined) certain.push(trial)
      else doubtful.set(trial, why)
    }
    return { certain, uncertain, doubtful }
  }

  /**
   * Those that some remedies of one transaction leave to each other: all of them in one replay. False where they overlap
   * or do not hold together; then nothing is concluded.
   */
  private async tryAll(tryOut: TryOut, trials: readonly RemedyTrial[]): Promise<boolean> {
    if (trials.length < 2 || withoutOverlap(trials).left.length > 0) return false
    const remedied = remediedRun(tryOut, trials)
    const { findings: before } = await tryOut.foreseenBefore()
    const fingerprints = new Set(trials.flatMap(({ findings }) => findings.map((one) => one.fingerprint)))
    const targets = before.filter(({ fingerprint }) => fingerprints.has(fingerprint))
    const { findings: after } = await tryOut.foresee(remedied.scripts)
    if (objectionTo(remedied, { before, after }, targets, tryOut.about) !== undefined) return false
    const outcome = await tryOut.replay(remedied.scripts, this.signal)
    if (refusalOf(tryOut, remedied, outcome) !== undefined || 'why' in outcome) return false
    for (const trial of trials) this.conclude(trial, together(proofOf(tryOut, remedied, trial, outcome)))
    return true
  }

  /** All in one replay; where that is not clean, each half by itself. */
  private async tryTogether(tryOut: TryOut, trials: readonly RemedyTrial[]): Promise<void> {
    const [first] = trials
    if (first === undefined) return
    const remedied = remediedRun(tryOut, trials)
    const outcome = await tryOut.replay(remedied.scripts, this.signal)
    const refusal = refusalOf(tryOut, remedied, outcome)
    if (refusal === undefined && !('why' in outcome)) {
      for (const trial of trials) this.conclude(trial, proofOf(tryOut, remedied, trial, outcome))
    } else if (trials.length === 1) {
      this.conclude(first, refusal ?? notTried('it could not be rehearsed'))
    } else {
      const middle = trials.length >> 1
      await this.tryTogether(tryOut, trials.slice(0, middle))
      await this.tryTogether(tryOut, trials.slice(middle))
    }
  }

  private conclude(trial: RemedyTrial, verdict: RemedyVerdict): void {
    this.pending.delete(trial)
    for (const finding of trial.findings) this.say(finding, verdict)
  }

  private say(finding: Finding, verdict: RemedyVerdict): void {
    this.proven.set(finding.fingerprint, { ...verdict, tried: remedyText(finding) })
    const { proof } = verdict
    if (proof.outcome === 'proven') return
    const { ruleId, span } = finding
    this.mended.options.debug?.(`Remedy of ${ruleId} in ${span.file}:${span.start.line}: ${proof.says}`)
  }
}
