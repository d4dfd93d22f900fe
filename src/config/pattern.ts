/** Regular expressions that a configuration gives: compiled, and tried out before they meet a name. */
import { createContext, Script } from 'node:vm'

/** Characters of a pattern; names of Postgres have at most 63 bytes. */
const longestPattern = 200

/** Milliseconds: a pattern that tries every way to divide a name takes years, all others far less than one. */
const patience = 500

/**
 * What is wrong with the pattern, as a sentence; undefined when it can be used. Besides what does not compile, patterns
 * are refused that take exponential time on some long name (`(a+)+$`): they are tried on names of every kind.
 */
export function patternProblem(source: string): string | undefined {
  if (source.length > longestPattern)
    return `Expected a regular expression of at most ${longestPattern} characters`
  let pattern: RegExp
  try {
    pattern = new RegExp(source, 'u')
  } catch (error) {
    const [, why = ''] = /: ([^:]+)$/.exec((error as Error).message) ?? []
    return `Expected a regular expression (JavaScript, flag u)${why === '' ? '' : `: ${why.toLowerCase()}`}`
  }
  return isTooSlow(pattern) ? 'This regular expression can take forever on a long name' : undefined
}

/** A script with a timeout is the one thing that stops a regular expression. */
function isTooSlow(pattern: RegExp): boolean {
  const context = createContext({ pattern, names: longNames(pattern.source) })
  try {
    new Script('names.some((name) => { pattern.test(name); return false })').runInContext(context, {
      timeout: patience,
    })
    return false
  } catch {
    return true
  }
}

/** Names of 63 characters that nearly match: one or two signs again and again, and another one at the end. */
function longNames(source: string): readonly string[] {
  const signs = [...new Set([...'a0_A', ...source.replaceAll(/[^\p{L}\p{N}_-]/gu, '')])].slice(0, 12)
  const parts = signs.flatMap((one) => signs.map((other) => (one === other ? one : one + other)))
  return parts.flatMap((part) => ['!', '_', '-'].map((end) => part.repeat(62).slice(0, 62) + end))
}
