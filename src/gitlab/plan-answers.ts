/** Our answers to commands: one per command, edited when what it should say changed, never written twice. */
import { answerTo, type Answer } from './acceptance.ts'
import { bodyHash } from './marker.ts'
import type { Action } from './model.ts'
import type { PlanContext } from './plan-context.ts'
import type { CommandNote, OurThread, OwnNote } from './plan-remote.ts'

/** `isPresent`: the finding of the thread is still there, so that there is something to accept. */
export function answerSteps(thread: OurThread, isPresent: boolean, context: PlanContext): readonly Action[] {
  if (thread.isFrozen || (thread.resolution === 'by others' && !thread.resolvedByOurAccount)) return []
  const answers = thread.replies.filter(({ marker }) => marker.kind === 'answer')
  const answered = thread.commands.flatMap((command) => {
    const existing = answers.find(({ marker }) => marker.note === command.note.id)
    return answerStep(thread, command, existing, isPresent, context)
  })
  return [...answered, ...withdrawals(thread, answers, context)]
}

function answerStep(
  thread: OurThread,
  command: CommandNote,
  existing: OwnNote | undefined,
  isPresent: boolean,
  context: PlanContext,
): readonly Action[] {
  const { remote, policy } = context.input
  const needsFinding = command.command.kind === 'allow' || command.command.kind === 'allow without reason'
  if (needsFinding && !isPresent) return []
  const answer = answerTo(command, remote, policy)
  return write(thread, answer, command.note.id, existing, context)
}

/** Answers whose question was deleted must not go on saying that the finding is accepted. */
function withdrawals(
  thread: OurThread,
  answers: readonly OwnNote[],
  context: PlanContext,
): readonly Action[] {
  const asked = new Set(thread.commands.map(({ note }) => note.id))
  return answers.flatMap((existing) => {
    const { note } = existing.marker
    if (note === undefined || asked.has(note)) return []
    return write(thread, { kind: 'withdrawn' }, note, existing, context)
  })
}

function write(
  { id }: OurThread,
  answer: Answer,
  note: number,
  existing: OwnNote | undefined,
  context: PlanContext,
): readonly Action[] {
  const visible = context.texts.answer(answer)
  const why = describe(answer)
  if (existing === undefined)
    return [{ kind: 'reply', threadId: id, body: context.note('answer', visible, { note }), why }]
  if (existing.marker.bodyHash === bodyHash(visible)) return []
  const body = context.note('answer', visible, { note })
  return [{ kind: 'edit note', threadId: id, noteId: existing.note.id, body, why }]
}

function describe(answer: Answer): string {
  switch (answer.kind) {
    case 'accepted':
      return `${answer.by.username} accepted the finding`
    case 'refused':
      return `${answer.by.username} may not accept findings`
    case 'no reason':
      return 'a command lacks its reason'
    case 'no finding':
      return 'a command stands where there is no finding'
    case 'help':
      return 'somebody asked for help'
    case 'unknown command':
      return 'a command is not known'
    case 'withdrawn':
      return 'the command was deleted'
  }
}
