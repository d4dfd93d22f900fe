import { isSameNote, ownMarker } from './own-notes.ts'
import { parseMarker } from './marker.ts'
import { GitLabError, type DraftNote } from './server.ts'
import type { Action, DiffVersion, Marker, RemoteState, RemoteThread, ReviewPolicy } from './model.ts'
import { Superseded, type ReviewSession } from './execute-session.ts'

export type CreateThread = Extract<Action, { readonly kind: 'create thread' }>

/**
 * A merge request in conflict may have no line that GitLab takes. The places were looked up in its diff, so when so many
 * in a row are refused the others will be too, and asking for each would use up the time for the summary.
 */
const mostRefusedPlaces = 5

/** Where the threads go. */
export interface CreateContext {
  readonly session: ReviewSession
  readonly remote: RemoteState
  readonly version: DiffVersion
  readonly policy: ReviewPolicy
}

/**
 * Creates the threads: two or more as drafts that are published together, which sends one mail, where the server has
 * drafts and our user has none of its own (a person's token may); else one by one. A thread that the server has no
 * place for goes to the summary (`session.unplaced`), and so do all that are left when it takes no more of them.
 * Throws GitLabError when going on is pointless.
 */
export async function createThreads(context: CreateContext, creates: readonly CreateThread[]): Promise<void> {
  const { session, remote } = context
  const watch = new ThreadWatch(context, new Set(remote.threads.map(({ id }) => id)))
  const isWorthwhile = creates.length > 1 && !session.creatingStopped
  const drafts = isWorthwhile ? await readDrafts(session) : undefined
  const left = drafts?.length === 0 ? await publishTogether(context, creates, watch) : creates
  for (const create of left) {
    if (session.creatingStopped) session.unplaced.add(create.finding)
    else await createOne(context, create, watch)
  }
}

/** Deletes drafts that an earlier run of this review left behind; nobody has seen them. */
export async function deleteStaleDrafts(context: Omit<CreateContext, 'version'>): Promise<void> {
  const { session } = context
  for (const draft of (await readDrafts(session)) ?? []) {
    if (draftMarker(draft, context) === undefined) continue
    await session.writeUnseen((server) => server.deleteDraft(draft.id))
  }
}

/** Finds threads that appeared since the plan was made, each for one create only. */
class ThreadWatch {
  readonly #context: CreateContext
  readonly #claimed: Set<string>

  constructor(context: CreateContext, known: Set<string>) {
    this.#context = context
    this.#claimed = known
  }

  claim(thread: RemoteThread): void {
    this.#claimed.add(thread.id)
  }

  async find(create: CreateThread): Promise<RemoteThread | undefined> {
    const { session } = this.#context
    return this.findAmong(create, await session.read((server) => server.threads()))
  }

  findAmong(create: CreateThread, threads: readonly RemoteThread[]): RemoteThread | undefined {
    const { remote, policy } = this.#context
    const wanted = parseMarker(create.body)
    const found = threads.find(({ id, notes }) => {
      const [first] = notes
      if (first === undefined || this.#claimed.has(id)) return false
      return isSameNote(ownMarker(first, remote, policy), wanted)
    })
    if (found !== undefined) this.claim(found)
    return found
  }
}

async function createOne(context: CreateContext, create: CreateThread, watch: ThreadWatch): Promise<void> {
  const { session, version } = context
  try {
    const thread = await session.post(
      (server) => server.createThread(create.body, version, create.place),
      () => watch.find(create),
    )
    watch.claim(thread)
    session.refusedPlaces = 0
  } catch (error) {
    notCreated(session, create, error)
  }
}

/** The thread becomes a line of the summary, and where the server has had enough, so do the ones behind it. */
function notCreated(session: ReviewSession, create: CreateThread, error: unknown): void {
  if (!(error instanceof GitLabError)) throw error
  session.unplaced.add(create.finding)
  const where = `${create.place.newPath}:${create.place.newLine}`
  switch (error.problem) {
    case 'position':
    case 'refused':
      session.log(`GitLab takes no thread at ${where}: its finding stands in the summary. ${error.message}`)
      session.refusedPlaces += 1
      session.creatingStopped ||= session.refusedPlaces >= mostRefusedPlaces
      return
    case 'server':
    case 'rate limit':
      session.problems.push(error)
      session.creatingStopped = true
      return
    default:
      throw error
  }
}

/** The creates that are still to be done, one by one. */
async function publishTogether(
  context: CreateContext,
  creates: readonly CreateThread[],
  watch: ThreadWatch,
): Promise<readonly CreateThread[]> {
  const { session, remote } = context
  const ours = new Set<number>()
  let isPublished = false
  try {
    await createDrafts(context, creates, ours)
    // a draft that somebody began in the meantime must not be published by us
    const drafts = ours.size > 0 ? await readDrafts(session) : undefined
    if (drafts?.every(({ id }) => ours.has(id)) === true) {
      isPublished = true
      await session.write((server) => server.publishDrafts())
    }
  } catch (error) {
    if (error instanceof Superseded) await deleteDrafts(session, ours)
    if (!(error instanceof GitLabError) || !isSurvivable(error)) throw error
    session.log(`GitLab did not publish the drafts together, they are posted one by one. ${error.message}`)
    if (error.maybeDone) await session.settle()
  }
  // publishing is no transaction: what is there counts, and what is still a draft is not needed any more
  const threads = isPublished ? await session.read((server) => server.threads()) : remote.threads
  await deleteDrafts(session, ours)
  return creates.filter((create) => watch.findAmong(create, threads) === undefined)
}

/** Fills `ours`. The first that fails ends it: the rest is posted one by one, or meets the same fate there. */
async function createDrafts(
  context: CreateContext,
  creates: readonly CreateThread[],
  ours: Set<number>,
): Promise<void> {
  const { session, version } = context
  for (const create of creates) {
    const wanted = parseMarker(create.body)
    const find = async (): Promise<DraftNote | undefined> => {
      const drafts = await readDrafts(session)
      return drafts?.find((draft) => !ours.has(draft.id) && isSameNote(draftMarker(draft, context), wanted))
    }
    const draft = await session.post(
      (server) => server.createDraft(create.body, version, create.place),
      find,
      true,
    )
    ours.add(draft.id)
  }
}

/** Those that are still there. */
async function deleteDrafts(session: ReviewSession, ids: ReadonlySet<number>): Promise<void> {
  for (const { id } of (await readDrafts(session)) ?? []) {
    if (ids.has(id)) await session.writeUnseen((server) => server.deleteDraft(id))
  }
}

/** Undefined where the server has no drafts, or does not let us have some. */
async function readDrafts(session: ReviewSession): Promise<readonly DraftNote[] | undefined> {
  try {
    return await session.read((server) => server.drafts())
  } catch (error) {
    if (error instanceof GitLabError && isWithoutDrafts(error)) return undefined
    throw error
  }
}

/** Drafts are shown to their author only, so each is our user's. */
function draftMarker(draft: DraftNote, context: Omit<CreateContext, 'version'>): Marker | undefined {
  const { remote, policy } = context
  return ownMarker({ author: remote.me, body: draft.body }, remote, policy)
}

function isWithoutDrafts({ problem }: GitLabError): boolean {
  return problem === 'unsupported' || problem === 'not found' || problem === 'forbidden'
}

/** Posting one by one may still work. */
function isSurvivable(error: GitLabError): boolean {
  const { problem, maybeDone } = error
  return (
    maybeDone ||
    problem === 'server' ||
    problem === 'rate limit' ||
    problem === 'position' ||
    problem === 'refused' ||
    isWithoutDrafts(error)
  )
}
