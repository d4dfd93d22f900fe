/** What a route is, and what its handler gets and gives. */
import type { Params } from './http-input.ts'
import type { User } from './model.ts'
import type { State } from './state.ts'

export interface Call {
  readonly state: State
  readonly user: User
  /** Path, query and body parameters, as Grape merges them. */
  readonly params: Params
  /** The URL without query, for Link headers. */
  readonly url: string
  readonly query: URLSearchParams
  /** `http://host:port/relative`: where pages of the web interface would be. */
  readonly webRoot: string
  /** Value of the token that was used, for `/personal_access_tokens/self`. */
  readonly token: string
}

export interface Answer {
  readonly status: number
  /** JSON; undefined sends no body. */
  readonly body?: unknown
  /** Sent instead of JSON, as text/plain. */
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The OpenAPI path, which finds the contract too. */
  readonly template: string
  /** Job tokens may read single notes and lists of notes, and nothing else of a merge request [facts 2.1]. */
  readonly jobToken?: boolean
  /** Readable with any scope. */
  readonly anyScope?: boolean
  readonly handle: (call: Call) => Answer
}
