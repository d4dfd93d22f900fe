/** The rules of notes and threads: creating, replying, editing, resolving [src app/services/notes, discussions]. */
import { badRequest, forbidden, notFound } from './errors.ts'
import type { Note, Position, User } from './model.ts'
import {
  canAdminNote,
  canCreateNote,
  canMarkInternal,
  canReadNote,
  canResolveNote,
  canResolveThread,
} from './permissions.ts'
import { isComplete, lineCodeOf, refsOf, sameRefs, tracePosition } from './positions.ts'
import { findQuickActions, findReferences, slashLines, withoutQuickActions } from './quick-actions.ts'
import type { State } from './state.ts'
import { parseSuggestions } from './suggestions.ts'

/** [doc instance_limits] */
const maxNoteLength = 1_000_000

export interface NewNote {
  readonly body: string
  readonly internal?: boolean
  /** A thread of its own instead of a plain note. */
  readonly thread?: boolean
  readonly position?: Position | null
  readonly replyTo?: string | undefined
  /** Notes of a review are announced together. */
  readonly withoutMail?: boolean
}

/** What came of a new note: the note, or only commands were run. */
export type Created = { readonly note: Note } | { readonly commandsOnly: readonly string[] }

/** Creates a note as `user`; ApiError 403, 404 or 400 as the server words them. */
export function createNote(state: State, user: User, wish: NewNote): Created {
  if (!canCreateNote(state.ground, user)) throw forbidden()
  const replied = wish.replyTo === undefined ? undefined : repliedThread(state, user, wish.replyTo)
  const errors = noteErrors(wish.body)
  const first = replied?.[0]
  const traced = wish.position === undefined || wish.position === null ? null : placeOf(state, wish.position)
  if (traced !== null && traced.errors.length > 0) errors.push(...traced.errors)
  if (errors.length > 0) throw badRequest(`Note ${inspectErrors(errors, state.options.rubyHash ?? '3.3')}`)
  const body = interpret(state, user, wish.body, 'created')
  if (body === '') return { commandsOnly: commandsOf(wish.body) }
  // Replying to a plain note makes it a thread [facts 1.2, danger-js #1351].
  if (first !== undefined && first.type === null) first.type = 'DiscussionNote'
  const position = first?.type === 'DiffNote' ? first.position : (traced?.position ?? null)
  const type =
    position !== null ? 'DiffNote' : first !== undefined || wish.thread === true ? 'DiscussionNote' : null
  const note = state.addNote({
    type,
    body,
    authorId: user.id,
    // A reply is as internal as its thread [src notes/build_service.rb].
    internal: first?.internal ?? (wish.internal === true && canMarkInternal(user)),
    ...(first === undefined ? {} : { discussionId: first.discussionId }),
    position,
    suggestions: suggestionsOf(state, body, position),
  })
  // A reply in a resolved thread is born resolved [src notes/build_service.rb new_note].
  if (replied !== undefined && replied.some(isResolvable) && replied.filter(isResolvable).every(isResolved))
    resolve(state, user, [note])
  if (wish.withoutMail !== true) state.mails.push({ kind: 'note', noteIds: [note.id], by: user.username })
  return { note }
}

/** Edits the text; quick actions run on edits too, and a note of nothing else is deleted [src notes/update_service.rb]. */
export function editNote(state: State, user: User, note: Note, body: string): Created {
  if (!canAdminNote(state.ground, user, note)) throw forbidden()
  const errors = noteErrors(body)
  if (errors.length > 0) throw badRequest(`Note ${inspectErrors(errors, state.options.rubyHash ?? '3.3')}`)
  const kept = interpret(state, user, body, 'edited')
  if (kept === '') {
    state.removeNote(note)
    return { commandsOnly: commandsOf(body) }
  }
  note.body = kept
  note.updatedAt = state.tick()
  note.suggestions = suggestionsOf(state, kept, note.position)
  return { note }
}

export function deleteNote(state: State, user: User, note: Note): void {
  if (!canAdminNote(state.ground, user, note)) throw forbidden()
  state.removeNote(note)
}

/** PUT of a thread: 403 for Reporters who did not open the merge request, and for plain notes. */
export function resolveThread(state: State, user: User, discussionId: string, resolved: boolean): void {
  const notes = state.thread(discussionId)
  if (notes.length === 0) throw notFound('Discussion')
  if (!canResolveThread(state.ground, user) || !notes.some(isResolvable)) throw forbidden()
  if (resolved) resolve(state, user, notes)
  else unresolve(notes)
}

/** PUT of a thread's note: only that note; its author may even as a Reporter. */
export function resolveNote(state: State, user: User, note: Note, resolved: boolean): void {
  if (!canResolveNote(state.ground, user, note)) throw forbidden()
  if (!isResolvable(note)) throw badRequest('Note is not resolvable')
  if (resolved) resolve(state, user, [note])
  else unresolve([note])
}

export function isResolvable(note: Note): boolean {
  return note.type !== null && !note.system
}

export function isResolved(note: Note): boolean {
  return isResolvable(note) && note.resolvedAt !== null
}

/** Marks what is not resolved yet; earlier resolutions keep their author [src resolvable_note.rb]. */
export function resolve(state: State, user: User, notes: readonly Note[]): void {
  for (const note of notes) {
    if (!isResolvable(note) || isResolved(note)) continue
    note.resolvedAt = state.tick()
    note.resolvedById = user.id
  }
}

export function unresolve(notes: readonly Note[]): void {
  for (const note of notes) {
    note.resolvedAt = null
    note.resolvedById = null
  }
}

/** `position` where it now stands; errors name the attribute and the reason, as ActiveModel does. */
export function placeOf(state: State, wished: Position): { position: Position; errors: NoteError[] } {
  const now = state.newestVersion()
  let position = wished
  // A position on another version is brought to the newest one if its line is still there [src diff_positionable_note.rb].
  if (
    now !== undefined &&
    !sameRefs(wished, refsOf(now)) &&
    lineCodeOf(state.repository, wished) !== undefined
  ) {
    const traced = tracePosition(state.repository, wished, refsOf(now))
    if (!traced.outdated && traced.position !== undefined) position = traced.position
  }
  const errors: NoteError[] = []
  const onText = position.position_type === 'text'
  if (onText && lineCodeOf(state.repository, position) === undefined)
    errors.push(['line_code', "can't be blank"], ['line_code', 'must be a valid line code'])
  if (!isComplete(position)) errors.push(['position', 'is incomplete'])
  if (now === undefined) errors.push(['noteable', "doesn't support new-style diff notes"])
  return { position, errors }
}

type NoteError = readonly [attribute: string, reason: string]

function noteErrors(body: string): NoteError[] {
  if (body.trim() === '') return [['note', "can't be blank"]]
  if (body.length > maxNoteLength) return [['note', `is too long (maximum is ${maxNoteLength} characters)`]]
  return []
}

/** `Hash#inspect`, whose look changed with Ruby 3.4 [facts 1.3]. */
function inspectErrors(errors: readonly NoteError[], ruby: '3.3' | '3.4'): string {
  const byAttribute = new Map<string, string[]>()
  for (const [attribute, reason] of errors)
    byAttribute.set(attribute, [...(byAttribute.get(attribute) ?? []), JSON.stringify(reason)])
  const entries = [...byAttribute].map(([name, reasons]) =>
    ruby === '3.4' ? `${name}: [${reasons.join(', ')}]` : `:${name}=>[${reasons.join(', ')}]`,
  )
  return `{${entries.join(', ')}}`
}

/** The thread that is replied to, or the server's refusal. */
function repliedThread(state: State, user: User, discussionId: string): readonly Note[] {
  const notes = state.thread(discussionId).filter((note) => canReadNote(user, note))
  const first = notes[0]
  if (first === undefined) throw notFound('Discussion')
  if (first.system) throw badRequest('Discussion can not be replied to.')
  return notes
}

/** Records what the text would do and gives what is stored. */
function interpret(state: State, user: User, body: string, how: 'created' | 'edited'): string {
  const by = { by: user.username, how, body }
  for (const found of findQuickActions(body)) state.quickActions.push({ ...found, ...by })
  for (const found of slashLines(body)) state.slashLines.push({ ...found, ...by })
  const isCommit = (sha: string): boolean => state.repository.hasCommitPrefix(sha)
  for (const found of findReferences(body, isCommit)) state.references.push({ ...found, ...by })
  return withoutQuickActions(body)
}

function commandsOf(body: string): readonly string[] {
  return [...new Set(findQuickActions(body).map((found) => found.command))]
}

function suggestionsOf(state: State, body: string, position: Position | null): Note['suggestions'] {
  const head = state.newestVersion()?.headSha
  const content =
    position === null || head === undefined ? undefined : state.repository.file(head, position.new_path ?? '')
  return parseSuggestions(body, position, content, () => state.nextId('suggestion'))
}
