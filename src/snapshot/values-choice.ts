import { UsageError } from '../core/errors.ts'
import { quoteLiteral } from '../postgres/quote.ts'

/** Of which columns the statistics may show values: they are data. */
export type ValuesChoice =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'some'; readonly columns: readonly ChosenColumn[] }

export interface ChosenColumn {
  /** Undefined: in every schema. */
  readonly schema?: string
  readonly table: string
  readonly column: string
}

/**
 * What `--with-values[=columns]` says: nothing, all, or a list of `table.column` and `schema.table.column`, with
 * quotes as in SQL where a name needs them; names without are folded to lower case, as in SQL.
 * @throws {UsageError} for what is no list of columns
 */
export function parseValuesChoice(flag: string | boolean | undefined): ValuesChoice {
  if (flag === undefined || flag === false) return { kind: 'none' }
  if (flag === true) return { kind: 'all' }
  return { kind: 'some', columns: splitList(flag).map(parseColumn) }
}

const part = /\s*(?:"((?:[^"]|"")+)"|([^\s".,]+))\s*([.,]|$)/y

function splitList(list: string): string[][] {
  const columns: string[][] = [[]]
  part.lastIndex = 0
  for (;;) {
    const [, quoted, plain = '', end] = part.exec(list) ?? []
    if (end === undefined) throw notColumns(list)
    columns.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain.toLowerCase())
    if (end === '') return columns
    if (end === ',') columns.push([])
  }
}

function parseColumn(names: readonly string[]): ChosenColumn {
  const [column, table, schema, ...rest] = names.toReversed()
  if (column === undefined || table === undefined || rest.length > 0) throw notColumns(names.join('.'))
  return { table, column, ...(schema === undefined ? {} : { schema }) }
}

function notColumns(text: string): UsageError {
  return new UsageError(`--with-values does not understand ${JSON.stringify(text)}.`, {
    hint: 'Write columns as table.column or schema.table.column, separated by commas: --with-values=orders.status',
  })
}

/** A condition on the rows of pg_stats. */
export function valuesCondition(choice: ValuesChoice): string {
  if (choice.kind !== 'some') return String(choice.kind === 'all')
  const conditions = choice.columns.map(({ schema, table, column }) =>
    [
      ...(schema === undefined ? [] : [`schemaname = ${quoteLiteral(schema)}`]),
      `tablename = ${quoteLiteral(table)}`,
      `attname = ${quoteLiteral(column)}`,
    ].join(' and '),
  )
  return conditions.join(' or ')
}
