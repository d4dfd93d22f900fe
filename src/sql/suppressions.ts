import type { Span } from '../core/model.ts'
import type { ParsedScript } from './parse.ts'

/** `-- pgrehearse-allow <rule>[ until 2027-01-31]: <reason>` above a statement. */
export interface AllowComment {
  readonly rule: string
  /** ISO date; the last day on which the comment counts. */
  readonly until?: string
  /** Empty when the author gave none: such a comment has no effect and is reported. */
  readonly reason: string
  readonly span: Span
  readonly file: string
  /** Index of the first statement below it; undefined when nothing follows. */
  readonly statementIndex: number | undefined
  /** Where it begins in the file, which tells statements of several scripts of a file apart. */
  readonly statementOffset: number | undefined
}

/** A comment that means to be an allow comment but does not read as one. */
export interface MalformedAllowComment {
  readonly span: Span
  readonly file: string
  readonly text: string
}

export interface AllowComments {
  readonly allows: readonly AllowComment[]
  readonly malformed: readonly MalformedAllowComment[]
}

/**
 * Finds the allow comments of a script, and those directly above it (above its tool's marker, say); those inside a
 * statement's own text (a function body, say) do not count.
 */
export function readAllowComments(parsed: ParsedScript): AllowComments {
  const { script, lines, statements } = parsed
  const { from, to } = territory(parsed)
  const allows: AllowComment[] = []
  const malformed: MalformedAllowComment[] = []
  const text = script.text.slice(from, to)
  if (!text.includes('pgrehearse-allow')) return { allows, malformed }
  // lines end where Postgres ends a comment: not at U+2028, as `^` with the flag m would have it
  const marker = /(?<![^\r\n])[ \t]*--[ \t]*(pgrehearse-allow\b[^\r\n]*)/g
  for (const match of text.matchAll(marker)) {
    const start = from + match.index + match[0].indexOf('--')
    if (statements.some((statement) => isWithin(statement.span, start))) continue
    const span = lines.span(script.file, start, from + match.index + match[0].length)
    const comment = parseAllow(match[1] ?? '')
    if (comment === undefined) {
      malformed.push({ span, file: script.file, text: (match[1] ?? '').trim() })
    } else {
      const below = statements.find((statement) => statement.span.start.offset > start)
      const statementOffset = below?.span.start.offset
      allows.push({ ...comment, span, file: script.file, statementIndex: below?.index, statementOffset })
    }
  }
  return { allows, malformed }
}

/**
 * Where the comments of a script stand. What ends one of several scripts of a file, below its last statement, is the
 * header of the next.
 */
function territory({ script, statements }: ParsedScript): { readonly from: number; readonly to: number } {
  const { text, start, end, id } = script
  const isFollowed = id !== undefined && text.slice(end).trim() !== ''
  const last = statements.at(-1)?.span.end.offset ?? start
  return { from: headerStart(text, start), to: isFollowed ? Math.max(last, headerStart(text, end)) : end }
}

/** Where the blank lines and comments begin that lead to `at` without a gap. */
export function headerStart(text: string, at: number): number {
  let from = at
  while (from > 0) {
    const lineStart = from < 2 ? 0 : text.lastIndexOf('\n', from - 2) + 1
    const line = text.slice(lineStart, from).trim()
    if (line !== '' && !line.startsWith('--')) break
    from = lineStart
  }
  return from
}

function isWithin(span: Span, offset: number): boolean {
  return span.start.offset <= offset && offset < span.end.offset
}

/** Reads a comment that begins with `pgrehearse-allow`; undefined when it is malformed. */
export function parseAllow(text: string): Pick<AllowComment, 'rule' | 'until' | 'reason'> | undefined {
  const match =
    /^pgrehearse-allow[ \t]+([a-z][a-z0-9-]*)(?:[ \t]+until[ \t]+(\d{4}-\d{2}-\d{2}))?[ \t]*(?::(.*))?$/.exec(
      text.trimEnd(),
    )
  if (match === null) return undefined
  const [, rule = '', until, reason = ''] = match
  if (until !== undefined && Number.isNaN(Date.parse(until))) return undefined
  return { rule, reason: reason.trim(), ...(until === undefined ? {} : { until }) }
}
