/**
 * What a merge request changes, line by line, from git's own patch.
 *
 * `parsePatch` of `diff` reads the hunks by their counts, so SQL comments that look like patch headers (`--- x`,
 * `+++ y`, `diff --git` inside a string) are lines like any other. What it does not do for us, and this file does:
 * a name that ends with white space loses it there, and a name with U+2028 is cut (its patterns use `.` and `trim`).
 * Names decide where a thread goes, so two files must never become one.
 */
import { parsePatch, type StructuredPatch } from 'diff'

/** A line of the new side that the patch shows. */
export interface DiffLine {
  readonly newLine: number
  /** Present on context lines, which exist on both sides; an added line has none. */
  readonly oldLine?: number
  /** Without the line feed; a carriage return stays. */
  readonly text: string
}

/** One file of the patch. Paths are relative to the top of the repository. */
export interface FileChange {
  /** The same as `newPath` unless the file was renamed: GitLab wants both for new and deleted files, too. */
  readonly oldPath: string
  readonly newPath: string
  readonly kind: 'added' | 'edited' | 'renamed' | 'deleted'
  /** Git shows no lines of it. */
  readonly binary: boolean
  /** Added and context lines, ascending. */
  readonly lines: readonly DiffLine[]
  /** Texts of the removed lines. */
  readonly removed: readonly string[]
  /** The hunks as git wrote them, headers included; empty when only the name or the mode changed. */
  readonly patch: string
}

/**
 * Reads the output of `git diff --no-ext-diff --no-color -M --src-prefix=a/ --dst-prefix=b/`, read as UTF-8.
 * Names may be quoted (`core.quotePath`) or not. Throws an Error when a part of it is not a patch of git's: a
 * change that is not understood must not be taken for no change.
 */
export function readDiff(patch: string): readonly FileChange[] {
  return splitFiles(patch).map(readFile)
}

interface Section {
  /** From `diff --git` to the line before the first hunk. */
  readonly header: readonly string[]
  readonly hunks: readonly string[]
}

/** Cuts between files; inside hunks by their counts, so that no line of a file can look like a header. */
function splitFiles(patch: string): readonly Section[] {
  const sections: { header: string[]; hunks: string[] }[] = []
  let oldLeft = 0
  let newLeft = 0
  const lines = patch.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const line of lines) {
    const section = sections.at(-1)
    const isInHunk = oldLeft > 0 || newLeft > 0
    if (!isInHunk && line.startsWith('diff --git ')) {
      sections.push({ header: [line], hunks: [] })
    } else if (section === undefined) {
      throw new Error(`git diff began with "${line.slice(0, 80)}"`)
    } else if (isInHunk) {
      section.hunks.push(line)
      // an empty line is an empty context line (diff.suppressBlankEmpty)
      if (line === '' || line.startsWith('-') || line.startsWith(' ')) oldLeft--
      if (line === '' || line.startsWith('+') || line.startsWith(' ')) newLeft--
    } else if (line.startsWith('@@ ')) {
      section.hunks.push(line)
      const [, oldCount = '1', newCount = '1'] = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line) ?? []
      oldLeft = Number(oldCount)
      newLeft = Number(newCount)
    } else {
      // `\ No newline at end of file` behind the last line of a hunk, else a header line
      const part = section.hunks.length > 0 ? section.hunks : section.header
      part.push(line)
    }
  }
  if (oldLeft > 0 || newLeft > 0) throw new Error('git diff ended within a hunk')
  return sections
}

function readFile({ header, hunks }: Section): FileChange {
  const [parsed, ...others] = parsePatch([...header, ...hunks, ''].join('\n'))
  if (parsed === undefined || others.length > 0) throw new Error(`git diff has an odd part: "${header[0]}"`)
  const lines: DiffLine[] = []
  const removed: string[] = []
  for (const { oldStart, newStart, lines: content } of parsed.hunks) {
    let oldLine = oldStart
    let newLine = newStart
    for (const line of content) {
      const text = line.slice(1)
      if (line.startsWith('+')) lines.push({ newLine: newLine++, text })
      else if (line.startsWith('-')) removed.push((oldLine++, text))
      else if (!line.startsWith('\\')) lines.push({ newLine: newLine++, oldLine: oldLine++, text })
    }
  }
  const paths = readPaths(parsed, header)
  return {
    ...paths,
    kind: kindOf(parsed, paths),
    binary: parsed.isBinary === true,
    lines,
    removed,
    patch: hunks.join('\n'),
  }
}

function kindOf(parsed: StructuredPatch, { oldPath, newPath }: Paths): FileChange['kind'] {
  if (parsed.isCreate === true) return 'added'
  if (parsed.isDelete === true) return 'deleted'
  return oldPath === newPath ? 'edited' : 'renamed'
}

interface Paths {
  readonly oldPath: string
  readonly newPath: string
}

function readPaths(parsed: StructuredPatch, header: readonly string[]): Paths {
  const oldName = plainName(header, '--- ') ?? prefixed('a/', plainName(header, 'rename from '))
  const newName = plainName(header, '+++ ') ?? prefixed('b/', plainName(header, 'rename to '))
  const oldPath = withoutPrefix('a/', oldName ?? parsed.oldFileName)
  const newPath = withoutPrefix('b/', newName ?? parsed.newFileName)
  const either = newPath ?? oldPath
  if (either === undefined) throw new Error(`git diff names no file in "${header[0]}"`)
  // the missing side of a new or deleted file is /dev/null
  if (parsed.isCreate === true || oldPath === undefined) return { oldPath: either, newPath: either }
  if (parsed.isDelete === true || newPath === undefined) return { oldPath, newPath: oldPath }
  return { oldPath, newPath }
}

/**
 * The name behind a header word, exactly; undefined when there is no such line or when the name is quoted, which
 * parsePatch reads well. Git ends an unquoted name that has a space in it with a tab (diff.c, emit_rewrite_diff).
 */
function plainName(header: readonly string[], word: string): string | undefined {
  const name = header.find((line) => line.startsWith(word))?.slice(word.length)
  if (name === undefined || name.startsWith('"')) return undefined
  return word.endsWith('- ') || word.endsWith('+ ') ? name.replace(/\t$/, '') : name
}

function prefixed(prefix: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : prefix + name
}

function withoutPrefix(prefix: string, name: string | undefined): string | undefined {
  return name?.startsWith(prefix) === true ? name.slice(prefix.length) : undefined
}
