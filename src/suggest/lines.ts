import { diffArrays } from 'diff'
import type { Suggestion } from '../core/model.ts'

/** The lines of a text without their ends, as an editor counts them. */
export function linesOf(text: string): readonly string[] {
  return text.split('\n').map((line) => line.replace(/\r$/, ''))
}

/** The text with the suggestion in it. Its lines end as the one they replace does; all others stay byte for byte. */
export function applySuggestion(text: string, { startLine, endLine, lines }: Suggestion): string {
  const old = text.split('\n')
  const replaced = old.slice(startLine - 1, endLine)
  const isLast = endLine >= old.length
  const hasReturn = replaced.some((line) => line.endsWith('\r')) || (isLast && text.includes('\r\n'))
  const added = lines.map((line, index) => {
    const endsText = isLast && index === lines.length - 1
    return hasReturn && !endsText ? `${line}\r` : line
  })
  return [...old.slice(0, startLine - 1), ...added, ...old.slice(endLine)].join('\n')
}

/**
 * The same change with as few lines as differ, so that it touches little. Lines are added beside a line that stays,
 * because a suggestion replaces at least one. Undefined when nothing changes.
 */
export function shrink(text: string, { startLine, endLine, lines }: Suggestion): Suggestion | undefined {
  const old = linesOf(text).slice(startLine - 1, endLine)
  const changes = diffArrays([...old], [...lines])
  if (!changes.some(({ added, removed }) => added || removed)) return undefined
  let head = unchangedCount(changes[0])
  let tail = unchangedCount(changes.at(-1))
  if (head + tail === old.length) {
    if (tail > 0) tail -= 1
    else head -= 1
  }
  return {
    startLine: startLine + head,
    endLine: endLine - tail,
    lines: lines.slice(head, lines.length - tail),
  }
}

function unchangedCount(change: ReturnType<typeof diffArrays<string>>[number] | undefined): number {
  return change === undefined || change.added || change.removed ? 0 : change.count
}
