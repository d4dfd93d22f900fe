/** Commands in comments: one line that begins with our name. Everything else is human conversation. */
import { nearest } from '../core/suggest.ts'

export type Command =
  | { readonly kind: 'allow'; readonly reason: string }
  | { readonly kind: 'allow without reason' }
  | { readonly kind: 'help' }
  /** `verb` is hostile text of at most 40 characters. */
  | { readonly kind: 'unknown'; readonly verb: string }

const known: readonly string[] = ['allow', 'help']

/** What people try instead of `allow`, or want besides it; never the start of a sentence about us. */
const triedVerbs: readonly string[] = [
  ...['accept', 'approve', 'disable', 'disallow', 'dismiss', 'ignore', 'mute', 'reopen', 'rerun', 'resolve'],
  ...['recheck', 'retry', 'revoke', 'skip', 'suppress', 'unallow', 'waive', 'wontfix'],
]

/** The same, but words with which a sentence may begin (“pgrehearse check failed”): commands when they stand alone. */
const triedAlone: readonly string[] = ['check', 'close', 'explain', 'lint', 'review', 'run', 'status', 'stop']

const longestReason = 300
const longestVerb = 40

/**
 * Reads a comment as a command; undefined for human words. A command is a single line whose first word is
 * `pgrehearse` in any case, possibly with backticks around the line, a `/`, or a mention of our user in front. It may
 * stand below a quote, which GitLab puts there for people who answer to selected text.
 * “pgrehearse is wrong here” is no command: a verb that we do not know must look like one we know, or be one that
 * people try.
 */
export function parseCommand(body: string, ourUsername?: string): Command | undefined {
  const line = withoutQuote(body)
  if (lineEnd.test(line)) return undefined
  const rest = afterName(line, ourUsername)
  if (rest === undefined) return undefined
  if (rest === '') return { kind: 'help' }
  const [, word = '', tail = ''] = /^(\S+)\s*(.*)$/u.exec(rest) ?? []
  const verb = word.slice(0, 2 * longestVerb).toLowerCase()
  return readVerb(verb.replace(/[\p{P}\p{S}]+$/u, ''), tail)
}

/**
 * Does a comment of several lines begin like a command that does something? It is none, and its author deserves to
 * be told.
 */
export function beginsLikeCommand(body: string, ourUsername?: string): boolean {
  const [first = '', ...others] = withoutQuote(body).split(lineEnd)
  if (others.length === 0) return false
  const kind = parseCommand(first, ourUsername)?.kind
  return kind === 'allow' || kind === 'allow without reason'
}

const lineEnd = /\r\n|[\n\r\u2028\u2029]/

/** The comment without the quote at its beginning; a line directly below a quote still belongs to it. */
function withoutQuote(body: string): string {
  const lines = body.trim().split(lineEnd)
  if (lines[0]?.startsWith('>') !== true) return body.trim()
  const end = lines.findIndex((line) => !line.startsWith('>'))
  return end >= 0 && lines[end]?.trim() === '' ? lines.slice(end).join('\n').trim() : body.trim()
}

/** What follows our name; undefined when the line does not begin with it. */
function afterName(line: string, ourUsername: string | undefined): string | undefined {
  const bare = unquoted(line)
  const [, username, afterMention = bare] = /^@([\w.-]+)[:,]?\s+(.*)$/u.exec(bare) ?? []
  if (username !== undefined && username.toLowerCase() !== ourUsername?.toLowerCase()) return undefined
  // the line itself may be in backticks behind a mention
  const words = unquoted(afterMention)
  return /^\/?pgrehearse(?:[:,]?\s+(.*)|[:,.!?]?)$/iu.exec(words) === null
    ? undefined
    : words.replace(/^\/?pgrehearse[:,.!?]?\s*/iu, '')
}

/**
 * The line without as many backticks at its beginning as at its end. Counted, not matched: anybody may write a million
 * of them, and a pattern with a back reference tries all ways to share them out.
 */
function unquoted(line: string): string {
  let count = 0
  while (2 * (count + 1) <= line.length && line[count] === '`' && line.at(-1 - count) === '`') count++
  return count === 0 ? line : line.slice(count, line.length - count).trim()
}

function readVerb(verb: string, tail: string): Command | undefined {
  if (verb === 'allow') {
    const reason = readReason(tail)
    return reason === undefined ? { kind: 'allow without reason' } : { kind: 'allow', reason }
  }
  if (verb === 'help') return { kind: 'help' }
  const isCommand =
    triedVerbs.includes(verb) || (tail === '' && triedAlone.includes(verb)) || isSlip(verb, tail)
  return isCommand ? { kind: 'unknown', verb: verb.slice(0, longestVerb) } : undefined
}

/** A slip of the fingers keeps the first letter, and is no other form of the word: “pgrehearse helped me”. */
function isSlip(verb: string, tail: string): boolean {
  if (known.some((word) => new RegExp(`^${word}(s|ed|ing)$`, 'u').test(verb))) return false
  const meant = nearest(verb, known)
  if (meant === undefined || meant[0] !== verb[0]) return false
  // `held`, `hemp` and `heap` are words too; nobody says more than `help`
  return meant !== 'help' || tail === ''
}

/** The reason without what separates it from the verb; undefined when there is none, or only our own placeholder. */
function readReason(tail: string): string | undefined {
  const reason = tail.replace(/^[\s:,\-–—]+/u, '').trim()
  if (!/[\p{L}\p{N}]/u.test(reason) || /^[<[(]?reason[>\])]?$/iu.test(reason)) return undefined
  const characters = Array.from(reason.slice(0, 4 * longestReason))
  if (characters.length <= longestReason) return reason
  return `${characters.slice(0, longestReason - 1).join('')}…`
}
