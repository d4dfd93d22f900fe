import type { Finding, Severity } from '../core/model.ts'

const weight: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

/** Is `a` at least as severe as `b`? */
export function isAtLeast(a: Severity, b: Severity): boolean {
  return weight[a] <= weight[b]
}

/**
 * Sorted by migration (in the order of `files`; files that are not among them come first, those of queries last),
 * position, severity, rule.
 */
export function sortFindings<T extends Finding>(
  findings: readonly T[],
  files: readonly string[],
): readonly T[] {
  const order = new Map<string, number>()
  // scripts of one file stay together
  for (const [index, file] of files.entries()) if (!order.has(file)) order.set(file, index)
  const place = ({ query, span }: Finding): number =>
    query === undefined ? (order.get(span.file) ?? -1) : files.length
  return findings.toSorted(
    (a, b) =>
      place(a) - place(b) ||
      compare(a.span.file, b.span.file) ||
      a.span.start.offset - b.span.start.offset ||
      weight[a.severity] - weight[b.severity] ||
      compare(a.ruleId, b.ruleId),
  )
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
