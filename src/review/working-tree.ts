import { closeSync, constants, openSync, readFileSync, realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import fastGlob from 'fast-glob'
import type { FileTree } from '../core/source.ts'
import { compareText } from '../sources/paths.ts'
import { withoutExcluded } from './exclude.ts'
import { listFromGit, type Repository } from './git.ts'

/**
 * The files on disk below the project folder. In a git repository these are the tracked and the untracked,
 * not the ignored ones (build output holds copies of migrations); elsewhere everything but `.git` and
 * `node_modules`. A link that leads out of the folder reads as missing.
 */
export class WorkingTree implements FileTree {
  readonly root: string
  private readonly repository: Repository | undefined
  private readonly exclude: readonly string[]
  private listed: Promise<readonly string[]> | undefined
  private realRoot: string | undefined

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

  /** One file at a time, without the thread pool: 8,000 small files take 40 ms this way, 600 ms in parallel. */
  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      return readRegularFile(join(this.root, path))
    } catch (error) {
      if (codeOf(error) === 'ELOOP') return this.readLink(path)
      if (isMissing(error)) return undefined
      throw error
    }
  }

  private readLink(path: string): Uint8Array | undefined {
    this.realRoot ??= realpathSync(this.root)
    try {
      const target = realpathSync(join(this.root, path))
      const below = relative(this.realRoot, target)
      if (below === '..' || below.startsWith(`..${sep}`)) return undefined
      return readRegularFile(target)
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
}

/** Follows no link (ELOOP), and does not wait for a writer when the path is a named pipe. */
function readRegularFile(path: string): Uint8Array {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'EISDIR', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO', 'EAGAIN'].includes(codeOf(error) ?? '')
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
