import { lockStrength } from '../core/locks.ts'
import type { LockMode, QueryLock } from '../core/model.ts'
import type { LockRelation, Oid } from './lock-catalog.ts'

/** Who makes the query take a lock. */
export type Via = Pick<QueryLock, 'through' | 'name'>

export const itself: Via = { through: 'itself' }

interface Entry {
  readonly relation: LockRelation
  readonly mode: LockMode
  readonly via: Via
}

/**
 * The locks of one query: per relation its own, and what is stronger by somebody else's doing. Modes of queries are
 * ordered: whoever waits for the weaker waits for the stronger, too.
 */
export class Footprint {
  private readonly entries = new Map<Oid, readonly Entry[]>()

  add(relation: LockRelation, mode: LockMode, via: Via): void {
    const known = this.entries.get(relation.oid) ?? []
    const strength = lockStrength(mode)
    const isOwn = via.through === 'itself'
    const covers = (one: Entry): boolean => {
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
  locks(): readonly QueryLock[] {
    const all = [...this.entries.values()].flat().map(({ relation, mode, via }): QueryLock => {
      const { schema, name, kind } = relation
      return { relation: { schema, name, kind }, mode, ...via }
    })
    return all.toSorted(
      (a, b) => lockStrength(b.mode) - lockStrength(a.mode) || (nameOf(a) < nameOf(b) ? -1 : 1),
    )
  }
}

function nameOf({ relation }: QueryLock): string {
  return `${relation.schema}.${relation.name}`
}
