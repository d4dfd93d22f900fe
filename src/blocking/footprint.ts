import { relationKey } from '../core/effects.ts'
import { lockStrength } from '../core/locks.ts'
import type { LockMode, QueryLock } from '../core/model.ts'
import type { LockRelation, Oid } from './lock-catalog.ts'

/** Who makes the query take a lock. */
export type Via = Pick<QueryLock, 'through' | 'name'>

export const itself: Via = { through: 'itself' }

/** A lock and why it is taken. */
export interface TakenLock {
  readonly relation: LockRelation
  readonly mode: LockMode
  readonly via: Via
}

/**
 * The locks of one query: per relation its own, and what is stronger by somebody else's doing. Modes of queries are
 * ordered: whoever waits for the weaker waits for the stronger, too.
 */
export class Footprint {
  private readonly entries = new Map<Oid, readonly TakenLock[]>()

  add(relation: LockRelation, mode: LockMode, via: Via): void {
    const known = this.entries.get(relation.oid) ?? []
    const strength = lockStrength(mode)
    const isOwn = via.through === 'itself'
    const covers = (one: TakenLock): boolean => {
      const other = lockStrength(one.mode)
      return other > strength || (other === strength && (one.via.through === 'itself' || !isOwn))
    }
    const isCovered = known.some((one) => covers(one) && (!isOwn || one.via.through === 'itself'))
    if (isCovered) return
    const kept = known.filter(
      (one) => lockStrength(one.mode) > strength || (!isOwn && one.via.through === 'itself'),
    )
    this.entries.set(relation.oid, [...kept, { relation, mode, via }])
  }

  /** Strongest first, then by name. */
  all(): readonly TakenLock[] {
    return [...this.entries.values()].flat().toSorted((a, b) => {
      const byStrength = lockStrength(b.mode) - lockStrength(a.mode)
      return byStrength === 0 ? (relationKey(a.relation) < relationKey(b.relation) ? -1 : 1) : byStrength
    })
  }
}
