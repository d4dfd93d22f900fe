/**
 * `plan()`: the report and what stands on the merge request in, the requests to send out. Pure, so that running it
 * again after any part of its actions was carried out leads to the same end.
 */
import { acceptanceIn } from './acceptance.ts'
import { gate, worstFirst } from './gate.ts'
import { identityOf, matchThreads } from './match.ts'
import { answerSteps } from './plan-answers.ts'
import { planContext, type PlanContext } from './plan-context.ts'
import { knowsLess } from './plan-known.ts'
import { readRemote, type OurThread } from './plan-remote.ts'
import { stickySteps } from './plan-sticky.ts'
import { reviewTexts, type ReviewTexts } from './plan-texts.ts'
import { findingBody, isHeldOpen, stepsFor, type ThreadSteps, type Wish } from './plan-thread.ts'
import { groupBy } from '../core/groups.ts'
import type { Finding } from '../core/model.ts'
import type { Acceptance, Action, ReviewedFinding, ReviewInput, ReviewPlan, StickyContent } from './model.ts'

/** Decides what to do. Throws UsageError when the policy's name cannot stand in a marker. */
export function plan(input: ReviewInput, texts: ReviewTexts = reviewTexts()): ReviewPlan {
  const context = planContext(input, texts)
  const { report, remote, policy } = input
  const read = readRemote(remote, policy)
  const threads = read.threads.filter((thread) => !isClosed(thread, context))
  const matched = matchThreads(report.findings, threads, {
    wantsThread: (finding) => wantsThread(finding, input),
    isAccepted: (thread) => acceptanceIn(thread, remote, policy) !== undefined,
  })
  const decided = decideThreads(threads, matched, context)
  const created = chooseNew(matched, decided, context)
  const findings = report.findings.map((finding) =>
    reviewed(finding, matched.get(finding), created.has(finding), context),
  )
  const passed = gate(report, findings)
  const sticky = stickySteps(read, { findings, passed, leftOpen: countLeftOpen(decided) }, context)
  const creates = [...created].map((finding) => createStep(finding, context))
  return {
    actions: [...creates, ...decided.flatMap(({ actions }) => actions), ...sticky],
    findings,
    passed,
  }
}

/**
 * A thread that we resolved and people then talked in is a finished conversation: if its finding comes back, it gets
 * a thread of its own.
 */
function isClosed(thread: OurThread, { input }: PlanContext): boolean {
  const isOver = thread.isFrozen && thread.resolution === 'by us'
  return isOver && acceptanceIn(thread, input.remote, input.policy) === undefined
}

interface Decided extends ThreadSteps {
  readonly thread: OurThread
  /** The finding that it stands for, unless that is gone. */
  readonly finding: Finding | undefined
  readonly wish: Wish
}

function decideThreads(
  threads: readonly OurThread[],
  matched: ReadonlyMap<Finding, OurThread>,
  context: PlanContext,
): readonly Decided[] {
  const findingOf = new Map([...matched].map(([finding, thread]) => [thread, finding]))
  return threads.map((thread) => {
    const finding = findingOf.get(thread)
    const wish = finding === undefined ? wishForGone(thread, context) : wishFor(finding, thread, context)
    const steps = stepsFor(thread, wish, context)
    const answers = answerSteps(thread, finding !== undefined, context)
    return { ...steps, thread, finding, wish, actions: [...answers, ...steps.actions] }
  })
}

function wishFor(finding: Finding, thread: OurThread, { input }: PlanContext): Wish {
  const resolve = (why: string): Wish => ({ state: 'resolved', finding, isFixed: false, why })
  if (finding.allowed !== undefined) {
    const isListed = finding.allowed.baseline !== undefined
    return resolve(isListed ? 'the baseline accepts it' : 'a comment in the SQL allows it')
  }
  const acceptance = acceptanceIn(thread, input.remote, input.policy)
  if (acceptance !== undefined) return resolve(`${acceptance.by.username} accepted it`)
  return { state: 'open', finding }
}

function wishForGone(thread: OurThread, { input }: PlanContext): Wish {
  const unknown = knowsLess(thread.marker, input.report)
  if (unknown !== undefined) return { state: 'as it is', why: unknown }
  const { fingerprint, pathHash } = thread.identity
  const isDuplicate = input.report.findings.some((finding) => {
    const identity = identityOf(finding)
    return identity.fingerprint === fingerprint && identity.pathHash === pathHash
  })
  const why = isDuplicate ? 'another thread stands for the same finding' : 'its finding is gone'
  return { state: 'resolved', finding: undefined, isFixed: !isDuplicate, why }
}

function wantsThread(finding: Finding, { places }: ReviewInput): boolean {
  return finding.allowed === undefined && places.has(finding)
}

/** Findings that get a thread: the gravest first, as long as fewer than `maxThreads` of ours are open. */
function chooseNew(
  matched: ReadonlyMap<Finding, OurThread>,
  decided: readonly Decided[],
  { input }: PlanContext,
): ReadonlySet<Finding> {
  const { report, policy } = input
  const open = decided.filter(({ isOpen }) => isOpen).length
  const wanted = report.findings.filter((finding) => !matched.has(finding) && wantsThread(finding, input))
  const gravest = worstFirst(wanted, ({ severity }) => severity).slice(
    0,
    Math.max(0, policy.maxThreads - open),
  )
  // equal ones get theirs in the order in which the next run pairs them
  const key = (finding: Finding): string => Object.values(identityOf(finding)).join(' ')
  const equals = groupBy(wanted, key)
  const used = new Map<string, number>()
  return new Set(
    gravest.flatMap((finding) => {
      const place = used.get(key(finding)) ?? 0
      used.set(key(finding), place + 1)
      return equals.get(key(finding))?.[place] ?? []
    }),
  )
}

function createStep(finding: Finding, context: PlanContext): Action {
  const { report, pipeline, policy, places } = context.input
  const place = places.get(finding)
  if (place === undefined) throw new Error(`no place for ${finding.fingerprint}`)
  const visible = context.texts.thread({ report, finding, pipeline, policy, place })
  return {
    kind: 'create thread',
    fingerprint: identityOf(finding).fingerprint,
    body: findingBody(visible, finding, 'open', context),
    place,
    finding,
  }
}

function reviewed(
  finding: Finding,
  thread: OurThread | undefined,
  isNew: boolean,
  { input }: PlanContext,
): ReviewedFinding {
  if (finding.allowed !== undefined) return { finding, standing: 'allowed' }
  if (thread !== undefined) {
    const acceptance = acceptanceIn(thread, input.remote, input.policy)
    return acceptance === undefined ? threaded(finding, thread) : accepted(finding, acceptance)
  }
  if (isNew) return { finding, standing: 'thread' }
  return { finding, standing: input.places.has(finding) ? 'over limit' : 'summary' }
}

function accepted(finding: Finding, acceptance: Acceptance): ReviewedFinding {
  return { finding, standing: 'accepted', by: acceptance.by, acceptance }
}

function threaded(finding: Finding, { resolution, resolvedBy }: OurThread): ReviewedFinding {
  if (resolution !== 'by others') return { finding, standing: 'thread' }
  return { finding, standing: 'acknowledged', ...(resolvedBy === undefined ? {} : { by: resolvedBy }) }
}

function countLeftOpen(decided: readonly Decided[]): StickyContent['leftOpen'] {
  const gone = decided.filter(
    ({ finding, thread, wish }) =>
      finding === undefined && wish.state === 'resolved' && thread.resolution === 'open',
  )
  return {
    forbidden: decided.filter(({ isForbidden, isOpen }) => isForbidden && isOpen).length,
    humanTouched: gone.filter(({ thread }) => thread.isFrozen || isHeldOpen(thread)).length,
  }
}
