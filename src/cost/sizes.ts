import { relationKey } from '../core/effects.ts'
import type { SizedTable } from '../core/cost-model.ts'
import type { Production, TableFacts } from '../core/production.ts'
import { assumedRowBytes } from './constants.ts'

/** A table's size in production; what is not known of it is derived from what is. */
export interface Size {
  readonly table: string
  readonly rows: number
  /** Main fork; undefined when only the rows are known. */
  readonly heapBytes: number | undefined
  readonly toastBytes: number
  readonly indexBytes: ReadonlyMap<string, number>
  readonly from: TableFacts['from']
}

export type Sizes = ReadonlyMap<string, Size>

/** All sizes by `schema.name`; as in tableFacts() what is configured goes before what was read. */
export function sizesOf({ tables }: Production): Sizes {
  const sizes = new Map<string, Size>()
  for (const facts of tables) {
    const key = relationKey(facts)
    const known = sizes.get(key)
    if (known === undefined || (facts.from === 'configuration' && known.from !== 'configuration'))
      sizes.set(key, toSize(key, facts))
  }
  return sizes
}

function toSize(
  table: string,
  { rows, heapBytes, toastBytes = 0, indexes = [], schema, from }: TableFacts,
): Size {
  // a table that was never analyzed has bytes and no rows (pg_class.reltuples -1)
  const known = rows > 0 || heapBytes === undefined ? Math.max(0, rows) : heapBytes / assumedRowBytes
  return {
    table,
    rows: known,
    heapBytes: heapBytes === 0 && known > 0 ? undefined : heapBytes,
    toastBytes,
    indexBytes: new Map(indexes.map(({ name, bytes }) => [`${schema}.${name}`, bytes])),
    from,
  }
}

/** As the report names it. */
export function toSizedTable({ table, rows, heapBytes, toastBytes, from }: Size): SizedTable {
  const sized = { table, rows: Math.round(rows), from }
  return heapBytes === undefined ? sized : { ...sized, bytes: heapBytes + toastBytes }
}
