/** What the fake server remembers. Everything here is plain data; the rules are in the other files. */

export type Role = 'none' | 'guest' | 'reporter' | 'developer' | 'maintainer' | 'owner'

/** Access levels as GitLab counts them [doc api/members]. */
export const ACCESS_LEVELS: Readonly<Record<Role, number>> = {
  none: 0,
  guest: 10,
  reporter: 20,
  developer: 30,
  maintainer: 40,
  owner: 50,
}

export interface User {
  readonly id: number
  username: string
  readonly name: string
  readonly bot: boolean
  role: Role
  /** A blocked or deleted user: its tokens no longer work. */
  state: 'active' | 'blocked'
}

export type Scope = 'api' | 'read_api' | 'read_user' | 'read_repository'

export interface Token {
  readonly id: number
  readonly value: string
  readonly name: string
  readonly userId: number
  readonly kind: 'access' | 'job'
  scopes: readonly Scope[]
  /** `YYYY-MM-DD`; null never expires. */
  expiresAt: string | null
  revoked: boolean
}

/** One end of a multi-line position. */
export interface LineEnd {
  readonly line_code: string | null
  readonly type: string | null
  readonly old_line: number | null
  readonly new_line: number | null
}

/** A place in a diff, with the names that the API uses. */
export interface Position {
  readonly base_sha: string
  readonly start_sha: string
  readonly head_sha: string
  readonly old_path: string | null
  readonly new_path: string | null
  readonly position_type: string
  readonly old_line: number | null
  readonly new_line: number | null
  readonly line_range: { readonly start: LineEnd; readonly end: LineEnd } | null
}

export interface Suggestion {
  readonly id: number
  readonly from_line: number
  readonly to_line: number
  readonly from_content: string
  readonly to_content: string
  applied: boolean
}

export interface Note {
  readonly id: number
  /** null: plain note. */
  type: 'DiscussionNote' | 'DiffNote' | null
  body: string
  authorId: number
  readonly createdAt: string
  updatedAt: string
  readonly system: boolean
  readonly internal: boolean
  /** A cross-reference that no user of this test may read: it takes a place on its page and is then dropped. */
  readonly hidden: boolean
  readonly discussionId: string
  resolvedById: number | null
  resolvedAt: string | null
  /** DiffNote: where it stands now; follows pushes while the line can be traced. */
  position: Position | null
  /** DiffNote: the line can no longer be traced in the newest version. */
  outdated: boolean
  suggestions: readonly Suggestion[]
}

export interface Draft {
  readonly id: number
  readonly authorId: number
  note: string
  position: Position | null
  readonly commitId: string | null
  readonly replyTo: string | null
  readonly resolveDiscussion: boolean
}

export interface DiffVersion {
  readonly id: number
  readonly baseSha: string
  readonly startSha: string
  readonly headSha: string
  readonly createdAt: string
}

export interface MergeRequest {
  readonly id: number
  readonly iid: number
  title: string
  description: string
  readonly authorId: number
  readonly sourceBranch: string
  readonly targetBranch: string
  state: 'opened' | 'closed' | 'merged' | 'locked'
  discussionLocked: boolean
  /** So many more reads answer `diff_refs: null`, as in the first seconds of a merge request. */
  diffRefsMissing: number
  readonly createdAt: string
  mergeCommitSha: string | null
  readonly versions: DiffVersion[]
}

export interface Project {
  readonly id: number
  readonly path: string
}

/** One request as it came and what was answered; `write` is every method but GET and HEAD. */
export interface LoggedRequest {
  readonly number: number
  readonly method: string
  /** Path behind `/api/v4`, decoded, without the query. */
  readonly path: string
  readonly query: string
  /** Parameters of the body after Rack's nesting; undefined without a body. */
  readonly body: unknown
  readonly contentType: string | undefined
  readonly username: string | undefined
  readonly write: boolean
  /** What the client got; undefined when the connection was cut or left hanging. */
  status: number | undefined
  /** Was the request carried out, whatever the client was told? */
  executed: boolean
}
