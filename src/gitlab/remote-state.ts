import type { RemoteState, RemoteThread, RemoteUser } from './model.ts'
import { systemClock, type Clock } from './retry.ts'
import type { GitLabServer } from './server.ts'

export interface ReadOptions {
  readonly signal: AbortSignal
  /** For tests. */
  readonly sleep?: Clock['sleep'] | undefined
}

/** How long GitLab usually needs to store a new version of the diff. */
const settlingMs = 2000

/**
 * Everything that the plan needs to know of the merge request. Access levels are asked for those who wrote a command
 * only. A merge request whose diff is not stored yet is read once more after a moment.
 * @param isCommand does the note speak to the tool? Asked for notes of other users only.
 * @throws {GitLabError} as the server does.
 */
export async function readRemoteState(
  server: GitLabServer,
  isCommand: (body: string) => boolean,
  options: ReadOptions,
): Promise<RemoteState> {
  // first and alone: a bad token fails here, with one request
  const me = await server.currentUser()
  const [diff, threads] = await Promise.all([readSettledDiff(server, options), server.threads()])
  const levels = await Promise.all(
    commanders(threads, me, isCommand).map(async (id) => [id, await server.accessLevel(id)] as const),
  )
  return { me, ...diff, threads, accessLevels: new Map(levels) }
}

type Diff = Pick<RemoteState, 'mergeRequest' | 'version'>

async function readSettledDiff(server: GitLabServer, options: ReadOptions): Promise<Diff> {
  const first = await readDiff(server)
  if (isSettled(first)) return first
  await (options.sleep ?? systemClock.sleep)(settlingMs, options.signal)
  return readDiff(server)
}

async function readDiff(server: GitLabServer): Promise<Diff> {
  const [mergeRequest, version] = await Promise.all([server.mergeRequest(), server.newestVersion()])
  return { mergeRequest, version }
}

/** The diff of the branch's head is stored; nobody waits for one that is closed or merged. */
function isSettled({ mergeRequest, version }: Diff): boolean {
  if (mergeRequest.state !== 'opened') return true
  return version !== undefined && version.headSha === (mergeRequest.headSha ?? version.headSha)
}

function commanders(
  threads: readonly RemoteThread[],
  me: RemoteUser,
  isCommand: (body: string) => boolean,
): readonly number[] {
  const notes = threads.flatMap((thread) => thread.notes)
  const commands = notes.filter(
    ({ system, author, body }) => !system && author.id !== me.id && isCommand(body),
  )
  return [...new Set(commands.map(({ author }) => author.id))]
}
