import type { TokenFacts } from '../gitlab/answers.ts'
import { readApiUrl, readPipeline, readProject, type PipelineReading } from '../gitlab/environment.ts'
import { GitLabError, type GitLabServer } from '../gitlab/server.ts'
import { findToken, type TokenReading } from '../gitlab/token.ts'
import type { CommandContext } from './context.ts'
import type { Diagnosis } from './doctor-machine.ts'
import { gitlabClientOptions } from './gitlab-connection.ts'

export interface GitLabFlags {
  /** `--token-env` */
  readonly tokenEnv?: string | undefined
  /** `--gitlab-url` */
  readonly gitlabUrl?: string | undefined
}

/** A doctor that waits longer is no help. */
const patience = { budgetMs: 30_000, requestTimeoutMs: 8000, maxTries: 2 }

/** Discussions, suggestions and versions of a diff are as they are now since then. */
const oldestMajor = 13

const whatATokenNeeds = 'Make a project access token with the scope api and the role Developer.'

/**
 * Whether a review could be posted from here: token, scope, role, expiry, the server and the merge request. Nothing of
 * it changes the exit code, for `check` runs without a review. Outside GitLab CI without a token it says nothing.
 * @throws {UsageError} when a flag is none.
 */
export async function examineGitLab(
  context: CommandContext,
  flags: GitLabFlags = {},
  now: Date = new Date(),
): Promise<readonly Diagnosis[]> {
  const { env } = context
  const token = findToken(env, flags.tokenEnv)
  if (!env['GITLAB_CI'] && (token.kind === 'missing' || flags.gitlabUrl === undefined)) {
    return token.kind === 'missing' ? [] : [tokenOutsideCi(token.variable)]
  }
  const reading = readPipeline(env, flags)
  const job: Diagnosis[] =
    reading.kind === 'none'
      ? [{ verdict: 'works', text: `No review is posted from here: ${reading.reason}` }]
      : []
  if (token.kind === 'missing')
    return [...job, { verdict: 'caution', text: token.reason, remedy: token.hint }]
  const apiUrl = readApiUrl(env, flags)
  if (apiUrl === undefined) return job
  return [...job, ...encryption(apiUrl), ...(await examineServer(context, apiUrl, token, reading, now))]
}

function tokenOutsideCi(variable: string): Diagnosis {
  return {
    verdict: 'works',
    text: `${variable} is set, and is tried in GitLab CI only, where it is known which server it is for`,
  }
}

function encryption(apiUrl: string): readonly Diagnosis[] {
  const { protocol, hostname } = new URL(apiUrl)
  if (protocol === 'https:' || /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) return []
  return [
    {
      verdict: 'caution',
      text: `The token goes to ${hostname} without encryption, because its address begins with http:`,
      remedy: 'Give the server a certificate, and https in its external_url.',
    },
  ]
}

/** Asks one thing after the other; what the server refuses does not hide what it has told. */
async function examineServer(
  context: CommandContext,
  apiUrl: string,
  token: Extract<TokenReading, { kind: 'found' }>,
  reading: PipelineReading,
  now: Date,
): Promise<readonly Diagnosis[]> {
  const { createServer } = await import('../gitlab/client.ts')
  const { createAccount } = await import('../gitlab/client-account.ts')
  const { variable } = token
  const found: Diagnosis[] = []
  try {
    const options = { ...(await gitlabClientOptions(context, apiUrl, () => {})), ...patience }
    const account = createAccount(apiUrl, token.value, options)
    const { user, isAdmin } = await account.user()
    found.push({ verdict: 'works', text: `The token of ${variable} is that of ${user.username}` })
    found.push(...examineTokenFacts(await account.token(), variable, now))
    found.push(examineVersion(await account.serverVersion()))
    const project = reading.kind === 'merge request' ? reading.ref.projectId : readProject(context.env)
    if (project === undefined) return found
    const iid = reading.kind === 'merge request' ? reading.ref.iid : 0
    const server = createServer({ apiUrl, projectId: project, iid }, token.value, options)
    found.push(examineRole(isAdmin ? adminLevel : await server.accessLevel(user.id), user.username))
    if (reading.kind === 'merge request') found.push(...(await examineMergeRequest(server, reading)))
  } catch (error) {
    if (!(error instanceof GitLabError)) throw error
    found.push(failure(error, variable))
  }
  return found
}

/** What is the token's fault fails; a server that cannot be reached may be reached tomorrow. */
function failure(error: GitLabError, variable: string): Diagnosis {
  const isToken = error.problem === 'unauthorized' || error.problem === 'scope'
  const remedy = error.hint === undefined ? {} : { remedy: error.hint }
  return isToken
    ? { verdict: 'fails', text: `The token of ${variable} is not accepted: ${error.message}`, ...remedy }
    : { verdict: 'caution', text: `The review could not be examined: ${error.message}`, ...remedy }
}

function examineTokenFacts(facts: TokenFacts | undefined, variable: string, now: Date): readonly Diagnosis[] {
  if (facts === undefined) {
    const text = `GitLab does not tell the scope and the end of the token of ${variable}`
    return [{ verdict: 'caution', text, remedy: `If comments are refused: ${whatATokenNeeds}` }]
  }
  return [examineScope(facts, variable), ...examineEnd(facts, variable, now)]
}

function examineScope({ scopes }: TokenFacts, variable: string): Diagnosis {
  if (scopes.includes('api')) return { verdict: 'works', text: `The token of ${variable} has the scope api` }
  const has = scopes.length === 0 ? 'no scope' : `only the scope ${scopes.join(', ')}`
  // a fine-grained token lists its rights elsewhere
  const verdict = scopes.includes('granular') ? 'caution' : 'fails'
  return {
    verdict,
    text: `The token of ${variable} has ${has}, which may not write comments`,
    remedy: whatATokenNeeds,
  }
}

function examineEnd({ expiresAt }: TokenFacts, variable: string, now: Date): readonly Diagnosis[] {
  if (expiresAt === undefined) return []
  // the token is dead from the first moment of that day, in UTC
  const days = Math.floor((Date.parse(`${expiresAt}T00:00:00Z`) - now.getTime()) / 86_400_000)
  if (days >= 30) return [{ verdict: 'works', text: `The token of ${variable} is valid until ${expiresAt}` }]
  const left = days < 1 ? 'less than a day' : days === 1 ? 'a day' : `${days} days`
  const text = `The token of ${variable} expires on ${expiresAt}, in ${left}`
  return [{ verdict: 'caution', text, remedy: 'Rotate it, and put the new value into the CI/CD variable.' }]
}

function examineVersion(version: string): Diagnosis {
  if (Number.parseInt(version, 10) >= oldestMajor) return { verdict: 'works', text: `GitLab ${version}` }
  return {
    verdict: 'caution',
    text: `GitLab ${version} is older than any that the review was made for`,
    remedy: `Update to GitLab ${oldestMajor} or later, or use the reports without a review.`,
  }
}

/** An administrator may do everything without being a member. */
const adminLevel = 60
const developer = 30

const levelNames: Readonly<Record<number, string>> = {
  5: 'Minimal Access',
  10: 'Guest',
  15: 'Planner',
  20: 'Reporter',
  30: 'Developer',
  40: 'Maintainer',
  50: 'Owner',
  60: 'administrator',
}

function examineRole(level: number, username: string): Diagnosis {
  const role = level === 0 ? 'no member of the project' : (levelNames[level] ?? `of access level ${level}`)
  const text = `${username} is ${role}`
  if (level >= developer) return { verdict: 'works', text }
  const remedy = 'Threads are resolved by the role Developer or above.'
  return { verdict: 'caution', text: `${text}, and may not resolve threads`, remedy }
}

async function examineMergeRequest(
  server: GitLabServer,
  { ref, remark }: Extract<PipelineReading, { kind: 'merge request' }>,
): Promise<readonly Diagnosis[]> {
  const { state, webUrl } = await server.mergeRequest()
  const text = `Merge request !${ref.iid} can be read and is ${state === 'opened' ? 'open' : state}: ${webUrl}`
  const found: Diagnosis[] = [{ verdict: 'works', text: remark === undefined ? text : `${text} (${remark})` }]
  try {
    await server.drafts()
  } catch (error) {
    if (!(error instanceof GitLabError) || error.problem !== 'unsupported') throw error
    found.push({
      verdict: 'works',
      text: 'This GitLab has no draft notes: each new thread sends a mail of its own',
    })
  }
  return found
}
