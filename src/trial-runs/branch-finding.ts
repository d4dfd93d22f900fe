/** The finding `branches-collide`. */
import type { OrderCollision } from './branch-order.ts'
import type { Finding } from '../core/model.ts'
import type { OtherBranch } from '../core/source.ts'
import { reservedFinding } from '../judge/reserved.ts'
import type { RunStatement } from '../rule/model.ts'

export interface Collision extends Pick<OrderCollision, 'severity' | 'message' | 'notes' | 'summary'> {
  readonly messageId: 'version' | 'order' | 'object' | 'result' | 'lock order'
  /** Ours; undefined: the first. */
  readonly at: RunStatement | undefined
  readonly object: string
}

/** At the statement of ours; undefined where there is none. */
export function collisionFinding(collision: Collision, { ref, commit }: OtherBranch): Finding | undefined {
  const { at, messageId, severity, message, notes, summary, object } = collision
  if (at === undefined) return undefined
  return reservedFinding('branches-collide', {
    messageId,
    severity,
    message,
    span: at.statement.span,
    sql: `${ref}\n${at.statement.sql}`,
    object,
    evidence: messageId === 'version' || messageId === 'order' ? 'known' : 'measured',
    notes: [...notes, `${ref} is at ${commit.slice(0, 7)}.`],
    remedy: { summary, migrations: [] },
  })
}
