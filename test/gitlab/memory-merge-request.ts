import { parseMarker } from '../../src/gitlab/marker.ts'
import type {
  Action,
  DiffVersion,
  RemoteNote,
  RemoteState,
  RemoteThread,
  RemoteUser,
} from '../../src/gitlab/model.ts'

export const bot: RemoteUser = { id: 1, username: 'project_42_bot' }
export const author: RemoteUser = { id: 2, username: 'ann' }
export const maintainer: RemoteUser = { id: 3, username: 'mia' }
export const reporter: RemoteUser = { id: 4, username: 'rob' }

interface MemoryNote extends RemoteNote {
  readonly id: number
}

type MemoryThread = RemoteThread & { readonly notes: readonly MemoryNote[] }

/**
 * A merge request that carries out actions as GitLab does: plain notes that become discussions when somebody replies,
 * replies to resolved threads that are resolved from the start (Notes::BuildService: `resolve_without_save if
 * discussion.resolved?`), notes that only their author edits. What GitLab would refuse throws.
 */
export class MemoryMergeRequest {
  #threads: readonly MemoryThread[] = []
  #lastId = 0
  #version = 1
  readonly #me: RemoteUser

  constructor(me: RemoteUser = bot) {
    this.#me = me
  }

  get headSha(): string {
    return shaOf(this.#version)
  }

  get version(): DiffVersion {
    const { headSha } = this
    return { id: 1000 + this.#version, baseSha: shaOf(0), startSha: shaOf(0), headSha }
  }

  get threads(): readonly RemoteThread[] {
    return this.#threads
  }

  state(): RemoteState {
    return {
      me: this.#me,
      mergeRequest: {
        projectId: 42,
        iid: 7,
        state: 'opened',
        headSha: this.headSha,
        author,
        webUrl: 'https://gitlab.test/g/p/-/merge_requests/7',
      },
      version: this.version,
      threads: this.#threads,
      accessLevels: new Map([
        [author.id, 30],
        [maintainer.id, 40],
        [reporter.id, 20],
      ]),
    }
  }

  copy(): MemoryMergeRequest {
    const copy = new MemoryMergeRequest(this.#me)
    copy.#threads = this.#threads
    copy.#lastId = this.#lastId
    copy.#version = this.#version
    return copy
  }

  /** What anybody can see, without ids and order: equal for equal reviews. */
  visible(): readonly string[] {
    return this.#threads
      .map(({ individual, notes }) => JSON.stringify([individual, notes.map((note) => ({ ...note, id: 0 }))]))
      .toSorted()
  }

  // --- what the review does

  apply(actions: readonly Action[]): void {
    for (const action of actions) this.#carryOut(action)
  }

  #carryOut(action: Action): void {
    switch (action.kind) {
      case 'create thread': {
        const { newPath, newLine } = action.place
        const id = this.#open(this.#me, action.body, false)
        this.#change(id, (thread) => ({ ...thread, position: { headSha: this.headSha, newPath, newLine } }))
        return
      }
      case 'create sticky':
        this.#open(this.#me, action.body, true)
        return
      case 'edit note':
        if (!this.#find(action.threadId).notes.some(({ id }) => id === action.noteId)) throw new Error('404')
        this.#edit(action.noteId, action.body)
        return
      case 'edit sticky':
        this.#edit(action.noteId, action.body)
        return
      case 'reply':
        if (this.#find(action.threadId).individual)
          throw new Error('a reply would make a thread of a plain note')
        this.reply(this.#me, action.threadId, action.body)
        return
      case 'resolve':
      case 'reopen':
        this.setResolved(this.#me, action.threadId, action.kind === 'resolve')
        return
      case 'keep':
    }
  }

  #edit(noteId: number, body: string): void {
    let found = false
    for (const thread of this.#threads) {
      const note = thread.notes.find(({ id }) => id === noteId)
      if (note === undefined) continue
      if (note.author.id !== this.#me.id || parseMarker(note.body) === undefined) throw new Error('403')
      found = true
      this.#changeNotes(thread.id, (each) => (each.id === noteId ? { ...each, body } : each))
    }
    if (!found) throw new Error('404')
  }

  // --- what people do

  /** A comment on the merge request. Returns the id of its thread. */
  comment(by: RemoteUser, body: string, individual = true): string {
    return this.#open(by, body, individual)
  }

  /** Returns the id of the note. */
  reply(by: RemoteUser, threadId: string, body: string): number {
    const isResolved = isResolvedThread(this.#find(threadId))
    const id = ++this.#lastId
    this.#change(threadId, (thread) => ({
      ...thread,
      individual: false,
      notes: [
        ...thread.notes.map((note) => (note.system ? note : { ...note, resolvable: true })),
        {
          ...{ id, author: by, body, system: false, resolvable: true, resolved: isResolved },
          resolvedBy: isResolved ? by : undefined,
        },
      ],
    }))
    return id
  }

  /** Sets only notes that are not resolved yet, as GitLab does; reopening opens all. */
  setResolved(by: RemoteUser, threadId: string, resolved: boolean): void {
    this.#changeNotes(threadId, (note) => {
      if (!note.resolvable || note.resolved === resolved) return note
      return { ...note, resolved, resolvedBy: resolved ? by : undefined }
    })
  }

  deleteNote(noteId: number): void {
    this.#threads = this.#threads
      .map((thread) => ({ ...thread, notes: thread.notes.filter(({ id }) => id !== noteId) }))
      .filter(({ notes }) => notes.length > 0)
  }

  /** A new head. Threads follow the code; some get a line of history. */
  push(movesLines = 0): void {
    this.#version += 1
    for (const { id, position, individual } of this.#threads) {
      if (individual || position === undefined) continue
      const { newLine, newPath } = position
      const moved = newLine === undefined ? undefined : newLine + movesLines
      this.#change(id, (thread) => ({
        ...thread,
        position: { headSha: this.headSha, newPath, newLine: moved },
        notes: movesLines === 0 ? thread.notes : [...thread.notes, this.#history()],
      }))
    }
  }

  #history(): MemoryNote {
    const body = `changed this line in version ${this.#version} of the diff`
    const id = ++this.#lastId
    return { id, author, body, system: true, resolvable: false, resolved: false, resolvedBy: undefined }
  }

  #open(by: RemoteUser, body: string, individual: boolean): string {
    const id = ++this.#lastId
    const threadId = `t${id}`
    const note = {
      id,
      author: by,
      body,
      system: false,
      resolvable: !individual,
      resolved: false,
      resolvedBy: undefined,
    }
    this.#threads = [...this.#threads, { id: threadId, individual, notes: [note] }]
    return threadId
  }

  #find(threadId: string): MemoryThread {
    const thread = this.#threads.find(({ id }) => id === threadId)
    if (thread === undefined) throw new Error(`404: no thread ${threadId}`)
    return thread
  }

  #change(threadId: string, change: (thread: MemoryThread) => MemoryThread): void {
    this.#threads = this.#threads.map((thread) => (thread.id === threadId ? change(thread) : thread))
  }

  #changeNotes(threadId: string, change: (note: MemoryNote) => MemoryNote): void {
    this.#find(threadId)
    this.#change(threadId, (thread) => ({ ...thread, notes: thread.notes.map(change) }))
  }
}

/** Resolved when every note of it is that can be. */
export function isResolvedThread({ notes }: RemoteThread): boolean {
  const resolvable = notes.filter((note) => note.resolvable)
  return resolvable.length > 0 && resolvable.every(({ resolved }) => resolved)
}

function shaOf(version: number): string {
  return version.toString(16).padStart(40, '0')
}
