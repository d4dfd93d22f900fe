/** The merge request with its versions and diffs, users, the token, the server. */
import { diffOf } from './diff-lines.ts'
import {
  accessToken,
  currentUser,
  diffEntity,
  fullVersionEntity,
  member,
  mergeRequestEntity,
  project,
  versionEntity,
} from './entities.ts'
import { ApiError, notFound, unauthorized } from './errors.ts'
import { optionalBoolean, optionalInteger } from './grape-params.ts'
import { paginate } from './pagination.ts'
import type { Answer, Call, Route } from './route.ts'

const mr = '/api/v4/projects/{id}/merge_requests/{merge_request_iid}'

export const projectRoutes: readonly Route[] = [
  { method: 'GET', template: mr, handle: showMergeRequest },
  { method: 'GET', template: `${mr}/versions`, handle: listVersions },
  { method: 'GET', template: `${mr}/versions/{version_id}`, handle: showVersion },
  { method: 'GET', template: `${mr}/diffs`, handle: listDiffs },
  {
    method: 'GET',
    template: `${mr}/raw_diffs`,
    handle: (call) => ({ status: 200, text: call.state.rawDiff() }),
  },
  { method: 'GET', template: '/api/v4/projects/{id}', handle: showProject },
  { method: 'GET', template: '/api/v4/projects/{id}/members/all/{user_id}', handle: showMember },
  { method: 'GET', template: '/api/v4/user', handle: showUser },
  { method: 'GET', template: '/api/v4/personal_access_tokens/self', anyScope: true, handle: showToken },
  { method: 'GET', template: '/api/v4/metadata', handle: showVersionOfServer },
  { method: 'GET', template: '/api/v4/version', handle: showVersionOfServer },
]

function showMergeRequest(call: Call): Answer {
  const request = call.state.mergeRequest
  const prepared = request.diffRefsMissing === 0
  if (!prepared) request.diffRefsMissing -= 1
  return { status: 200, body: mergeRequestEntity(call.state, call.webRoot, prepared) }
}

/** Newest first; none yet while the merge request is being prepared. */
function listVersions(call: Call): Answer {
  const { versions, diffRefsMissing } = call.state.mergeRequest
  const page = paginate(call, diffRefsMissing > 0 ? [] : versions.toReversed())
  const body = page.rows.map((version) => versionEntity(call.state, version))
  return { status: 200, headers: page.headers, body }
}

function showVersion(call: Call): Answer {
  const id = optionalInteger(call.params, 'version_id')
  const version = call.state.mergeRequest.versions.find((candidate) => candidate.id === id)
  if (version === undefined) throw notFound()
  return { status: 200, body: fullVersionEntity(call.state, version, unidiff(call)) }
}

function listDiffs(call: Call): Answer {
  const version = call.state.newestVersion()
  const files = version === undefined ? [] : diffOf(version.baseSha, version.headSha)
  const page = paginate(call, files)
  return {
    status: 200,
    headers: page.headers,
    body: page.rows.map((file) => diffEntity(file, unidiff(call))),
  }
}

function showProject(call: Call): Answer {
  return { status: 200, body: project(call.state, call.webRoot) }
}

/** 404 for users who are no members, by whichever way. */
function showMember(call: Call): Answer {
  const user = call.state.userById(optionalInteger(call.params, 'user_id') ?? 0)
  if (user === undefined || user.role === 'none') throw notFound()
  return { status: 200, body: member(user, call.webRoot) }
}

function showUser(call: Call): Answer {
  return { status: 200, body: currentUser(call.user, call.webRoot) }
}

function showToken(call: Call): Answer {
  const token = call.state.tokens.find((candidate) => candidate.value === call.token)
  if (token === undefined) throw unauthorized()
  if (token.kind === 'job')
    throw new ApiError(400, {
      message: '400 Bad request - This endpoint requires token type to be a personal access token',
    })
  return { status: 200, body: accessToken(token, new Date()) }
}

function showVersionOfServer(call: Call): Answer {
  const version = call.state.options.version ?? '18.5.0'
  return {
    status: 200,
    body: { version, revision: 'fa4e0000000', kas: { enabled: false }, enterprise: false },
  }
}

function unidiff(call: Call): boolean {
  return optionalBoolean(call.params, 'unidiff') ?? false
}
