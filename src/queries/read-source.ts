import { formatBytes } from '../core/quantities.ts'
import { LineIndex } from '../sql/lines.ts'
import type { SourceFile } from './found.ts'

/** Nobody writes larger ones by hand. */
const mostBytes = 2 * 1024 * 1024

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * A file as text, without a byte order mark, or why that cannot be had. Undefined when `mayHold`, which looks at its
 * beginning as Latin-1, says no.
 */
export function readSource(
  file: string,
  bytes: Uint8Array,
  mayHold: (beginning: string) => boolean,
): SourceFile | { readonly problem: string } | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const mark = buffer.subarray(0, 3).equals(byteOrderMark) ? 3 : 0
  return mayHold(buffer.toString('latin1', mark, mostBytes)) ? decode(file, bytes) : undefined
}

/** The text of a file, or why there is none. */
export function decode(
  file: string,
  bytes: Uint8Array,
  most = mostBytes,
): SourceFile | { readonly problem: string } {
  if (bytes.length > most) return { problem: `it is larger than ${formatBytes(most)}` }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (text.includes('\0')) return { problem: 'it holds NUL characters' }
    return { file, text, lines: new LineIndex(text) }
  } catch {
    return { problem: 'it is not UTF-8' }
  }
}
