import { displayName } from '../core/locks.ts'
import type { CatalogTable, Preflight } from '../core/model.ts'
import { quoteIdent, quoteName } from './quote.ts'

/** Which values of a column a condition is true of, and of which table. */
export interface UnfitValues {
  readonly object: { readonly schema: string; readonly name: string }
  readonly column: string
  readonly condition: (value: string) => string
  /** For its primary key; absent: rows are told by ctid. */
  readonly table: CatalogTable | undefined
  /** What becomes of them, as SQL: shown beside them. */
  readonly result?: string | undefined
}

/** The question to production which values a new type does not hold, each with its key. */
export function unfitValues({ object, column, condition, table, result }: UnfitValues): Preflight {
  const key = table?.constraints.find(({ kind }) => kind === 'primary key')?.columns ?? ['ctid']
  const name = quoteIdent(column)
  const shown = [...new Set([...key.map(quoteIdent), name, ...(result === undefined ? [] : [result])])]
  return {
    question: `Which values of ${displayName(object)}.${column} does the new type not hold?`,
    sql: `SELECT ${shown.join(', ')} FROM ${quoteName(object)} WHERE ${condition(name)} LIMIT 100`,
    speed: 'slow',
    reading: 'No row: nothing is lost. Else decide about the rows listed before you change the type.',
  }
}

const lengthCheck =
  /^CHECK \(+(?:char_length|character_length|length)\(\(*"?([^()"]+)"?\)*(?:::text)?\)+ (<=?) (\d+)\)+$/

/**
 * Does a validated CHECK like (char_length(c) <= 10) say that all values fit into `character varying(10)`? One that is not
 * known counts as if it did.
 */
export function isProvenShort(table: CatalogTable | undefined, column: string, type: string): boolean {
  const length = Number(/^character(?: varying)?\((\d+)\)$/.exec(type)?.[1] ?? Number.NaN)
  return (table?.constraints ?? []).some(({ kind, isValidated, isEnforced, columns, definition }) => {
    if (kind !== 'check' || !isValidated || !isEnforced || Number.isNaN(length)) return false
    if (definition === undefined) return columns.length === 1 && columns[0] === column
    const [, checked, operator, bound] = lengthCheck.exec(definition) ?? []
    return checked === column && Number(bound) - (operator === '<' ? 1 : 0) <= length
  })
}
