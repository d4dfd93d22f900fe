/** Which findings people accepted by a comment, and what we answer to commands. */
import type { Answer as AnswerInWords } from './answers-text.ts'
import type { Acceptance, AllowBy, RemoteState, RemoteUser, ReviewPolicy } from './model.ts'
import type { CommandNote, OurThread } from './plan-remote.ts'

/** What our one answer to a command says. */
export type Answer =
  | AnswerInWords
  | { readonly kind: 'help'; readonly allowBy: AllowBy }
  /** The comment with the command was deleted. */
  | { readonly kind: 'withdrawn' }

const developer = 30
const maintainer = 40

/** May this user accept a finding? Somebody whose access level is not known may not. */
function mayAllow(user: RemoteUser, remote: RemoteState, allowBy: AllowBy): boolean {
  const level = remote.accessLevels.get(user.id) ?? 0
  if (allowBy === 'maintainer') return level >= maintainer
  if (allowBy === 'not-the-author' && isAuthor(user, remote)) return false
  return level >= developer
}

/** The first permitted acceptance in the thread. */
export function acceptanceIn(
  thread: Pick<OurThread, 'commands'>,
  remote: RemoteState,
  { allowBy }: ReviewPolicy,
): Acceptance | undefined {
  for (const { note, command } of thread.commands) {
    if (command.kind === 'allow' && mayAllow(note.author, remote, allowBy))
      return { by: note.author, reason: command.reason }
  }
  return undefined
}

/** What to answer to a command in a finding's thread. */
export function answerTo(
  { note, command }: CommandNote,
  remote: RemoteState,
  { allowBy }: ReviewPolicy,
): Answer {
  const by = note.author
  switch (command.kind) {
    case 'allow':
      return mayAllow(by, remote, allowBy)
        ? { kind: 'accepted', by, reason: command.reason }
        : { kind: 'refused', by, allowBy, isAuthor: isAuthor(by, remote) }
    case 'allow without reason':
      return { kind: 'no reason' }
    case 'help':
      return { kind: 'help', allowBy }
    case 'unknown':
      return { kind: 'unknown command', command: command.verb }
  }
}

function isAuthor(user: RemoteUser, { mergeRequest }: RemoteState): boolean {
  return user.id === mergeRequest.author.id
}
