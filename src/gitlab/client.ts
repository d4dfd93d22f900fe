import {
  MergeRequestDiscussions,
  MergeRequestDraftNotes,
  MergeRequestNotes,
  MergeRequests,
  ProjectMembers,
  Users,
} from '@gitbeaker/rest'
import { z } from 'zod'
import {
  draftAnswer,
  memberAnswer,
  mergeRequestAnswer,
  noteAnswer,
  threadAnswer,
  userAnswer,
  versionAnswer,
} from './answers.ts'
import { checked, connect, type ClientOptions } from './client-connection.ts'
import type { DiffVersion, MergeRequestRef, ThreadPlace } from './model.ts'
import { GitLabError, type GitLabServer } from './server.ts'

export type { ClientOptions } from './client-connection.ts'

/** The most that GitLab puts on a page. */
const perPage = 100

/**
 * The server of one merge request, over HTTP. Nothing is sent before the first call. All methods throw GitLabError, or
 * the reason of `options.signal`. Import this module only when a review is posted: gitbeaker takes half a second.
 * @param token a personal, project or group access token with the scope `api`.
 */
export function createServer(ref: MergeRequestRef, token: string, options: ClientOptions): GitLabServer {
  const service = connect(ref.apiUrl, token, options)
  const { projectId, iid } = ref
  return {
    ...readingPart(service, projectId, iid),
    ...threadPart(service, projectId, iid),
    ...notePart(service, projectId, iid),
    ...draftPart(service, projectId, iid),
  }
}

type Service = ReturnType<typeof connect>

function readingPart(
  service: Service,
  project: string,
  iid: number,
): Pick<GitLabServer, 'currentUser' | 'mergeRequest' | 'newestVersion' | 'accessLevel'> {
  const users = new Users(service)
  const requests = new MergeRequests(service)
  const members = new ProjectMembers(service)
  return {
    currentUser: () => checked('the user of the token', userAnswer, () => users.showCurrentUser()),
    mergeRequest: () => checked('the merge request', mergeRequestAnswer, () => requests.show(project, iid)),
    newestVersion: async () => {
      // newest first; allDiffVersions would read all pages, and there may be a thousand versions
      const endpoint = `projects/${encodeURIComponent(project)}/merge_requests/${iid}/versions`
      const versions = await checked('the versions of the diff', z.array(versionAnswer), async () => {
        const answer = await requests.requester.get(endpoint, { searchParams: { page: 1, perPage: 20 } })
        return answer.body
      })
      return versions.toSorted((one, other) => (other?.id ?? 0) - (one?.id ?? 0))[0]
    },
    accessLevel: (userId) =>
      checked('the role of a user', memberAnswer, () =>
        members.show(project, userId, { includeInherited: true }),
      ).catch((error: unknown) => {
        // somebody whose membership cannot be seen has no rights that can be relied on
        if (isProblem(error, 'not found') || isProblem(error, 'forbidden')) return 0
        throw error
      }),
  }
}

function threadPart(
  service: Service,
  project: string,
  iid: number,
): Pick<GitLabServer, 'threads' | 'createThread' | 'reply' | 'editThreadNote' | 'setResolved'> {
  const discussions = new MergeRequestDiscussions(service)
  return {
    threads: () =>
      checked('the threads', z.array(threadAnswer), () => discussions.all(project, iid, { perPage })),
    // not by gitbeaker's create: it cuts a path at & and = before any requester sees it
    createThread: (body, version, place) =>
      checked('a new thread', threadAnswer, async () => {
        const endpoint = `${encodeURIComponent(project)}/merge_requests/${iid}/discussions`
        const answer = await discussions.requester.post(endpoint, {
          body: { body, position: position(version, place) },
        })
        return answer.body
      }),
    reply: (threadId, body) =>
      checked('a new note', noteAnswer, () => discussions.addNote(project, iid, threadId, body)),
    editThreadNote: async (threadId, noteId, body) => {
      await checked('the note', noteAnswer, () =>
        discussions.editNote(project, iid, threadId, noteId, { body }),
      )
    },
    setResolved: async (threadId, resolved) => {
      await checked('the thread', threadAnswer, () => discussions.resolve(project, iid, threadId, resolved))
    },
  }
}

function notePart(
  service: Service,
  project: string,
  iid: number,
): Pick<GitLabServer, 'createNote' | 'editNote'> {
  const notes = new MergeRequestNotes(service)
  return {
    createNote: (body) => checked('a new note', noteAnswer, () => notes.create(project, iid, body)),
    editNote: async (noteId, body) => {
      await checked('the note', noteAnswer, () => notes.edit(project, iid, noteId, { body }))
    },
  }
}

function draftPart(
  service: Service,
  project: string,
  iid: number,
): Pick<GitLabServer, 'drafts' | 'createDraft' | 'deleteDraft' | 'publishDrafts'> {
  const drafts = new MergeRequestDraftNotes(service)
  return {
    // all at once: this list has no pages
    drafts: () => checked('the drafts', z.array(draftAnswer), () => drafts.all(project, iid)),
    createDraft: (body, version, place) =>
      checked('a new draft', draftAnswer, async () => {
        // the endpoint of drafts.create, whose types know no position in GitLab's own words
        const endpoint = `projects/${encodeURIComponent(project)}/merge_requests/${iid}/draft_notes`
        const answer = await drafts.requester.post(endpoint, {
          body: { note: body, position: position(version, place) },
        })
        return answer.body
      }),
    deleteDraft: (draftId) =>
      checked('the deleted draft', z.unknown(), () => drafts.remove(project, iid, draftId)).then(
        () => undefined,
        (error: unknown) => {
          // gone already, perhaps by this very request, whose first answer was lost
          if (!isProblem(error, 'not found')) throw error
        },
      ),
    publishDrafts: async () => {
      await checked('the publication', z.unknown(), () => drafts.publishBulk(project, iid))
    },
  }
}

/** GitLab wants both paths always, and both lines exactly where the line is unchanged. */
function position(version: DiffVersion, place: ThreadPlace): Record<string, unknown> {
  return {
    position_type: 'text',
    base_sha: version.baseSha,
    start_sha: version.startSha,
    head_sha: version.headSha,
    old_path: place.oldPath,
    new_path: place.newPath,
    new_line: place.newLine,
    ...(place.oldLine === undefined ? {} : { old_line: place.oldLine }),
  }
}

function isProblem(error: unknown, problem: GitLabError['problem']): boolean {
  return error instanceof GitLabError && error.problem === problem
}
