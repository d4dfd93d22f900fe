/** The stage of the stories on a server that is only reached by its API: a throwaway branch and merge request. */
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

import { createServer } from '../../src/gitlab/client.ts'
import type { GitLabServer } from '../../src/gitlab/server.ts'
import type { Files, Pushed, Stage } from '../gitlab/story.ts'
import { LiveApi } from './live-api.ts'
import type { FileAction } from './live-api.ts'
import type { LiveTarget } from './live-target.ts'
import { Recorder } from './recorder.ts'

/** A story wants a second user, and there is no token of one. */
export class NeedsSecondUser extends Error {
  constructor() {
    super('GITLAB_TEST_PERSON_TOKEN is not set: this story needs a second Developer.')
  }
}

/** Preparing a diff takes a real server some seconds. */
const patienceMs = 90_000

export class LiveStage implements Stage, AsyncDisposable {
  readonly bot: GitLabServer
  readonly webUrl: string
  readonly #target: LiveTarget
  readonly #api: LiveApi
  readonly #recorder: Recorder
  readonly #branch: string
  readonly #iid: number
  /** What was pushed and stands there now. */
  readonly #files = new Map<string, string>()

  private constructor(
    target: LiveTarget,
    recorder: Recorder,
    made: { readonly branch: string; readonly iid: number; readonly webUrl: string },
  ) {
    this.#target = target
    this.#recorder = recorder
    this.#api = new LiveApi(target, recorder)
    this.#branch = made.branch
    this.#iid = made.iid
    this.webUrl = made.webUrl
    this.bot = this.#client(target.token)
  }

  /** Makes the branch, one commit and the merge request. What was made is cleared away if that fails. */
  static async open(target: LiveTarget, recorder: Recorder = new Recorder()): Promise<LiveStage> {
    const api = new LiveApi(target, recorder)
    const base = await api.defaultBranch()
    const branch = `pgrehearse-live-${randomBytes(6).toString('hex')}`
    await api.createBranch(branch, base)
    try {
      const placeholder = { action: 'create', file_path: `${branch}.txt`, content: 'Throwaway.\n' } as const
      await api.commit(branch, 'Throwaway branch of the live suite', [placeholder])
      const opened = await api.openMergeRequest(branch, base, 'Throwaway: live suite of pgrehearse')
      return new LiveStage(target, recorder, { branch, iid: opened.iid, webUrl: opened.web_url })
    } catch (error) {
      await api.deleteBranch(branch)
      throw error
    }
  }

  get person(): GitLabServer {
    if (this.#target.personToken === undefined) throw new NeedsSecondUser()
    return this.#client(this.#target.personToken)
  }

  async push(files: Files): Promise<Pushed> {
    const actions: FileAction[] = []
    for (const [path, content] of Object.entries(files)) {
      const exists = this.#files.has(path) || (await this.#api.hasFile(path, this.#branch))
      if (content === null) {
        if (exists) actions.push({ action: 'delete', file_path: path })
        this.#files.delete(path)
      } else {
        actions.push({ action: exists ? 'update' : 'create', file_path: path, content })
        this.#files.set(path, content)
      }
    }
    const headSha = await this.#api.commit(this.#branch, 'Next try', actions)
    await this.#waitForDiff(headSha)
    const version = await this.bot.newestVersion()
    return {
      headSha,
      diffVersion: version?.id,
      patch: await this.#api.rawDiff(this.#iid),
      files: Object.fromEntries(this.#files),
    }
  }

  /** Closes the merge request and deletes the branch. Its notes stay, on a closed merge request. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#api.closeMergeRequest(this.#iid)
    } finally {
      await this.#api.deleteBranch(this.#branch)
    }
  }

  async #waitForDiff(headSha: string): Promise<void> {
    const end = Date.now() + patienceMs
    for (;;) {
      if ((await this.#api.diffHead(this.#iid)) === headSha) {
        const version = await this.bot.newestVersion()
        if (version?.headSha === headSha) return
      }
      if (Date.now() > end)
        throw new Error(`${this.webUrl} shows no diff of ${headSha} after ${patienceMs} ms.`)
      await wait(500)
    }
  }

  #client(token: string): GitLabServer {
    const { apiUrl, project } = this.#target
    const ref = { apiUrl, projectId: project, iid: this.#iid }
    const signal = new AbortController().signal
    return createServer(ref, token, {
      signal,
      version: '0.0.0-live',
      fetch: this.#recorder.fetch,
      budgetMs: 600_000,
    })
  }
}
