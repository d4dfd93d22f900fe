import { blocksReads, blocksWrites, lockStrength } from './locks.ts'
import type {
  CatalogChange,
  CatalogEffect,
  Effect,
  LockEffect,
  Relation,
  RewriteEffect,
  ScanEffect,
  WriteEffect,
} from './model.ts'

/** Relations that queries name; locks on indexes and sequences matter only through these. */
export const queriedKinds: ReadonlySet<string> = new Set([
  'table',
  'partitioned table',
  'materialized view',
  'view',
  'foreign table',
])

/** `schema.name`: the same string for the same relation, and what Relation.table and ObjectName.table hold. */
export function relationKey(relation: Pick<Relation, 'schema' | 'name'>): string {
  return `${relation.schema}.${relation.name}`
}

/** Locks on tables, partitioned tables, views and materialized views that others can already be using. */
export function existingTableLocks(effects: readonly Effect[]): readonly LockEffect[] {
  return effects.filter(
    (effect): effect is LockEffect =>
      effect.kind === 'lock' && effect.relation.existedBefore && queriedKinds.has(effect.relation.kind),
  )
}

/**
 * Does the lock make queries of the application wait? Nobody writes to a materialized view, so only the mode
 * that blocks reads counts there.
 */
export function blocksQueries({ relation, mode }: LockEffect): boolean {
  return relation.kind === 'materialized view' ? blocksReads(mode) : blocksWrites(mode)
}

/** Locks on relations that others can already be using, strong enough to make their queries wait. */
export function blockingLocks(effects: readonly Effect[]): readonly LockEffect[] {
  return existingTableLocks(effects).filter(blocksQueries)
}

/** The strongest lock per relation, in the order in which the relations were first locked. */
export function strongestPerRelation(locks: readonly LockEffect[]): readonly LockEffect[] {
  const strongest = new Map<string, LockEffect>()
  for (const lock of locks) {
    const key = relationKey(lock.relation)
    const known = strongest.get(key)
    if (known === undefined || lockStrength(lock.mode) > lockStrength(known.mode)) strongest.set(key, lock)
  }
  return [...strongest.values()]
}

/** Full reads of relations that existed before, for these reasons (all reasons when none is given). */
export function existingScans(
  effects: readonly Effect[],
  ...reasons: readonly ScanEffect['reason'][]
): readonly ScanEffect[] {
  return effects.filter(
    (effect): effect is ScanEffect =>
      effect.kind === 'scan' &&
      effect.relation.existedBefore &&
      (reasons.length === 0 || reasons.includes(effect.reason)),
  )
}

/** Rewritten heaps and indexes that existed before. */
export function existingRewrites(effects: readonly Effect[]): readonly RewriteEffect[] {
  return effects.filter(
    (effect): effect is RewriteEffect => effect.kind === 'rewrite' && effect.relation.existedBefore,
  )
}

/** Writes of as many rows as a table happens to have: to tables that existed before, or to any. */
export function unboundedWrites(
  effects: readonly Effect[],
  which: 'existing tables' | 'also new tables' = 'existing tables',
): readonly WriteEffect[] {
  return effects.filter(
    (effect): effect is WriteEffect =>
      effect.kind === 'write' &&
      effect.reach !== 'bounded' &&
      (effect.relation.existedBefore || which === 'also new tables'),
  )
}

/** Bytes of WAL that were measured; undefined where nothing was. */
export function walBytesOf(effects: readonly Effect[]): number | undefined {
  const measured = effects.flatMap((effect) => (effect.kind === 'wal' ? effect.bytes : []))
  return measured.length === 0 ? undefined : measured.reduce((sum, bytes) => sum + bytes, 0)
}

/** A catalogue effect whose change is known to be of one type. */
export type CatalogEffectOf<T extends CatalogChange['type']> = CatalogEffect & {
  readonly change: Extract<CatalogChange, { readonly type: T }>
}

/** Catalogue effects with one of these changes. */
export function catalogEffects<T extends CatalogChange['type']>(
  effects: readonly Effect[],
  ...types: readonly T[]
): readonly CatalogEffectOf<T>[] {
  const wanted: ReadonlySet<string> = new Set(types)
  return effects.filter(
    (effect): effect is CatalogEffectOf<T> => effect.kind === 'catalog' && wanted.has(effect.change.type),
  )
}

/** Types of columns that existed before and change, each once: partitions and inheriting tables follow their parent. */
export function existingTypeChanges(effects: readonly Effect[]): readonly CatalogEffectOf<'change type'>[] {
  const changes = new Map<string, CatalogEffectOf<'change type'>>()
  for (const effect of catalogEffects(effects, 'change type')) {
    const { column, from, to } = effect.change
    const key = JSON.stringify([column, from, to])
    if (effect.existedBefore && from !== to && !changes.has(key)) changes.set(key, effect)
  }
  return [...changes.values()]
}
