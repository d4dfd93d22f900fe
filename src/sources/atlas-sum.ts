import { createHash } from 'node:crypto'

/** A migration file as Atlas hashes it: its name without the folder, and its bytes. */
export interface HashedFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Why atlas.sum does not fit the folder. */
export interface SumMismatch {
  /** `format` and `sum` are about atlas.sum alone: a merge gone wrong. */
  readonly reason: 'missing' | 'format' | 'sum' | 'added' | 'edited' | 'removed'
  /** Name of the first file that differs; undefined when it is about atlas.sum alone. */
  readonly name?: string
}

interface Entry {
  readonly name: string
  readonly hash: string
}

/**
 * Compares atlas.sum with the files as Validate in sql/migrate/dir.go of ariga/atlas does: one running SHA-256 over
 * names and contents in the order of the names, so that every later line changes with an edit. Undefined when they fit.
 */
export function validateSum(sum: string | undefined, files: readonly HashedFile[]): SumMismatch | undefined {
  if (sum === undefined) return files.length === 0 ? undefined : { reason: 'missing' }
  const [first = '', ...lines] = sum.replace(/\n$/, '').split(/\r?\n/)
  const written: Entry[] = []
  for (const line of lines) {
    const at = line.indexOf('h1:')
    if (at < 0) return { reason: 'format' }
    written.push({ name: line.slice(0, at).trim(), hash: line.slice(at + 3) })
  }
  if (first.replace(/^h1:/, '') !== sumOf(written)) return { reason: 'sum' }
  const actual = hashFiles(files)
  return sumOf(actual) === sumOf(written) ? undefined : firstDifference(written, actual)
}

/** The text of atlas.sum for these files, in the order of their names (MarshalText of HashFile in dir.go). */
export function atlasSum(files: readonly HashedFile[]): string {
  const entries = hashFiles(files)
  const lines = entries.map(({ name, hash }) => `${name} h1:${hash}\n`)
  return `h1:${sumOf(entries)}\n${lines.join('')}`
}

function firstDifference(written: readonly Entry[], actual: readonly Entry[]): SumMismatch {
  for (const [index, entry] of written.entries()) {
    const other = actual[index]
    if (other?.name === entry.name && other.hash === entry.hash) continue
    const place = actual.findIndex(({ name }) => name === entry.name)
    if (place < 0) return { reason: 'removed', name: entry.name }
    if (place === index) return { reason: 'edited', name: entry.name }
    return { reason: 'added', ...(other === undefined ? {} : { name: other.name }) }
  }
  const added = actual[written.length]
  return { reason: 'added', ...(added === undefined ? {} : { name: added.name }) }
}

/** NewHashFile: a file that begins with `atlas:sum ignore` counts by its name only, and gets no line. */
function hashFiles(files: readonly HashedFile[]): readonly Entry[] {
  const running = createHash('sha256')
  const entries: Entry[] = []
  for (const { name, bytes } of files) {
    running.update(name)
    if (/^[ -~]*atlas:sum +ignore(?![ -~])/.test(new TextDecoder().decode(bytes.subarray(0, 200)))) continue
    running.update(bytes)
    entries.push({ name, hash: running.copy().digest('base64') })
  }
  return entries
}

function sumOf(entries: readonly Entry[]): string {
  const sum = createHash('sha256')
  for (const { name, hash } of entries) sum.update(name).update(hash)
  return sum.digest('base64')
}
