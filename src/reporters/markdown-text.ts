/** Untrusted text in GitLab (and GitHub) flavoured markdown. */

import { printable, printableLine, wellFormed } from './printable.ts'

/**
 * Words that mean nothing to markdown or to GitLab: letters, possibly hyphenated, and short numbers or ones in groups of three digits, with
 * ordinary punctuation around. Everything else could be markup, a mention, a reference, a quick action, a
 * link or an emoji. A run of seven hexadecimal digits could be a commit, and comrak makes a link of `www.`.
 */
const plainWord =
  /^[("]?(?![0-9a-f]{7,40}\b|www\.)(?:\p{L}+(?:[-'’]\p{L}+)*|\d{1,6}(?:\.\d{1,6})?|\d{1,3}(?:,\d{3}){1,5})(?:[)".,;:?!]*)$/iu
const plainSign = /^[—–…→×=.,;]$/u

/** `12.` and `12)` at the beginning of a line make a list of it. */
const listNumber = /^\d+[.)]/

/**
 * One line of markdown that shows this text and does nothing: every word that is not plainly a word
 * goes into a code span, which is also how identifiers want to look. So do those of `names`, however plain. What our
 * sentences have between backticks (`sh bin/migrate`) is one code span, without them.
 */
export function markdownText(text: string, names: ReadonlySet<string> = noNames): string {
  return [...printableLine(text).matchAll(spanOrWord)]
    .map(([token, before, code, after], index) => {
      if (code !== undefined) return `${before}${codeSpan(code)}${after}`
      const isPlain = plainSign.test(token) || (plainWord.test(token) && !isName(token, names))
      return isPlain && !(index === 0 && listNumber.test(token)) ? token : codeWord(token)
    })
    .join(' ')
}

/** No backtick is inside of the code, so that each end is looked for once. */
const spanOrWord = /(?<![^ ])([("]?)`((?! *`)[^`]+)`((?:['’]s)?[)".,;:?!]*)(?![^ ])|[^ ]+/g

const noNames: ReadonlySet<string> = new Set()

/** Is the plain word, without the punctuation around it, one of the names? */
function isName(word: string, names: ReadonlySet<string>): boolean {
  return names.size > 0 && names.has(word.replace(/^[("]/, '').replace(/[)".,;:?!]+$/, ''))
}

/** A code span that cannot be left: its delimiter is longer than any run of backticks inside. */
export function codeSpan(text: string): string {
  const line = printableLine(text)
  const fence = '`'.repeat(longestRun(line) + 1)
  const pad = line === '' || /^[` ]|[` ]$/.test(line) ? ' ' : ''
  return `${fence}${pad}${line}${pad}${fence}`
}

/**
 * A fenced block that cannot be left. GitLab's older finder of quick actions is a regular expression that
 * ends a block at any line of three backticks: such lines, and lines like `/close`, get a space in front.
 */
export function codeBlock(text: string, language: string): string {
  const lines = printable(text)
  const body = lines.slice(0, endWithout(lines, '\n')).replaceAll(/^(?=```|\/\w)/gm, ' ')
  const fence = '`'.repeat(Math.max(3, longestRun(body) + 1))
  return `${fence}${language}\n${body}\n${fence}`
}

/** Punctuation around a word stays outside of its code span; the parenthesis of `numeric(12,2)` is its own. */
function codeWord(word: string): string {
  const isCall = /^[^(]+\(.*\)/.test(word)
  const start = (isCall ? /^"/ : /^[("]/).test(word) && word.length > 1 ? 1 : 0
  const end = Math.max(start + 1, endWithout(word, isCall ? '".,;:?!' : ')".,;:?!'))
  return word.slice(0, start) + codeSpan(word.slice(start, end)) + word.slice(end)
}

/**
 * Where the text ends without such characters. A pattern such as /[.]+$/ would try each beginning of each run of them,
 * and the text may be a million of them.
 */
function endWithout(text: string, characters: string): number {
  let end = text.length
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--
  return end
}

function longestRun(text: string): number {
  let longest = 0
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length)
  return longest
}

/**
 * A code element for places where markdown is not read, such as `<summary>`: all but letters, digits and harmless
 * punctuation as character references, so that it is text for every reader.
 */
export function codeElement(text: string): string {
  const safe = printableLine(text).replaceAll(
    /[^\p{L}\p{N} ./_-]/gu,
    (character) => `&#${character.codePointAt(0)};`,
  )
  return `<code>${safe}</code>`
}

/** Markdown as a cell of a table: one line, with every `|` escaped, which tables want inside of code spans too. */
export function tableCell(text: string): string {
  const line = text.replaceAll(/[\r\n]+/g, ' ')
  // A backslash right before the bar could be taken for the one that escapes it.
  return line
    .replaceAll(/\\+\|?/g, (run) =>
      run.endsWith('|') ? `${String.raw`\u005c`.repeat(run.length - 1)}|` : run,
    )
    .replaceAll('|', String.raw`\|`)
}

/** The first so many UTF-16 code units, with `…` when that is not all. To be called before escaping. */
export function cutText(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength).replace(/\p{Cs}$/u, '')}…`
}

/**
 * A link: its text is markdown of ours, its target ends where the parenthesis around it closes. What is percent-encoded
 * already stays as it is.
 */
export function link(text: string, url: string): string {
  const target = wellFormed(url).replaceAll(/[^\w\-.~:/?#@!$&*+,;=%]/gu, (character) =>
    /[()']/.test(character) ? `%${character.charCodeAt(0).toString(16)}` : encodeURIComponent(character),
  )
  return `[${text}](${target})`
}
