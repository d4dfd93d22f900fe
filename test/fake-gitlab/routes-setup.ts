/** What a program needs that makes its own merge request, as the live suite does: branches, commits, merge requests. */
import { newVersion } from './branches.ts'
import { mergeRequestEntity } from './entities.ts'
import type { Json } from './entities.ts'
import { ApiError, badParameter, forbidden, notFound } from './errors.ts'
import { choice, optionalString, requiredString } from './grape-params.ts'
import { isParams } from './http-input.ts'
import { ACCESS_LEVELS } from './model.ts'
import type { MergeRequest } from './model.ts'
import type { Answer, Call, Route } from './route.ts'
import { State } from './state.ts'

const project = '/api/v4/projects/{id}'

export const setupRoutes: readonly Route[] = [
  { method: 'POST', template: `${project}/repository/branches`, handle: createBranch },
  { method: 'DELETE', template: `${project}/repository/branches/{branch}`, handle: deleteBranch },
  { method: 'GET', template: `${project}/repository/files/{file_path}`, handle: showFile },
  { method: 'POST', template: `${project}/repository/commits`, handle: createCommit },
  { method: 'POST', template: `${project}/merge_requests`, handle: createMergeRequest },
  { method: 'PUT', template: `${project}/merge_requests/{merge_request_iid}`, handle: updateMergeRequest },
]

function createBranch(call: Call): Answer {
  requireDeveloper(call)
  const name = requiredString(call.params, 'branch')
  if (call.state.repository.hasBranch(name)) throw new ApiError(400, { message: 'Branch already exists' })
  const sha = headOf(call, requiredString(call.params, 'ref'))
  call.state.repository.branch(name, sha)
  return { status: 201, body: branchEntity(name, sha, call.webRoot) }
}

function deleteBranch(call: Call): Answer {
  requireDeveloper(call)
  const name = requiredString(call.params, 'branch')
  headOf(call, name)
  call.state.repository.removeBranch(name)
  return { status: 204 }
}

function showFile(call: Call): Answer {
  const path = requiredString(call.params, 'file_path')
  const ref = requiredString(call.params, 'ref')
  const content = call.state.repository.file(headOf(call, ref), path)
  if (content === undefined) throw notFound('File')
  const encoded = Buffer.from(content).toString('base64')
  return { status: 200, body: { file_path: path, ref, encoding: 'base64', content: encoded } }
}

/** Commits and, where a merge request has this source branch, makes its next diff version. */
function createCommit(call: Call): Answer {
  requireDeveloper(call)
  const branch = requiredString(call.params, 'branch')
  const message = requiredString(call.params, 'commit_message')
  const head = headOf(call, branch)
  const files = actionsOf(call, head)
  const sha = call.state.repository.commit(branch, files, { message, from: head, author: call.user.username })
  for (const state of call.state.siblings)
    if (state.mergeRequest.sourceBranch === branch) newVersion(state, call.user)
  return { status: 201, body: { id: sha, short_id: sha.slice(0, 8), title: message, parent_ids: [head] } }
}

function createMergeRequest(call: Call): Answer {
  if (ACCESS_LEVELS[call.user.role] < ACCESS_LEVELS.reporter) throw forbidden()
  const source = requiredString(call.params, 'source_branch')
  const target = requiredString(call.params, 'target_branch')
  headOf(call, source)
  headOf(call, target)
  const iids = call.state.siblings.map(({ mergeRequest }) => mergeRequest.iid)
  const iid = Math.max(...iids) + 1
  const made: MergeRequest = {
    id: 9100 + iid,
    iid,
    title: requiredString(call.params, 'title'),
    description: optionalString(call.params, 'description') ?? '',
    authorId: call.user.id,
    sourceBranch: source,
    targetBranch: target,
    state: 'opened',
    discussionLocked: false,
    diffRefsMissing: call.state.options.diffRefsMissing ?? 0,
    createdAt: call.state.tick(),
    mergeCommitSha: null,
    versions: [],
  }
  const state = new State(call.state.options, call.state.repository, made, call.state)
  newVersion(state, call.user)
  return { status: 201, body: mergeRequestEntity(state, call.webRoot, false) }
}

function updateMergeRequest(call: Call): Answer {
  requireDeveloper(call)
  const event = choice(call.params, 'state_event', ['close', 'reopen'], '')
  const request = call.state.mergeRequest
  request.state = event === 'close' ? 'closed' : 'opened'
  call.state.addNote({ body: request.state, authorId: call.user.id, system: true })
  return { status: 200, body: mergeRequestEntity(call.state, call.webRoot, true) }
}

function actionsOf(call: Call, head: string): Record<string, string | null> {
  const actions = call.params['actions']
  if (!Array.isArray(actions)) throw badParameter('actions is invalid')
  const files: Record<string, string | null> = {}
  for (const action of actions) {
    if (!isParams(action)) throw badParameter('actions is invalid')
    const path = requiredString(action, 'file_path')
    const exists = call.state.repository.file(head, path) !== undefined
    const kind = choice(action, 'action', ['create', 'update', 'delete'], '')
    if (kind === 'create' && exists)
      throw new ApiError(400, { message: 'A file with this name already exists' })
    if (kind !== 'create' && !exists)
      throw new ApiError(400, { message: "A file with this name doesn't exist" })
    files[path] = kind === 'delete' ? null : requiredString(action, 'content')
  }
  return files
}

function headOf(call: Call, branch: string): string {
  const { repository } = call.state
  if (!repository.hasBranch(branch)) throw notFound('Branch')
  return repository.head(branch)
}

function requireDeveloper(call: Call): void {
  if (ACCESS_LEVELS[call.user.role] < ACCESS_LEVELS.developer) throw forbidden()
}

function branchEntity(name: string, sha: string, webRoot: string): Json {
  return { name, commit: { id: sha }, merged: false, protected: false, web_url: `${webRoot}/-/tree/${name}` }
}
