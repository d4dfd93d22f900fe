import type {
  CatalogConstraint,
  CatalogTable,
  Remedy,
  SchemaCatalogs,
  Statement,
  StatementSettings,
} from '../core/model.ts'
import { objectName, quoteIdent, quoteName } from './quote.ts'
import { stepOutsideTransaction, stepWithLockTimeout } from './remedies.ts'
import { isOpaque } from './statement-nodes.ts'

/**
 * The index that a foreign key wants, beside the statement that adds the key: before it where the columns are there
 * already, concurrently unless the run makes the table.
 */
export function indexForKey(
  schema: SchemaCatalogs,
  { table, constraint }: { readonly table: CatalogTable; readonly constraint: CatalogConstraint },
  { statement, settings }: { readonly statement: Statement; readonly settings: StatementSettings },
): Remedy {
  const before = schema.before.tables.find(({ id }) => id === table.id)
  const summary =
    before === undefined ? 'Build the index with the table.' : 'Build the index, in a migration of its own.'
  if (isOpaque(statement) || (before !== undefined && table.kind !== 'table'))
    return { summary, migrations: [] }
  const columns = constraint.columns.map(quoteIdent).join(', ')
  const on = `${quoteIdent(freeName(schema, table, constraint))} ON ${quoteName(table)} (${columns})`
  const itself = statement.inTransactionBlock
    ? stepWithLockTimeout(settings, statement.sql)
    : stepOutsideTransaction(statement.sql)
  if (before === undefined)
    return { summary, migrations: [{ ...itself, sql: `${itself.sql}\nCREATE INDEX ${on};` }] }
  const index = stepOutsideTransaction(`CREATE INDEX CONCURRENTLY ${on}`)
  const isThere = constraint.columns.every((name) => before.columns.some((column) => column.name === name))
  return { summary, migrations: isThere ? [index, itself] : [itself, index] }
}

/** As Postgres would choose it: table_columns_idx, with a number where that is taken. */
function freeName({ after }: SchemaCatalogs, table: CatalogTable, { columns }: CatalogConstraint): string {
  const taken = new Set(after.tables.flatMap((one) => [one.name, ...one.indexes.map(({ name }) => name)]))
  const wanted = objectName(table.name, ...columns, 'idx')
  let number = 0
  let name = wanted
  while (taken.has(name)) name = objectName(table.name, ...columns, `idx${(number += 1)}`)
  return name
}
