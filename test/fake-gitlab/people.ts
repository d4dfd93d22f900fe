/** What humans do in the web interface, by the same rules of access as the API. */
import { applySuggestion, push } from './branches.ts'
import type { PushOptions } from './branches.ts'
import { notFound } from './errors.ts'
import type { DiffVersion, Note, User } from './model.ts'
import { createNote, deleteNote, editNote, resolveThread } from './notes.ts'
import { refsOf } from './positions.ts'
import type { Files } from './repository.ts'
import type { State } from './state.ts'

/** A user at the keyboard. Everything throws an ApiError where the server would refuse. */
export interface Person {
  readonly user: User
  /** A plain note. */
  comment(body: string, options?: { readonly internal?: boolean }): Note
  /** A thread of its own that hangs on no line. */
  startThread(body: string): Note
  /** A thread on a line of the newest diff. */
  commentOnLine(
    path: string,
    lines: { readonly newLine?: number; readonly oldLine?: number },
    body: string,
  ): Note
  /** By the thread's id, or by any of its notes. */
  reply(thread: string | Note, body: string): Note
  resolve(thread: string | Note): void
  unresolve(thread: string | Note): void
  editNote(note: number | Note, body: string): Note
  deleteNote(note: number | Note): void
  /** The index-th suggestion of a note: a commit on the source branch, and the thread resolved. */
  applySuggestion(note: number | Note, index?: number): DiffVersion
  push(files: Files, options?: PushOptions): DiffVersion
}

export function person(state: State, user: User): Person {
  const made = (wish: Parameters<typeof createNote>[2]): Note => {
    const result = createNote(state, user, wish)
    if ('note' in result) return result.note
    throw new Error(`Only quick actions ran: ${result.commandsOnly.join(', ')}.`)
  }
  const noteOf = (note: number | Note): Note => {
    if (typeof note !== 'number') return note
    const found = state.notes.find((candidate) => candidate.id === note)
    if (found === undefined) throw notFound('Note')
    return found
  }
  return {
    user,
    comment: (body, options) => made({ body, internal: options?.internal ?? false }),
    startThread: (body) => made({ body, thread: true }),
    commentOnLine: (path, lines, body) => {
      const version = state.newestVersion()
      if (version === undefined) throw notFound('Version')
      const place = { old_path: path, new_path: path, position_type: 'text', line_range: null }
      const numbers = { old_line: lines.oldLine ?? null, new_line: lines.newLine ?? null }
      return made({ body, thread: true, position: { ...refsOf(version), ...place, ...numbers } })
    },
    reply: (thread, body) => made({ body, replyTo: idOf(thread), thread: true }),
    resolve: (thread) => resolveThread(state, user, idOf(thread), true),
    unresolve: (thread) => resolveThread(state, user, idOf(thread), false),
    editNote: (note, body) => {
      const found = noteOf(note)
      editNote(state, user, found, body)
      return found
    },
    deleteNote: (note) => deleteNote(state, user, noteOf(note)),
    applySuggestion: (note, index = 0) => applySuggestion(state, user, noteOf(note), index),
    push: (files, options) => push(state, user, files, options),
  }
}

function idOf(thread: string | Note): string {
  return typeof thread === 'string' ? thread : thread.discussionId
}
