import { createHash } from 'node:crypto'
import { normalizeSql } from '../sql/tokens.ts'

/** What a finding is recognised by in the next run. */
export interface Identity {
  readonly ruleId: string
  readonly messageId: string
  readonly object: string
  /** Text of the statement, or what stands for it where there is none. */
  readonly sql: string
}

/**
 * 20 hex digits that stay the same when lines move, files are renamed, or comments and white space change.
 */
export function fingerprint({ ruleId, messageId, object, sql }: Identity): string {
  const parts = [ruleId, messageId, object, normalizeSql(sql)]
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 20)
}

/** Tells findings apart that are equal in every respect: the second becomes `…-2`. Keeps the order. */
export function numberDuplicates<T extends { readonly fingerprint: string }>(
  findings: readonly T[],
): readonly T[] {
  const seen = new Map<string, number>()
  return findings.map((finding) => {
    const count = (seen.get(finding.fingerprint) ?? 0) + 1
    seen.set(finding.fingerprint, count)
    return count === 1 ? finding : { ...finding, fingerprint: `${finding.fingerprint}-${count}` }
  })
}
