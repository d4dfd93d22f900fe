/** ```suggestion blocks of a note on a diff [src diff/suggestions_parser.rb, facts 1.4]. */
import type { Position, Suggestion } from './model.ts'

/** What the server would offer to apply; empty where the line is not on the new side. Ids are given by `nextId`. */
export function parseSuggestions(
  body: string,
  position: Position | null,
  content: string | undefined,
  nextId: () => number,
): readonly Suggestion[] {
  if (position === null || position.new_line === null || content === undefined) return []
  const lines = content.split('\n')
  const newLine = position.new_line
  return blocks(body).map(({ above, below, text }) => {
    const from = Math.max(1, newLine - above)
    const to = Math.min(lines.at(-1) === '' ? lines.length - 1 : lines.length, newLine + below)
    return {
      id: nextId(),
      from_line: from,
      to_line: to,
      from_content: lines
        .slice(from - 1, to)
        .map((line) => `${line}\n`)
        .join(''),
      to_content: text,
      applied: false,
    }
  })
}

/** At most 100 lines above and below [doc suggestions.md]. */
const reach = 100

function blocks(body: string): readonly { above: number; below: number; text: string }[] {
  const found: { above: number; below: number; text: string }[] = []
  const lines = body.replaceAll('\r', '').split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    const open = /^ {0,3}(`{3,}|~{3,})\s*(\S*)/.exec(lines[at] ?? '')
    if (open?.[1] === undefined) continue
    const fence = open[1]
    const end = lines.findIndex(
      (line, index) =>
        index > at &&
        line.trim() !== '' &&
        new RegExp(`^ {0,3}${fence[0]}{${fence.length},}\\s*$`).test(line),
    )
    const inner = lines.slice(at + 1, end === -1 ? undefined : end)
    const range = /^suggestion(?::(?:-(\d+))?(?:\+(\d+))?)?$/.exec(open[2] ?? '')
    if (range !== null) {
      const above = Math.min(reach, Number(range[1] ?? 0))
      const below = Math.min(reach, Number(range[2] ?? 0))
      found.push({ above, below, text: inner.map((line) => `${line}\n`).join('') })
    }
    at = end === -1 ? lines.length : end
  }
  return found
}
