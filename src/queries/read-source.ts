import type { FileTree } from '../core/source.ts'
import { LineIndex } from '../sql/lines.ts'
import type { SourceFile } from './found.ts'

/** Nobody writes larger ones by hand. */
const mostBytes = 2 * 1024 * 1024

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * A file as text, or why it cannot be had: as offsets count, so without a byte order mark. `mayHold` looks at its first bytes
 * as Latin-1: undefined when it says no.
 */
export async function readSource(
  files: FileTree,
  file: string,
  mayHold?: (bytes: string) => boolean,
): Promise<SourceFile | { readonly problem: string }>
export async function readSource(
  files: FileTree,
  file: string,
  mayHold: (bytes: string) => boolean,
): Promise<SourceFile | { readonly problem: string } | undefined>
export async function readSource(
  files: FileTree,
  file: string,
  mayHold: (bytes: string) => boolean = () => true,
): Promise<SourceFile | { readonly problem: string } | undefined> {
  const bytes = await files.read(file)
  // a link that leads out of the project, or a folder meanwhile
  if (bytes === undefined) return { problem: 'it cannot be read' }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const mark = buffer.subarray(0, 3).equals(byteOrderMark) ? 3 : 0
  if (!mayHold(buffer.toString('latin1', mark, mostBytes))) return undefined
  if (bytes.length > mostBytes) return { problem: 'it is larger than 2 MB' }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0')
      ? { problem: 'it holds NUL characters' }
      : { file, text, lines: new LineIndex(text) }
  } catch {
    return { problem: 'it is not UTF-8' }
  }
}
