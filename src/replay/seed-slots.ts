import type { Client } from 'pg'
import type { SeedCatalog, SeedColumn, SeedTable } from './seed-catalog.ts'
import { mergedHints, type Predicate } from './seed-checks.ts'
import type { SeedPlan, Slot } from './seed-plan.ts'
import { baseTypeOf, domainPredicates, literalsFor, predicatesOf, targetOf } from './seed-conditions.ts'
import { solve, type Condition } from './seed-solve.ts'

/** Real rows of parents: values as text, by table, row and column number. */
export type RealRows = ReadonlyMap<number, readonly ReadonlyMap<number, string>[]>

/** The values that columns joined by foreign keys share. */
export class SlotValues {
  private readonly values: ReadonlyMap<Slot, readonly (string | undefined)[]>

  constructor(values: ReadonlyMap<Slot, readonly (string | undefined)[]>) {
    this.values = values
  }

  /** The value for this row first, then a few of other rows. Empty when the parent has nothing to refer to. */
  around(slot: Slot, row: number): readonly string[] {
    const values = this.values.get(slot) ?? []
    if (values.length === 0) return []
    const order = [0, 1, 2, 3].map((offset) => values[(row - 1 + offset) % values.length])
    return [...new Set(order.filter((value) => value !== undefined))]
  }
}

/** Chooses the values of every slot: those of real parent rows, else values that suit every column of the slot. */
export async function chooseSlotValues(
  client: Client,
  catalog: SeedCatalog,
  plan: SeedPlan,
  realRows: RealRows,
): Promise<SlotValues> {
  const values = new Map<Slot, readonly (string | undefined)[]>()
  const free: FreeSlot[] = []
  for (const slot of plan.slots) {
    if (slot.pin !== undefined) {
      const { table, column } = slot.pin
      values.set(
        slot,
        (realRows.get(table) ?? []).map((row) => row.get(column)),
      )
    } else if (!slot.orphaned) free.push(freeSlot(catalog, plan, slot))
  }
  for (const group of tiedSlots(free)) {
    const solved = await new SlotSolver(client, catalog, group).solve()
    for (const [slot, list] of solved) values.set(slot, list)
  }
  return new SlotValues(values)
}

interface Member {
  readonly table: SeedTable
  readonly column: SeedColumn
}

/** A slot whose values are ours to choose. */
interface FreeSlot {
  readonly slot: Slot
  readonly members: readonly Member[]
  /** How many values are needed. */
  readonly rows: number
}

function freeSlot(catalog: SeedCatalog, plan: SeedPlan, slot: Slot): FreeSlot {
  const members = slot.members.flatMap(({ table: oid, column: number }) => {
    const table = catalog.tables.find((one) => one.oid === oid)
    const column = table?.columns.find((one) => one.number === number)
    return table === undefined || column === undefined ? [] : [{ table, column }]
  })
  return { slot, members, rows: Math.max(...members.map(({ table }) => plan.rows.get(table.oid) ?? 0)) }
}

/** Slots that a CHECK or a partition's bounds tie together, because it talks about columns of both. */
function tiedSlots(slots: readonly FreeSlot[]): readonly (readonly FreeSlot[])[] {
  let groups: (readonly FreeSlot[])[] = slots.map((slot) => [slot])
  const tables = new Set(slots.flatMap(({ members }) => members.map(({ table }) => table)))
  for (const table of tables) {
    for (const { columns } of table.targets.flatMap(predicatesOf)) {
      const tied = groups.filter((group) =>
        group.some(({ members }) =>
          members.some((member) => member.table === table && columns.includes(member.column.name)),
        ),
      )
      if (tied.length > 1) groups = [...groups.filter((group) => !tied.includes(group)), tied.flat()]
    }
  }
  return groups
}

/** Chooses values for slots that depend on each other, row by row. */
class SlotSolver {
  private readonly client: Client
  private readonly catalog: SeedCatalog
  private readonly slots: readonly FreeSlot[]

  constructor(client: Client, catalog: SeedCatalog, slots: readonly FreeSlot[]) {
    this.client = client
    this.catalog = catalog
    this.slots = slots
  }

  async solve(): Promise<ReadonlyMap<Slot, readonly (string | undefined)[]>> {
    const values = new Map(this.slots.map(({ slot }): [Slot, (string | undefined)[]] => [slot, []]))
    const rows = Math.max(...this.slots.map((slot) => slot.rows))
    for (let row = 1; row <= rows; row += 1) {
      const conditions = this.conditions(row)
      const candidates = this.slots.map((slot) => {
        const used = new Set(values.get(slot.slot))
        return this.literals(slot, row).filter((text) => !used.has(text))
      })
      const solution = conditions.length === 0 ? undefined : await this.choose(candidates, conditions)
      for (const [index, { slot }] of this.slots.entries()) {
        values.get(slot)?.push(candidates[index]?.[solution?.[index] ?? 0])
      }
    }
    return values
  }

  private choose(
    candidates: readonly (readonly string[])[],
    conditions: readonly Condition[],
  ): Promise<readonly number[] | undefined> {
    const variables = candidates.map((texts, index) => ({
      candidates: texts.map((text) => ({ kind: 'literal', text }) as const),
      type: this.typeOf(this.narrowest(this.slots[index])),
    }))
    return solve(this.client, { variables, conditions })
  }

  /** For the member that holds the least, so that one value fits all. */
  private literals(slot: FreeSlot, row: number): readonly string[] {
    const column = this.narrowest(slot)
    if (column === undefined) return []
    const hints = mergedHints(
      slot.members.flatMap((member) => [
        ...this.predicates(member.table, row).map(({ hints: byColumn }) => byColumn.get(member.column.name)),
        ...domainPredicates(this.catalog, member.column.type).map(({ hints: own }) => own.get('value')),
      ]),
    )
    const far = slot.members.some(({ table }) => targetOf(table, row)?.isDefault === true)
    return literalsFor(this.catalog, column, hints, { row, slot: slot.slot.number, key: true, far })
  }

  private predicates(table: SeedTable, row: number): readonly Predicate[] {
    const target = targetOf(table, row)
    return target === undefined ? [] : predicatesOf(target)
  }

  /** What the members' tables say about columns of these slots alone, and what their domains say. */
  private conditions(row: number): readonly Condition[] {
    const tables = new Map<
      SeedTable,
      { readonly name: string; readonly variable: number; readonly type: string }[]
    >()
    const domains: Condition[] = []
    for (const [variable, { members }] of this.slots.entries()) {
      for (const { table, column } of members) {
        const type = this.typeOf(column)
        tables.set(table, [...(tables.get(table) ?? []), { name: column.name, variable, type }])
        for (const { sql } of domainPredicates(this.catalog, column.type)) {
          domains.push({ sql, columns: [{ variable, name: 'value', type }] })
        }
      }
    }
    const own = [...tables].flatMap(([table, known]) =>
      this.predicates(table, row).map(({ sql, columns }) => ({
        sql,
        columns: columns.map((name) => known.find((one) => one.name === name)),
      })),
    )
    return [...own.flatMap(({ sql, columns }) => (isComplete(columns) ? [{ sql, columns }] : [])), ...domains]
  }

  private narrowest(slot: FreeSlot | undefined): SeedColumn | undefined {
    const columns = slot?.members.map(({ column }) => column) ?? []
    return columns.toSorted((a, b) => this.width(a) - this.width(b))[0]
  }

  private typeOf(column: SeedColumn | undefined): string {
    return (column && baseTypeOf(this.catalog, column.type)?.sql) ?? 'text'
  }

  /** Smaller for types that hold less, so that one value fits all. */
  private width({ type, typmod }: SeedColumn): number {
    const base = baseTypeOf(this.catalog, type)
    const order = ['int2', 'int4', 'int8', 'numeric'].indexOf(base?.name ?? '')
    if (order >= 0) return order
    const length = typmod === -1 ? domainLength(this.catalog, type) : typmod
    return length === -1 ? Number.MAX_SAFE_INTEGER : length
  }
}

function isComplete<T>(items: readonly (T | undefined)[]): items is readonly T[] {
  return items.length > 0 && items.every((item) => item !== undefined)
}

function domainLength(catalog: SeedCatalog, oid: number): number {
  const type = catalog.types.get(oid)
  if (type?.kind !== 'd') return -1
  return type.typmod === -1 ? domainLength(catalog, type.base) : type.typmod
}
