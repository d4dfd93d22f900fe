import type { Limit, QueryAllow } from '../core/model.ts'
import { parseAllow } from '../sql/suppressions.ts'
import { notChecked, type RawQuery, type SourceFile } from './found.ts'

/** Allow comments by the position of their query in `raws`, and a limit for each that cannot be read. */
export interface QueryAllows {
  readonly allows: ReadonlyMap<number, readonly QueryAllow[]>
  readonly malformed: readonly Limit[]
}

/** A line of its own, in SQL or in JavaScript. */
const marker = /(?<![^\r\n])[ \t]*(?:--|\/\/|\/\*+|\*)[ \t]*(pgrehearse-allow\b[^\r\n]*)/g

/**
 * The comments `-- pgrehearse-allow <rule>[ until <date>]: <reason>` (or with `//`) above a query or within it: each
 * counts for the first query that ends below it.
 */
export function allowComments(
  { file, text, lines }: SourceFile,
  raws: readonly { readonly raw: RawQuery }[],
): QueryAllows {
  const allows = new Map<number, QueryAllow[]>()
  const malformed: Limit[] = []
  if (!text.includes('pgrehearse-allow')) return { allows, malformed }
  const byEnd = [...raws.entries()].toSorted(([, a], [, b]) => a.raw.end - b.raw.end)
  for (const match of text.matchAll(marker)) {
    const written = withoutClosing((match[1] ?? '').trimEnd())
    const start = match.index + match[0].search(/\S/)
    const span = lines.span(file, start, match.index + match[0].trimEnd().length)
    const read = parseAllow(written)
    const below = firstEndingBehind(byEnd, start)
    if (read === undefined) malformed.push(unreadable(written, span))
    else if (below !== undefined) {
      const { rule: ruleId, reason, until } = read
      const allow = { ruleId, reason, span, ...(until === undefined ? {} : { until }) }
      const others = allows.get(below)
      if (others === undefined) allows.set(below, [allow])
      else others.push(allow)
    }
  }
  return { allows, malformed }
}

function withoutClosing(comment: string): string {
  return comment.endsWith('*/') ? comment.slice(0, -2).trimEnd() : comment
}

function firstEndingBehind(
  byEnd: readonly (readonly [number, { readonly raw: RawQuery }])[],
  offset: number,
): number | undefined {
  let low = 0
  let high = byEnd.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((byEnd[middle]?.[1].raw.end ?? 0) > offset) high = middle
    else low = middle + 1
  }
  return byEnd[low]?.[0]
}

function unreadable(text: string, span: Limit['span'] & object): Limit {
  return notChecked(
    `This comment accepts nothing, because it cannot be read: ${text.slice(0, 200)}`,
    span,
    'Write -- pgrehearse-allow <rule>: <reason>, or -- pgrehearse-allow <rule> until 2027-01-31: <reason>.',
  )
}
