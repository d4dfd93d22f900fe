import { createServer } from '../../src/gitlab/client.ts'
import { readDiff } from '../../src/gitlab/diff.ts'
import type { GitLabServer } from '../../src/gitlab/server.ts'
import { startFakeGitLab } from '../fake-gitlab/index.ts'
import type { FakeGitLabOptions } from '../fake-gitlab/index.ts'
import type { Files, Pushed, Stage } from './story.ts'

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
  client(
    token: string = this.gitlab.botToken,
    signal: AbortSignal = new AbortController().signal,
  ): GitLabServer {
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
    const options = { signal, version: '0.0.0', clock, requestTimeoutMs: 500 }
    return createServer({ apiUrl, projectId, iid }, token, options)
  }

  push(files: Files): Promise<Pushed> {
    this.gitlab.push(files)
    return Promise.resolve(this.pushed())
  }

  /** The newest diff version as its pipeline sees it. */
  pushed(): Pushed {
    const { repository, version } = this.gitlab
    const flags = ['--no-ext-diff', '--no-color', '-M', '--src-prefix=a/', '--dst-prefix=b/']
    const patch = repository.git('diff', ...flags, version.baseSha, version.headSha)
    const files = Object.fromEntries(
      readDiff(patch).flatMap(({ kind, newPath }) => {
        const text = kind === 'deleted' ? undefined : repository.file(version.headSha, newPath)
        return text === undefined ? [] : [[newPath, text]]
      }),
    )
    return { headSha: version.headSha, diffVersion: version.id, patch, files }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const v = this.gitlab.contractViolations
    v.splice(0, v.length, ...v.filter((x) => !String(x).includes('per_page')))
    await this.gitlab.close()
  }
}
