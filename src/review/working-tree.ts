import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import fastGlob from 'fast-glob'
import pLimit from 'p-limit'
import type { FileTree } from '../core/source.ts'
import { compareText } from '../sources/paths.ts'
import { withoutExcluded } from './exclude.ts'
import { listFromGit, type Repository } from './git.ts'

/** Open files at a time; more gains nothing and meets the limit of descriptors. */
const parallelReads = 64

/**
 * The files on disk below the project folder. In a git repository these are the tracked and the untracked,
 * not the ignored ones (build output holds copies of migrations); elsewhere everything but `.git` and
 * `node_modules`. A link that leads out of the folder reads as missing.
 */
export class WorkingTree implements FileTree {
  readonly root: string
  private readonly repository: Repository | undefined
  private readonly exclude: readonly string[]
  private readonly limit = pLimit(parallelReads)
  private listed: Promise<readonly string[]> | undefined
  private realRoot: Promise<string> | undefined

  /** `exclude`: patterns of paths that the listing leaves out. */
  constructor(root: string, repository: Repository | undefined, exclude: readonly string[] = []) {
    this.root = root
    this.repository = repository
    this.exclude = exclude
  }

  list(): Promise<readonly string[]> {
    this.listed ??= this.listNow()
    return this.listed
  }

  private async listNow(): Promise<readonly string[]> {
    const { root, repository } = this
    const paths = await (repository === undefined ? listFolder(root) : listRepository(repository))
    return withoutExcluded(paths, this.exclude)
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return this.limit(() => this.readNow(path))
  }

  private async readNow(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFileAt(join(this.root, path), constants.O_NOFOLLOW)
    } catch (error) {
      if (codeOf(error) === 'ELOOP') return this.readLink(path)
      if (isMissing(error)) return undefined
      throw error
    }
  }

  private async readLink(path: string): Promise<Uint8Array | undefined> {
    this.realRoot ??= realpath(this.root)
    try {
      const target = await realpath(join(this.root, path))
      const below = relative(await this.realRoot, target)
      if (below === '..' || below.startsWith(`..${sep}`)) return undefined
      return await readFileAt(target, constants.O_NOFOLLOW)
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
}

async function readFileAt(path: string, flags: number): Promise<Uint8Array> {
  // O_NONBLOCK: a named pipe in the folder must not hang the run
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags)
  try {
    return await file.readFile()
  } finally {
    await file.close()
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'EISDIR', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO'].includes(codeOf(error) ?? '')
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** One process tells tracked (H), untracked (?), missing (R) and sparse (S) files apart. */
async function listRepository(repository: Repository): Promise<readonly string[]> {
  const args = ['ls-files', '-z', '-t', '--cached', '--others', '--deleted', '--exclude-standard']
  const present = new Set<string>()
  const absent = new Set<string>()
  for (const entry of await listFromGit(repository, args)) {
    const path = entry.slice(2)
    if (entry.startsWith('R ') || entry.startsWith('S ')) absent.add(path)
    // an untracked repository inside ours is listed as a folder, with a slash at the end
    else if (!path.endsWith('/') && !isLeftOut(path)) present.add(path)
  }
  return [...present].filter((path) => !absent.has(path)).sort(compareText)
}

function isLeftOut(path: string): boolean {
  return /(?:^|\/)node_modules\//.test(path)
}

async function listFolder(root: string): Promise<readonly string[]> {
  const files = await fastGlob('**', {
    cwd: root,
    dot: true,
    followSymbolicLinks: false,
    ignore: ['**/node_modules/**', '**/.git/**'],
    onlyFiles: false,
    objectMode: true,
    suppressErrors: true,
  })
  return files
    .filter(({ dirent }) => !dirent.isDirectory())
    .map(({ path }) => path)
    .sort(compareText)
}
