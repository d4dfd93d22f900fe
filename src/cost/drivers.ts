import { relationKey } from '../core/effects.ts'
import type { Effect } from '../core/model.ts'
import { referenceMicrosPerRow } from './constants.ts'
import type { Work, WorkKind, WorkPart } from './model.ts'
import type { Size, Sizes } from './sizes.ts'

/** A table whose size decides, with the work on it. */
export interface Driver {
  readonly table: string
  readonly kind: WorkKind
  readonly parts: readonly WorkPart[]
  /** undefined: not known. */
  readonly size: Size | undefined
  /** Partitioned tables that the statement locks, too: a sample may count by them. */
  readonly roots: readonly string[]
}

/** The tables that a statement's work is on, and those among them that decide. */
export interface Drivers {
  /** Of one kind of work, which costs most: several leaves of a partitioned table, or one table. */
  readonly main: readonly Driver[]
  readonly others: readonly Driver[]
  /** Why no duration can be told: a deciding table is not known. */
  readonly undecided: boolean
}

/**
 * Sorts a statement's work by what costs most in production. A partition whose own size is not known counts with its
 * partitioned table, when the statement locks that, too.
 */
export function driversOf(work: Work, effects: readonly Effect[], sizes: Sizes): Drivers {
  const roots = partitionedTables(effects)
  const drivers = new Map<string, Driver>()
  for (const part of work.parts) {
    const own = relationKey(part.relation)
    const table = sizes.has(own) ? own : (roots.find((root) => sizes.has(root)) ?? own)
    const key = `${part.kind} ${table}`
    const known = drivers.get(key)
    drivers.set(key, {
      table,
      kind: part.kind,
      parts: [...(known?.parts ?? []), part],
      size: sizes.get(table),
      roots,
    })
  }
  return decide([...drivers.values()])
}

function partitionedTables(effects: readonly Effect[]): readonly string[] {
  const roots = new Set<string>()
  for (const effect of effects) {
    if (effect.kind === 'lock' && effect.relation.kind === 'partitioned table')
      roots.add(relationKey(effect.relation))
  }
  return [...roots]
}

function decide(drivers: readonly Driver[]): Drivers {
  const known = drivers.filter(({ size }) => size !== undefined)
  // of a foreign key the referencing rows decide, however large the table is in which they are looked up
  const hasKey = known.some(({ kind }) => kind === 'foreign key')
  const totals = new Map<WorkKind, number>()
  for (const { kind, size } of known.filter((one) => !hasKey || one.kind !== 'scan'))
    totals.set(kind, (totals.get(kind) ?? 0) + referenceMicrosPerRow[kind] * (size?.rows ?? 0))
  let decisive: WorkKind | undefined
  for (const [kind, total] of totals)
    if (decisive === undefined || total > (totals.get(decisive) ?? 0)) decisive = kind
  const main = known.filter(({ kind }) => kind === decisive)
  const weight = decisive === undefined ? 0 : referenceMicrosPerRow[decisive]
  return {
    main,
    others: drivers.filter((driver) => !main.includes(driver)),
    // a referenced table of unknown size is read once beside the work on the known one
    undecided: drivers.some(({ kind, size }) => size === undefined && referenceMicrosPerRow[kind] >= weight),
  }
}

/** Rows in production of all of them. */
export function rowsOf(drivers: readonly Driver[]): number {
  return distinct(drivers).reduce((sum, { size }) => sum + (size?.rows ?? 0), 0)
}

/**
 * Rows in a sample of all of them; undefined when none was filled. Where a sample counts the rows of a partitioned table
 * alone, several leaves of it are taken for all; a single one may be any part of it.
 */
export function sampledRows(
  rows: Readonly<Record<string, number>>,
  drivers: readonly Driver[],
): number | undefined {
  const counted = new Map<string, number>()
  const count = (table: string): boolean => {
    const own = rows[table]
    if (own !== undefined) counted.set(table, own)
    return own !== undefined
  }
  const tables = distinct(drivers)
  for (const { table, parts, roots } of tables) {
    if (count(table)) continue
    const leaves = new Set(parts.map(({ relation }) => relationKey(relation)))
    const found = [...leaves].filter(count)
    if (found.length === 0 && tables.length > 1) roots.some(count)
  }
  const sum = [...counted.values()].reduce((total, own) => total + own, 0)
  return sum > 0 ? sum : undefined
}

function distinct(drivers: readonly Driver[]): readonly Driver[] {
  return [...new Map(drivers.map((driver) => [driver.table, driver])).values()]
}
