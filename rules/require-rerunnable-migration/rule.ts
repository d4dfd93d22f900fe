import { defineRule, failsAgain, isOpaque, type Statement } from '../../src/rule.ts'

export default defineRule({
  id: 'require-rerunnable-migration',
  title: 'Require that a file without a transaction can be run again',
  severity: 'info',
  since: '0.1.0',
  preset: 'strict',
  messages: {
    inTheWay: ({ count }: { count: string }) =>
      `When a later one of the ${count} statements fails, running the file again stops at this one.`,
  },
  run({ statements, report }) {
    for (const migration of new Set(statements.map((one) => one.migration))) {
      const own = statements.filter(
        ({ migration: of, statement }) => of === migration && changesSomething(statement),
      )
      if (own.length < 2 || own.some(({ statement }) => statement.inTransactionBlock)) continue
      const all = own.map(({ statement }) => statement)
      const at = own.slice(0, -1).find(({ statement }, index) => failsAgain(statement, all.slice(0, index)))
      if (at === undefined) continue
      const isIndex = at.statement.tag === 'IndexStmt'
      report(
        'inTheWay',
        { count: String(own.length) },
        {
          at,
          because: [],
          remedy: {
            summary: isIndex
              ? 'Put DROP INDEX CONCURRENTLY IF EXISTS before it, or give it a file of its own.'
              : 'Write it with IF EXISTS, IF NOT EXISTS or OR REPLACE, or give it a file of its own.',
            migrations: [],
          },
        },
      )
    }
  },
})

function changesSomething(statement: Statement): boolean {
  return (
    !['VariableSetStmt', 'TransactionStmt', 'VariableShowStmt'].includes(statement.tag) &&
    !isOpaque(statement)
  )
}
