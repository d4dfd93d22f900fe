import type { Span } from '../core/model.ts'
import type { MigrationScript, MigrationSet } from '../core/source.ts'

/**
 * What runs of the script. Line ends do not count: a checkout may translate them, and no tool's checksum sees them. Of
 * one script of several, the comments at the end do not count either: they are the heading of the next.
 */
export function normalised({ id, text, start, end, parts }: MigrationScript): string {
  if (id !== undefined && parts !== undefined)
    return parts.map((part) => text.slice(part.start, part.end).trim().replaceAll('\r\n', '\n')).join('\n')
  const lines = text.slice(start, end).replaceAll('\r\n', '\n').split('\n')
  if (id === undefined) return lines.join('\n')
  const last = lines.findLastIndex((line) => !isComment(line))
  return lines
    .slice(0, last + 1)
    .join('\n')
    .trim()
}

function isComment(line: string): boolean {
  return /^(?:--|$)/.test(line.trim())
}

/** Nothing but blank lines and comments, as a tool leaves a draft that was committed. */
export function isBlank({ text, start, end }: MigrationScript): boolean {
  return text.slice(start, end).split('\n').every(isComment)
}

/** Names the scripts of a set for people: the file, with the title where it holds several. */
export function nameScripts({ scripts }: MigrationSet): (script: MigrationScript) => string {
  const counts = new Map<string, number>()
  for (const { file } of scripts) counts.set(file, (counts.get(file) ?? 0) + 1)
  return ({ file, title }) => ((counts.get(file) ?? 0) > 1 ? `${file} (${title})` : file)
}

/** Where a script begins that is one of several in its file; undefined: the file is enough. */
export function placeOf({ id, file, text, start }: MigrationScript): Span | undefined {
  if (id === undefined || start === 0) return undefined
  const before = text.slice(0, start).split('\n')
  const at = { line: before.length, column: (before.at(-1) ?? '').length + 1, offset: start }
  return { file, start: at, end: at }
}

/** Those that a database has run: drafts are not among them. */
export function withoutDrafts(scripts: readonly MigrationScript[]): readonly MigrationScript[] {
  return scripts.filter(({ draft }) => draft !== true)
}
