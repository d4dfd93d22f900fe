import type { ScriptPart } from '../core/source.ts'
import { linesOf } from './go-lines.ts'

/** What rambler sends of a file on the way up. Offsets are those of its text. */
export interface RamblerSections {
  /** Its up sections, one message each. */
  readonly parts: readonly ScriptPart[]
  /** Number of a line at which rambler stops reading without a word. */
  readonly tooLong?: number
}

const prefix = '-- rambler'

/** A line that Go's bufio.Scanner does not take, in bytes (MaxScanTokenSize); its error is not looked at. */
const maxLineBytes = 64 * 1024

/** As `scan` in migration.go of elwinar/rambler: every line that begins with the prefix ends a section. */
export function readRamblerSections(text: string): RamblerSections {
  const parts: ScriptPart[] = []
  let start = -1
  let number = 0
  for (const line of linesOf(text)) {
    number += 1
    if (Buffer.byteLength(line.text) >= maxLineBytes) {
      if (start >= 0 && line.start > start) parts.push({ start, end: line.start })
      return { parts: parts.filter((part) => holdsText(text, part)), tooLong: number }
    }
    if (!line.text.startsWith(prefix)) continue
    if (start >= 0) parts.push({ start, end: line.start })
    start = line.text.slice(prefix.length).trim() === 'up' ? line.next : -1
  }
  if (start >= 0) parts.push({ start, end: text.length })
  return { parts: parts.filter((part) => holdsText(text, part)) }
}

function holdsText(text: string, { start, end }: ScriptPart): boolean {
  return text.slice(start, end).trim() !== ''
}
