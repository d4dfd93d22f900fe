import type { SeedColumn, SeedForeignKey, SeedTable } from './seed-catalog.ts'
import { maxRows } from './seed-values.ts'

/** A column of a table, by object id and number. */
export interface ColumnAddress {
  readonly table: number
  readonly column: number
}

/**
 * Columns that foreign keys make equal. Row i of every table gets the slot's i-th value, so that row i of a child
 * refers to row i of its parent: no look-ups, no order of tables, and cycles are no special case.
 */
export interface Slot {
  /** Keeps the keys of different slots apart. */
  readonly number: number
  readonly members: readonly ColumnAddress[]
  /** The real rows that the values must come from: a column of a parent that is not empty. */
  readonly pin: ColumnAddress | undefined
  /** Refers to a parent that has no rows and gets none. */
  readonly orphaned: boolean
}

export interface SeedPlan {
  /** Number of rows to make, by table. */
  readonly rows: ReadonlyMap<number, number>
  /** Of every column of a seeded table that takes part in a foreign key. */
  slotOf(address: ColumnAddress): Slot | undefined
  readonly slots: readonly Slot[]
  /** Columns of real parents whose rows have to be looked at. */
  readonly pins: ReadonlyMap<number, readonly number[]>
}

/**
 * Decides how many rows every empty table gets and which columns share their values.
 * @param tables those to seed
 * @param occupied object ids of tables that have rows already
 */
export function planSeeds(tables: readonly SeedTable[], occupied: ReadonlySet<number>): SeedPlan {
  const seeded = new Map(tables.map((table) => [table.oid, table]))
  const slots = joinSlots(tables, seeded, occupied)
  const byAddress = new Map(slots.flatMap((slot) => slot.members.map((member) => [key(member), slot])))
  return {
    rows: rowCounts(tables, seeded),
    slots,
    slotOf: (address) => byAddress.get(key(address)),
    pins: pinnedColumns(tables, occupied),
  }
}

/** Two rows; as many as leaves for a partitioned table; and a parent has no fewer than its children. */
function rowCounts(
  tables: readonly SeedTable[],
  seeded: ReadonlyMap<number, SeedTable>,
): ReadonlyMap<number, number> {
  const rows = new Map(
    tables.map((table) => [table.oid, Math.min(maxRows, Math.max(2, table.targets.length))]),
  )
  for (let changed = true; changed;) {
    changed = false
    for (const table of tables) {
      const count = rows.get(table.oid) ?? 0
      for (const { parent } of table.foreignKeys) {
        if (!seeded.has(parent) || (rows.get(parent) ?? 0) >= count) continue
        rows.set(parent, count)
        changed = true
      }
    }
  }
  return rows
}

interface Link {
  readonly child: ColumnAddress
  readonly parent: ColumnAddress
  readonly width: number
}

function links(table: SeedTable): readonly Link[] {
  return table.foreignKeys.flatMap((foreignKey) =>
    foreignKey.columns.map((column, index) => ({
      child: { table: table.oid, column },
      parent: { table: foreignKey.parent, column: foreignKey.parentColumns[index] ?? 0 },
      width: foreignKey.columns.length,
    })),
  )
}

function joinSlots(
  tables: readonly SeedTable[],
  seeded: ReadonlyMap<number, SeedTable>,
  occupied: ReadonlySet<number>,
): readonly Slot[] {
  const union = new Union()
  const all = tables.flatMap(links)
  for (const { child, parent } of all) {
    union.add(child)
    if (seeded.has(parent.table)) union.join(child, parent)
  }
  return union.groups().map((members, index) => {
    const mine = new Set(members.map(key))
    const outside = all
      .filter(({ child, parent }) => mine.has(key(child)) && !seeded.has(parent.table))
      // The widest foreign key decides: its columns have to come from one row.
      .toSorted((a, b) => b.width - a.width)
    return {
      number: index + 1,
      members,
      pin: outside.find(({ parent }) => occupied.has(parent.table))?.parent,
      orphaned: outside.some(({ parent }) => !occupied.has(parent.table)),
    }
  })
}

function pinnedColumns(
  tables: readonly SeedTable[],
  occupied: ReadonlySet<number>,
): ReadonlyMap<number, readonly number[]> {
  const columns = new Map<number, readonly number[]>()
  for (const { parent, parentColumns } of tables.flatMap(
    ({ foreignKeys }): readonly SeedForeignKey[] => foreignKeys,
  )) {
    if (!occupied.has(parent)) continue
    columns.set(parent, [...new Set([...(columns.get(parent) ?? []), ...parentColumns])])
  }
  return columns
}

/** Is the column part of a key, so that its values must stay out of the way of real ones? */
export function isKeyColumn(table: SeedTable, { number }: SeedColumn): boolean {
  return [...table.keys, ...table.targets.flatMap(({ keys }) => keys)].some(({ columns }) =>
    columns.includes(number),
  )
}

function key({ table, column }: ColumnAddress): string {
  return `${table}.${column}`
}

/** Disjoint sets of columns. */
class Union {
  private readonly parents = new Map<string, string>()
  private readonly addresses = new Map<string, ColumnAddress>()

  add(address: ColumnAddress): string {
    const id = key(address)
    if (!this.parents.has(id)) {
      this.parents.set(id, id)
      this.addresses.set(id, address)
    }
    return this.root(id)
  }

  join(a: ColumnAddress, b: ColumnAddress): void {
    this.parents.set(this.add(a), this.add(b))
  }

  groups(): readonly (readonly ColumnAddress[])[] {
    const groups = new Map<string, ColumnAddress[]>()
    for (const [id, address] of this.addresses) {
      const root = this.root(id)
      groups.set(root, [...(groups.get(root) ?? []), address])
    }
    return [...groups.values()]
  }

  private root(id: string): string {
    let at = id
    for (let up = this.parents.get(at); up !== undefined && up !== at; up = this.parents.get(at)) at = up
    return at
  }
}
