import { structuredPatch } from 'diff'

/** A file before and after; undefined before: it is new. */
export interface FileDiff {
  readonly path: string
  readonly before: string | undefined
  readonly after: string
}

/** A line of a unified diff, for whoever colours it. */
export interface DiffLine {
  readonly kind: 'file' | 'place' | 'added' | 'removed' | 'same'
  readonly text: string
}

/** The unified diff of one file, without line ends. */
export function diffLines({ path, before, after }: FileDiff): readonly DiffLine[] {
  const { hunks } = structuredPatch(path, path, before ?? '', after, '', '', { context: 3 })
  return [
    { kind: 'file', text: before === undefined ? '--- /dev/null' : `--- a/${path}` },
    { kind: 'file', text: `+++ b/${path}` },
    ...hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }): readonly DiffLine[] => [
      { kind: 'place', text: `@@ -${place(oldStart, oldLines)} +${place(newStart, newLines)} @@` },
      ...lines.map((text): DiffLine => ({ kind: kindOf(text), text: text.replace(/\r$/, '') })),
    ]),
  ]
}

/** No line at all stands behind line 0. */
function place(start: number, lines: number): string {
  return `${lines === 0 ? start - 1 : start},${lines}`
}

function kindOf(line: string): DiffLine['kind'] {
  if (line.startsWith('+')) return 'added'
  return line.startsWith('-') ? 'removed' : 'same'
}
