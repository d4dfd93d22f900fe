/** What people see of a merge request, without ids and times, for comparing two histories. */
import type { Note } from './model.ts'
import { isResolvable, isResolved } from './notes.ts'
import type { State } from './state.ts'

export interface NoteSnapshot {
  readonly author: string
  readonly body: string
  readonly type: Note['type']
  readonly system: boolean
  readonly resolved: boolean | undefined
  readonly resolvedBy: string | undefined
}

export interface ThreadSnapshot {
  /** `path:old:new`; undefined for threads that hang on no line. */
  readonly place: string | undefined
  readonly outdated: boolean
  readonly notes: readonly NoteSnapshot[]
}

export interface Snapshot {
  readonly state: string
  /** Sorted by place and text, so that the order of creation does not count. */
  readonly threads: readonly ThreadSnapshot[]
  readonly drafts: readonly { readonly author: string; readonly note: string }[]
}

/** `normalise` rewrites bodies, for instance to cut what may differ between runs. */
export function snapshotOf(state: State, normalise: (body: string) => string): Snapshot {
  const name = (id: number | null): string | undefined =>
    id === null ? undefined : state.userById(id)?.username
  const threads = state.threads().map((notes): ThreadSnapshot => {
    const position = notes[0]?.position ?? null
    return {
      place:
        position === null
          ? undefined
          : `${position.new_path}:${position.old_line ?? ''}:${position.new_line ?? ''}`,
      outdated: notes[0]?.outdated ?? false,
      notes: notes.map((note) => ({
        author: name(note.authorId) ?? '',
        body: normalise(note.body),
        type: note.type,
        system: note.system,
        resolved: isResolvable(note) ? isResolved(note) : undefined,
        resolvedBy: name(note.resolvedById),
      })),
    }
  })
  const key = (thread: ThreadSnapshot): string => `${thread.place ?? ''}\0${thread.notes[0]?.body ?? ''}`
  const drafts = state.drafts.map((draft) => ({
    author: name(draft.authorId) ?? '',
    note: normalise(draft.note),
  }))
  return {
    state: state.mergeRequest.state,
    threads: threads.toSorted((a, b) => key(a).localeCompare(key(b))),
    drafts: drafts.toSorted((a, b) => a.note.localeCompare(b.note)),
  }
}
