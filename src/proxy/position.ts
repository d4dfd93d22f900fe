import { BodyReader, cString, frame } from '../postgres/frames.ts'

/**
 * An ErrorResponse or NoticeResponse whose position counts from the beginning of the message that the client sent, `offset`
 * characters before the statement; without one where the statement is none of the client's.
 */
export function withPosition(bytes: Buffer, offset: number | 'none' | undefined): Buffer {
  if (offset === undefined || offset === 0) return bytes
  const reader = new BodyReader(bytes)
  const parts: Buffer[] = []
  while (!reader.isAtEnd) {
    const letter = reader.take(1)
    if (letter[0] === 0) break
    const value = reader.rawString()
    if (letter[0] !== positionLetter) parts.push(letter, value, end)
    else if (offset !== 'none') parts.push(letter, cString(String(Number(value.toString('latin1')) + offset)))
  }
  return frame(String.fromCharCode(bytes[0] ?? 0), ...parts, end)
}

/** P: a position in the query that the client sent. */
const positionLetter = 0x50
const end = Buffer.alloc(1)
