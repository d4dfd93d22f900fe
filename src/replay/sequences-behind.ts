import type { Client } from 'pg'
import type { CatalogSequence, CatalogTable } from '../core/model.ts'
import { quoteIdentifier } from '../postgres/quote.ts'
import type { SequenceRow } from './schema-catalog-rows.ts'

export type Behind = NonNullable<CatalogSequence['behind']>

/** Nothing but these can hold what a sequence gives without a cast that we would have to follow. */
const numberTypes: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint'])

/**
 * Which sequences, by their ids, will give a value that a row of their column has already, where that column alone is
 * unique. A sequence that has come round (CYCLE), or that ends before that value, does not count. Rows are looked for
 * with the column's own index.
 */
export async function sequencesBehind(
  client: Client,
  sequences: readonly SequenceRow[],
  tables: readonly CatalogTable[],
): Promise<ReadonlyMap<number, Behind>> {
  const byId = new Map(tables.map((table) => [table.id, table]))
  const asked = sequences.flatMap((sequence) => questionsOf(sequence, byId))
  const found = new Map<number, Behind>()
  for (let from = 0; from < asked.length; from += batch) {
    const part = asked.slice(from, from + batch)
    const { rows } = await client.query<{ at: number; highest: string | null }>(
      part.map(({ sql }, at) => `select ${at} as at, (${sql})::text as highest`).join('\nunion all\n'),
    )
    for (const { at, highest } of rows) {
      const question = part[at]
      if (highest !== null && question !== undefined) found.set(question.id, { ...question.behind, highest })
    }
  }
  return found
}

const batch = 500

interface Question {
  readonly id: number
  readonly sql: string
  readonly behind: Omit<Behind, 'highest'>
}

function questionsOf(sequence: SequenceRow, tables: ReadonlyMap<number, CatalogTable>): readonly Question[] {
  const { id, owner, increment, cycles, last, start } = sequence
  if (cycles) return []
  const step = BigInt(increment)
  const next = last === null ? BigInt(start) : BigInt(last) + step
  const drawers = [...(sequence.drawers ?? []), ...(owner?.isIdentity === true ? [owner] : [])]
  return drawers.flatMap(({ table: tableId, column: number }): readonly Question[] => {
    const table = tables.get(tableId)
    const column = table?.columns.find((one) => one.number === number)
    if (table === undefined || column === undefined || !numberTypes.has(column.type)) return []
    if (!isUnique(table, column.name)) return []
    const name = quoteIdentifier(column.name)
    const [furthest, beyond, distance] =
      step > 0n
        ? ['max', `${name} >= ${next}`, `(${name}::numeric - ${next}) % ${step}`]
        : ['min', `${name} <= ${next}`, `(${next} - ${name}::numeric) % ${-step}`]
    return [
      {
        id,
        sql: `select ${furthest}(${name}) from ${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)} where ${beyond} and ${distance} = 0`,
        behind: { table: `${table.schema}.${table.name}`, column: column.name, next: String(next) },
      },
    ]
  })
}

function isUnique({ indexes }: CatalogTable, column: string): boolean {
  return indexes.some(
    ({ isUnique: unique, isValid, keys, predicate }) =>
      unique && isValid && predicate === undefined && keys.length === 1 && keys[0]?.column === column,
  )
}
