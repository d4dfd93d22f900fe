import type { Config } from '../config/schema.ts'
import { parseTableName } from '../config/table-name.ts'
import type { TableFacts } from '../core/production.ts'

/**
 * The tables of a file with the sizes of the configuration in their place; what the configuration does not say of a
 * table stays as the file has it, in proportion.
 */
export function withConfiguredTables(
  tables: readonly TableFacts[],
  configured: Config['tables'] = {},
): readonly TableFacts[] {
  if (Object.keys(configured).length === 0) return tables
  const byName = new Map(tables.map((table) => [keyOf(table), table]))
  for (const [written, size] of Object.entries(configured)) {
    const name = parseTableName(written)
    if (name !== undefined) byName.set(keyOf(name), resized({ ...name, ...size }, byName.get(keyOf(name))))
  }
  return [...byName.values()]
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name])
}

interface Size {
  readonly schema: string
  readonly name: string
  readonly rows: number
  readonly bytes?: number
}

function resized({ schema, name, rows, bytes }: Size, known: TableFacts | undefined): TableFacts {
  const base = { schema, name, rows, from: 'configuration' } as const
  // what of the bytes is TOAST, only a file can tell
  const unsplit = bytes === undefined ? {} : { heapBytes: bytes }
  if (known === undefined) return { ...base, ...unsplit }
  const { heapBytes, toastBytes, indexes, ...rest } = known
  const growth = known.rows > 0 ? rows / known.rows : undefined
  const knownBytes = (heapBytes ?? 0) + (toastBytes ?? 0)
  const factor = bytes === undefined ? growth : knownBytes > 0 ? bytes / knownBytes : undefined
  return {
    ...rest,
    ...base,
    ...(factor === undefined ? unsplit : scaled({ heapBytes, toastBytes }, factor)),
    ...(growth === undefined || indexes === undefined
      ? {}
      : { indexes: indexes.map((index) => ({ ...index, bytes: Math.round(index.bytes * growth) })) }),
  }
}

function scaled(
  { heapBytes, toastBytes }: { heapBytes: number | undefined; toastBytes: number | undefined },
  factor: number,
): Pick<TableFacts, 'heapBytes' | 'toastBytes'> {
  return {
    ...(heapBytes === undefined ? {} : { heapBytes: Math.round(heapBytes * factor) }),
    ...(toastBytes === undefined ? {} : { toastBytes: Math.round(toastBytes * factor) }),
  }
}
