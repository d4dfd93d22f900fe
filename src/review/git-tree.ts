import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { posix } from 'node:path'
import type { FileTree } from '../core/source.ts'
import { compareText } from '../sources/paths.ts'
import { gitEnvironment, gitSafety, listFromGit, type GitPlace } from './git.ts'

/** A file of a commit or of the index. `mode` as git prints it, `object` is the blob's id. */
export interface TreeEntry {
  readonly mode: string
  readonly object: string
}

const symbolicLink = '120000'
const submodule = '160000'

/**
 * The files of a commit below the project folder, read through one `git cat-file --batch` process. Links are
 * followed inside the tree only. Dispose it to end the process.
 */
export class GitTree implements FileTree, AsyncDisposable {
  private readonly entries: ReadonlyMap<string, TreeEntry>
  private readonly paths: readonly string[]
  private readonly place: GitPlace
  private objects: ObjectReader | undefined

  private constructor(place: GitPlace, entries: ReadonlyMap<string, TreeEntry>) {
    this.place = place
    this.entries = entries
    this.paths = [...entries.keys()].sort(compareText)
  }

  /** Lists the commit; paths are relative to `place.cwd`, which may be a subfolder of the repository. */
  static async open(place: GitPlace, commit: string): Promise<GitTree> {
    return GitTree.of(place, await entriesOf(place, commit))
  }

  /** These entries; submodules, and what lies in node_modules, are left out. */
  static of(place: GitPlace, entries: Iterable<readonly [string, TreeEntry]>): GitTree {
    const files = [...entries].filter(
      ([path, { mode }]) => mode !== submodule && !/(?:^|\/)node_modules\//.test(path),
    )
    return new GitTree(place, new Map(files))
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve(this.paths)
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.readFollowing(path, 8)
  }

  private async readFollowing(path: string, linksLeft: number): Promise<Uint8Array | undefined> {
    const entry = this.entries.get(path)
    if (entry === undefined || linksLeft === 0) return undefined
    this.objects ??= new ObjectReader(this.place)
    const bytes = await this.objects.read(entry.object)
    if (entry.mode !== symbolicLink || bytes === undefined) return bytes
    return this.readFollowing(posix.join(posix.dirname(path), bytes.toString()), linksLeft - 1)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.objects?.end()
  }
}

/** Everything that a tree or a commit holds below the project folder, by path. */
export async function entriesOf(place: GitPlace, treeish: string): Promise<ReadonlyMap<string, TreeEntry>> {
  const entries = new Map<string, TreeEntry>()
  for (const line of await listFromGit(place, ['ls-tree', '-r', '-z', '--end-of-options', treeish])) {
    const [, mode, object, path] = /^(\d+) \w+ ([0-9a-f]+)\t([^]*)$/.exec(line) ?? []
    if (mode !== undefined && object !== undefined && path !== undefined) entries.set(path, { mode, object })
  }
  return entries
}

interface Waiting {
  readonly resolve: (bytes: Buffer | undefined) => void
  readonly reject: (error: Error) => void
}

/**
 * Speaks the batch protocol: an object id per line in, `<id> blob <size>\n<bytes>\n` or `<id> missing\n` out,
 * in the same order. Requests are not waited for one by one, so thousands of files cost one round trip.
 */
class ObjectReader {
  private readonly child: ChildProcessWithoutNullStreams
  private readonly waiting: Waiting[] = []
  private answered = 0
  private chunks: Buffer[] = []
  private buffered = 0
  /** Bytes of the body that is being read, without the line feed behind it; undefined while a header is due. */
  private bodySize: number | undefined
  private readonly closed: Promise<void>

  constructor(place: GitPlace) {
    this.child = spawn('git', [...gitSafety, 'cat-file', '--batch'], {
      cwd: place.cwd,
      env: gitEnvironment(place.env, place.indexFile),
    })
    this.child.stdout.on('data', (chunk: Buffer) => this.receive(chunk))
    this.child.on('error', (error) => this.fail(error))
    // a closed pipe is told by 'close' as well
    this.child.stdin.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      this.child.on('close', () => {
        this.fail(new Error('git cat-file ended early'))
        resolve()
      })
    })
  }

  read(object: string): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.child.stdin.write(`${object}\n`)
    })
  }

  end(): Promise<void> {
    this.child.stdin.end()
    return this.closed
  }

  private receive(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.buffered += chunk.length
    // a large body is put together once, when all of it is here
    if (this.bodySize !== undefined && this.buffered <= this.bodySize) return
    let data = Buffer.concat(this.chunks)
    for (;;) {
      const used = this.bodySize === undefined ? this.takeHeader(data) : this.takeBody(data, this.bodySize)
      if (used === 0) break
      data = data.subarray(used)
    }
    this.chunks = [data]
    this.buffered = data.length
  }

  private takeHeader(data: Buffer): number {
    const end = data.indexOf(10)
    if (end < 0) return 0
    const size = / blob (\d+)$/.exec(data.toString('latin1', 0, end))?.[1]
    if (size === undefined) this.answer(undefined)
    else this.bodySize = Number(size)
    return end + 1
  }

  private takeBody(data: Buffer, size: number): number {
    if (data.length <= size) return 0
    // a copy, so that one small file does not keep the whole chunk alive
    this.answer(Buffer.from(data.subarray(0, size)))
    this.bodySize = undefined
    return size + 1
  }

  private answer(bytes: Buffer | undefined): void {
    this.waiting[this.answered++]?.resolve(bytes)
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.slice(this.answered)) reject(error)
    this.answered = this.waiting.length
  }
}
