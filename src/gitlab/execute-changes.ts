import { isSameNote, ownMarker } from './own-notes.ts'
import { parseMarker } from './marker.ts'
import { GitLabError } from './server.ts'
import type { Action, RemoteNote, RemoteState, ReviewPolicy } from './model.ts'
import type { ReviewSession } from './execute-session.ts'

/** What is done to threads that are there already. */
export type ThreadChange = Extract<Action, { readonly kind: 'edit note' | 'reply' | 'resolve' | 'reopen' }>

export interface ChangeContext {
  readonly session: ReviewSession
  readonly remote: RemoteState
  readonly policy: ReviewPolicy
}

/**
 * Carries out the changes in their order. A thread that the server does not let us change is left as it is; a 403 on
 * the first resolve ends all resolving of this run (`session.forbiddenThreads`), because the role will not change.
 * Throws GitLabError when going on is pointless.
 */
export async function changeThreads(context: ChangeContext, changes: readonly ThreadChange[]): Promise<void> {
  const { session } = context
  const given = new Set<string>()
  for (const change of changes) {
    if (given.has(change.threadId) || session.forbiddenThreads.has(change.threadId)) continue
    try {
      await carryOut(context, change)
    } catch (error) {
      if (!(error instanceof GitLabError)) throw error
      if (error.problem === 'forbidden' && (change.kind === 'resolve' || change.kind === 'reopen')) {
        session.log(`Threads are not resolved: ${error.message}`)
        for (const { kind, threadId } of changes) {
          if (kind === 'resolve' || kind === 'reopen') session.forbiddenThreads.add(threadId)
        }
        continue
      }
      if (isPointless(error)) throw error
      // the next run finds the thread as it is and tries again; half of a change is not followed by its other half
      given.add(change.threadId)
      if (error.problem === 'not found') session.log(`A thread of ours is gone. ${error.message}`)
      else session.problems.push(error)
    }
  }
}

async function carryOut(context: ChangeContext, change: ThreadChange): Promise<void> {
  const { session, remote } = context
  switch (change.kind) {
    case 'edit note': {
      const { threadId, noteId, body } = change
      const isPlain = remote.threads.some(({ id, individual }) => id === threadId && individual)
      return session.write((server) =>
        isPlain ? server.editNote(noteId, body) : server.editThreadNote(threadId, noteId, body),
      )
    }
    case 'reply':
      await session.post(
        (server) => server.reply(change.threadId, change.body),
        () => findReply(context, change.threadId, change.body),
      )
      return
    case 'resolve':
    case 'reopen':
      return session.write((server) => server.setResolved(change.threadId, change.kind === 'resolve'))
  }
}

/** A note of ours in the thread that says the same and was not there when the plan was made. */
async function findReply(
  { session, remote, policy }: ChangeContext,
  threadId: string,
  body: string,
): Promise<RemoteNote | undefined> {
  const notesOf = (threads: RemoteState['threads']) => threads.find(({ id }) => id === threadId)?.notes ?? []
  const known = new Set(notesOf(remote.threads).map(({ id }) => id))
  const wanted = parseMarker(body)
  const now = notesOf(await session.read((server) => server.threads()))
  return now.find((note) => !known.has(note.id) && isSameNote(ownMarker(note, remote, policy), wanted))
}

/** Every further request would meet the same. */
function isPointless({ problem }: GitLabError): boolean {
  return problem === 'unauthorized' || problem === 'scope' || problem === 'network'
}
