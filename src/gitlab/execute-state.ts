import { commandAuthors } from './plan-remote.ts'
import { readRemoteState } from './remote-state.ts'
import type { RemoteState } from './model.ts'
import type { ReviewSession } from './execute-session.ts'

/** Reads all that the plan needs to know. */
export async function readState(session: ReviewSession): Promise<RemoteState> {
  const { signal, sleep } = session
  const state = await session.read((server) => readRemoteState(server, () => false, { signal, sleep }))
  return withAccessLevels(session, state)
}

/** The same with the merge request and its threads as they are now. */
export async function refreshState(session: ReviewSession, state: RemoteState): Promise<RemoteState> {
  const mergeRequest = await session.read((server) => server.mergeRequest())
  return refreshThreads(session, { ...state, mergeRequest })
}

/** The same with the threads as they are now. */
export async function refreshThreads(session: ReviewSession, state: RemoteState): Promise<RemoteState> {
  const threads = await session.read((server) => server.threads())
  return withAccessLevels(session, { ...state, threads })
}

/** Levels of everybody who wrote a command, asked once each. */
async function withAccessLevels(session: ReviewSession, state: RemoteState): Promise<RemoteState> {
  const accessLevels = new Map(state.accessLevels)
  for (const id of commandAuthors(state.threads, state.me)) {
    if (accessLevels.has(id)) continue
    accessLevels.set(id, await session.read((server) => server.accessLevel(id)))
  }
  return { ...state, accessLevels }
}
