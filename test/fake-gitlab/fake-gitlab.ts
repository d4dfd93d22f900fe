/** The HTTP side: takes a request, finds its route, applies faults, answers, keeps the log. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { authenticate } from './authentication.ts'
import { newVersion, push } from './branches.ts'
import type { PushOptions } from './branches.ts'
import { requestViolations, responseViolations } from './contract.ts'
import type { Violation } from './contract.ts'
import { discussionEntity } from './entities.ts'
import type { Json } from './entities.ts'
import { ApiError, forbidden, insufficientScope, notFound, unauthorized } from './errors.ts'
import { isCarriedOut, Trigger } from './faults.ts'
import type { Fault, RequestMatcher } from './faults.ts'
import { parseBody, parseUrlEncoded } from './http-input.ts'
import type { Params } from './http-input.ts'
import type { DiffVersion, LoggedRequest, Note, Token, User } from './model.ts'
import type { TokenOptions, UserOptions } from './options.ts'
import { person } from './people.ts'
import type { Person } from './people.ts'
import { canRead } from './permissions.ts'
import { Limiter } from './rate-limits.ts'
import type { Files, Repository } from './repository.ts'
import type { Answer, Route } from './route.ts'
import { draftRoutes } from './routes-drafts.ts'
import { noteRoutes } from './routes-notes.ts'
import { projectRoutes } from './routes-project.ts'
import { setupRoutes } from './routes-setup.ts'
import { send } from './send.ts'
import { snapshotOf } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import type { Mail, State } from './state.ts'

/** Fixed words before placeholders, so that bulk_publish is not taken for an id. */
const routes: readonly Route[] = [...noteRoutes, ...draftRoutes, ...projectRoutes, ...setupRoutes]
const compiled = routes.map((route) => ({ route, pattern: patternOf(route.template) }))

type Hook = (request: LoggedRequest) => void | Promise<void>

export class FakeGitLab implements AsyncDisposable {
  readonly state: State
  /** Every request since the start or the last `clearRequests`. */
  requests: LoggedRequest[] = []
  /** What was not in the contract; `close` throws when there is any. Empty it where a test provokes one. */
  readonly contractViolations: Violation[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #faults: { trigger: Trigger; fault: Fault }[] = []
  readonly #hooks: { trigger: Trigger; hook: Hook }[] = []
  readonly #relativeUrl: string
  readonly #limiter: Limiter
  #port = 0
  #count = 0
  #tokensDead = false
  #queue: Promise<void> = Promise.resolve()

  constructor(state: State) {
    this.state = state
    this.#relativeUrl = state.options.relativeUrl ?? ''
    this.#limiter = new Limiter(state.options)
    this.#server = createServer((request, response) => {
      // One after another: a request sees all that the one before it did.
      this.#queue = this.#queue
        .then(() => this.#answer(request, response))
        .catch((error: unknown) => {
          this.contractViolations.push(
            `the fake itself failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
          )
          response.destroy()
        })
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    const address = this.#server.address()
    this.#port = typeof address === 'object' && address !== null ? address.port : 0
  }

  /** `http://127.0.0.1:port/relative` */
  get url(): string {
    return `http://127.0.0.1:${this.#port}${this.#relativeUrl}`
  }

  get apiUrl(): string {
    return `${this.url}/api/v4`
  }

  get projectId(): string {
    return String(this.state.project.id)
  }

  get iid(): number {
    return this.state.mergeRequest.iid
  }

  get webUrl(): string {
    return `${this.url}/${this.state.project.path}/-/merge_requests/${this.iid}`
  }

  get repository(): Repository {
    return this.state.repository
  }

  /** Newest diff version. */
  get version(): DiffVersion {
    const version = this.state.newestVersion()
    if (version === undefined) throw new Error('The merge request has no diff version.')
    return version
  }

  user(username: string): User {
    const user = this.state.users.get(username)
    if (user === undefined) throw new Error(`No user ${username}.`)
    return user
  }

  addUser(username: string, options: UserOptions = {}): User {
    const { role = 'developer', bot = false, name = username } = options
    const user: User = { id: this.state.nextId('user'), username, name, bot, role, state: 'active' }
    this.state.users.set(username, user)
    return user
  }

  /** The secret of a new token. */
  addToken(options: TokenOptions): string {
    return this.#addToken(options, 'access')
  }

  /** A CI_JOB_TOKEN of a job that this user started. */
  addJobToken(username: string): string {
    return this.#addToken({ username }, 'job')
  }

  /** The token of that secret, to revoke it or to change its scopes. */
  token(value: string): Token {
    const token = this.state.tokens.find((candidate) => candidate.value === value)
    if (token === undefined) throw new Error('No such token.')
    return token
  }

  /** A human (or the bot's owner) in the web interface. */
  as(username: string): Person {
    return person(this.state, this.user(username))
  }

  push(files: Files, options: PushOptions = {}): DiffVersion {
    return push(this.state, this.#author(), files, options)
  }

  /** Commits to the target branch; the merge request sees it as start_sha of its next version. */
  advanceTarget(files: Files, message = 'Meanwhile'): string {
    const branch = this.state.mergeRequest.targetBranch
    const from = this.repository.head(branch)
    return this.repository.commit(branch, files, { message, from, author: 'maintainer' })
  }

  /** Merges the target branch into the source branch and pushes. */
  mergeTargetIntoSource(): DiffVersion {
    const { sourceBranch, targetBranch } = this.state.mergeRequest
    this.repository.merge(sourceBranch, targetBranch, `Merge branch '${targetBranch}'`)
    return newVersion(this.state, this.#author())
  }

  /** Rebases the source branch (as one commit) onto the target branch and pushes. */
  rebase(): DiffVersion {
    const { sourceBranch, targetBranch } = this.state.mergeRequest
    this.repository.rebase(sourceBranch, targetBranch, 'Rebased')
    return newVersion(this.state, this.#author())
  }

  merge(): void {
    const mr = this.state.mergeRequest
    mr.mergeCommitSha = this.repository.merge(
      mr.targetBranch,
      mr.sourceBranch,
      `Merge branch '${mr.sourceBranch}'`,
    )
    mr.state = 'merged'
    this.state.addNote({ body: 'merged', authorId: this.user('maintainer').id, system: true })
  }

  closeMergeRequest(): void {
    this.state.mergeRequest.state = 'closed'
    this.state.addNote({ body: 'closed', authorId: mrAuthor(this.state).id, system: true })
  }

  reopenMergeRequest(): void {
    this.state.mergeRequest.state = 'opened'
    this.state.addNote({ body: 'reopened', authorId: mrAuthor(this.state).id, system: true })
  }

  lockDiscussion(locked = true): void {
    this.state.mergeRequest.discussionLocked = locked
  }

  /** Cross-references that nobody may read: each takes a place on its page and is dropped from it. */
  addHiddenNotes(count: number): void {
    for (let made = 0; made < count; made += 1)
      this.state.addNote({
        body: 'mentioned in secret/project!1',
        authorId: mrAuthor(this.state).id,
        system: true,
        hidden: true,
      })
  }

  /** Lets requests go wrong; later faults win over earlier ones. */
  fault(matcher: RequestMatcher, fault: Fault): void {
    this.#faults.unshift({ trigger: new Trigger(matcher), fault })
  }

  /** Runs something just before a matching request (a number: the nth from now) is handled. */
  before(matcher: number | RequestMatcher, hook: Hook): void {
    const meant = typeof matcher === 'number' ? { nth: matcher } : matcher
    this.#hooks.push({ trigger: new Trigger(meant), hook })
  }

  clearFaults(): void {
    this.#faults.length = 0
    this.#hooks.length = 0
    this.#tokensDead = false
  }

  clearRequests(): void {
    this.requests = []
  }

  /** Requests that were not GET, carried out or not. */
  writes(): readonly LoggedRequest[] {
    return this.requests.filter((request) => request.write)
  }

  get notes(): readonly Note[] {
    return this.state.notes
  }

  /** All threads as the API would show them to an omniscient caller. */
  discussions(): readonly Json[] {
    return this.state.threads().map((notes) => discussionEntity(this.state, notes, this.url))
  }

  /** Quick actions that notes would have run; must stay empty for a reviewer. */
  get quickActions(): State['quickActions'] {
    return this.state.quickActions
  }

  /** Live lines that begin with `/word`, whether GitLab knows the word today or not. */
  get slashLines(): State['slashLines'] {
    return this.state.slashLines
  }

  /** Mentions and references outside of code. */
  get references(): State['references'] {
    return this.state.references
  }

  get mails(): readonly Mail[] {
    return this.state.mails
  }

  snapshot(normalise: (body: string) => string = (body) => body): Snapshot {
    return snapshotOf(this.state, normalise)
  }

  /** Stops the server and removes the repository. Throws when the contract was violated. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    this.repository.remove()
    if (this.contractViolations.length > 0)
      throw new Error(`The contract of the GitLab API was violated:\n${this.contractViolations.join('\n')}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #addToken(options: TokenOptions, kind: Token['kind']): string {
    const id = this.state.nextId('token')
    const value = `${kind === 'job' ? 'glcbt' : 'glpat'}-${options.username}-${id}`
    this.state.tokens.push({
      id,
      value,
      name: options.name ?? `token of ${options.username}`,
      userId: this.user(options.username).id,
      kind,
      scopes: options.scopes ?? ['api'],
      expiresAt: options.expiresAt ?? null,
      revoked: options.revoked ?? false,
    })
    return value
  }

  #author(): User {
    return mrAuthor(this.state)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
    const url = new URL(request.url ?? '/', this.url)
    const method = request.method ?? 'GET'
    const prefix = `${this.#relativeUrl}/api/v4`
    const inApi = url.pathname.startsWith(`${prefix}/`)
    const path = inApi ? url.pathname.slice(prefix.length) : url.pathname
    const entry: LoggedRequest = this.#log(request, method, path, url, Buffer.concat(chunks))
    for (const { trigger, hook } of this.#hooks) if (trigger.fires(entry)) await hook(entry)
    const fault = this.#strike(entry)
    const limited = this.#limiter.reject(method, path)
    if (limited !== undefined) return send(response, entry, limited, undefined)
    const carriedOut = fault === undefined || isCarriedOut(fault)
    const answer = carriedOut ? this.#handle(request, entry, inApi, url) : refusal(fault)
    send(response, entry, { ...answer, headers: { ...this.#limiter.headers(), ...answer.headers } }, fault)
  }

  /** Every trigger counts, but only one fault strikes: the one that was set last. */
  #strike(entry: LoggedRequest): Fault | undefined {
    let strikes: Fault | undefined = this.#tokensDead ? { kind: 'unauthorized from now on' } : undefined
    for (const { trigger, fault } of this.#faults) if (trigger.fires(entry)) strikes ??= fault
    if (strikes?.kind === 'unauthorized from now on') this.#tokensDead = true
    return strikes
  }

  #log(request: IncomingMessage, method: string, path: string, url: URL, raw: Buffer): LoggedRequest {
    this.#count += 1
    const contentType = request.headers['content-type']
    let body: Params | undefined
    try {
      body = parseBody(contentType, raw)
    } catch {
      body = undefined
    }
    const secret = request.headers['private-token'] ?? request.headers.authorization?.replace(/^Bearer /i, '')
    const token = this.state.tokens.find((candidate) => candidate.value === secret)
    const entry: LoggedRequest = {
      number: this.#count,
      method,
      path: decodeURIComponent(path),
      query: url.search,
      body,
      contentType,
      username: token === undefined ? undefined : this.state.userById(token.userId)?.username,
      write: method !== 'GET' && method !== 'HEAD',
      status: undefined,
      executed: false,
    }
    this.requests.push(entry)
    return entry
  }

  /** The answer by the rules, whatever the client will be told. */
  #handle(request: IncomingMessage, entry: LoggedRequest, inApi: boolean, url: URL): Answer {
    const rawPath = inApi ? url.pathname.slice(this.#relativeUrl.length) : ''
    const found = compiled
      .filter(({ route }) => route.method === entry.method)
      .map(({ route, pattern }) => ({ route, match: pattern.exec(rawPath) }))
      .find(({ match }) => match !== null)
    if (found === undefined) {
      this.contractViolations.push(`${entry.method} ${entry.path} is no route of this server`)
      return { status: 404, body: { error: '404 Not Found' } }
    }
    const { route, match } = found
    const { template, method } = route
    this.contractViolations.push(
      ...requestViolations(method, template, url.searchParams, entry.body, entry.contentType),
    )
    const pathParams = Object.fromEntries(
      Object.entries(match?.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
    )
    const answer = this.#run(request, entry, route, pathParams, url)
    if (answer.text === undefined)
      this.contractViolations.push(...responseViolations(method, template, answer.status, answer.body))
    entry.executed = answer.status < 300
    return answer
  }

  #run(request: IncomingMessage, entry: LoggedRequest, route: Route, pathParams: Params, url: URL): Answer {
    try {
      const { user, token } = authenticate(this.state, request.headers, route, new Date())
      const state = this.#authorize(user, pathParams)
      const body = typeof entry.body === 'object' && entry.body !== null ? entry.body : {}
      const params = { ...parseUrlEncoded(url.search.slice(1)), ...body, ...pathParams }
      const links = `${this.url}/api/v4${url.pathname.slice(this.#relativeUrl.length + '/api/v4'.length)}`
      const call = { state, user, params, url: links, query: url.searchParams }
      return route.handle({ ...call, webRoot: this.url, token: token.value })
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, body: error.body }
      throw error
    }
  }

  /** The merge request of the path, if the user may see it; else 404, also for "no permission". */
  #authorize(user: User, pathParams: Params): State {
    const { state } = this
    const id = pathParams['id']
    if (id === undefined) return state
    const isTarget = id === String(state.project.id) || id === state.project.path
    const isFork = id === String(state.sourceProject.id) || id === state.sourceProject.path
    const isMember = user.role !== 'none' || state.ground.visibility === 'public'
    if (!(isTarget || isFork) || !isMember) throw notFound('Project')
    const iid = pathParams['merge_request_iid'] ?? pathParams['noteable_id']
    if (iid === undefined) return state
    const found = state.siblings.find(({ mergeRequest }) => String(mergeRequest.iid) === iid)
    if (!isTarget || found === undefined || !canRead(found.ground, user)) throw notFound()
    return found
  }
}

function refusal(fault: Fault): Answer {
  const errors: Partial<Record<Fault['kind'], ApiError>> = {
    'unauthorized from now on': unauthorized(),
    'insufficient scope': insufficientScope('api'),
    forbidden: forbidden(),
    'not found': notFound(),
    'resource lock': new ApiError(409, { message: '409 Conflict: Resource lock' }),
  }
  const error = errors[fault.kind]
  return error === undefined ? { status: 500 } : { status: error.status, body: error.body }
}

function mrAuthor(state: State): User {
  const user = state.userById(state.mergeRequest.authorId)
  if (user === undefined) throw new Error('The merge request has no author.')
  return user
}

function patternOf(template: string): RegExp {
  const names = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    /_id$|_iid$/.test(name) && name !== 'discussion_id' ? `(?<${name}>\\d+)` : `(?<${name}>[^/]+)`,
  )
  return new RegExp(`^${names}/?$`)
}
