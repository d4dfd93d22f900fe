/** A real, bare git repository: branches and commits of the merge request. Commits are the same on every run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { askGit, makeBareRepository, objectStore } from './object-store.ts'

export type Files = Readonly<Record<string, string | null>>

export interface Commit {
  readonly id: string
  readonly parents: readonly string[]
  readonly title: string
  readonly message: string
  readonly author: string
  readonly createdAt: string
}

const firstCommitAt = Date.UTC(2026, 0, 5, 8, 0, 0) / 1000

export class Repository {
  /** To be cloned or fetched from; commits come in through `commit` only. */
  readonly path: string
  readonly #room: string
  readonly #heads = new Map<string, string>()
  readonly #own = new Set<string>()
  #seconds = 0

  constructor() {
    // beside the objects, so that it goes with them when a test dies
    this.#room = mkdtempSync(join(objectStore(), '..', 'project-'))
    this.path = join(this.#room, 'repository.git')
    makeBareRepository(this.path)
    writeFileSync(join(this.path, 'objects/info/alternates'), `${join(objectStore(), 'objects')}\n`)
  }

  /** Commits `files` onto `branch`, on top of `from` when given; the new head. */
  commit(branch: string, files: Files, options: { message: string; from?: string; author?: string }): string {
    const name = options.author ?? 'author'
    const who = `${name} <${name}@example.com> ${this.#nextSecond()} +0000`
    const from = options.from === undefined ? [] : [`from ${options.from}`]
    const changes = Object.entries(files).flatMap(([path, content]) =>
      content === null ? [`D ${quoted(path)}`] : [`M 100644 inline ${quoted(path)}`, data(content)],
    )
    const stream = [
      'reset refs/heads/made',
      'commit refs/heads/made',
      'mark :1',
      `author ${who}`,
      `committer ${who}`,
    ]
    const text = [...stream, data(options.message), ...from, ...changes, '', 'get-mark :1', ''].join('\n')
    return this.#setHead(branch, askGit(['fast-import', '--quiet', '--force'], text).trim())
  }

  head(branch: string): string {
    const head = this.#heads.get(branch)
    if (head === undefined) throw new Error(`No branch ${branch}.`)
    return head
  }

  hasBranch(name: string): boolean {
    return this.#heads.has(name)
  }

  branches(): readonly string[] {
    return [...this.#heads.keys()]
  }

  /** A new branch at a commit that is there. */
  branch(name: string, sha: string): void {
    this.#setHead(name, sha)
  }

  removeBranch(name: string): void {
    this.#heads.delete(name)
    rmSync(join(this.path, 'refs/heads', name), { force: true })
  }

  parent(sha: string): string {
    return askGit(['rev-parse', '--verify', `${sha}~1`]).trim()
  }

  mergeBase(left: string, right: string): string {
    return askGit(['merge-base', left, right]).trim()
  }

  /** A merge commit of `source` on `target`; the new head of `target`. */
  merge(target: string, source: string, message: string): string {
    const parents = [this.head(target), this.head(source)]
    return this.#commitMerged(target, source, parents, target, message)
  }

  /** `source` as one commit on top of `target`; the new head of `source`. */
  rebase(source: string, target: string, message: string): string {
    return this.#commitMerged(target, source, [this.head(target)], source, message)
  }

  isCommit(sha: string): boolean {
    return this.#own.has(sha)
  }

  /** Does some commit's id begin with these digits? */
  hasCommitPrefix(prefix: string): boolean {
    return [...this.#own].some((sha) => sha.startsWith(prefix))
  }

  /** Content of a file, undefined where there is none. */
  file(sha: string, path: string): string | undefined {
    const tree = askGit(['ls-tree', '-r', '-z', '--full-tree', sha]).split('\0')
    const entry = tree.find((line) => line.endsWith(`\t${path}`))
    const blob = entry === undefined ? undefined : /^\d+ blob ([0-9a-f]{40})/.exec(entry)?.[1]
    return blob === undefined ? undefined : askGit(['cat-file', 'blob', blob])
  }

  /** Newest first, as the API lists them. */
  commits(base: string, head: string): readonly Commit[] {
    const format = ['%H', '%P', '%s', '%B', '%an', '%cI'].join('%x1f')
    return askGit(['log', '-z', `--format=${format}`, `${base}..${head}`])
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => {
        const [id = '', parents = '', title = '', message = '', author = '', createdAt = ''] =
          entry.split('\x1f')
        return { id, parents: parents.split(' ').filter(Boolean), title, message, author, createdAt }
      })
  }

  remove(): void {
    rmSync(this.#room, { recursive: true, force: true })
  }

  #commitMerged(
    target: string,
    source: string,
    parents: readonly string[],
    branch: string,
    message: string,
  ): string {
    const tree = askGit(['merge-tree', '--write-tree', this.head(target), this.head(source)]).trim()
    const date = `${this.#nextSecond()} +0000`
    const person = ['-c', 'user.name=A. Author', '-c', 'user.email=author@example.com']
    const onto = parents.flatMap((parent) => ['-p', parent])
    const env = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
    const sha = askGit([...person, 'commit-tree', ...onto, '-m', message, tree], undefined, env).trim()
    return this.#setHead(branch, sha)
  }

  #setHead(branch: string, sha: string): string {
    this.#heads.set(branch, sha)
    this.#own.add(sha)
    const ref = join(this.path, 'refs/heads', branch)
    mkdirSync(dirname(ref), { recursive: true })
    writeFileSync(ref, `${sha}\n`)
    return sha
  }

  #nextSecond(): number {
    this.#seconds += 60
    return firstCommitAt + this.#seconds
  }
}

/** Paths as fast-import reads them: C style, so that line ends and quotes are no end of the command. */
function quoted(path: string): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${escaped}"`
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`
}
