/**
 * The life of one thread: what it should come to, and the steps that take it there.
 *
 * The steps are in such an order that a run that dies after any of them leaves a state from which the next run goes
 * on. Resolving: resolve, then write `st=resolved`. Reopening: say so, reopen, then write `st=open`. So an open
 * thread whose marker says `resolved` was reopened by a human, unless a reply of ours that is younger than the marker
 * shows that we died while reopening.
 */
import { bodyHash, visibleBody } from './marker.ts'
import { identityOf } from './match.ts'
import { isSameButForNoise } from './thread-noise.ts'
import type { Finding } from '../core/model.ts'
import type { Action, Marker, ThreadPlace } from './model.ts'
import type { PlanContext } from './plan-context.ts'
import type { OurThread } from './plan-remote.ts'

/** What should become of a thread. */
export type Wish =
  | { readonly state: 'open'; readonly finding: Finding }
  /** `finding` when it is still there, accepted or allowed. `isFixed`: the text may say so. */
  | {
      readonly state: 'resolved'
      readonly finding: Finding | undefined
      readonly isFixed: boolean
      readonly why: string
    }
  | { readonly state: 'as it is'; readonly why: string }

export interface ThreadSteps {
  readonly actions: readonly Action[]
  /** Is it open when the steps are done? */
  readonly isOpen: boolean
  /** We may not do what should be done. */
  readonly isForbidden: boolean
}

/** The steps from what a thread is to what it should be. A thread that is a human's by now has none. */
export function stepsFor(thread: OurThread, wish: Wish, context: PlanContext): ThreadSteps {
  const isOpen = thread.resolution === 'open'
  const keep = (why: string): ThreadSteps => ({
    actions: [{ kind: 'keep', threadId: thread.id, what: `thread ${thread.id}`, why }],
    isOpen,
    isForbidden: false,
  })
  if (thread.isFrozen) return keep('somebody wrote there')
  if (wish.state === 'as it is') return keep(wish.why)
  const isForbidden = context.input.forbiddenThreads?.has(thread.id) ?? false
  const needsPermission = wish.state === 'open' ? thread.resolution === 'by us' : mustBeResolved(thread)
  if (isForbidden && needsPermission)
    return { ...keep('the server does not let us resolve or reopen it'), isForbidden }
  if (wish.state === 'open') return openSteps(thread, wish.finding, context) ?? keep(keepOpenReason(thread))
  return resolveSteps(thread, wish, context) ?? keep(keepResolvedReason(thread, wish.why))
}

function keepOpenReason({ resolution }: OurThread): string {
  return resolution === 'by others' ? 'somebody resolved it' : 'it says what there is to say'
}

function keepResolvedReason({ resolution }: OurThread, why: string): string {
  if (resolution === 'open') return 'somebody reopened it'
  return resolution === 'by us' ? `resolved already: ${why}` : 'somebody resolved it'
}

/** Undefined when there is nothing to do. */
function openSteps(thread: OurThread, finding: Finding, context: PlanContext): ThreadSteps | undefined {
  if (thread.resolution === 'by others') return undefined
  if (thread.resolution === 'open') {
    const body = bodyWhenOutdated(thread, finding, context)
    if (body === undefined) return undefined
    return {
      actions: [edit(thread, body, 'what is known of the finding changed')],
      isOpen: true,
      isForbidden: false,
    }
  }
  const { headSha } = context.input.pipeline
  const why = 'the finding is there again'
  // once, too, where the server lets us speak but not reopen
  const isSaid =
    wasInterrupted(thread) ||
    thread.replies.some(({ marker }) => marker.kind === 'reply' && marker.headSha === headSha)
  const reply: Action = {
    kind: 'reply',
    threadId: thread.id,
    body: context.note('reply', context.texts.reopened(headSha), thread.identity),
    why,
  }
  const [visible] = visibleTexts(thread, finding, context)
  return {
    actions: [
      ...(isSaid ? [] : [reply]),
      { kind: 'reopen', threadId: thread.id, noteId: thread.note.id, why },
      edit(thread, findingBody(visible, finding, 'open', context), why),
    ],
    isOpen: true,
    isForbidden: false,
  }
}

function resolveSteps(
  thread: OurThread,
  wish: Extract<Wish, { state: 'resolved' }>,
  context: PlanContext,
): ThreadSteps | undefined {
  const { resolution, marker, note } = thread
  const resolve: Action = { kind: 'resolve', threadId: thread.id, noteId: note.id, why: wish.why }
  const interrupted = wasInterrupted(thread)
  const body = (): string => resolvedBody(thread, wish, context)
  const steps = (...actions: Action[]): ThreadSteps => ({ actions, isOpen: false, isForbidden: false })
  if (resolution === 'open')
    return mustBeResolved(thread) ? steps(resolve, edit(thread, body(), wish.why)) : undefined
  if (marker.state === 'open')
    return thread.resolvedByOurAccount ? steps(edit(thread, body(), wish.why)) : undefined
  // only a marker that is as young as our reply says that the thread is where it should be
  const isLater = thread.replies.every(
    (reply) => reply.marker.pipelineId <= context.input.pipeline.pipelineId,
  )
  return resolution === 'by us' && interrupted && isLater ? steps(edit(thread, body(), wish.why)) : undefined
}

/** Open, and not because a human reopened it. */
function mustBeResolved(thread: OurThread): boolean {
  return thread.resolution === 'open' && (thread.marker.state === 'open' || wasInterrupted(thread))
}

/** We said that the finding is there again, and never came to write it into the marker. */
function wasInterrupted({ marker, replies }: OurThread): boolean {
  return replies.some((reply) => reply.marker.kind === 'reply' && reply.marker.pipelineId > marker.pipelineId)
}

/** Is somebody keeping open what we had resolved? */
export function isHeldOpen(thread: OurThread): boolean {
  return thread.resolution === 'open' && !mustBeResolved(thread)
}

function edit({ id, note }: OurThread, body: string, why: string): Action {
  return { kind: 'edit note', threadId: id, noteId: note.id, body, why }
}

/** The text of the thread when it is not what it should be. */
function bodyWhenOutdated(thread: OurThread, finding: Finding, context: PlanContext): string | undefined {
  const { marker } = thread
  const texts = visibleTexts(thread, finding, context)
  const current = texts.find((text) => bodyHash(text) === marker.bodyHash) ?? textButForNoise(thread, texts)
  const isSame =
    current !== undefined &&
    marker.state === 'open' &&
    marker.evidence === finding.evidence &&
    marker.pathHash === identityOf(finding).pathHash
  return isSame ? undefined : findingBody(current ?? texts[0], finding, 'open', context)
}

/**
 * What the thread says, where it differs from what it should say in estimates that moved a little: it stays as it is.
 * Only a text of ours is compared, not one that somebody edited.
 */
function textButForNoise({ note, marker }: OurThread, texts: readonly string[]): string | undefined {
  const written = visibleBody(note.body)
  if (bodyHash(written) !== marker.bodyHash) return undefined
  return texts.some((text) => isSameButForNoise(written, text)) ? written : undefined
}

function resolvedBody(
  thread: OurThread,
  wish: Extract<Wish, { state: 'resolved' }>,
  context: PlanContext,
): string {
  const { marker, note } = thread
  if (wish.finding !== undefined && marker.state === 'open') {
    const texts = visibleTexts(thread, wish.finding, context)
    const current =
      texts.find((text) => bodyHash(text) === marker.bodyHash) ?? textButForNoise(thread, texts) ?? texts[0]
    return findingBody(current, wish.finding, 'resolved', context)
  }
  const visible = visibleBody(note.body)
  const isNews = wish.isFixed && marker.state === 'open'
  return context.note(
    'finding',
    isNews ? context.texts.fixed(visible, context.input.pipeline.headSha) : visible,
    { ...thread.identity, ...evidenceOf(marker), state: 'resolved' },
  )
}

function evidenceOf({ evidence }: Marker): Pick<Marker, 'evidence'> {
  return evidence === undefined ? {} : { evidence }
}

/** The first note of a thread for a finding. */
export function findingBody(
  visible: string,
  finding: Finding,
  state: 'open' | 'resolved',
  context: PlanContext,
): string {
  return context.note('finding', visible, { ...identityOf(finding), evidence: finding.evidence, state })
}

/**
 * Texts that the thread may have, the one to write first. A suggestion replaces lines counted from where the thread
 * hangs, so it is written only where the server shows the thread on that very line; one that stands there already is
 * left alone unless the thread is known to hang elsewhere.
 */
function visibleTexts(
  thread: OurThread,
  finding: Finding,
  { input, texts }: PlanContext,
): readonly [string, ...string[]] {
  const { report, pipeline, policy } = input
  const write = (place: ThreadPlace): string => texts.thread({ report, finding, pipeline, policy, place })
  const place = input.places.get(finding)
  if (place === undefined) return [write(whereItWas(finding))]
  const plain = write({ ...place, suggestion: false })
  if (!place.suggestion) return [plain]
  const { position } = thread
  if (position?.headSha !== input.remote.version?.headSha) return [plain, write(place)]
  const isThere = position?.newPath === place.newPath && position.newLine === place.newLine
  return [isThere ? write(place) : plain]
}

/** No line of the newest diff holds the finding any more; its thread stays where it was. */
function whereItWas({ span }: Finding): ThreadPlace {
  return { oldPath: span.file, newPath: span.file, newLine: span.start.line, suggestion: false }
}
