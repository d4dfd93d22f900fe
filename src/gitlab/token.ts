import { UsageError } from '../core/errors.ts'
import { runsInFork, type Environment } from './environment.ts'

/** The variables that are looked at, in this order. */
const tokenVariables = ['PGREHEARSE_GITLAB_TOKEN', 'GITLAB_TOKEN'] as const

/** The token and where it came from, or what is missing. */
export type TokenReading =
  | { readonly kind: 'found'; readonly variable: string; readonly value: string }
  | { readonly kind: 'missing'; readonly reason: string; readonly hint: string }

/** Values that GitLab makes for other purposes: what they are, by their prefix. */
const otherTokens: readonly (readonly [prefix: string, what: string])[] = [
  ['glcbt-', 'a job token, which may not write comments'],
  ['gldt-', 'a deploy token, which the API does not accept'],
  ['glrt-', 'a runner token'],
  ['glptt-', 'a pipeline trigger token'],
  ['glft-', 'a feed token'],
  ['glagent-', 'a token of the Kubernetes agent'],
]

/**
 * The token of the review: from PGREHEARSE_GITLAB_TOKEN, else GITLAB_TOKEN, or only from the variable that is named.
 * A value that cannot be a token counts as missing; the value itself is in no text.
 * @throws {UsageError} when `tokenEnv` cannot be the name of a variable.
 */
export function findToken(env: Environment, tokenEnv?: string): TokenReading {
  const names = namesToAsk(tokenEnv)
  for (const variable of names) {
    // a variable that was pasted with its line end is the commonest mistake
    const value = env[variable]?.trim()
    if (value) {
      const trouble = unusable(env, variable, value)
      return trouble === undefined
        ? { kind: 'found', variable, value }
        : { kind: 'missing', reason: `${variable} ${trouble}.`, hint: howToMakeOne(variable) }
    }
  }
  return missing(env, names)
}

/**
 * The names of variables that must not reach configuration code, custom rules and child processes: those that are asked
 * for a token, and every other one that holds the same token.
 * @throws {UsageError} when `tokenEnv` cannot be the name of a variable.
 */
export function secretVariables(env: Environment, tokenEnv?: string): readonly string[] {
  const names = new Set<string>([...tokenVariables, ...namesToAsk(tokenEnv)])
  // shorter ones are no tokens, and would be found in half of the environment
  const values = [...names].flatMap((name) => env[name]?.trim() || []).filter(({ length }) => length >= 8)
  const copies = Object.keys(env).filter((name) => values.some((value) => env[name]?.includes(value)))
  return [...new Set([...names, ...copies])].filter((name) => env[name] !== undefined)
}

/** The text without the token, as it is and as it looks inside an address. */
export function redact(text: string, token: string): string {
  if (token === '') return text
  return text.replaceAll(token, '[token]').replaceAll(encodeURIComponent(token), '[token]')
}

function namesToAsk(tokenEnv: string | undefined): readonly string[] {
  if (tokenEnv === undefined) return tokenVariables
  if (/^[A-Za-z_]\w*$/.test(tokenEnv)) return [tokenEnv]
  // not repeated in the message: it may be the token itself
  throw new UsageError('The token is named by its environment variable, and this is no name of one.', {
    hint: 'For example: --token-env MY_GITLAB_TOKEN. The token itself never belongs on a command line.',
  })
}

function unusable(env: Environment, variable: string, value: string): string | undefined {
  if (variable === 'CI_JOB_TOKEN' || value === env['CI_JOB_TOKEN']) {
    return 'holds the job token, which may not write comments'
  }
  if (value.startsWith('$')) return 'holds the name of another variable, which has no value in this job'
  const other = otherTokens.find(([prefix]) => value.startsWith(prefix))
  if (other !== undefined) return `holds ${other[1]}`
  // anything else would end the header that carries it
  return /^[!-~]+$/.test(value) ? undefined : 'holds spaces or characters that no token has'
}

function missing(env: Environment, names: readonly string[]): TokenReading {
  const [first = tokenVariables[0]] = names
  const rest = names.slice(1).map((name) => ` (or ${name})`)
  const reason = `No token for the review: ${first}${rest.join('')} is not set.`
  if (!env['GITLAB_CI']) return { kind: 'missing', reason, hint: howToMakeOne(first) }
  if (runsInFork(env)) {
    return {
      kind: 'missing',
      reason: `No token for the review: this pipeline runs in a fork, and GitLab gives it no variables of the project that the merge request belongs to.`,
      hint: 'A member of that project can run the pipeline there ("Run pipeline" on the merge request).',
    }
  }
  if (env['CI_COMMIT_REF_PROTECTED'] !== 'true') {
    return {
      kind: 'missing',
      reason,
      hint: `If it exists, clear "Protect variable": protected variables do not reach this branch, which is not protected. Else: ${howToMakeOne(first)}`,
    }
  }
  return { kind: 'missing', reason, hint: howToMakeOne(first) }
}

/** How a token for the review is made. */
function howToMakeOne(variable: string): string {
  return `Make a project access token with the scope api and the role Developer, and put it into the masked CI/CD variable ${variable}.`
}
