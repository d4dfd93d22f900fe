/** The JSON that the API shows [src lib/api/entities/*.rb, OpenAPI excerpt]. */
import { changesCount } from './branches.ts'
import { diffOf } from './diff-lines.ts'
import type { FileDiff } from './diff-lines.ts'
import { ACCESS_LEVELS } from './model.ts'
import type { DiffVersion, Draft, Note, Position, Token, User } from './model.ts'
import { isResolvable, isResolved } from './notes.ts'
import { lineCodeOf } from './positions.ts'
import type { State } from './state.ts'

export type Json = Readonly<Record<string, unknown>>

export function userBasic(user: User, webRoot: string): Json {
  return {
    id: user.id,
    username: user.username,
    name: user.name,
    state: user.state,
    locked: false,
    avatar_url: null,
    web_url: `${webRoot}/${user.username}`,
  }
}

export function currentUser(user: User, webRoot: string): Json {
  return { ...userBasic(user, webRoot), bot: user.bot, created_at: '2025-06-01T00:00:00.000Z' }
}

export function member(user: User, webRoot: string): Json {
  return { ...userBasic(user, webRoot), access_level: ACCESS_LEVELS[user.role], expires_at: null }
}

export function accessToken(token: Token, now: Date): Json {
  const active =
    !token.revoked && (token.expiresAt === null || token.expiresAt > now.toISOString().slice(0, 10))
  return {
    id: token.id,
    name: token.name,
    revoked: token.revoked,
    created_at: '2026-01-01T00:00:00.000Z',
    scopes: token.scopes,
    user_id: token.userId,
    last_used_at: now.toISOString(),
    active,
    expires_at: token.expiresAt,
  }
}

export function project(state: State, webRoot: string): Json {
  const path = state.project.path
  return {
    id: state.project.id,
    name: path.split('/').at(-1),
    path: path.split('/').at(-1),
    path_with_namespace: path,
    default_branch: state.mergeRequest.targetBranch,
    web_url: `${webRoot}/${path}`,
    visibility: state.options.visibility ?? 'private',
    archived: false,
  }
}

export function noteEntity(state: State, note: Note, webRoot: string): Json {
  const author = userOf(state, note.authorId)
  const resolver = note.resolvedById === null ? undefined : userOf(state, note.resolvedById)
  const onDiff = note.type === 'DiffNote'
  return {
    id: note.id,
    type: note.type,
    body: note.body,
    author: userBasic(author, webRoot),
    created_at: note.createdAt,
    updated_at: note.updatedAt,
    system: note.system,
    noteable_id: state.mergeRequest.id,
    noteable_type: 'MergeRequest',
    project_id: state.project.id,
    commit_id: null,
    ...(onDiff ? { position: note.position } : {}),
    resolvable: isResolvable(note),
    ...(isResolvable(note)
      ? {
          resolved: isResolved(note),
          resolved_by: resolver === undefined ? null : userBasic(resolver, webRoot),
          resolved_at: note.resolvedAt,
        }
      : {}),
    ...(onDiff
      ? { suggestions: note.suggestions.map((s) => ({ ...s, appliable: !s.applied && !note.outdated })) }
      : {}),
    confidential: note.internal,
    internal: note.internal,
    imported: false,
    imported_from: 'none',
    noteable_iid: state.mergeRequest.iid,
    commands_changes: {},
  }
}

/** `notes` are those the caller may read. */
export function discussionEntity(state: State, notes: readonly Note[], webRoot: string): Json {
  const first = notes[0]
  const resolvable = notes.filter(isResolvable)
  return {
    id: first?.discussionId,
    individual_note: first?.type === null,
    resolvable: resolvable.length > 0,
    ...(resolvable.length > 0 ? { resolved: resolvable.every(isResolved) } : {}),
    notes: notes.map((note) => noteEntity(state, note, webRoot)),
  }
}

export function draftEntity(state: State, draft: Draft): Json {
  const code = draft.position === null ? undefined : lineCodeOf(state.repository, draft.position)
  return {
    id: draft.id,
    author_id: draft.authorId,
    merge_request_id: state.mergeRequest.id,
    resolve_discussion: draft.resolveDiscussion,
    discussion_id: draft.replyTo,
    note: draft.note,
    commit_id: draft.commitId,
    line_code: code ?? null,
    position: draft.position ?? emptyPosition,
  }
}

/** A draft without a place shows a position of nulls [src entities/draft_note.rb: `note.position.to_h`]. */
const emptyPosition: Partial<Position> = {}

export function versionEntity(state: State, version: DiffVersion): Json {
  return {
    id: version.id,
    head_commit_sha: version.headSha,
    base_commit_sha: version.baseSha,
    start_commit_sha: version.startSha,
    created_at: version.createdAt,
    merge_request_id: state.mergeRequest.id,
    state: 'collected',
    real_size: String(diffOf(version.baseSha, version.headSha).length),
    patch_id_sha: null,
  }
}

export function fullVersionEntity(state: State, version: DiffVersion, unidiff: boolean): Json {
  const commits = state.repository.commits(version.baseSha, version.headSha)
  return {
    ...versionEntity(state, version),
    commits: commits.map((commit) => ({
      id: commit.id,
      short_id: commit.id.slice(0, 8),
      created_at: commit.createdAt,
      parent_ids: commit.parents,
      title: commit.title,
      message: commit.message,
      author_name: commit.author,
      authored_date: commit.createdAt,
      committed_date: commit.createdAt,
    })),
    diffs: diffOf(version.baseSha, version.headSha).map((file) => diffEntity(file, unidiff)),
  }
}

export function diffEntity(file: FileDiff, unidiff: boolean): Json {
  const header = unidiff && file.patch !== '' ? unidiffHeader(file) : ''
  return {
    diff: header + file.patch,
    collapsed: false,
    too_large: false,
    new_path: file.newPath,
    old_path: file.oldPath,
    a_mode: file.aMode,
    b_mode: file.bMode,
    new_file: file.newFile,
    renamed_file: file.renamedFile,
    deleted_file: file.deletedFile,
    generated_file: null,
  }
}

/** One read of the merge request; the first ones may find `diff_refs` missing [facts 1.2]. */
export function mergeRequestEntity(state: State, webRoot: string, prepared: boolean): Json {
  const mr = state.mergeRequest
  const version = state.newestVersion()
  const author = userBasic(userOf(state, mr.authorId), webRoot)
  const open = state.threads().some((notes) => notes.some((note) => isResolvable(note) && !isResolved(note)))
  const merged = mr.state === 'merged'
  return {
    id: mr.id,
    iid: mr.iid,
    project_id: state.project.id,
    title: mr.title,
    description: mr.description,
    state: mr.state,
    created_at: mr.createdAt,
    updated_at: mr.createdAt,
    merged_at: null,
    target_branch: mr.targetBranch,
    source_branch: mr.sourceBranch,
    user_notes_count: state.notes.filter((note) => !note.system).length,
    author,
    assignees: [],
    assignee: null,
    reviewers: [],
    source_project_id: state.sourceProject.id,
    target_project_id: state.project.id,
    labels: [],
    draft: mr.title.startsWith('Draft:'),
    merge_status: merged ? 'can_be_merged' : 'unchecked',
    detailed_merge_status: merged ? 'not_open' : open ? 'discussions_not_resolved' : 'mergeable',
    sha: prepared ? (version?.headSha ?? null) : null,
    merge_commit_sha: mr.mergeCommitSha,
    squash_commit_sha: null,
    discussion_locked: mr.discussionLocked ? true : null,
    prepared_at: prepared ? mr.createdAt : null,
    reference: `!${mr.iid}`,
    web_url: `${webRoot}/${state.project.path}/-/merge_requests/${mr.iid}`,
    has_conflicts: false,
    blocking_discussions_resolved: !open,
    changes_count: prepared ? changesCount(state) : null,
    diff_refs:
      prepared && version !== undefined
        ? { base_sha: version.baseSha, head_sha: version.headSha, start_sha: version.startSha }
        : null,
    merge_error: null,
    user: { can_merge: false },
  }
}

function unidiffHeader(file: FileDiff): string {
  const from = file.newFile ? '/dev/null' : `a/${file.oldPath}`
  const to = file.deletedFile ? '/dev/null' : `b/${file.newPath}`
  return `--- ${from}\n+++ ${to}\n`
}

function userOf(state: State, id: number): User {
  const user = state.userById(id)
  if (user === undefined) throw new Error(`No user ${id}.`)
  return user
}
