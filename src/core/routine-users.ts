/** What of tables calls a function: results that are stored, or that rows were checked by. */
import { displayName } from './locks.ts'
import { isOrdinaryTable } from './schema-changes.ts'
import type { CatalogIndex, CatalogRoutine, CatalogTable, SchemaCatalogs } from './schema-catalog.ts'

export interface RoutineUsers {
  readonly indexes: readonly { readonly index: CatalogIndex; readonly table: CatalogTable }[]
  /** `the column orders.search`, `the constraint orders_check of orders` */
  readonly rows: readonly string[]
}

/** Users that are the same objects before and after: what the review made anew was computed anew. */
export function usersOfRoutine(schema: SchemaCatalogs, routine: CatalogRoutine): RoutineUsers {
  const after = new Map(schema.after.tables.map((table) => [table.id, table]))
  const tables = schema.before.tables.flatMap((before) => {
    const table = after.get(before.id)
    return table === undefined ? [] : [{ before, table }]
  })
  const calls = (text: string | undefined): boolean => text !== undefined && callsRoutine(text, routine)
  return {
    indexes: tables.flatMap(({ before, table }) =>
      table.indexes
        .filter(({ id }) => before.indexes.some((index) => index.id === id))
        .filter(({ keys, predicate }) => calls(predicate) || keys.some(({ expression }) => calls(expression)))
        .filter(({ partitionOf }) => partitionOf === undefined)
        .map((index) => ({ index, table })),
    ),
    rows: tables
      .filter(({ table }) => isOrdinaryTable(table) && table.partitionOf === undefined)
      .flatMap(({ before, table }) => [
        ...table.columns
          .filter(
            ({ generated, number }) =>
              generated?.kind === 'stored' && before.columns.some((one) => one.number === number),
          )
          .filter(({ generated }) => calls(generated?.expression))
          .map(({ name }) => `the column ${displayName(table)}.${name}`),
        ...table.constraints
          .filter(({ kind, definition, isValidated }) => kind === 'check' && isValidated && calls(definition))
          .filter(({ name }) => before.constraints.some((one) => one.name === name))
          .map(({ name }) => `the constraint ${name} of ${displayName(table)}`),
      ]),
  }
}

/** Does the expression call a function of this name? Deparsed ones name its schema, written ones may not. */
export function callsRoutine(
  expression: string,
  { schema, name }: { readonly schema: string; readonly name: string },
): boolean {
  const part = (word: string): string => `"?${word.replaceAll(/[^\w]/g, '\\$&')}"?`
  return new RegExp(`(?<![\\w".])(?:${part(schema)}\\.)?${part(name)}\\(`, 'u').test(expression)
}
