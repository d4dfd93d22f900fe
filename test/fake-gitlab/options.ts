import type { Role, Scope } from './model.ts'

export interface UserOptions {
  readonly role?: Role
  readonly bot?: boolean
  readonly name?: string
}

export interface TokenOptions {
  readonly username: string
  readonly scopes?: readonly Scope[]
  /** `YYYY-MM-DD`; the token is dead from that day on. */
  readonly expiresAt?: string
  readonly revoked?: boolean
  readonly name?: string
}

/** Rejects `rejections` requests after every `every` accepted ones: deterministic, without a clock. */
export interface RateLimit {
  readonly every: number
  readonly rejections: number
}

export interface FakeGitLabOptions {
  /** Files of the target branch. */
  readonly base?: Readonly<Record<string, string>>
  /** Files that the merge request adds or edits; null deletes. */
  readonly change?: Readonly<Record<string, string | null>>
  /** Further users, or other roles for the ready ones (see README). */
  readonly users?: Readonly<Record<string, UserOptions>>
  /** Who opened the merge request; default `author`. */
  readonly authoredBy?: string
  /** Full path; default `shop/backend`. */
  readonly projectPath?: string
  readonly projectId?: number
  readonly iid?: number
  readonly visibility?: 'private' | 'public'
  /** The merge request comes from another project. */
  readonly fork?: { readonly id: number; readonly path: string }
  /** `/gitlab` for an installation under a relative URL. */
  readonly relativeUrl?: string
  /** This many reads of the merge request answer `diff_refs: null` and no versions. */
  readonly diffRefsMissing?: number
  /** Before draft notes had an API: 404. */
  readonly oldServer?: boolean
  /** Project setting "Automatically resolve merge request diff threads when they become outdated". */
  readonly resolveOutdated?: boolean
  /** Without x-total and x-total-pages, as above 10,000 rows. */
  readonly withoutTotals?: boolean
  /** GitLab.com's note creation limit is 60 a minute: an application limit, without headers. */
  readonly noteLimit?: RateLimit
  /** Rack::Attack's limit of all requests: with Retry-After. */
  readonly requestLimit?: RateLimit & { readonly retryAfterSeconds?: number }
  /** bulk_publish fails with 500 after so many published drafts; the drafts stay. */
  readonly bulkPublishFailsAfter?: number
  /** `inspect` of a Ruby hash changed with 3.4. */
  readonly rubyHash?: '3.3' | '3.4'
  readonly version?: string
}
