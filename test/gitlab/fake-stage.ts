import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createServer, type ClientOptions } from '../../src/gitlab/client.ts'
import { readDiff } from '../../src/gitlab/diff.ts'
import type { GitLabServer } from '../../src/gitlab/server.ts'
import { startFakeGitLab } from '../fake-gitlab/index.ts'
import type { FakeGitLabOptions } from '../fake-gitlab/index.ts'
import type { Files, Pushed, Stage } from './story.ts'
import { cleanEnv } from '../review/repository.ts'

const run = promisify(execFile)

type ReadyGitLab = Awaited<ReturnType<typeof startFakeGitLab>>

/** The stage of the stories on the fake server, with the real client between them. */
export class FakeStage implements Stage, AsyncDisposable {
  readonly gitlab: ReadyGitLab
  readonly bot: GitLabServer
  readonly person: GitLabServer

  private constructor(gitlab: ReadyGitLab) {
    this.gitlab = gitlab
    this.bot = this.client(gitlab.botToken)
    this.person = this.client(gitlab.addToken({ username: 'colleague' }))
  }

  /** A merge request that changes nothing yet but the README. */
  static async open(options: FakeGitLabOptions = {}): Promise<FakeStage> {
    const base = { 'README.md': '# Shop\n' }
    return new FakeStage(await startFakeGitLab({ base, change: { 'README.md': '# The shop\n' }, ...options }))
  }

  /** A client whose waits pass at once. Each has a time budget of its own, as each job has. */
  client(token: string = this.gitlab.botToken, options: Partial<ClientOptions> = {}): GitLabServer {
    const { apiUrl, projectId, iid } = this.gitlab
    let now = 0
    const clock = {
      now: () => now,
      random: () => 0.5,
      sleep: (ms: number) => {
        now += ms
        return Promise.resolve()
      },
    }
    const signal = new AbortController().signal
    return createServer({ apiUrl, projectId, iid }, token, {
      ...{ signal, version: '0.0.0', clock, requestTimeoutMs: 20_000 },
      ...options,
    })
  }

  /** Everything that was written so far; `restore` goes back there. Branches and versions stay as they are. */
  remember(): () => void {
    const { state } = this.gitlab
    const { state: mergeState, discussionLocked } = state.mergeRequest
    const kept = structuredClone({ notes: state.notes, drafts: state.drafts })
    return () => {
      const { notes, drafts } = structuredClone(kept)
      Object.assign(state, { notes, drafts })
      Object.assign(state.mergeRequest, { state: mergeState, discussionLocked })
      this.gitlab.clearFaults()
      this.gitlab.clearRequests()
    }
  }

  async push(files: Files): Promise<Pushed> {
    this.gitlab.push(files)
    return this.pushed()
  }

  /** The newest diff version as its pipeline sees it. */
  async pushed(): Promise<Pushed> {
    const { repository, version } = this.gitlab
    const flags = ['--no-ext-diff', '--no-color', '-M', '--src-prefix=a/', '--dst-prefix=b/']
    const commits = [version.baseSha, version.headSha]
    const git = ['--git-dir', repository.path, 'diff', ...flags, ...commits]
    const { stdout: patch } = await run('git', git, { env: cleanEnv, maxBuffer: 1e9 })
    const files = Object.fromEntries(
      readDiff(patch).flatMap(({ kind, newPath }) => {
        const text = kind === 'deleted' ? undefined : repository.file(version.headSha, newPath)
        return text === undefined ? [] : [[newPath, text]]
      }),
    )
    return { headSha: version.headSha, diffVersion: version.id, patch, files }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gitlab.close()
  }
}
