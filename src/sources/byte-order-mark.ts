import type { SourceProblem } from '../core/source.ts'

/**
 * The problem of a file that starts with a UTF-8 byte order mark, for tools that send it: to the server it is a letter
 * (scan.l, `ident_start` takes every byte from \200 on), so the first word of the file is none that it knows.
 */
export function markProblem(hasMark: boolean, file: string, tool: string): readonly SourceProblem[] {
  if (!hasMark) return []
  const message = `${file} starts with a byte order mark, which ${tool} sends to the server; it answers with a syntax error.`
  return [
    { code: 'refused-by-tool', file, message, remedy: 'Save the file as UTF-8 without a byte order mark.' },
  ]
}
