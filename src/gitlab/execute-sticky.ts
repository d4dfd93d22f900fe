import { changeThreads, type ChangeContext, type ThreadChange } from './execute-changes.ts'
import { refreshThreads } from './execute-state.ts'
import { ownMarker } from './own-notes.ts'
import { parseMarker } from './marker.ts'
import type { RemoteState, ReviewPlan } from './model.ts'

/**
 * Writes the sticky note. After creating one it looks again: where another run created one at the same time, the
 * oldest stays and the plan turns ours into a pointer to it, so that there is one summary.
 */
export async function writeSticky(
  context: ChangeContext,
  plan: ReviewPlan,
  planFor: (remote: RemoteState) => ReviewPlan,
): Promise<void> {
  const { session, remote, policy } = context
  for (const action of plan.actions) {
    if (action.kind === 'edit sticky') {
      await session.write((server) => server.editNote(action.noteId, action.body))
    } else if (action.kind === 'create sticky') {
      await session.post(
        (server) => server.createNote(action.body),
        async () => {
          const threads = await session.read((server) => server.threads())
          return threads
            .flatMap(({ notes }) => notes)
            .find((note) => ownMarker(note, remote, policy)?.kind === 'sticky')
        },
      )
      const now = await refreshThreads(session, remote)
      await changeThreads({ ...context, remote: now }, supersededNotes(planFor(now)))
    }
  }
}

/** The edits that turn notes of ours into pointers to the one sticky note. */
function supersededNotes({ actions }: ReviewPlan): readonly ThreadChange[] {
  return actions.flatMap((action) =>
    action.kind === 'edit note' && parseMarker(action.body)?.kind === 'superseded' ? [action] : [],
  )
}
