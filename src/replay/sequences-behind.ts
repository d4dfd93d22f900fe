import type { Client } from 'pg'
import type { CatalogSequence, CatalogTable } from '../core/model.ts'
import { quoteIdentifier } from '../postgres/quote.ts'
import { seededKeyRanges } from './seed-values.ts'
import type { SequenceRow } from './schema-catalog-rows.ts'

export type Behind = NonNullable<CatalogSequence['behind']>

/**
 * Which sequences, by their ids, will give a value that a row of their column has already, where that column alone is
 * unique. One that comes round (CYCLE) or goes down does not count, nor does a column that is no plain integer. Rows are
 * looked for with the column's own index.
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
    const { rows } = await client.query<Answer>(part.map(({ sql }, at) => sql(at)).join('\nunion all\n'))
    for (const { at, next, untouched, written, seeded } of rows) {
      const question = part[at]
      if (question === undefined || next === null) continue
      const { id, table, column } = question
      if (written !== null) found.set(id, { table, column, next, highest: written })
      else if (seeded !== null && untouched && !found.has(id))
        found.set(id, { table, column, next, highest: seeded, isOfSeededRows: true })
    }
  }
  return found
}

const batch = 500

interface Answer {
  readonly at: number
  /** What the sequence gives next; null where it has come to its end. */
  readonly next: string | null
  /** It has given no value yet, and begins at 1. */
  readonly untouched: boolean
  /** The highest value among rows of the migrations, and among those that we made. */
  readonly written: string | null
  readonly seeded: string | null
}

interface Question extends Pick<Behind, 'table' | 'column'> {
  readonly id: number
  readonly sql: (at: number) => string
}

function questionsOf(sequence: SequenceRow, tables: ReadonlyMap<number, CatalogTable>): readonly Question[] {
  const { id, owner, increment, cycles } = sequence
  if (cycles || BigInt(increment) < 1n) return []
  const drawers = [...(sequence.drawers ?? []), ...(owner?.isIdentity === true ? [owner] : [])]
  return drawers.flatMap(({ table: tableId, column: number }): readonly Question[] => {
    const table = tables.get(tableId)
    const column = table?.columns.find((one) => one.number === number)
    if (table === undefined || column === undefined || !integers.has(column.type)) return []
    if (!isUnique(table, column.name)) return []
    const sql = (at: number): string => highestSql(at, table, column.name, sequence)
    return [{ id, sql, table: `${table.schema}.${table.name}`, column: column.name }]
  })
}

const integers: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint'])

/** `t`: a table may have the name `s` too. setval(…, false) makes the value itself the next one: pg_sequence_last_value() does not tell. */
function highestSql(
  at: number,
  table: CatalogTable,
  column: string,
  { schema, name: sequence, increment }: SequenceRow,
): string {
  const name = `t.${quoteIdentifier(column)}`
  const isSeeded = seededKeyRanges.map(([low, high]) => `${name} between ${low} and ${high}`).join(' or ')
  const isHit = increment === '1' ? 'true' : `(${name}::numeric - s.next) % ${BigInt(increment)} = 0`
  return `select ${at} as at, s.next::text as next, s.untouched, f.written::text as written, f.seeded::text as seeded
    from (select nullif(last_value, ${maxBigint}) + case when is_called then ${BigInt(increment)} else 0 end as next,
        not is_called and last_value = 1 as untouched
      from ${quoteIdentifier(schema)}.${quoteIdentifier(sequence)}) s,
    lateral (select max(${name}) filter (where not (${isSeeded}) and ${isHit}) as written,
        max(${name}) filter (where ${isSeeded}) as seeded
      from ${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)} t where ${name} >= s.next) f`
}

const maxBigint = '9223372036854775807'

function isUnique({ indexes }: CatalogTable, column: string): boolean {
  return indexes.some(
    ({ isUnique: unique, isValid, keys, predicate }) =>
      unique && isValid && predicate === undefined && keys.length === 1 && keys[0]?.column === column,
  )
}
