/** Whose request is it, and may this token do that [src api_guard.rb, facts 2.1]. */
import type { IncomingHttpHeaders } from 'node:http'

import { insufficientScope, invalidToken, unauthorized } from './errors.ts'
import type { Token, User } from './model.ts'
import type { Route } from './route.ts'
import type { State } from './state.ts'

/** The user of the request's token; ApiError 401 or 403 as the server words them. */
export function authenticate(
  state: State,
  headers: IncomingHttpHeaders,
  route: Route,
  now: Date,
): { user: User; token: Token } {
  const given = givenToken(headers)
  if (given === undefined) throw unauthorized()
  const token = state.tokens.find((candidate) => candidate.value === given.value)
  if (token === undefined || (token.kind === 'job') !== given.job)
    throw given.bearer ? invalidToken('Bad Access Token.') : unauthorized()
  const user = state.userById(token.userId)
  if (user === undefined || user.state !== 'active') throw unauthorized()
  if (token.revoked) throw invalidToken('Token was revoked. You have to re-authorize from the user.')
  if (token.expiresAt !== null && token.expiresAt <= now.toISOString().slice(0, 10))
    throw invalidToken('Token is expired. You can either do re-authorization or token refresh.')
  // A route that does not allow job tokens does not see them.
  if (token.kind === 'job' && route.jobToken !== true) throw unauthorized()
  if (token.kind === 'access' && !scopeSuffices(token, route))
    throw insufficientScope(route.method === 'GET' ? 'api read_api' : 'api')
  return { user, token }
}

function scopeSuffices(token: Token, route: Route): boolean {
  if (route.anyScope === true || token.scopes.includes('api')) return true
  if (route.method !== 'GET') return false
  if (token.scopes.includes('read_api')) return true
  return token.scopes.includes('read_user') && route.template === '/api/v4/user'
}

interface GivenToken {
  readonly value: string
  readonly job: boolean
  readonly bearer: boolean
}

function givenToken(headers: IncomingHttpHeaders): GivenToken | undefined {
  const personal = headers['private-token']
  if (typeof personal === 'string') return { value: personal, job: false, bearer: false }
  const job = headers['job-token']
  if (typeof job === 'string') return { value: job, job: true, bearer: false }
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  return bearer === undefined ? undefined : { value: bearer, job: false, bearer: true }
}
