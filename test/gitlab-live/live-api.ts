/** The few calls that make and clear away a throwaway merge request; the review itself goes through the real client. */
import { setTimeout as wait } from 'node:timers/promises'

import { z } from 'zod'

import type { LiveTarget } from './live-target.ts'
import type { Recorder } from './recorder.ts'

const mergeRequest = z.object({ iid: z.number(), web_url: z.string() })

export type FileAction =
  | { readonly action: 'create' | 'update'; readonly file_path: string; readonly content: string }
  | { readonly action: 'delete'; readonly file_path: string }

export class LiveApi {
  readonly #target: LiveTarget
  readonly #recorder: Recorder

  constructor(target: LiveTarget, recorder: Recorder) {
    this.#target = target
    this.#recorder = recorder
  }

  /** Path of the project below /api/v4. */
  get project(): string {
    return `/projects/${encodeURIComponent(this.#target.project)}`
  }

  async defaultBranch(): Promise<string> {
    const answer = await this.#send('GET', this.project)
    return z.object({ default_branch: z.string() }).parse(answer).default_branch
  }

  async version(): Promise<string> {
    return z.object({ version: z.string() }).parse(await this.#send('GET', '/version')).version
  }

  async createBranch(branch: string, ref: string): Promise<void> {
    await this.#send('POST', `${this.project}/repository/branches`, { branch, ref })
  }

  /** Gone already is as good. */
  async deleteBranch(branch: string): Promise<void> {
    const path = `${this.project}/repository/branches/${encodeURIComponent(branch)}`
    await this.#send('DELETE', path, undefined, [404])
  }

  async hasFile(path: string, ref: string): Promise<boolean> {
    const address = `${this.project}/repository/files/${encodeURIComponent(path)}?ref=${encodeURIComponent(ref)}`
    return (await this.#send('GET', address, undefined, [404])) !== undefined
  }

  /** Id of the new commit. */
  async commit(branch: string, message: string, actions: readonly FileAction[]): Promise<string> {
    const body = { branch, commit_message: message, actions }
    const answer = await this.#send('POST', `${this.project}/repository/commits`, body)
    return z.object({ id: z.string() }).parse(answer).id
  }

  async openMergeRequest(
    source: string,
    target: string,
    title: string,
  ): Promise<z.infer<typeof mergeRequest>> {
    const body = { source_branch: source, target_branch: target, title }
    return mergeRequest.parse(await this.#send('POST', `${this.project}/merge_requests`, body))
  }

  async closeMergeRequest(iid: number): Promise<void> {
    await this.#send('PUT', `${this.project}/merge_requests/${iid}`, { state_event: 'close' })
  }

  /** The head that the merge request's diff was made for; undefined while it is being prepared. */
  async diffHead(iid: number): Promise<string | undefined> {
    const answer = await this.#send('GET', `${this.project}/merge_requests/${iid}`)
    const refs = z.object({ diff_refs: z.object({ head_sha: z.string() }).nullable() }).parse(answer)
    return refs.diff_refs?.head_sha
  }

  /** Needs GitLab 17.9 or newer. */
  async rawDiff(iid: number): Promise<string> {
    return z.string().parse(await this.#send('GET', `${this.project}/merge_requests/${iid}/raw_diffs`))
  }

  /** The answer's JSON or text; undefined for statuses in `absent`. Waits when the server asks for it. */
  async #send(
    method: string,
    path: string,
    body?: unknown,
    absent: readonly number[] = [],
  ): Promise<unknown> {
    const headers = { 'private-token': this.#target.token, 'content-type': 'application/json' }
    for (let tries = 1; ; tries += 1) {
      const response = await this.#recorder.fetch(`${this.#target.apiUrl}${path}`, {
        method,
        headers,
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (absent.includes(response.status)) return undefined
      if (response.ok)
        return response.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text
      if (response.status !== 429 || tries === 5)
        throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`)
      await wait(1000 * Number(response.headers.get('retry-after') ?? 60))
    }
  }
}
