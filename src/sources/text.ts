/** The text of a migration file, or why it has none. */
export type DecodedText = { readonly text: string } | { readonly problem: string }

/**
 * Bytes of a migration file to text.
 *
 * - UTF-8 is the only encoding taken: it is what psql, golang-migrate and Flyway send by default.
 * - A UTF-8 byte order mark is not part of the text (psql and Flyway drop it too), so offsets, lines and
 *   columns count from the first character after it, as editors show them.
 * - Line ends stay as they are: `\r\n` is two characters, so offsets are those of the file.
 * - NUL is refused: no Postgres string can hold it, and it is what UTF-16 without a mark looks like.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const mark = utf16Mark(bytes)
  if (mark !== undefined) return { problem: `is ${mark}; save it as UTF-8` }
  const text = decodeUtf8(bytes)
  if (text === undefined) return { problem: invalidByteMessage(bytes) }
  const nul = text.indexOf('\0')
  if (nul >= 0)
    return { problem: `holds a NUL character at ${place(text.slice(0, nul))}; Postgres cannot read it` }
  return { text }
}

/** Does a UTF-8 byte order mark stand before the text? */
export function startsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

function utf16Mark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'UTF-16 (little endian)'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'UTF-16 (big endian)'
  return undefined
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function invalidByteMessage(bytes: Uint8Array): string {
  const offset = validPrefixLength(bytes)
  const before = new TextDecoder('utf-8').decode(bytes.subarray(0, offset))
  const byte = (bytes[offset] ?? 0).toString(16).padStart(2, '0')
  return `is not UTF-8: byte 0x${byte} at offset ${offset} (${place(before)})`
}

/** Number of leading bytes that are whole UTF-8 characters: the longest prefix that decodes, by bisection. */
function validPrefixLength(bytes: Uint8Array): number {
  let low = 0
  let high = bytes.length
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (isValidPrefix(bytes.subarray(0, middle))) low = middle
    else high = middle - 1
  }
  return characterStart(bytes, low)
}

/** `stream` forgives a character that is cut off at the end, so that validity is monotonic in the length. */
function isValidPrefix(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

/** Steps back over the beginning of a character that never ended. */
function characterStart(bytes: Uint8Array, end: number): number {
  for (let start = end; start >= Math.max(end - 3, 0); start--) {
    if (decodeUtf8(bytes.subarray(0, start)) !== undefined) return start
  }
  return end
}

/** `line 3, column 7`, counted from 1 in UTF-16 units, of the place right after `before`. */
function place(before: string): string {
  const lineStart = before.lastIndexOf('\n') + 1
  return `line ${before.split('\n').length}, column ${before.length - lineStart + 1}`
}
