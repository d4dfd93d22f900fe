import type { ColumnStatistics } from '../core/production.ts'
import type { ColumnChoice } from './fill-choose.ts'
import type { Ordinal } from './fill-keys.ts'
import { pickSql } from './fill-sql.ts'

/** The number of the parent row that a row refers to, where it is free to refer to any. */
export function referenceOrdinal(
  statistics: ColumnStatistics | undefined,
  rows: number,
  count: number,
  salt: number,
): Ordinal {
  const used =
    statistics === undefined ? count : Math.max(1, Math.min(count, distinctCount(statistics, rows)))
  if (Math.abs(statistics?.correlation ?? 0) >= 0.8)
    return (g) => `((${g} - 1) * ${used} / ${rows} % ${used} + 1)`
  return (g) => pickSql(g, salt, used)
}

function distinctCount({ distinct }: ColumnStatistics, rows: number): number {
  if (distinct === 0) return rows
  return Math.max(1, Math.round(distinct > 0 ? distinct : -distinct * rows))
}

/** For a column that no key is about. */
export function ordinalFor(
  choice: ColumnChoice,
  statistics: ColumnStatistics | undefined,
  rows: number,
): Ordinal {
  const capacity = choice.generator?.capacity ?? 1
  const { salt } = choice.style
  if (statistics === undefined) {
    const scattered =
      /^(int[248]|numeric|float[48]|money)$/.test(choice.type) ||
      /^(smallint|integer|bigint|double precision|real)$/.test(choice.type)
    if (capacity < rows && capacity > 1) return (g) => pickSql(g, salt, capacity)
    return scattered ? permuted(rows) : (g) => g
  }
  const used = distinctCount(statistics, rows)
  const ordered = Math.abs(statistics.correlation ?? 0) >= 0.8
  if (used >= rows * 0.9) return ordered ? (g) => g : permuted(rows)
  return ordered ? (g) => `((${g} - 1) * ${used} / ${rows} + 1)` : (g) => pickSql(g, salt, used)
}

/** Every number once, in no order. */
function permuted(rows: number): Ordinal {
  const modulus = nextPrime(rows + 1)
  const factor = Math.floor(modulus * 0.618_033_988) || 1
  return (g) => `((${g} * ${factor}::int8) % ${modulus})`
}

function nextPrime(from: number): number {
  for (let n = Math.max(2, from); ; n += 1) {
    let isPrime = true
    for (let factor = 2; factor * factor <= n && isPrime; factor += 1) isPrime = n % factor !== 0
    if (isPrime) return n
  }
}
