/** Draft notes [src lib/api/draft_notes.rb, app/services/draft_notes/publish_service.rb, facts 1.3]. */
import { draftEntity } from './entities.ts'
import { ApiError, badParameter, badRequest, forbidden, notFound } from './errors.ts'
import {
  optionalBoolean,
  optionalInteger,
  optionalPosition,
  optionalString,
  requiredString,
} from './grape-params.ts'
import type { Draft, User } from './model.ts'
import { createNote, resolve, unresolve } from './notes.ts'
import { canCreateNote, canResolveThread } from './permissions.ts'
import type { Answer, Call, Route } from './route.ts'
import type { State } from './state.ts'

const drafts = '/api/v4/projects/{id}/merge_requests/{merge_request_iid}/draft_notes'
const draft = `${drafts}/{draft_note_id}`

export const draftRoutes: readonly Route[] = [
  { method: 'GET', template: drafts, handle: onNewServers(listDrafts) },
  { method: 'POST', template: drafts, handle: onNewServers(postDraft) },
  { method: 'POST', template: `${drafts}/bulk_publish`, handle: onNewServers(bulkPublish) },
  { method: 'GET', template: draft, handle: onNewServers((call) => shown(call, find(call))) },
  { method: 'PUT', template: draft, handle: onNewServers(putDraft) },
  { method: 'DELETE', template: draft, handle: onNewServers(removeDraft) },
  { method: 'PUT', template: `${draft}/publish`, handle: onNewServers(publishOne) },
]

/** Before the write API of draft notes there was no such route. */
function onNewServers(handle: Route['handle']): Route['handle'] {
  return (call) => {
    if (call.state.options.oldServer === true) throw new ApiError(404, { error: '404 Not Found' })
    return handle(call)
  }
}

/** Only one's own; the list has no pages. */
function listDrafts(call: Call): Answer {
  const own = call.state.drafts.filter((candidate) => candidate.authorId === call.user.id)
  return { status: 200, body: own.map((candidate) => draftEntity(call.state, candidate)) }
}

/** The position is not checked against the diff here; that comes out at publishing. */
function postDraft(call: Call): Answer {
  const note = requiredString(call.params, 'note')
  if (!canCreateNote(call.state.ground, call.user)) throw forbidden()
  const replyTo = optionalString(call.params, 'in_reply_to_discussion_id')
  const own = call.state.drafts.filter((candidate) => candidate.authorId === call.user.id)
  // One pending reply per thread [src models/draft_note.rb].
  if (replyTo !== null && own.some((candidate) => candidate.replyTo === replyTo))
    throw new ApiError(400, { message: { author_id: ['has already been taken'] } })
  const position = optionalPosition(call.params)
  if (position !== null && JSON.stringify(position).length > 100 * 1024)
    throw new ApiError(400, { message: { position: ['is too large'] } })
  const made: Draft = {
    id: call.state.nextId('draft'),
    authorId: call.user.id,
    note,
    position,
    commitId: optionalString(call.params, 'commit_id'),
    replyTo,
    resolveDiscussion: optionalBoolean(call.params, 'resolve_discussion') ?? false,
  }
  call.state.drafts.push(made)
  return { status: 201, body: draftEntity(call.state, made) }
}

/** `update!(note:, position: params[:position])`: without a position the old one is gone. */
function putDraft(call: Call): Answer {
  const text = optionalString(call.params, 'note')
  if (text === '') throw badParameter('note is empty')
  if (text === null) throw badRequest('Missing params to modify')
  const found = find(call)
  found.note = text
  found.position = optionalPosition(call.params)
  return shown(call, found)
}

function removeDraft(call: Call): Answer {
  const found = find(call)
  call.state.drafts = call.state.drafts.filter((candidate) => candidate !== found)
  return { status: 204 }
}

function publishOne(call: Call): Answer {
  const found = find(call)
  if (!canCreateNote(call.state.ground, call.user)) return { status: 500 }
  publish(call.state, call.user, found, false)
  call.state.drafts = call.state.drafts.filter((candidate) => candidate !== found)
  return { status: 204 }
}

/** All own drafts, one after another, no transaction, one mail. */
function bulkPublish(call: Call): Answer {
  const { state, user } = call
  if (!canCreateNote(state.ground, user)) return { status: 500 }
  const own = state.drafts.filter((candidate) => candidate.authorId === user.id)
  const noteIds: number[] = []
  for (const [index, pending] of own.entries()) {
    // What was published so far stays, and so do all drafts.
    if (index === state.options.bulkPublishFailsAfter) return { status: 500 }
    const id = publish(state, user, pending, true)
    if (id !== undefined) noteIds.push(id)
  }
  state.drafts = state.drafts.filter((candidate) => candidate.authorId !== user.id)
  if (own.length > 0) state.mails.push({ kind: 'review', noteIds, by: user.username })
  return { status: 204 }
}

/** An invalid note is not looked at: it vanishes. Drafts without a place become threads. */
function publish(state: State, user: User, pending: Draft, inReview: boolean): number | undefined {
  const { position, replyTo } = pending
  const reply = replyTo === null ? {} : { replyTo }
  const wish = { body: pending.note, position, thread: true, withoutMail: inReview, ...reply }
  try {
    const result = createNote(state, user, wish)
    if (replyTo !== null) {
      const notes = state.thread(replyTo)
      if (pending.resolveDiscussion && canResolveThread(state.ground, user)) resolve(state, user, notes)
      else unresolve(notes)
    }
    return 'note' in result ? result.note.id : undefined
  } catch (error) {
    if (error instanceof ApiError) return undefined
    throw error
  }
}

function shown(call: Call, found: Draft): Answer {
  return { status: 200, body: draftEntity(call.state, found) }
}

function find(call: Call): Draft {
  const id = optionalInteger(call.params, 'draft_note_id')
  const found = call.state.drafts.find(
    (candidate) => candidate.id === id && candidate.authorId === call.user.id,
  )
  if (found === undefined) throw notFound()
  return found
}
