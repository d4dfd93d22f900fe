/** Notes and discussions [src lib/api/notes.rb, discussions.rb, helpers/notes_helpers.rb]. */
import { discussionEntity, noteEntity } from './entities.ts'
import { ApiError, badParameter, notFound } from './errors.ts'
import {
  choice,
  optionalBoolean,
  optionalInteger,
  optionalPosition,
  optionalString,
  requiredString,
} from './grape-params.ts'
import type { Note } from './model.ts'
import { createNote, deleteNote, editNote, resolveNote, resolveThread } from './notes.ts'
import type { Created } from './notes.ts'
import { paginate } from './pagination.ts'
import { canReadNote } from './permissions.ts'
import type { Answer, Call, Route } from './route.ts'

const mr = '/api/v4/projects/{id}/merge_requests/{noteable_id}'
const thread = `${mr}/discussions/{discussion_id}`

export const noteRoutes: readonly Route[] = [
  { method: 'GET', template: `${mr}/notes`, jobToken: true, handle: listNotes },
  { method: 'POST', template: `${mr}/notes`, handle: postNote },
  { method: 'GET', template: `${mr}/notes/{note_id}`, jobToken: true, handle: showNote },
  { method: 'PUT', template: `${mr}/notes/{note_id}`, handle: putNote },
  { method: 'DELETE', template: `${mr}/notes/{note_id}`, handle: removeNote },
  { method: 'GET', template: `${mr}/discussions`, handle: listDiscussions },
  { method: 'POST', template: `${mr}/discussions`, handle: postDiscussion },
  { method: 'GET', template: thread, handle: showDiscussion },
  { method: 'PUT', template: thread, handle: putDiscussion },
  { method: 'GET', template: `${thread}/notes`, handle: listThreadNotes },
  { method: 'POST', template: `${thread}/notes`, handle: postReply },
  { method: 'GET', template: `${thread}/notes/{note_id}`, handle: showNote },
  { method: 'PUT', template: `${thread}/notes/{note_id}`, handle: putThreadNote },
  { method: 'DELETE', template: `${thread}/notes/{note_id}`, handle: removeNote },
]

/** Notes that the caller may not read are dropped behind the pagination, so that pages get short [facts 1.2]. */
function listNotes(call: Call): Answer {
  const orderBy = choice(call.params, 'order_by', ['created_at', 'updated_at'], 'created_at')
  const sort = choice(call.params, 'sort', ['asc', 'desc'], 'desc')
  const filters = ['all_notes', 'only_comments', 'only_activity']
  const filter = choice(call.params, 'activity_filter', filters, 'all_notes')
  const kept = call.state.notes.filter((note) => {
    if (filter === 'all_notes') return true
    return note.system === (filter === 'only_activity')
  })
  const by = (note: Note): string => (orderBy === 'created_at' ? note.createdAt : note.updatedAt)
  const ordered = kept.toSorted((a, b) => by(a).localeCompare(by(b)) || a.id - b.id)
  const page = paginate(call, sort === 'asc' ? ordered : ordered.toReversed())
  const readable = page.rows.filter((note) => canReadNote(call.user, note))
  return { status: 200, headers: page.headers, body: readable.map((note) => show(call, note)) }
}

function postNote(call: Call): Answer {
  const body = requiredString(call.params, 'body')
  const internal = optionalBoolean(call.params, 'internal') ?? optionalBoolean(call.params, 'confidential')
  return created(createNote(call.state, call.user, { body, internal: internal ?? false }), (note) =>
    show(call, note),
  )
}

function showNote(call: Call): Answer {
  return { status: 200, body: show(call, find(call)) }
}

function putNote(call: Call): Answer {
  const body = optionalString(call.params, 'body', false)
  const note = find(call)
  if (body === null) return { status: 200, body: show(call, note) }
  return edited(call, editNote(call.state, call.user, note, body))
}

function removeNote(call: Call): Answer {
  deleteNote(call.state, call.user, find(call))
  return { status: 204 }
}

/** Threads are paginated first and their unreadable notes dropped afterwards. */
function listDiscussions(call: Call): Answer {
  const page = paginate(call, call.state.threads())
  const readable = page.rows
    .map((notes) => notes.filter((note) => canReadNote(call.user, note)))
    .filter((notes) => notes.length > 0)
  const body = readable.map((notes) => discussionEntity(call.state, notes, call.webRoot))
  return { status: 200, headers: page.headers, body }
}

function postDiscussion(call: Call): Answer {
  const body = requiredString(call.params, 'body')
  const position = optionalPosition(call.params)
  const result = createNote(call.state, call.user, { body, position, thread: true })
  return created(result, (note) => discussionEntity(call.state, [note], call.webRoot))
}

function showDiscussion(call: Call): Answer {
  return { status: 200, body: discussionEntity(call.state, readableThread(call, 'Discussion'), call.webRoot) }
}

function putDiscussion(call: Call): Answer {
  const resolved = optionalBoolean(call.params, 'resolved')
  if (resolved === null) throw badParameter('resolved is missing')
  resolveThread(call.state, call.user, threadId(call), resolved)
  return { status: 200, body: discussionEntity(call.state, readableThread(call, 'Discussion'), call.webRoot) }
}

function listThreadNotes(call: Call): Answer {
  return { status: 200, body: readableThread(call, 'Notes').map((note) => show(call, note)) }
}

function postReply(call: Call): Answer {
  const body = requiredString(call.params, 'body')
  const result = createNote(call.state, call.user, { body, replyTo: threadId(call), thread: true })
  return created(result, (note) => show(call, note))
}

function putThreadNote(call: Call): Answer {
  const body = optionalString(call.params, 'body')
  const resolved = optionalBoolean(call.params, 'resolved')
  if ((body === null) === (resolved === null))
    throw badParameter(
      body === null
        ? 'body, resolved are missing, exactly one parameter must be provided'
        : 'body, resolved are mutually exclusive',
    )
  const note = find(call)
  if (body !== null) return edited(call, editNote(call.state, call.user, note, body))
  resolveNote(call.state, call.user, note, resolved === true)
  return { status: 200, body: show(call, note) }
}

/** 202 when the text held nothing but quick actions: no note is made [src process_note_creation_result]. */
function created(result: Created, present: (note: Note) => unknown): Answer {
  if ('note' in result) return { status: 201, body: present(result.note) }
  const summary = result.commandsOnly.map((command) => `Applied /${command}.`)
  return { status: 202, body: { commands_changes: {}, summary } }
}

function edited(call: Call, result: Created): Answer {
  const answer = created(result, (note) => show(call, note))
  return answer.status === 201 ? { ...answer, status: 200 } : answer
}

function show(call: Call, note: Note): unknown {
  return noteEntity(call.state, note, call.webRoot)
}

/** The note of the path; in a thread's path it must be the thread's. */
function find(call: Call): Note {
  const id = optionalInteger(call.params, 'note_id')
  const note = call.state.notes.find((candidate) => candidate.id === id)
  if (note === undefined || !canReadNote(call.user, note)) throw notFound('Note')
  const discussion = call.params['discussion_id']
  if (discussion !== undefined && note.discussionId !== discussion) throw notFound('Note')
  return note
}

function readableThread(call: Call, what: string): readonly Note[] {
  const notes = call.state.thread(threadId(call)).filter((note) => canReadNote(call.user, note))
  if (notes.length === 0) throw notFound(what)
  return notes
}

function threadId(call: Call): string {
  const id = call.params['discussion_id']
  if (typeof id !== 'string') throw new ApiError(400, { error: 'discussion_id is invalid' })
  return id
}
