/** What stands on the merge request, read in our words: our threads, our sticky notes, and commands of people. */
import { beginsLikeCommand, parseCommand, type Command } from './commands.ts'
import { parseMarker } from './marker.ts'
import type { Identity } from './match.ts'
import type { Marker, RemoteNote, RemoteState, RemoteThread, RemoteUser, ReviewPolicy } from './model.ts'

/** A note that we wrote, with what it says about itself. */
export interface OwnNote {
  readonly threadId: string
  readonly note: RemoteNote
  readonly marker: Marker
}

export interface CommandNote {
  readonly note: RemoteNote
  readonly command: Command
}

/** A thread that we opened for a finding. */
export interface OurThread {
  readonly id: string
  /** Our first note: it says what the finding is. */
  readonly note: RemoteNote
  readonly marker: Marker
  readonly identity: Identity
  /**
   * `by us`: we resolved it and said so in the marker. `by others`: by anybody else, which includes somebody who shares
   * our account (a personal token), so without the word in the marker it was not us.
   */
  readonly resolution: 'open' | 'by us' | 'by others'
  readonly resolvedBy: RemoteUser | undefined
  /** Resolved by our own account; true between our two requests, resolve and edit, too. */
  readonly resolvedByOurAccount: boolean
  /** Somebody said something here that is no command: hands off for ever. */
  readonly isFrozen: boolean
  readonly commands: readonly CommandNote[]
  /** Our later notes: replies and answers. */
  readonly replies: readonly OwnNote[]
  readonly position: RemoteThread['position']
}

export interface ReadRemote {
  /** Oldest first. */
  readonly threads: readonly OurThread[]
  /** Our sticky notes, oldest first; more than one after a race. */
  readonly stickies: readonly OwnNote[]
  /** Commands where they mean nothing: plain notes, replies to the sticky note, threads of other people. */
  readonly strayCommands: readonly CommandNote[]
  /** Comments that begin like a command and go on for several lines, anywhere. */
  readonly longCommands: readonly RemoteNote[]
}

/** The value of Marker.mergeRequest: a copied note names another one. */
export function mergeRequestKey({ mergeRequest }: RemoteState): string {
  return `${mergeRequest.projectId}:${mergeRequest.iid}`
}

/** Reads all threads. Only markers in notes of our own user are believed, and only of this merge request and review. */
export function readRemote(remote: RemoteState, policy: ReviewPolicy): ReadRemote {
  const threads: OurThread[] = []
  const stickies: OwnNote[] = []
  const strayCommands: CommandNote[] = []
  const longCommands: RemoteNote[] = []
  const isThisReview = (marker: Marker): boolean =>
    marker.mergeRequest === mergeRequestKey(remote) && marker.name === policy.name
  for (const thread of remote.threads) {
    const own = ownNotes(thread, remote.me).filter(({ marker }) => isThisReview(marker))
    stickies.push(...own.filter(({ marker }) => marker.kind === 'sticky'))
    const ours = readOurThread(thread, own, remote.me)
    if (ours === undefined && startsAnotherReview(thread, remote, policy)) continue
    const others = theirs(thread, remote.me)
    longCommands.push(...others.filter(({ body }) => beginsLikeCommand(body, remote.me.username)))
    if (ours === undefined) strayCommands.push(...commandsIn(others, remote.me))
    else threads.push(ours)
  }
  return {
    threads: threads.toSorted((a, b) => a.note.id - b.note.id),
    stickies: stickies.toSorted((a, b) => a.note.id - b.note.id),
    strayCommands,
    longCommands,
  }
}

/** Ids of everybody whose access level decides over a command, for RemoteState.accessLevels. */
export function commandAuthors(threads: readonly RemoteThread[], me: RemoteUser): ReadonlySet<number> {
  const notes = threads.flatMap((thread) => theirs(thread, me))
  const allows = commandsIn(notes, me).filter(({ command }) => command.kind === 'allow')
  return new Set(allows.map(({ note }) => note.author.id))
}

function readOurThread(thread: RemoteThread, own: readonly OwnNote[], me: RemoteUser): OurThread | undefined {
  const notes = thread.notes.filter(({ system }) => !system)
  const [first, ...replies] = own
  if (first === undefined || first.note !== notes[0] || thread.individual) return undefined
  const { note, marker } = first
  const { fingerprint, pathHash } = marker
  if (marker.kind !== 'finding' || fingerprint === undefined || pathHash === undefined) return undefined
  const others = theirs(thread, me)
  const commands = commandsIn(others, me)
  return {
    ...{ id: thread.id, note, marker, identity: { fingerprint, pathHash }, commands, replies },
    ...readResolution(notes, first, me),
    isFrozen: others.length > commands.length,
    position: thread.position,
  }
}

/** A thread is resolved when every note of it is that can be. */
function readResolution(
  notes: readonly RemoteNote[],
  { note, marker }: OwnNote,
  me: RemoteUser,
): Pick<OurThread, 'resolution' | 'resolvedBy' | 'resolvedByOurAccount'> {
  const resolvable = notes.filter((each) => each.resolvable)
  const isResolved = resolvable.length > 0 && resolvable.every(({ resolved }) => resolved)
  if (!isResolved) return { resolution: 'open', resolvedBy: undefined, resolvedByOurAccount: false }
  const { resolvedBy } = note
  const resolvedByOurAccount = resolvedBy?.id === me.id
  const byUs = resolvedByOurAccount && marker.state === 'resolved'
  return { resolution: byUs ? 'by us' : 'by others', resolvedBy, resolvedByOurAccount }
}

/** Notes of our account that carry a marker; without one, a person with our token wrote it. */
function ownNotes({ id, notes }: RemoteThread, me: RemoteUser): readonly OwnNote[] {
  return notes.flatMap((note) => {
    const marker = note.author.id === me.id && !note.system ? parseMarker(note.body) : undefined
    return marker === undefined ? [] : [{ threadId: id, note, marker }]
  })
}

/** What people wrote. */
function theirs(thread: RemoteThread, me: RemoteUser): readonly RemoteNote[] {
  const own = new Set(ownNotes(thread, me).map(({ note }) => note))
  return thread.notes.filter((note) => !note.system && !own.has(note))
}

function commandsIn(notes: readonly RemoteNote[], me: RemoteUser): readonly CommandNote[] {
  return notes.flatMap((note) => {
    const command = parseCommand(note.body, me.username)
    return command === undefined ? [] : [{ note, command }]
  })
}

/** Another review of ours (one per database, say) reads the commands in its own threads itself. */
function startsAnotherReview(thread: RemoteThread, remote: RemoteState, policy: ReviewPolicy): boolean {
  const [first] = ownNotes(thread, remote.me)
  if (
    first === undefined ||
    first.note !== thread.notes[0] ||
    first.marker.mergeRequest !== mergeRequestKey(remote)
  )
    return false
  return first.marker.kind === 'finding' && first.marker.name !== policy.name
}
