import {
  defineRule,
  isConstant,
  isSmall,
  levelsOf,
  displayName,
  formatRows,
  literalText,
  nodeIn,
  sourceTable,
  type QueryLevel,
} from '../../src/rule.ts'

export default defineRule({
  id: 'ban-unfiltered-write',
  title: 'Ban UPDATE and DELETE without a condition in the application’s queries',
  severity: 'error',
  since: '0.1.0',
  messages: {
    deletesAll: ({ table, size }: { table: string; size: string }) =>
      `Every row of ${table} is deleted${size}, because no condition says which.`,
    updatesAll: ({ table, size }: { table: string; size: string }) =>
      `Every row of ${table} is written anew${size}, because no condition says which.`,
  },
  query(context) {
    for (const level of levelsOf(context)) {
      if (level.tag === 'SelectStmt' || isFilteredAtAll(level)) continue
      const [target] = level.sources
      const table = target === undefined ? undefined : sourceTable(context.catalog, target)
      // a table that the migrations do not make is a temporary one
      if (table === undefined || isSmall(table)) continue
      const name = displayName(table)
      context.report(
        level.tag === 'DeleteStmt' ? 'deletesAll' : 'updatesAll',
        { table: name, size: table.rows === undefined ? '' : `, ${formatRows(table.rows)} in production` },
        {
          on: name,
          remedy: {
            summary:
              'Say which rows in a WHERE. If all of them are meant, do it in a migration or in batches, or say so in an allow comment above the query.',
            migrations: [],
          },
        },
      )
    }
  },
})

/** `WHERE true` and `WHERE 1 = 1` filter nothing. */
function isFilteredAtAll({ conditions }: QueryLevel): boolean {
  return conditions.some((condition) => {
    if (isConstant(condition)) return literalText(condition) !== 'true'
    const { lexpr, rexpr } = nodeIn(condition, 'A_Expr') ?? {}
    const same = literalText(lexpr) !== undefined && literalText(lexpr) === literalText(rexpr)
    return !same
  })
}
