/** Paths in a file tree: relative to the project root, `/` between parts, '' for the root itself. */
import { groupBy } from '../core/groups.ts'

/** `a/b.sql` -> `a`; '' for a file in the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}

/** `a/b.sql` -> `b.sql`. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function joinPath(folder: string, name: string): string {
  if (folder === '') return name
  return name === '' ? folder : `${folder}/${name}`
}

/** Is `path` the folder itself or anything below it? Everything lies in ''. */
export function isInside(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}

/** Resolves `.`, `..`, `//` and a trailing `/`; undefined when the path leaves the root or is absolute. */
export function normalisePath(path: string): string | undefined {
  if (path.startsWith('/')) return undefined
  const parts: string[] = []
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}

/** Files by the folder that directly holds them, in the order given. */
export function groupByFolder(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return groupBy(paths, folderOf)
}

/** Order of UTF-16 code units, the same on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

const english = new Intl.Collator('en')

/**
 * Order of `localeCompare`, by which tools in JavaScript sort names: punctuation before digits, digits before
 * letters, case last. They take the locale of their machine; English stands for it.
 */
export function compareInEnglish(a: string, b: string): number {
  return english.compare(a, b)
}

/** Compares lists of numbers part by part; a missing part counts as 0, so 1 equals 1.0. */
export function compareNumbers(a: readonly bigint[], b: readonly bigint[]): number {
  const length = Math.max(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a[index] ?? 0n
    const right = b[index] ?? 0n
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}
