import type { SeedColumn } from '../replay/seed-catalog.ts'
import { readPredicate } from '../replay/seed-checks.ts'
import type { FillableTable, FillCatalog } from './fill-catalog.ts'
import { linkedColumns } from './fill-links.ts'
import type { Style } from './fill-types.ts'
import type { FillTable } from './model.ts'

/**
 * What values of each column are wanted, by what the table's keys make of it.
 * @param bases the highest numbers that real rows use, by column
 */
export function stylesOf(
  catalog: FillCatalog,
  table: FillableTable,
  request: FillTable,
  bases: ReadonlyMap<string, bigint>,
): (column: SeedColumn, rows: number) => Style {
  const keys = new Set([
    ...table.keys.flatMap(({ columns }) => columns),
    ...table.keys.flatMap(({ expressions }) => expressions.flatMap(columnsIn)),
    ...linkedColumns(catalog, table),
  ])
  const daily = new Set(
    table.keys.flatMap(({ expressions, exclusion }) => (exclusion ? [] : expressions.flatMap(columnsIn))),
  )
  const phases = phasesOf(table)
  return (column, rows) => {
    const phase = phases.get(column.name)
    return {
      rows: Math.max(1, rows),
      salt: column.number * 64 + (table.oid % 1000),
      key: keys.has(column.name),
      base: bases.get(column.name) ?? 0n,
      ...(phase === undefined ? {} : { phase }),
      daily: daily.has(column.name),
      bytes: storedWidth(request.columns?.find(({ name }) => name === column.name)?.width),
      name: column.name,
    }
  }
}

/** Bytes of a page that one row may have; statistics count a pointer for what is in TOAST, so that none is wider. */
const mostRowBytes = 8160

function storedWidth(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.min(bytes, mostRowBytes)
}

/** Columns that an exclusion constraint makes one range of: the second begins where the first is over. */
function phasesOf({ keys }: FillableTable): ReadonlyMap<string, number> {
  const ranges = keys
    .filter(({ exclusion }) => exclusion)
    .flatMap(({ expressions }) => expressions.map(columnsIn))
    .filter(({ length }) => length > 1)
  return new Map(
    ranges.flatMap((columns) => columns.map((column, at) => [column, Math.min(7, at * 4)] as const)),
  )
}

function columnsIn(sql: string): readonly string[] {
  return readPredicate(sql)?.columns ?? []
}
