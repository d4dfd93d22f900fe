/** A real, bare git repository: branches and commits of the merge request. Commits are deterministic. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

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

/** Git without the configuration of whoever runs the tests. */
function gitEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: tmpdir(),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    LC_ALL: 'C',
  }
}

export class Repository {
  readonly path: string
  #commits = 0
  readonly #known = new Map<string, boolean>()

  constructor() {
    const room = mkdtempSync(join(tmpdir(), 'fake-gitlab-'))
    this.path = join(room, 'repository.git')
    // What `git init --bare` writes, without the process.
    for (const folder of ['objects/info', 'objects/pack', 'refs/heads'])
      mkdirSync(join(this.path, folder), { recursive: true })
    writeFileSync(join(this.path, 'HEAD'), 'ref: refs/heads/main\n')
    writeFileSync(join(this.path, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n')
  }

  git(...args: readonly string[]): string {
    return this.#run(args)
  }

  /** Commits `files` onto `branch`, which starts at `from` when given; the new head. */
  commit(branch: string, files: Files, options: { message: string; from?: string; author?: string }): string {
    const text = this.#importStream(branch, files, options)
    this.#run(['fast-import', '--quiet', '--force'], text)
    return this.head(branch)
  }

  head(branch: string): string {
    return this.git('rev-parse', `refs/heads/${branch}`).trim()
  }

  mergeBase(left: string, right: string): string {
    return this.git('merge-base', left, right).trim()
  }

  /** A merge commit of `source` on `target`; the new head of `target`. */
  merge(target: string, source: string, message: string): string {
    const tree = this.#mergedTree(target, source)
    return this.#commitTree(target, tree, [this.head(target), this.head(source)], message)
  }

  /** `source` as one commit on top of `target`; the new head of `source`. */
  rebase(source: string, target: string, message: string): string {
    const tree = this.#mergedTree(target, source)
    return this.#commitTree(source, tree, [this.head(target)], message)
  }

  isCommit(sha: string): boolean {
    if (!/^[0-9a-f]{40}$/.test(sha)) return false
    const known = this.#known.get(sha)
    if (known !== undefined) return known
    const found = this.#try(['cat-file', '-e', `${sha}^{commit}`]) !== undefined
    this.#known.set(sha, found)
    return found
  }

  /** Does some commit's id begin with these digits? */
  hasCommitPrefix(prefix: string): boolean {
    return this.#try(['rev-parse', '--verify', '--quiet', `${prefix}^{commit}`]) !== undefined
  }

  /** Content of a file, undefined where there is none. */
  file(sha: string, path: string): string | undefined {
    return this.#try(['cat-file', 'blob', `${sha}:${path}`])
  }

  /** Newest first, as the API lists them. */
  commits(base: string, head: string): readonly Commit[] {
    const format = ['%H', '%P', '%s', '%B', '%an', '%cI'].join('%x1f')
    return this.git('log', '-z', `--format=${format}`, `${base}..${head}`)
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => {
        const [id = '', parents = '', title = '', message = '', author = '', createdAt = ''] =
          entry.split('\x1f')
        return { id, parents: parents.split(' ').filter(Boolean), title, message, author, createdAt }
      })
  }

  remove(): void {
    rmSync(join(this.path, '..'), { recursive: true, force: true })
  }

  #mergedTree(target: string, source: string): string {
    return this.git('merge-tree', '--write-tree', this.head(target), this.head(source)).trim()
  }

  #commitTree(branch: string, tree: string, parents: readonly string[], message: string): string {
    const date = `${this.#nextSecond()} +0000`
    const args = parents.flatMap((parent) => ['-p', parent])
    const person = ['-c', 'user.name=A. Author', '-c', 'user.email=author@example.com']
    const env = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
    const sha = this.#run([...person, 'commit-tree', ...args, '-m', message, tree], undefined, env).trim()
    this.git('update-ref', `refs/heads/${branch}`, sha)
    return sha
  }

  #importStream(
    branch: string,
    files: Files,
    o: { message: string; from?: string; author?: string },
  ): string {
    const who = `${o.author ?? 'author'} <${o.author ?? 'author'}@example.com> ${this.#nextSecond()} +0000`
    const lines = [`commit refs/heads/${branch}`, `author ${who}`, `committer ${who}`, data(o.message)]
    if (o.from !== undefined) lines.push(`from ${o.from}`)
    for (const [path, content] of Object.entries(files)) {
      const name = JSON.stringify(path)
      if (content === null) lines.push(`D ${name}`)
      else lines.push(`M 100644 inline ${name}`, data(content))
    }
    return `${lines.join('\n')}\n`
  }

  #nextSecond(): number {
    this.#commits += 1
    return firstCommitAt + this.#commits * 60
  }

  #try(args: readonly string[]): string | undefined {
    try {
      return this.#run(args)
    } catch {
      return undefined
    }
  }

  #run(args: readonly string[], input?: string, env: NodeJS.ProcessEnv = {}): string {
    return execFileSync('git', ['--git-dir', this.path, ...args], {
      encoding: 'utf8',
      env: { ...gitEnvironment(), ...env },
      maxBuffer: 256 * 1024 * 1024,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
    })
  }
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`
}
