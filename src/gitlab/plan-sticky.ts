/** The one sticky note: when it is written, and what it remarks on. */
import { bodyHash } from './marker.ts'
import type { Action, ReviewedFinding, StickyContent } from './model.ts'
import { diffVersionOf, type PlanContext } from './plan-context.ts'
import type { OwnNote, ReadRemote } from './plan-remote.ts'

const mostRemarks = 5

/** What the threads came to. */
export interface StickyFacts {
  readonly findings: readonly ReviewedFinding[]
  readonly passed: boolean
  readonly leftOpen: StickyContent['leftOpen']
}

/** Younger sticky notes become pointers to the oldest, which is written last. */
export function stickySteps(read: ReadRemote, facts: StickyFacts, context: PlanContext): readonly Action[] {
  const { report, pipeline, policy, policyChanges } = context.input
  const [oldest, ...younger] = read.stickies
  const visible = context.texts.sticky({
    ...{ report, pipeline, policy, policyChanges, ...facts },
    remarks: [...(context.input.remarks ?? []), ...remarks(read)],
  })
  const pointers = younger.map((sticky) => pointerStep(sticky, context))
  if (oldest !== undefined) return [...pointers, editStep(oldest, visible, context)]
  if (isWorthANote(facts, context)) return [{ kind: 'create sticky', body: context.note('sticky', visible) }]
  const why = 'there never was a finding'
  return [{ kind: 'keep', threadId: undefined, what: 'no sticky note', why }]
}

/**
 * A merge request without findings is left in peace, unless the gate fails all the same, or it changes what is judged
 * together with migrations: then the absence of findings is what must be looked at.
 */
function isWorthANote({ findings, passed }: StickyFacts, { input }: PlanContext): boolean {
  const changesPolicy = input.policyChanges.length > 0 && input.report.migrations.length > 0
  return findings.length > 0 || !passed || changesPolicy
}

function editStep({ note, marker }: OwnNote, visible: string, context: PlanContext): Action {
  const { headSha, pipelineId } = context.input.pipeline
  const diffVersion = diffVersionOf(context.input)
  const isCurrent = bodyHash(visible) === marker.bodyHash && headSha === marker.headSha
  if (isCurrent && diffVersion <= marker.diffVersion && pipelineId <= marker.pipelineId) {
    return { kind: 'keep', threadId: undefined, what: 'the sticky note', why: 'it is current' }
  }
  // a pipeline that does not know its own number must not make the note look older than it is
  const body = context.note('sticky', visible, {
    diffVersion: Math.max(diffVersion, marker.diffVersion),
    pipelineId: Math.max(pipelineId, marker.pipelineId),
  })
  return {
    kind: 'edit sticky',
    noteId: note.id,
    body,
    why: isCurrent ? 'a newer pipeline says the same' : 'it says something else now',
  }
}

function pointerStep({ note, threadId }: OwnNote, context: PlanContext): Action {
  return {
    ...{ kind: 'edit note', threadId, noteId: note.id },
    body: context.note('superseded', context.texts.supersededSticky()),
    why: 'there is an older sticky note',
  }
}

/** Comments that were meant as commands and are none where they stand. An answer there would make a thread of them. */
function remarks({ strayCommands, longCommands }: ReadRemote): readonly string[] {
  const stray = strayCommands.map(
    ({ note }) =>
      `A comment of ${note.author.username} is a command, but stands outside of the thread of a finding: it was not carried out.`,
  )
  const long = longCommands.map(
    ({ author }) =>
      `A comment of ${author.username} begins with a command and goes on for several lines: it was not carried out, a command is one line.`,
  )
  const all = [...new Set([...stray, ...long])]
  if (all.length <= mostRemarks) return all
  return [...all.slice(0, mostRemarks), `There are ${all.length - mostRemarks} more comments of this kind.`]
}
