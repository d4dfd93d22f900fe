import { printable } from '../reporters/printable.ts'
import type { Suggestion } from '../core/model.ts'

/** GitLab's limit of lines above and below the line of a comment. */
const maxLines = 100
const maxLength = 10_000

/**
 * A suggestion that GitLab applies with a click, for a comment on the suggestion's first line. Undefined when the lines
 * cannot be shown exactly as they would be applied: hidden characters, or lines that an older GitLab would take for the
 * end of the block or for a quick action.
 */
export function suggestionBlock({ startLine, endLine, lines }: Suggestion): string | undefined {
  const below = endLine - startLine
  const text = lines.join('\n')
  const isPlain = lines.every((line) => !/[\r\n]/.test(line) && !/^\s*(?:```|~~~|\/\w)/.test(line))
  if (!Number.isInteger(below) || below < 0 || below > maxLines || lines.length > maxLines) return undefined
  if (!isPlain || printable(text) !== text || text.length > maxLength) return undefined
  const runs = [...text.matchAll(/`+/g)].map(([run]) => run.length)
  const fence = '`'.repeat(Math.max(3, ...runs.map((length) => length + 1)))
  return [`${fence}suggestion:-0+${below}`, ...lines, fence].join('\n')
}
