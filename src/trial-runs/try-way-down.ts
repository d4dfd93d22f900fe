/** Takes what is under review back, as its tool would, and applies it again: on a copy of what the review began with. */
import { judgeWayDown } from './judge-way-down.ts'
import type { ReportTrial } from '../core/model.ts'
import { scriptKey } from '../core/script-name.ts'
import { layOutTransactions } from '../sql/transactions.ts'
import type { TrialOutcome, TrialRun } from './trials.ts'
import { aloneParsed, planWayDown } from '../trials/way-down-plan.ts'
import { leftTrials } from '../trials/way-down-words.ts'

/** Nobody goes back over more in one go; the whole history, as with `--all`, would be replayed three times. */
const mostBack = 20

/** Up, down and up again in one replay, with the schema read in between. */
export async function tryWayDown(run: TrialRun, signal: AbortSignal): Promise<TrialOutcome> {
  const { scripts, reviewSet, rehearsal, alternatives, options } = run
  const plan = planWayDown(scripts.parsed)
  const replayedOnly = new Set(reviewSet.replayedOnly ?? [])
  const [first] = plan.back
  if (first === undefined && plan.left.every(({ up }) => up.script.down === undefined)) return nothing
  if (rehearsal.migrations.some(({ outcome }) => outcome !== 'rehearsed'))
    return notTried('The way down was not tried, because the way up does not come to its end here.')
  if (plan.back.length > mostBack)
    return notTried(
      `The way down was not tried, because ${plan.back.length} migrations under review have one, and it is tried over ${mostBack} at most.`,
    )
  const left = leftTrials(plan)
  if (first === undefined) return { ...nothing, trials: left }
  options.progress('Trying the way down')
  const ups = scripts.parsed.map(aloneParsed)
  const downs = plan.back.map(({ down }) => down)
  const again = plan.back.toReversed().map(({ up }) => aloneParsed(up))
  const migrations = layOutTransactions([...ups, ...downs, ...again], reviewSet.sharesSession)
  const replayed = await alternatives.replay(migrations, signal, {
    schemasOf: ups.length + downs.length,
    // each is a call of the tool
    callsAt: new Set([ups.length, ups.length + downs.length]),
  })
  const before = await alternatives.schemaBefore()
  const judged = judgeWayDown(plan, replayed, { before, today: options.now.toISOString().slice(0, 10) })
  const told = judged.filter(({ up }) => !replayedOnly.has(scriptKey(up.script)))
  return {
    trials: [...told.map(({ trial }) => trial), ...left],
    findings: told.flatMap(({ findings }) => findings),
    limits: [],
  }
}

const nothing: TrialOutcome = { trials: [], findings: [], limits: [] }

function notTried(says: string): TrialOutcome {
  const trial: ReportTrial = { kind: 'way down', about: '', outcome: 'not tried', says, lines: [] }
  return { ...nothing, trials: [trial] }
}
