import { z } from 'zod'
import type { DiffVersion, RemoteNote, RemoteState, RemoteThread, RemoteUser } from './model.ts'
import type { DraftNote } from './server.ts'

/**
 * GitLab's answers, as far as the review reads them, turned into the words of the model. What GitLab leaves out or sends
 * as null in some version is optional here; unknown fields are dropped.
 */

const id = z.int().nonnegative()
/** In an address; GitLab's own have 40 hex digits. */
const threadId = z.string().regex(/^[\w-]{1,128}$/)
const sha = z.string().regex(/^[\da-f]{7,64}$/)

const user = z.object({ id, username: z.string() })
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')

/** Somebody whose account is gone without a trace: nobody's id. */
const nobody: RemoteUser = { id: 0, username: '' }

export const userAnswer: z.ZodType<RemoteUser> = user

const note = z.object({
  id,
  author: user.nullish(),
  body: text,
  system: flag,
  resolvable: flag,
  resolved: flag,
  resolved_by: user.nullish(),
  // a note may hang on an image, on a whole file or on nothing: that is no line
  position: z.object({ head_sha: sha, new_path: z.string(), new_line: id.nullish() }).nullish().catch(null),
})

export const noteAnswer: z.ZodType<RemoteNote> = note.transform(remoteNote)

export const threadAnswer: z.ZodType<RemoteThread> = z
  .object({ id: threadId, individual_note: flag, notes: z.array(note) })
  .transform((thread) => ({
    id: thread.id,
    individual: thread.individual_note,
    notes: thread.notes.map(remoteNote),
    ...threadPosition(thread.notes[0]),
  }))

function remoteNote(answer: z.output<typeof note>): RemoteNote {
  const { author, resolved_by: resolvedBy, position: _position, ...rest } = answer
  return { ...rest, author: author ?? nobody, resolvedBy: resolvedBy ?? undefined }
}

function threadPosition(first: z.output<typeof note> | undefined): Pick<RemoteThread, 'position'> {
  const position = first?.position
  if (!position) return {}
  const { head_sha: headSha, new_path: newPath, new_line: newLine } = position
  return { position: { headSha, newPath, newLine: newLine ?? undefined } }
}

export const mergeRequestAnswer: z.ZodType<RemoteState['mergeRequest']> = z
  .object({
    project_id: id,
    iid: id,
    state: z.enum(['opened', 'closed', 'merged', 'locked']),
    sha: sha.nullish(),
    diff_refs: z.object({ head_sha: sha.nullish() }).nullish(),
    author: user.nullish(),
    web_url: text,
  })
  .transform(({ iid, state, author, ...rest }) => ({
    projectId: rest.project_id,
    iid,
    state,
    // `sha` is the branch itself; diff_refs follow when the new version of the diff is stored
    headSha: rest.sha ?? rest.diff_refs?.head_sha ?? undefined,
    author: author ?? nobody,
    webUrl: rest.web_url,
  }))

/** Undefined while the commits are not all known. */
export const versionAnswer: z.ZodType<DiffVersion | undefined> = z
  .object({
    id,
    base_commit_sha: sha.nullish(),
    start_commit_sha: sha.nullish(),
    head_commit_sha: sha.nullish(),
  })
  .transform((version) => {
    const { base_commit_sha: baseSha, start_commit_sha: startSha, head_commit_sha: headSha } = version
    return baseSha && startSha && headSha ? { id: version.id, baseSha, startSha, headSha } : undefined
  })

export const draftAnswer: z.ZodType<DraftNote> = z
  .object({ id, note: text })
  .transform((draft) => ({ id: draft.id, body: draft.note }))

/** The access level, 0 for somebody whose invitation or approval is still awaited. */
export const memberAnswer: z.ZodType<number> = z
  .object({ access_level: id, membership_state: z.string().nullish() })
  .transform((member) => (member.membership_state === 'awaiting' ? 0 : member.access_level))

/** What a token says of itself; `expiresAt` is a day, `2027-01-31`. */
export interface TokenFacts {
  readonly scopes: readonly string[]
  readonly expiresAt: string | undefined
  readonly active: boolean
}

export const tokenAnswer: z.ZodType<TokenFacts> = z
  .object({
    scopes: z.array(z.string()),
    expires_at: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}/)
      .nullish(),
    active: z.boolean().nullish(),
  })
  .transform((token) => ({
    scopes: token.scopes,
    expiresAt: token.expires_at?.slice(0, 10),
    active: token.active ?? true,
  }))

/** `17.5.0-ee`. */
export const serverVersionAnswer: z.ZodType<string> = z
  .object({ version: z.string().regex(/^\d+\.\d+[\w.+-]{0,40}$/) })
  .transform(({ version }) => version)

export const accountAnswer: z.ZodType<{ readonly user: RemoteUser; readonly isAdmin: boolean }> = z
  .object({ id, username: z.string(), is_admin: flag })
  .transform((one) => ({ user: { id: one.id, username: one.username }, isAdmin: one.is_admin }))
