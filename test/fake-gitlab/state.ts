/** All that the server remembers of one project with one merge request. No rules of access: those are in notes.ts. */
import { createHash } from 'node:crypto'

import { rawDiff } from './diff-lines.ts'
import type { DiffVersion, Draft, MergeRequest, Note, Project, Token, User } from './model.ts'
import type { FakeGitLabOptions } from './options.ts'
import type { Ground } from './permissions.ts'
import type { QuickAction, Reference } from './quick-actions.ts'
import type { Repository } from './repository.ts'

/** Who wrote the text, whether by creating or editing a note, and the whole text. */
export interface Written {
  readonly by: string
  readonly how: 'created' | 'edited'
  readonly body: string
}

/** One mail per created note, one per published review, none for edits [facts 1.2]. */
export interface Mail {
  readonly kind: 'note' | 'review'
  readonly noteIds: readonly number[]
  readonly by: string
}

export type NewNoteFields = Pick<Note, 'body' | 'authorId'> &
  Partial<Pick<Note, 'type' | 'system' | 'internal' | 'hidden' | 'discussionId' | 'position' | 'suggestions'>>

export class State {
  readonly options: FakeGitLabOptions
  readonly repository: Repository
  readonly project: Project
  readonly sourceProject: Project
  readonly users: Map<string, User>
  readonly tokens: Token[]
  /** All merge requests of the project, this one among them. */
  readonly siblings: State[]
  notes: Note[] = []
  drafts: Draft[] = []
  readonly mails: Mail[] = []
  readonly quickActions: (QuickAction & Written)[] = []
  readonly slashLines: (QuickAction & Written)[] = []
  readonly references: (Reference & Written)[] = []
  readonly mergeRequest: MergeRequest
  readonly #clock: { readonly counters: Map<string, number>; ticks: number }

  /** A further merge request shares users, tokens, ids and the clock with the one it is given. */
  constructor(
    options: FakeGitLabOptions,
    repository: Repository,
    mergeRequest: MergeRequest,
    sharedWith?: State,
  ) {
    this.users = sharedWith?.users ?? new Map<string, User>()
    this.tokens = sharedWith?.tokens ?? []
    this.siblings = sharedWith?.siblings ?? []
    this.siblings.push(this)
    this.#clock = sharedWith === undefined ? { counters: new Map(), ticks: 0 } : sharedWith.#clock
    this.options = options
    this.repository = repository
    this.mergeRequest = mergeRequest
    this.project = { id: options.projectId ?? 42, path: options.projectPath ?? 'shop/backend' }
    this.sourceProject = options.fork ?? this.project
  }

  get ground(): Ground {
    return { visibility: this.options.visibility ?? 'private', mergeRequest: this.mergeRequest }
  }

  /** Ids grow, and those of different kinds do not look alike. */
  nextId(kind: 'note' | 'draft' | 'version' | 'suggestion' | 'user' | 'token'): number {
    const starts = { note: 3000, draft: 700, version: 164_560_400, suggestion: 90, user: 10, token: 500 }
    const next = (this.#clock.counters.get(kind) ?? starts[kind]) + 1
    this.#clock.counters.set(kind, next)
    return next
  }

  /** The server's clock: a second per event, so that orders are certain and snapshots are equal. */
  tick(): string {
    this.#clock.ticks += 1
    return new Date(Date.UTC(2026, 0, 5, 9, 0, 0) + this.#clock.ticks * 1000).toISOString()
  }

  userById(id: number): User | undefined {
    return [...this.users.values()].find((user) => user.id === id)
  }

  newestVersion(): DiffVersion | undefined {
    return this.mergeRequest.versions.at(-1)
  }

  addNote(fields: NewNoteFields): Note {
    const id = this.nextId('note')
    const at = this.tick()
    const note: Note = {
      id,
      type: fields.type ?? null,
      body: fields.body,
      authorId: fields.authorId,
      createdAt: at,
      updatedAt: at,
      system: fields.system ?? false,
      internal: fields.internal ?? false,
      hidden: fields.hidden ?? false,
      discussionId: fields.discussionId ?? discussionIdOf(id),
      resolvedById: null,
      resolvedAt: null,
      position: fields.position ?? null,
      outdated: false,
      suggestions: fields.suggestions ?? [],
    }
    this.notes.push(note)
    return note
  }

  removeNote(note: Note): void {
    this.notes = this.notes.filter((kept) => kept !== note)
  }

  /** Notes of a thread, oldest first; empty when there is none. */
  thread(discussionId: string): readonly Note[] {
    return this.notes.filter((note) => note.discussionId === discussionId)
  }

  /** Threads in the order of their first notes. */
  threads(): readonly (readonly Note[])[] {
    const byId = new Map<string, Note[]>()
    for (const note of this.notes) byId.set(note.discussionId, [...(byId.get(note.discussionId) ?? []), note])
    return [...byId.values()]
  }

  rawDiff(): string {
    const version = this.newestVersion()
    return version === undefined ? '' : rawDiff(version.baseSha, version.headSha)
  }
}

/** 40 hexadecimal digits, as Discussion ids have them. */
function discussionIdOf(noteId: number): string {
  return createHash('sha1').update(`discussion ${noteId}`).digest('hex')
}
