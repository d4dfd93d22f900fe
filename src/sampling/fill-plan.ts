import { escapeLiteral } from 'pg'
import type { ColumnStatistics } from '../core/production.ts'
import type { SeedForeignKey } from '../replay/seed-catalog.ts'
import type { FillableTable, FillCatalog, FillTarget } from './fill-catalog.ts'
import type { ColumnChoice, TargetChoice } from './fill-choose.ts'
import { planKeys, type Digit, type KeyPlan } from './fill-keys.ts'
import { groupOf, links, type Link } from './fill-links.ts'
import { ordinalFor, referenceOrdinal } from './fill-ordinals.ts'
import type { FillTable } from './model.ts'
import { hashSql, pickSql, wrapSql } from './fill-sql.ts'

/** Rows of one target: the numbers `offset + 1` to `offset + rows` of its table's. */
export interface Share {
  readonly target: FillTarget
  readonly offset: number
  readonly rows: number
}

/** A table to fill, and what was found out about it. */
export interface PlannedTable {
  readonly table: FillableTable
  readonly request: FillTable
  /** Of all targets, in order; follow `rows`. */
  shares: readonly Share[]
  readonly choices: ReadonlyMap<number, TargetChoice>
  /** Rows that it has already. */
  readonly existing: number
  /** To make; decided by {@link FillPlan.settleRows}. */
  rows: number
}

/** Spreads rows over targets: evenly, but a DEFAULT partition holds what no other takes, which is little. */
export function sharesOf({ targets }: FillableTable, rows: number): readonly Share[] {
  const total = targets.reduce((sum, { isDefault }) => sum + (isDefault ? 1 : 100), 0)
  let [offset, weight] = [0, 0]
  return targets.map((target) => {
    weight += target.isDefault ? 1 : 100
    const end = Math.round((rows * weight) / total)
    const share = { target, offset, rows: end - offset }
    offset = end
    return share
  })
}

/** Real rows of a parent that is not filled: its keys as texts, by column. */
export type RealKeys = ReadonlyMap<string, readonly string[]>

/** SQL of a column's value: of the row's number, and of a variant (SQL of a number; undefined for the usual value). */
export interface ColumnSql {
  readonly value: (g: string, variant?: string) => string
  /** Every variant is the same: unique, or others refer to it. */
  readonly fixed: boolean
  /** Columns that vary together. */
  readonly group: number
  /** NULL wherever it is never anything else. */
  readonly empty: boolean
}

/** Decides from which number every column of every table gets its value, so that keys and references hold. */
export class FillPlan {
  readonly tables: ReadonlyMap<number, PlannedTable>
  private readonly catalog: FillCatalog
  private readonly realKeys: Map<number, RealKeys>
  private readonly keyPlans = new Map<number, KeyPlan>()
  private readonly targets = new Set<string>()
  private readonly failed = new Set<number>()
  private readonly resolving = new Set<string>()

  constructor(
    catalog: FillCatalog,
    tables: readonly PlannedTable[],
    realKeys: ReadonlyMap<number, RealKeys>,
  ) {
    this.catalog = catalog
    this.tables = new Map(tables.map((table) => [table.table.oid, table]))
    this.realKeys = new Map(realKeys)
    for (const { table } of tables) {
      for (const { parentColumns, key } of links(catalog, table)) {
        for (const column of parentColumns) this.targets.add(`${key.parent}.${column}`)
      }
    }
    this.settleRows()
  }

  /** Children that come later do not refer to it. */
  giveUp(oid: number): void {
    this.failed.add(oid)
    this.keyPlans.clear()
  }

  /** Children that come later refer to these rows of it, whatever was planned. */
  useRows(oid: number, keys: RealKeys): void {
    this.giveUp(oid)
    this.realKeys.set(oid, keys)
  }

  /** Foreign keys that nothing can satisfy: the parent stays empty and a column may not be NULL. */
  orphaned(planned: PlannedTable): readonly string[] {
    return links(this.catalog, planned.table)
      .filter(
        ({ key, columns }) =>
          this.parentRows(key) === 0 && columns.some((column) => !this.isNullable(planned, column)),
      )
      .map(({ key }) => key.name)
  }

  keysOf(planned: PlannedTable): KeyPlan {
    const known = this.keyPlans.get(planned.table.oid)
    if (known !== undefined) return known
    const mine = links(this.catalog, planned.table)
    const digits = new Map<string, Digit>()
    for (const { key, columns } of mine) {
      const open = columns.filter((column) => !digits.has(column))
      const capacity = key.parent === planned.table.oid ? planned.rows : this.parentRows(key)
      const digit = {
        columns: open,
        capacity: capacity === 0 ? Number.POSITIVE_INFINITY : capacity,
        free: false,
      }
      for (const column of open) digits.set(column, digit)
    }
    const digitOf = (column: string): Digit => {
      const digit = digits.get(column) ?? this.freeDigit(planned, column)
      digits.set(column, digit)
      return digit
    }
    const canBeNull = (column: string): boolean =>
      this.isNullable(planned, column) && !this.isTarget(planned, column)
    const plan = planKeys(planned.table.keys, planned.rows, digitOf, canBeNull)
    this.keyPlans.set(planned.table.oid, plan)
    return plan
  }

  private freeDigit(planned: PlannedTable, column: string): Digit {
    const capacities = planned.shares.map(({ target, rows }) => {
      const choice = planned.choices.get(target.oid)?.columns.get(column)
      const capacity = choice?.generator?.capacity ?? 1
      return isLocal(planned, target, column) && capacity >= rows ? Number.POSITIVE_INFINITY : capacity
    })
    const capacity = Math.max(1, Math.min(...capacities))
    return { columns: [column], capacity, free: capacity >= planned.rows }
  }

  /** No more rows than keys have values; a parent with fewer rows may have fewer values for its children. */
  private settleRows(): void {
    for (let round = 0, changed = true; changed && round < 20; round += 1) {
      changed = false
      for (const planned of this.tables.values()) {
        const { mostRows } = this.keysOf(planned)
        if (mostRows >= planned.rows) continue
        planned.rows = mostRows
        planned.shares = sharesOf(planned.table, mostRows)
        changed = true
      }
      this.keyPlans.clear()
    }
  }

  /** Of the rows that a foreign key may point to. */
  private parentRows(key: SeedForeignKey): number {
    const parent = this.tables.get(key.parent)
    if (parent !== undefined && !this.failed.has(key.parent) && parent.rows > 0) return parent.rows
    return Math.max(0, ...[...(this.realKeys.get(key.parent)?.values() ?? [])].map(({ length }) => length))
  }

  private isNullable({ choices, shares }: PlannedTable, column: string): boolean {
    return shares.every(({ target }) => choices.get(target.oid)?.columns.get(column)?.nullable === true)
  }

  private isTarget({ table }: PlannedTable, column: string): boolean {
    return this.targets.has(`${table.oid}.${column}`)
  }

  /** How a column of a target gets its values. */
  column(planned: PlannedTable, share: Share, choice: ColumnChoice): ColumnSql {
    const { table } = planned
    const name = choice.column.name
    const link = links(this.catalog, table).find(({ columns }) => columns.includes(name))
    const unique = this.keysOf(planned).ordinals.get(name)
    const fixed = unique !== undefined || this.isTarget(planned, name)
    const statistics = planned.request.columns?.find((column) => column.name === name)
    const group = link === undefined ? 1000 + choice.column.number : groupOf(table, link)
    if (link !== undefined && this.parentRows(link.key) === 0) {
      const plain = this.plain(planned, share, choice)
      const empty = choice.nullable && !fixed
      return { value: empty ? () => 'null' : (g) => plain(g), fixed: true, group, empty }
    }
    const base =
      link === undefined
        ? (g: string, variant?: string) => this.plain(planned, share, choice)(g, variant)
        : (g: string, variant?: string) => this.reference(planned, share, choice, link, g, variant)
    const withNull = this.withNulls(planned, choice, base, { group, statistics, link })
    return { value: withNull, fixed, group, empty: false }
  }

  private withNulls(
    planned: PlannedTable,
    choice: ColumnChoice,
    base: (g: string, variant?: string) => string,
    {
      group,
      statistics,
      link,
    }: { group: number; statistics: ColumnStatistics | undefined; link: Link | undefined },
  ): (g: string, variant?: string) => string {
    const { name } = choice.column
    const above = this.keysOf(planned).nullAbove.get(name)
    if (above !== undefined) return (g, variant) => `case when ${g} <= ${above} then ${base(g, variant)} end`
    const free = choice.nullable && !this.isTarget(planned, name)
    // A composite key that is NULL in part refers to nothing: all of its columns are NULL together.
    const together = link === undefined || link.columns.every((column) => this.isNullable(planned, column))
    const single = planned.table.keys.some(
      ({ nullsDistinct, columns }) => !nullsDistinct && columns.includes(name),
    )
    const share = free && together && !single ? (statistics?.nullFraction ?? 0) : 0
    if (share <= 0) return base
    return (g, variant) =>
      `case when ${hashSql(g, group * 7 + 3)} % 10000 >= ${Math.round(share * 10_000)} then ${base(g, variant)} end`
  }

  /** A column that refers to nothing. */
  private plain(
    planned: PlannedTable,
    share: Share,
    choice: ColumnChoice,
  ): (g: string, variant?: string) => string {
    const { generator, type, column, style } = choice
    if (generator === undefined) return () => 'null'
    const local = isLocal(planned, share.target, column.name)
    const unique = this.keysOf(planned).ordinals.get(column.name)
    const fixed = unique !== undefined || this.isTarget(planned, column.name)
    const statistics = planned.request.columns?.find(({ name }) => name === column.name)
    const rows = local ? share.rows : planned.rows
    const usual = unique ?? ordinalFor(choice, statistics, rows)
    return (g, variant) => {
      const own = local ? `(${g} - ${share.offset})` : g
      const n =
        variant === undefined || fixed
          ? usual(own)
          : pickSql(
              `(${own} * 131 + ${variant})`,
              style.salt + 5,
              Math.min(generator.capacity, Math.max(rows, 2)),
            )
      return `(${generator.sql(n)})::${type}`
    }
  }

  private reference(
    planned: PlannedTable,
    share: Share,
    choice: ColumnChoice,
    link: Link,
    g: string,
    variant: string | undefined,
  ): string {
    const { name } = choice.column
    const at = link.columns.indexOf(name)
    const parentColumn = link.parentColumns[at] ?? ''
    const key = `${planned.table.oid}.${name}`
    // Tables that share their keys in a circle: row n of each refers to row n of the next.
    if (this.resolving.has(key)) return this.plain(planned, share, choice)(g)
    this.resolving.add(key)
    try {
      const row = this.parentRow(planned, link, g, variant)
      return `(${this.keyOf(link.key.parent, parentColumn, row)})::${choice.type}`
    } finally {
      this.resolving.delete(key)
    }
  }

  /** The number of the parent row that a row refers to. */
  private parentRow(planned: PlannedTable, link: Link, g: string, variant?: string): string {
    const count = this.parentRows(link.key)
    const group = groupOf(planned.table, link)
    const shared = this.sharedRow(planned, link, g, variant)
    if (shared !== undefined) return shared
    const unique = link.columns
      .map((column) => this.keysOf(planned).ordinals.get(column))
      .find((one) => one !== undefined)
    if (unique !== undefined) return wrapSql(unique(g), count)
    if (link.columns.some((column) => this.isTarget(planned, column))) return wrapSql(g, count)
    if (variant !== undefined) return pickSql(`(${g} * 131 + ${variant})`, group, count)
    const statistics = planned.request.columns?.find(
      ({ name }) => link.columns.length === 1 && name === link.columns[0],
    )
    return referenceOrdinal(statistics, planned.rows, count, group)(g)
  }

  /**
   * A second foreign key that shares a column with the first (both hold the tenant): a row of its parent that has the
   * same value there. Found when the shared column counts round and round in the parent.
   */
  private sharedRow(planned: PlannedTable, link: Link, g: string, variant?: string): string | undefined {
    const all = links(this.catalog, planned.table)
    const at = link.columns.findIndex((column) => {
      const first = all.find(({ columns }) => columns.includes(column))
      return first !== undefined && first.key !== link.key
    })
    if (at === -1) return undefined
    const first = all.find(({ columns }) => columns.includes(link.columns[at] ?? ''))
    const parent = this.tables.get(link.key.parent)
    const inParent =
      parent &&
      links(this.catalog, parent.table).find(({ columns }) => columns.includes(link.parentColumns[at] ?? ''))
    if (first === undefined || inParent === undefined) return undefined
    const tenants = this.parentRows(inParent.key)
    const count = Math.floor(this.parentRows(link.key) / Math.max(1, tenants))
    if (count === 0 || tenants === 0) return undefined
    // Row m of the first parent belongs to the tenant (m - 1) % tenants + 1, too.
    const tenant = wrapSql(this.parentRow(planned, first, g, variant), tenants)
    return `(${tenant} + ${tenants}::int8 * (${pickSql(g, groupOf(planned.table, link), count)} - 1))`
  }

  /** A parent's key column in its row number `n`. */
  private keyOf(oid: number, column: string, n: string): string {
    const planned = this.tables.get(oid)
    if (planned === undefined || planned.rows === 0 || this.failed.has(oid)) {
      const texts = this.realKeys.get(oid)?.get(column) ?? []
      return `(array[${texts.map((text) => escapeLiteral(text)).join(', ')}]::text[])[(${n})::int4]`
    }
    const parts = planned.shares
      .filter(({ rows }) => rows > 0)
      .map((share) => ({ share, sql: this.keyIn(planned, share, column, n) }))
    const [only] = parts
    if (only !== undefined && parts.every(({ sql }) => sql === only.sql)) return only.sql
    const cases = parts.map(({ share, sql }) => `when ${n} <= ${share.offset + share.rows} then ${sql}`)
    return `case ${cases.join(' ')} end`
  }

  private keyIn(planned: PlannedTable, share: Share, column: string, n: string): string {
    const choice = planned.choices.get(share.target.oid)?.columns.get(column)
    return choice === undefined ? 'null' : this.column(planned, share, choice).value(n)
  }

  /** Tables, a parent before its children wherever there is no circle. */
  inOrder(): readonly PlannedTable[] {
    const done = new Set<PlannedTable>()
    const visit = (planned: PlannedTable, path: ReadonlySet<PlannedTable>): void => {
      if (done.has(planned) || path.has(planned)) return
      for (const { key } of links(this.catalog, planned.table)) {
        const parent = this.tables.get(key.parent)
        if (parent !== undefined) visit(parent, new Set([...path, planned]))
      }
      done.add(planned)
    }
    for (const planned of this.tables.values()) visit(planned, new Set())
    return [...done]
  }
}

/** Do the partition's bounds decide about the column? Then its values count from the partition's first row on. */
function isLocal({ choices }: PlannedTable, target: FillTarget, column: string): boolean {
  return (
    choices
      .get(target.oid)
      ?.conditions.some(({ check, columns }) => check === undefined && columns.includes(column)) === true
  )
}
