/** git's own diff, read line by line by the counts of its hunks, so that content can look like headers. */
import { createHash } from 'node:crypto'

import { askGit } from './object-store.ts'

export interface DiffLine {
  readonly kind: 'added' | 'removed' | 'context'
  /** Present on removed and context lines. */
  readonly oldLine: number | null
  /** Present on added and context lines. */
  readonly newLine: number | null
  /** The counters of both sides at this place, present on every line; GitLab's line codes are made of them. */
  readonly oldCounter: number
  readonly newCounter: number
  readonly text: string
}

export interface FileDiff {
  readonly oldPath: string
  readonly newPath: string
  readonly aMode: string
  readonly bMode: string
  readonly newFile: boolean
  readonly deletedFile: boolean
  readonly renamedFile: boolean
  /** From the first `@@`, as the API's `diff` field has it. */
  readonly patch: string
  readonly lines: readonly DiffLine[]
}

const cache = new Map<string, readonly FileDiff[]>()

/**
 * The files that differ between two commits, as Gitaly compares them: renames found, three lines of context. Limited to
 * paths, a rename of which one path is missing is a new or a deleted file.
 */
export function diffOf(from: string, to: string, paths: readonly string[] = []): readonly FileDiff[] {
  const key = JSON.stringify([from, to, paths])
  const known = cache.get(key)
  if (known !== undefined) return known
  const files = readDiff(from, to, paths)
  cache.set(key, files)
  return files
}

/** The text that raw_diffs answers. */
export function rawDiff(from: string, to: string): string {
  return askGit(['-c', 'core.quotePath=false', 'diff', ...options, from, to])
}

const options: readonly string[] = ['--no-ext-diff', '-M', '-U3', '--full-index']

/** `sha1(path)_old_new` [src position.rb, facts 1.3]. */
export function lineCode(path: string, line: DiffLine): string {
  return `${createHash('sha1').update(path).digest('hex')}_${line.oldCounter}_${line.newCounter}`
}

/** The line that has exactly these two numbers, each null where the line has none. */
export function lineAt(file: FileDiff, oldLine: number | null, newLine: number | null): DiffLine | undefined {
  return file.lines.find((line) => line.oldLine === oldLine && line.newLine === newLine)
}

function readDiff(from: string, to: string, paths: readonly string[]): readonly FileDiff[] {
  const output = askGit([
    'diff',
    ...options,
    '--raw',
    '-p',
    '-z',
    from,
    to,
    '--',
    ...paths.map((path) => `:(literal)${path}`),
  ])
  const end = output.indexOf('\0diff --git ')
  const raw = end === -1 ? output : output.slice(0, end)
  const patches = end === -1 ? [] : splitPatches(output.slice(end + 1))
  return readRaw(raw).map((entry, index) => {
    const patch = hunksOf(patches[index] ?? '')
    return { ...entry, patch, lines: readLines(patch) }
  })
}

/** A line of a hunk begins with a sign, so a line that begins with `diff --git` is always a header. */
function splitPatches(text: string): readonly string[] {
  return text.split(/^(?=diff --git )/m).filter((part) => part !== '')
}

function hunksOf(patch: string): string {
  const at = patch.search(/^@@ /m)
  return at === -1 ? '' : patch.slice(at)
}

type RawEntry = Omit<FileDiff, 'patch' | 'lines'>

function readRaw(raw: string): readonly RawEntry[] {
  const fields = raw.split('\0')
  const entries: RawEntry[] = []
  for (let at = 0; at < fields.length;) {
    const [aMode = '', bMode = '', , , status = ''] = (fields[at] ?? '').slice(1).split(' ')
    if (status === '') break
    const renamed = status.startsWith('R') || status.startsWith('C')
    const oldPath = fields[at + 1] ?? ''
    const newPath = renamed ? (fields[at + 2] ?? '') : oldPath
    at += renamed ? 3 : 2
    const [newFile, deletedFile] = [status === 'A', status === 'D']
    entries.push({ oldPath, newPath, aMode, bMode, newFile, deletedFile, renamedFile: renamed })
  }
  return entries
}

function readLines(patch: string): readonly DiffLine[] {
  const lines: DiffLine[] = []
  let [oldAt, newAt, oldLeft, newLeft] = [0, 0, 0, 0]
  for (const text of patch.split('\n')) {
    if (oldLeft === 0 && newLeft === 0) {
      const header = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text)
      if (header === null) continue
      oldAt = Number(header[1])
      newAt = Number(header[3])
      oldLeft = Number(header[2] ?? 1)
      newLeft = Number(header[4] ?? 1)
      // A side without lines names the line before it.
      if (oldLeft === 0) oldAt += 1
      if (newLeft === 0) newAt += 1
      // GitLab's counters begin at 0 where that side of the file is empty.
      if (oldLeft === 0 && oldAt === 1) oldAt = 0
      if (newLeft === 0 && newAt === 1) newAt = 0
      continue
    }
    const counters = { oldCounter: oldAt, newCounter: newAt, text: text.slice(1) }
    if (text.startsWith('+')) {
      lines.push({ kind: 'added', oldLine: null, newLine: newAt, ...counters })
      newAt += 1
      newLeft -= 1
    } else if (text.startsWith('-')) {
      lines.push({ kind: 'removed', oldLine: oldAt, newLine: null, ...counters })
      oldAt += 1
      oldLeft -= 1
    } else if (!text.startsWith('\\')) {
      lines.push({ kind: 'context', oldLine: oldAt, newLine: newAt, ...counters })
      oldAt += 1
      newAt += 1
      oldLeft -= 1
      newLeft -= 1
    }
  }
  return lines
}
