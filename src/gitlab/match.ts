/** Which thread stands for which finding. */
import { createHash } from 'node:crypto'
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

/**
 * Pairs findings with threads of the same fingerprint: first those in the same file, in order (report order, oldest
 * thread first), then what is left, in order, because files get renamed. Where there are more threads than findings, one that a human
 * resolved is taken last: it must not hide a finding that has an open one.
 */
export function matchThreads(
  findings: readonly Finding[],
  threads: readonly OurThread[],
): ReadonlyMap<Finding, OurThread> {
  const matched = new Map<Finding, OurThread>()
  for (const [fingerprint, group] of groupBy(findings, (finding) => identityOf(finding).fingerprint)) {
    const candidates = threads.filter((thread) => thread.identity.fingerprint === fingerprint)
    for (const [pathHash, sameFile] of groupBy(group, (finding) => identityOf(finding).pathHash)) {
      pair(
        sameFile,
        candidates.filter((thread) => thread.identity.pathHash === pathHash),
        matched,
      )
    }
    const taken = new Set(matched.values())
    pair(
      group.filter((finding) => !matched.has(finding)),
      candidates.filter((thread) => !taken.has(thread)),
      matched,
    )
  }
  return matched
}

function pair(
  findings: readonly Finding[],
  threads: readonly OurThread[],
  matched: Map<Finding, OurThread>,
): void {
  const oldestFirst = threads.toSorted((a, b) => a.note.id - b.note.id)
  const preferred = oldestFirst.toSorted((a, b) => rank(a) - rank(b)).slice(0, findings.length)
  const inOrder = preferred.toSorted((a, b) => a.note.id - b.note.id)
  for (const [index, thread] of inOrder.entries()) {
    const finding = findings[index]
    if (finding !== undefined) matched.set(finding, thread)
  }
}

function rank({ resolution, resolvedByOurAccount }: OurThread): number {
  return resolution === 'by others' && !resolvedByOurAccount ? 1 : 0
}

function groupBy<T>(values: readonly T[], key: (value: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const group = groups.get(key(value))
    if (group === undefined) groups.set(key(value), [value])
    else group.push(value)
  }
  return groups
}
