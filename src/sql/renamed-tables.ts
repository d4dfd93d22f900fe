import type { SchemaCatalogs, Statement, StatementSettings } from '../core/model.ts'
import { tableAfter } from './added-names.ts'
import { quoteIdent, quoteName } from './quote.ts'
import { stepWithLockTimeout, type RemedyStep } from './remedies.ts'

interface Name {
  readonly schema: string
  readonly name: string
}

/**
 * The rename with a view of the old name in its transaction, and the view's end once no code uses it. The view has the
 * table's columns and grants, and its readers' rights where the table has row security (security_invoker; PostgreSQL 15).
 */
export function renamedTableSteps(
  statement: Statement,
  settings: StatementSettings,
  { old, renamed }: { readonly old: Name; readonly renamed: Name },
  schema: SchemaCatalogs | undefined,
): readonly RemedyStep[] {
  const table = tableAfter(schema, renamed)
  const isSecured = table?.rowSecurity?.enabled === true
  if (isSecured && (settings.productionMajor ?? 15) < 15) return []
  const view = quoteName(old)
  // what the old code knows: columns that the run adds may not be there yet
  const before = schema?.before.tables.find(({ id }) => id === table?.id)
  const columns = (before ?? table)?.columns.map(({ name }) => quoteIdent(name)) ?? []
  // those of a view are not known to a prediction
  const list = columns.length === 0 ? '*' : columns.join(', ')
  const grants = (table?.grants ?? []).flatMap(({ grantee, privileges }) => {
    const passed = privileges.filter((privilege) => ofViews.has(privilege))
    const to = grantee === 'PUBLIC' ? grantee : quoteIdent(grantee)
    return passed.length === 0 ? [] : [`GRANT ${passed.join(', ')} ON ${view} TO ${to}`]
  })
  const options = isSecured ? ' WITH (security_invoker = true)' : ''
  return [
    stepWithLockTimeout(
      settings,
      statement.sql,
      `CREATE VIEW ${view}${options} AS SELECT ${list} FROM ${quoteName(renamed)}`,
      ...grants,
    ),
    { ...stepWithLockTimeout(settings, `DROP VIEW ${view}`), when: 'after the new code is out' },
  ]
}

const ofViews: ReadonlySet<string> = new Set(['DELETE', 'INSERT', 'SELECT', 'UPDATE'])
