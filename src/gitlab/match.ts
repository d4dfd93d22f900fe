/** Which thread stands for which finding. */
import { createHash } from 'node:crypto'
import { groupBy } from '../core/groups.ts'
import type { Finding } from '../core/model.ts'
import type { OurThread } from './plan-remote.ts'

/** What a finding is recognised by from push to push: no lines, no measured values. */
export interface Identity {
  /** Finding.fingerprint without the ordinal that tells equal findings of one report apart. */
  readonly fingerprint: string
  /** Hash of the file's path, to tell equal statements in several files apart. */
  readonly pathHash: string
}

/** The identity of a finding. A fingerprint that is not of our making is hashed: it comes from an untrusted report. */
export function identityOf(finding: Finding): Identity {
  const known = identities.get(finding)
  if (known !== undefined) return known
  const identity = readIdentity(finding)
  identities.set(finding, identity)
  return identity
}

/** Each finding is compared with each thread, and a hash takes a microsecond. */
const identities = new WeakMap<Finding, Identity>()

function readIdentity(finding: Finding): Identity {
  const bare = finding.fingerprint.replace(/-\d+$/, '')
  const fingerprint = /^[\da-f]{8,64}$/.test(bare) ? bare : shortHash(bare, 20)
  return { fingerprint, pathHash: hashPath(finding.span.file) }
}

/** 12 hex digits for a path. */
export function hashPath(file: string): string {
  return shortHash(file, 12)
}

function shortHash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}

/** What pairing has to know besides identities. */
export interface MatchQuestions {
  /** Would the finding get a thread if it had none? */
  readonly wantsThread: (finding: Finding) => boolean
  /** Does a comment in the thread accept its finding? */
  readonly isAccepted: (thread: OurThread) => boolean
}

/**
 * Pairs findings with threads of the same fingerprint: first those in the same file, in order (report order, oldest
 * thread first), then what is left, in order, because files get renamed.
 *
 * Where there are more findings than threads, those that would get a thread come first, or each run would create
 * another one. Where there are more threads than findings, an acceptance is kept, then what is open, then what a human
 * resolved; the answer must not change with what we do to the threads ourselves.
 */
export function matchThreads(
  findings: readonly Finding[],
  threads: readonly OurThread[],
  questions: MatchQuestions,
): ReadonlyMap<Finding, OurThread> {
  const matched = new Map<Finding, OurThread>()
  const pair = (some: readonly Finding[], candidates: readonly OurThread[]): void => {
    const inOrder = firstByRank(candidates, (thread) => rank(thread, questions), some.length)
    const wanting = firstByRank(some, (finding) => (questions.wantsThread(finding) ? 0 : 1), inOrder.length)
    for (const [index, finding] of wanting.entries()) {
      const thread = inOrder[index]
      if (thread !== undefined) matched.set(finding, thread)
    }
  }
  const oldestFirst = threads.toSorted((a, b) => a.note.id - b.note.id)
  for (const [fingerprint, group] of groupBy(findings, (finding) => identityOf(finding).fingerprint)) {
    const candidates = oldestFirst.filter((thread) => thread.identity.fingerprint === fingerprint)
    for (const [pathHash, sameFile] of groupBy(group, (finding) => identityOf(finding).pathHash)) {
      pair(
        sameFile,
        candidates.filter((thread) => thread.identity.pathHash === pathHash),
      )
    }
    const taken = new Set(matched.values())
    pair(
      group.filter((finding) => !matched.has(finding)),
      candidates.filter((thread) => !taken.has(thread)),
    )
  }
  return matched
}

/** At most `count` values, those of the lowest rank, in their order. */
function firstByRank<T>(values: readonly T[], rankOf: (value: T) => number, count: number): readonly T[] {
  const chosen = new Set(values.toSorted((a, b) => rankOf(a) - rankOf(b)).slice(0, count))
  return values.filter((value) => chosen.has(value))
}

function rank(thread: OurThread, { isAccepted }: MatchQuestions): number {
  const { resolution, resolvedByOurAccount } = thread
  if (isAccepted(thread)) return 0
  // between our two steps of resolving it counts as it did before them
  if (resolution === 'open' || (resolution === 'by others' && resolvedByOurAccount)) return 1
  return resolution === 'by others' ? 2 : 3
}
