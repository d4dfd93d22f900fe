/** What happens to the branches, and to notes when a push makes a new diff version. */
import { diffOf } from './diff-lines.ts'
import type { DiffVersion, Note, User } from './model.ts'
import { isResolvable, isResolved } from './notes.ts'
import { refsOf, tracePosition } from './positions.ts'
import type { Files } from './repository.ts'
import type { State } from './state.ts'

export interface PushOptions {
  readonly message?: string
  /** Replaces the branch's last commit, as `push --force` after `commit --amend`. */
  readonly amend?: boolean
}

/** Commits onto the source branch and pushes: a new diff version, a system note, positions traced. */
export function push(state: State, pusher: User, files: Files, options: PushOptions = {}): DiffVersion {
  const branch = state.mergeRequest.sourceBranch
  const head = state.repository.head(branch)
  const from = options.amend === true ? state.repository.parent(head) : head
  const message = options.message ?? 'Next try'
  state.repository.commit(branch, files, { message, from, author: pusher.username })
  return newVersion(state, pusher)
}

/** The diff version of the branches as they are now. */
export function newVersion(state: State, pusher: User): DiffVersion {
  const { mergeRequest, repository } = state
  const before = state.newestVersion()
  const startSha = repository.head(mergeRequest.targetBranch)
  const headSha = repository.head(mergeRequest.sourceBranch)
  const baseSha = repository.mergeBase(startSha, headSha)
  const version = { id: state.nextId('version'), baseSha, startSha, headSha, createdAt: state.tick() }
  mergeRequest.versions.push(version)
  if (before !== undefined) {
    const count = repository.commits(before.headSha, headSha).length
    const body = `added ${count} commit${count === 1 ? '' : 's'}\n\n<ul><li>${headSha.slice(0, 8)}</li></ul>`
    state.addNote({ body, authorId: pusher.id, system: true })
    for (const notes of state.threads()) follow(state, pusher, notes, version)
  }
  return version
}

/** One thread's way into the new version [src update_diff_position_service.rb, facts 1.2]. */
function follow(state: State, pusher: User, notes: readonly Note[], version: DiffVersion): void {
  const position = notes[0]?.position ?? null
  if (position === null || notes[0]?.outdated === true || position.position_type !== 'text') return
  const traced = tracePosition(state.repository, position, refsOf(version))
  const placed = notes.filter((note) => note.type === 'DiffNote')
  if (!traced.outdated && traced.position !== undefined) {
    for (const note of placed) note.position = traced.position
    return
  }
  for (const note of placed) note.outdated = true
  const first = notes[0]
  if (first === undefined) return
  const number = state.mergeRequest.versions.length
  const body = `changed this line in [version ${number} of the diff](/diffs?diff_id=${version.id})`
  const place = { type: first.type, discussionId: first.discussionId, position }
  state.addNote({ body, authorId: pusher.id, system: true, ...place })
  if (state.options.resolveOutdated !== true) return
  // The project setting resolves in the name of whoever pushed.
  for (const note of placed) {
    if (!isResolvable(note) || isResolved(note)) continue
    note.resolvedAt = state.tick()
    note.resolvedById = pusher.id
  }
}

/** A human presses "Apply suggestion": a commit by them, and the thread is resolved [facts 1.4]. */
export function applySuggestion(state: State, user: User, note: Note, index: number): DiffVersion {
  const suggestion = note.suggestions[index]
  const { position } = note
  const path = position?.new_path
  if (suggestion === undefined || path === undefined || path === null)
    throw new Error(`Note ${note.id} has no suggestion ${index}.`)
  if (suggestion.applied || note.outdated) throw new Error(`Suggestion ${suggestion.id} can not be applied.`)
  const head = state.repository.head(state.mergeRequest.sourceBranch)
  const content = state.repository.file(head, path) ?? ''
  const lines = content.split(/(?<=\n)/)
  const current = lines.slice(suggestion.from_line - 1, suggestion.to_line).join('')
  if (current.trimEnd() !== suggestion.from_content.trimEnd())
    throw new Error(`Suggestion ${suggestion.id} no longer fits ${path}.`)
  const { from_line: from, to_line: to, to_content: text } = suggestion
  lines.splice(from - 1, to - from + 1, text)
  suggestion.applied = true
  for (const resolved of state.thread(note.discussionId)) {
    if (!isResolvable(resolved) || isResolved(resolved)) continue
    resolved.resolvedAt = state.tick()
    resolved.resolvedById = user.id
  }
  return push(state, user, { [path]: lines.join('') }, { message: 'Apply 1 suggestion(s) to 1 file(s)' })
}

/** Number of files in the newest diff, as `changes_count` has it. */
export function changesCount(state: State): string {
  const version = state.newestVersion()
  return version === undefined ? '0' : String(diffOf(version.baseSha, version.headSha).length)
}
