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
  const tables = new Map(catalog.tables.map((table) => [table.oid, table]))
  const values = new Map<Slot, readonly (string | undefined)[]>()
  for (const slot of plan.slots) {
    if (slot.pin !== undefined) {
      const { table, column } = slot.pin
      values.set(
        slot,
        (realRows.get(table) ?? []).map((row) => row.get(column)),
      )
    } else if (!slot.orphaned) {
      values.set(slot, await new SlotSolver(client, catalog, plan, slot, tables).solve())
    }
  }
  return new SlotValues(values)
}

interface Member {
  readonly table: SeedTable
  readonly column: SeedColumn
}

class SlotSolver {
  private readonly client: Client
  private readonly catalog: SeedCatalog
  private readonly slot: Slot
  private readonly members: readonly Member[]
  private readonly rows: number

  constructor(
    client: Client,
    catalog: SeedCatalog,
    plan: SeedPlan,
    slot: Slot,
    tables: ReadonlyMap<number, SeedTable>,
  ) {
    this.client = client
    this.catalog = catalog
    this.slot = slot
    this.members = slot.members.flatMap(({ table: oid, column: number }) => {
      const table = tables.get(oid)
      const column = table?.columns.find((one) => one.number === number)
      return table === undefined || column === undefined ? [] : [{ table, column }]
    })
    this.rows = Math.max(...this.members.map(({ table }) => plan.rows.get(table.oid) ?? 0))
  }

  async solve(): Promise<readonly (string | undefined)[]> {
    const values: (string | undefined)[] = []
    for (let row = 1; row <= this.rows; row += 1) {
      values.push(await this.value(row, new Set(values.filter((value) => value !== undefined))))
    }
    return values
  }

  /** A value that no earlier row has and that meets what every member says about this column alone. */
  private async value(row: number, used: ReadonlySet<string>): Promise<string | undefined> {
    const narrowest = this.members.toSorted((a, b) => this.width(a.column) - this.width(b.column))[0]
    if (narrowest === undefined) return undefined
    const { conditions, predicates } = this.conditions(row)
    const hints = mergedHints(predicates.map(({ hints: byColumn }) => [...byColumn.values()][0]))
    const place = { row, slot: this.slot.number, key: true, far: this.isFar(row) }
    const literals = literalsFor(this.catalog, narrowest.column, hints, place).filter(
      (text) => !used.has(text),
    )
    if (conditions.length === 0) return literals[0]
    const type = baseTypeOf(this.catalog, narrowest.column.type)?.sql ?? 'text'
    const candidates = literals.map((text) => ({ kind: 'literal', text }) as const)
    const solution = await solve(this.client, { variables: [{ type, candidates }], conditions })
    return literals[solution?.[0] ?? 0]
  }

  private isFar(row: number): boolean {
    return this.members.some(({ table }) => targetOf(table, row)?.isDefault === true)
  }

  /** Conditions on this column alone: CHECKs, bounds of the leaf that the row goes to, domains. */
  private conditions(row: number): {
    readonly conditions: readonly Condition[]
    readonly predicates: readonly Predicate[]
  } {
    const found = this.members.flatMap(({ table, column }) => {
      const target = targetOf(table, row)
      const own = target === undefined ? [] : predicatesOf(target)
      const alone = own.filter(({ columns }) => columns.length === 1 && columns[0] === column.name)
      const type = baseTypeOf(this.catalog, column.type)?.sql ?? 'text'
      return [
        ...alone.map((predicate) => ({ predicate, name: column.name, type })),
        ...domainPredicates(this.catalog, column.type).map((predicate) => ({
          predicate,
          name: 'value',
          type,
        })),
      ]
    })
    return {
      predicates: found.map(({ predicate }) => predicate),
      conditions: found.map(({ predicate, name, type }) => ({
        sql: predicate.sql,
        columns: [{ variable: 0, name, type }],
      })),
    }
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

function domainLength(catalog: SeedCatalog, oid: number): number {
  const type = catalog.types.get(oid)
  if (type?.kind !== 'd') return -1
  return type.typmod === -1 ? domainLength(catalog, type.base) : type.typmod
}
