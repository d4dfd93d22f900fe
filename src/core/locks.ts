import type { LockMode, Relation } from './model.ts'

/** Weakest first. The order is that of lockdefs.h. */
export const lockModes = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
] as const satisfies readonly LockMode[]

/**
 * Conflicts, one row per requested mode, as in `LockConflicts[]`
 * (src/backend/storage/lmgr/lock.c) and table 13.2 of the documentation.
 */
const conflicts: Readonly<Record<LockMode, readonly LockMode[]>> = {
  AccessShareLock: ['AccessExclusiveLock'],
  RowShareLock: ['ExclusiveLock', 'AccessExclusiveLock'],
  RowExclusiveLock: ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'],
  ShareUpdateExclusiveLock: [
    'ShareUpdateExclusiveLock',
    'ShareLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  ShareLock: [
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  ShareRowExclusiveLock: [
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  ExclusiveLock: [
    'RowShareLock',
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  AccessExclusiveLock: lockModes,
}

/** Do two sessions have to wait for each other when one holds `a` and the other wants `b`? */
export function conflictsWith(a: LockMode, b: LockMode): boolean {
  return conflicts[a].includes(b)
}

/** Position in {@link lockModes}; a larger number is a stronger mode. */
export function lockStrength(mode: LockMode): number {
  return lockModes.indexOf(mode)
}

/** Does the mode make plain SELECTs wait? Only AccessExclusiveLock does. */
export function blocksReads(mode: LockMode): boolean {
  return conflictsWith(mode, 'AccessShareLock')
}

/** Does the mode make INSERT, UPDATE and DELETE wait? ShareLock and stronger do. */
export function blocksWrites(mode: LockMode): boolean {
  return conflictsWith(mode, 'RowExclusiveLock')
}

/** What waits, in words: `reads and writes`, `writes`, or `schema changes and vacuum`. */
export function whatWaits(mode: LockMode): string {
  if (blocksReads(mode)) return 'reads and writes'
  if (blocksWrites(mode)) return 'writes'
  return 'schema changes and vacuum'
}

/**
 * A type as people write it: `varchar(60)` where format_type() says `character varying(60)`, `timestamptz`, and without
 * the schema that {@link displayName} leaves out as well.
 */
export function displayType(type: string): string {
  return type
    .replace(/^public\./, '')
    .replace(/^character varying\b/, 'varchar')
    .replace(/^(time(?:stamp)?)(\(\d\))? with time zone/, '$1tz$2')
    .replace(/^(time(?:stamp)?(?:\(\d\))?) without time zone/, '$1')
}

/** As {@link displayName}, of what relationKey() gives: `orders` for `public.orders`. */
export function displayKey(key: string): string {
  return key.replace(/^public\./, '')
}

/** `orders` for public.orders, `billing.invoices` otherwise. */
export function displayName(object: Pick<Relation, 'schema' | 'name'>): string {
  return object.schema === 'public' || object.schema === '' ? object.name : `${object.schema}.${object.name}`
}
