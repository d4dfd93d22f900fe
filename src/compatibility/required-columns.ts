import type { InsertShape } from './query-shape.ts'
import type { Refusal } from './query-state.ts'
import type { ColumnFact, TableFacts } from './table-facts.ts'

/**
 * An INSERT that omits a column which is NOT NULL and has no default fails for every row (ExecConstraints() in
 * execMain.c); Postgres says so only when it is executed. A trigger may fill the column: then it is `unfilled`.
 */
export function omittedColumn(
  inserts: readonly InsertShape[],
  tables: ReadonlyMap<string, TableFacts>,
): { readonly refusal?: Refusal; readonly unfilled?: string } {
  let unfilled: string | undefined
  for (const insert of inserts) {
    const table = tables.get(insert.relation)
    if (table === undefined || !/^[rp]$/.test(table.kind) || table.hasInsertRule) continue
    const omitted = requiredColumn(insert, table)
    if (omitted === undefined) continue
    const object = `${table.schema}.${table.name}.${omitted.name}`
    if (!table.hasInsertTrigger) return { refusal: refusalFor(table, omitted, object) }
    unfilled = object
  }
  return unfilled === undefined ? {} : { unfilled }
}

function requiredColumn({ columns }: InsertShape, table: TableFacts): ColumnFact | undefined {
  if (columns === undefined) return undefined
  const given =
    typeof columns === 'number' ? table.columns.slice(0, columns).map(({ name }) => name) : columns
  return table.columns.find(({ name, notNull, isFilled }) => notNull && !isFilled && !given.includes(name))
}

function refusalFor(table: TableFacts, column: ColumnFact, object: string): Refusal {
  return {
    sqlstate: '23502',
    message: `null value in column "${column.name}" of relation "${table.name}" violates not-null constraint`,
    evidence: 'derived',
    reason: 'required column omitted',
    object,
  }
}

/** The fields that COPY without a list of columns expects, as one text; undefined for other statements. */
export function copyFields(
  inserts: readonly InsertShape[],
  tables: ReadonlyMap<string, TableFacts>,
): readonly string[] | undefined {
  const copy = inserts.find(({ isCopy }) => isCopy === true)
  const table = copy === undefined ? undefined : tables.get(copy.relation)
  return table?.columns.filter(({ isGenerated }) => !isGenerated).map(({ name }) => name)
}
