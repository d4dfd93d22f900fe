/** Who may do what [src app/policies/{note,issuable,project}_policy.rb, doc user/permissions]. */
import { ACCESS_LEVELS } from './model.ts'
import type { MergeRequest, Note, User } from './model.ts'

export interface Ground {
  readonly visibility: 'private' | 'public'
  readonly mergeRequest: MergeRequest
}

const level = (user: User): number => ACCESS_LEVELS[user.role]

/** Guests of a private project see no code and no merge requests. */
export function canRead(ground: Ground, user: User): boolean {
  return ground.visibility === 'public' || level(user) >= ACCESS_LEVELS.reporter
}

/** A locked discussion is for members only [src issuable_policy.rb: `locked & ~is_project_member`]. */
export function canCreateNote(ground: Ground, user: User): boolean {
  if (!canRead(ground, user)) return false
  return !ground.mergeRequest.discussionLocked || level(user) > ACCESS_LEVELS.none
}

/** Internal notes are for Reporters and their author; some system notes are for nobody here. */
export function canReadNote(user: User, note: Note): boolean {
  if (note.hidden) return false
  return !note.internal || level(user) >= ACCESS_LEVELS.reporter || note.authorId === user.id
}

/** [src note_policy.rb mark_note_as_internal] */
export function canMarkInternal(user: User): boolean {
  return level(user) >= ACCESS_LEVELS.reporter
}

/** Editing and deleting: the author, or a Maintainer; never a system note. */
export function canAdminNote(ground: Ground, user: User, note: Note): boolean {
  if (note.system || !canReadNote(user, note)) return false
  if (!canCreateNote(ground, user)) return false
  return note.authorId === user.id || level(user) >= ACCESS_LEVELS.maintainer
}

/** Resolving a thread: Developers and the author of the merge request [doc, src resolvable_discussion.rb]. */
export function canResolveThread(ground: Ground, user: User): boolean {
  if (!canCreateNote(ground, user)) return false
  return level(user) >= ACCESS_LEVELS.developer || ground.mergeRequest.authorId === user.id
}

/** Resolving through one note is also for that note's author [src note_policy.rb: `is_author` enables resolve_note]. */
export function canResolveNote(ground: Ground, user: User, note: Note): boolean {
  return canResolveThread(ground, user) || (note.authorId === user.id && canCreateNote(ground, user))
}
