import { readPredicate } from '../replay/seed-checks.ts'
import type { FillKey } from './fill-catalog.ts'
import { wrapSql } from './fill-sql.ts'

/** The number from which a column's value is made, as SQL of the row's number. */
export type Ordinal = (g: string) => string

/** One digit of a key: a column of its own, or the columns of one foreign key, which come from one parent row. */
export interface Digit {
  readonly columns: readonly string[]
  /** Different values that it has. */
  readonly capacity: number
  /** Columns of foreign keys and of CHECKs with few values do not carry the row number. */
  readonly free: boolean
}

/** Rows that only hold a key under a condition: above `from`, `predicate` has to be not true. */
export interface KeyLimit {
  readonly from: number
  readonly predicate: string
}

export interface KeyPlan {
  /** By column: what makes its key unique. Absent for columns that no key is about. */
  readonly ordinals: ReadonlyMap<string, Ordinal>
  /** Columns that have to stay NULL above this row: their key has no more values. */
  readonly nullAbove: ReadonlyMap<string, number>
  readonly limits: readonly KeyLimit[]
  /** Rows that fit; infinite when keys do not limit them. */
  readonly mostRows: number
}

const everyRow: Ordinal = (g) => g

/**
 * Gives every key a column that carries the row number, or, where it has none (all foreign keys, short types), its
 * columns the digits of the row number in a mixed radix.
 * @param digitOf of a column
 */
export function planKeys(
  keys: readonly FillKey[],
  rows: number,
  digitOf: (column: string) => Digit,
  canBeNull: (column: string) => boolean,
): KeyPlan {
  const plan = new KeyPlanner(rows, digitOf, canBeNull)
  for (const key of keys) plan.add(key)
  return plan
}

class KeyPlanner implements KeyPlan {
  readonly ordinals = new Map<string, Ordinal>()
  readonly nullAbove = new Map<string, number>()
  readonly limits: KeyLimit[] = []
  mostRows = Number.POSITIVE_INFINITY
  private readonly rows: number
  private readonly digitOf: (column: string) => Digit
  private readonly canBeNull: (column: string) => boolean

  constructor(rows: number, digitOf: (column: string) => Digit, canBeNull: (column: string) => boolean) {
    this.rows = rows
    this.digitOf = digitOf
    this.canBeNull = canBeNull
  }

  add(key: FillKey): void {
    const inExpressions = key.expressions.flatMap((sql) => readPredicate(sql)?.columns ?? [])
    const carries = (column: string): boolean => this.ordinals.get(column) === everyRow
    if (key.columns.some(carries)) return
    if (inExpressions.length > 0 && inExpressions.every(carries)) return
    const plain = key.columns.map((column) => ({ column, digit: this.digitOf(column) }))
    const free = plain.find(
      ({ column, digit }) => digit.free && digit.capacity >= this.rows && !this.ordinals.has(column),
    )
    if (free !== undefined) return void this.ordinals.set(free.column, everyRow)
    for (const column of inExpressions) {
      const digit = this.digitOf(column)
      if (digit.capacity >= this.rows) for (const one of digit.columns) this.carry(one)
    }
    if (inExpressions.some(carries)) return
    this.mix(key, [...new Set(plain.map(({ digit }) => digit))])
  }

  private carry(column: string): void {
    if (!this.ordinals.has(column)) this.ordinals.set(column, everyRow)
  }

  private mix(key: FillKey, digits: readonly Digit[]): void {
    const open = digits.filter(({ columns }) => columns.every((column) => !this.ordinals.has(column)))
    // Digits that an earlier key gave out stay as they are; that the rest is enough is for the server to tell.
    const sorted = open.toSorted((a, b) => b.capacity - a.capacity)
    let below = 1
    for (const { columns, capacity } of sorted) {
      const ordinal = digitOrdinal(below, capacity)
      for (const column of columns)
        this.ordinals.set(column, below === 1 && capacity >= this.rows ? everyRow : ordinal)
      below = Math.min(below * capacity, Number.MAX_SAFE_INTEGER)
    }
    if (open.length === 0 || below >= this.rows) return
    const nullable =
      key.nullsDistinct && !key.exclusion ? key.columns.find((column) => this.canBeNull(column)) : undefined
    if (key.predicate !== null) this.limits.push({ from: below, predicate: key.predicate })
    else if (nullable !== undefined)
      for (const column of this.digitOf(nullable).columns) this.nullAbove.set(column, below)
    else this.mostRows = Math.min(this.mostRows, below)
  }
}

/** The digits below it shift a digit, so that a few rows have all of its values. */
function digitOrdinal(below: number, capacity: number): Ordinal {
  if (below === 1) return (g) => wrapSql(g, capacity)
  return (g) => `(((${g} - 1) / ${below} + (${g} - 1) % ${below}) % ${capacity} + 1)`
}
