import type { ScriptPart } from '../core/source.ts'
import { linesOf } from './go-lines.ts'

/** What rambler sends of a file on the way up. Offsets are those of its text. */
export interface RamblerSections {
  /** Its up sections, one message each. */
  readonly parts: readonly ScriptPart[]
  /** Its down sections in the order in which they are sent: the last first. */
  readonly down: readonly ScriptPart[]
  /** Number of a line at which rambler stops reading without a word. */
  readonly tooLong?: number
}

const prefix = '-- rambler'

/** A line that Go's bufio.Scanner does not take, in bytes (MaxScanTokenSize); its error is not looked at. */
const maxLineBytes = 64 * 1024

/** As `scan` in migration.go of elwinar/rambler: every line that begins with the prefix ends a section. */
export function readRamblerSections(text: string): RamblerSections {
  const sections: Readonly<Record<'up' | 'down', ScriptPart[]>> = { up: [], down: [] }
  let section: 'up' | 'down' | undefined
  let start = 0
  let number = 0
  const endAt = (end: number): unknown => section !== undefined && sections[section].push({ start, end })
  const found = (): Omit<RamblerSections, 'tooLong'> => ({
    parts: sections.up.filter((part) => holdsText(text, part)),
    down: sections.down.filter((part) => holdsText(text, part)).toReversed(),
  })
  for (const line of linesOf(text)) {
    number += 1
    if (Buffer.byteLength(line.text) >= maxLineBytes) {
      endAt(line.start)
      return { ...found(), tooLong: number }
    }
    if (!line.text.startsWith(prefix)) continue
    endAt(line.start)
    const name = line.text.slice(prefix.length).trim()
    section = name === 'up' || name === 'down' ? name : undefined
    start = line.next
  }
  endAt(text.length)
  return found()
}

function holdsText(text: string, { start, end }: ScriptPart): boolean {
  return text.slice(start, end).trim() !== ''
}
