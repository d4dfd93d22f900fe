/**
 * A stopped cluster as one piece of memory, to start another server from.
 *
 * Layout: length of the index (unsigned 32 bits, little-endian), the index (JSON, see {@link FileEntry}), then pages
 * of 8 KB, each stored once: the databases of a cluster are copies of each other for the most part. A file is its
 * length and the pages it is made of; its last page is filled up with zeros.
 */
import { hash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, writevSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ClusterImageError, clusterFolders, isNeededFile, listNeededFiles } from './cluster-files.ts'

/** A cluster that can be taken up again. */
export interface ClusterImage {
  /**
   * Password of its superuser. It opens nothing: a server that starts from the image gets a new one before
   * anything else happens in it, and can be reached through a private folder only.
   */
  readonly password: string
  readonly bytes: Buffer
}

/** Path, length in bytes, and runs of pages: number of the first page, count, … */
type FileEntry = readonly [path: string, length: number, ...runs: readonly number[]]

const pageBytes = 8192

/** What unpacked would be larger is not kept: CI caches are no place for it, and it has to fit into memory. */
export const maxImageBytes = 512 * 1024 * 1024

/** Packs the data folder of a stopped server. @throws ClusterImageError when it cannot be kept. */
export function packCluster(dataDir: string): Buffer {
  const pages: Buffer[] = []
  const numbers = new Map<string, number>()
  let total = 0
  const index = listNeededFiles(dataDir).map((path): FileEntry => {
    const content = readFileSync(join(dataDir, path))
    total += content.length
    if (total > maxImageBytes) {
      throw new ClusterImageError(`it takes more than ${maxImageBytes / 1024 ** 2} MB on disk`)
    }
    const runs: number[] = []
    for (let at = 0; at < content.length; at += pageBytes)
      addToRuns(runs, pageNumber(pages, numbers, content, at))
    return [path, content.length, ...runs]
  })
  const header = Buffer.from(JSON.stringify(index))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length)
  return Buffer.concat([length, header, ...pages])
}

function pageNumber(pages: Buffer[], numbers: Map<string, number>, content: Buffer, at: number): number {
  const part = content.subarray(at, at + pageBytes)
  const page = part.length === pageBytes ? part : Buffer.concat([part], pageBytes)
  const digest = hash('sha256', page, 'base64')
  const known = numbers.get(digest)
  if (known !== undefined) return known
  numbers.set(digest, pages.length)
  return pages.push(page) - 1
}

function addToRuns(runs: number[], page: number): void {
  const count = runs.at(-1)
  const first = runs.at(-2)
  if (first !== undefined && count !== undefined && first + count === page) runs[runs.length - 1] = count + 1
  else runs.push(page, 1)
}

/**
 * Writes the cluster of an image into a data folder that does not exist yet. The image is not trusted here: it can
 * name the files of a cluster and nothing else (see {@link isNeededFile}), each once, and holds no links and no modes.
 * @throws ClusterImageError when it is no image. What was written until then stays.
 */
export function unpackCluster(bytes: Buffer, dataDir: string): void {
  const { index, pages } = readIndex(bytes)
  for (const folder of foldersOf(index)) mkdirSync(join(dataDir, folder), { recursive: true, mode: 0o700 })
  for (const [path, length, ...runs] of index) {
    const parts = partsOf(pages, length, runs)
    const file = openSync(join(dataDir, path), 'wx', 0o600)
    try {
      if (parts.length > 0) writeAll(file, parts, length)
    } finally {
      closeSync(file)
    }
  }
}

function foldersOf(index: readonly FileEntry[]): ReadonlySet<string> {
  return new Set([...clusterFolders, ...index.map(([path]) => dirname(path))])
}

function readIndex(bytes: Buffer): { readonly index: readonly FileEntry[]; readonly pages: Buffer } {
  const end = 4 + (bytes.length < 4 ? 0 : bytes.readUInt32LE())
  let index: unknown
  try {
    index = JSON.parse(bytes.toString('utf8', 4, end))
  } catch {
    throw new ClusterImageError('its index cannot be read')
  }
  if (!Array.isArray(index)) throw new ClusterImageError('its index is no list')
  const wrong = index.find((entry) => !isFileEntry(entry))
  if (wrong !== undefined) {
    throw new ClusterImageError(
      `it holds what is no file of a cluster: ${JSON.stringify(wrong).slice(0, 200)}`,
    )
  }
  return { index: index as readonly FileEntry[], pages: bytes.subarray(end) }
}

function isFileEntry(entry: unknown): entry is FileEntry {
  if (!Array.isArray(entry)) return false
  const [path, ...rest] = entry as readonly unknown[]
  const isCounted = rest.every((value) => Number.isSafeInteger(value) && Number(value) >= 0)
  return typeof path === 'string' && isNeededFile(path) && rest.length % 2 === 1 && isCounted
}

/** The stretches of `pages` that make up a file. */
function partsOf(pages: Buffer, length: number, runs: readonly number[]): readonly Buffer[] {
  const parts: Buffer[] = []
  let missing = length
  for (let at = 0; at < runs.length; at += 2) {
    const start = (runs[at] ?? 0) * pageBytes
    const stored = pages.subarray(start, start + (runs[at + 1] ?? 0) * pageBytes)
    const part = stored.subarray(0, missing)
    parts.push(part)
    missing -= part.length
  }
  if (missing > 0) throw new ClusterImageError('pages of a file are missing')
  return parts
}

/** Linux writes at most 1024 buffers at once (IOV_MAX). */
const maxBuffers = 1024

function writeAll(file: number, parts: readonly Buffer[], length: number): void {
  let written = 0
  for (let at = 0; at < parts.length; at += maxBuffers)
    written += writevSync(file, parts.slice(at, at + maxBuffers))
  // writev writes less than it was given only when the disk is full
  if (written < length) throw new ClusterImageError('the disk is full')
}
