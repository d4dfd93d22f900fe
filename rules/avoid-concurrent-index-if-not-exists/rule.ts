import {
  createIndexSql,
  defineRule,
  displayName,
  droppedNames,
  existingTableLocks,
  lockNamed,
  nodeOf,
  quoteName,
  stepOutsideTransaction,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-concurrent-index-if-not-exists',
  title: 'Avoid IF NOT EXISTS with CREATE INDEX CONCURRENTLY',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    keepsInvalid: ({ index, table }: { index: string; table: string }) =>
      `After a failed attempt ${table} keeps an invalid ${index}, and this statement then does nothing about it.`,
  },
  statement(context) {
    const { statement, effects, report } = context
    const node = nodeOf(statement, 'IndexStmt')
    if (node?.concurrent !== true || node.if_not_exists !== true) return
    const name = node.idxname
    const lock = lockNamed(existingTableLocks(effects), node.relation)
    if (lock === undefined || name === undefined) return
    // dropped first, a leftover cannot be there
    if (context.earlier.some((view) => droppedNames(view.statement).some(({ relname }) => relname === name)))
      return
    // code that asks whether this very index is valid does something about it
    if (context.migration.validityLookUps?.some((sql) => sql.includes(name)) === true) return
    const create = createIndexSql(statement, { name, concurrently: true })
    const drop = `DROP INDEX CONCURRENTLY IF EXISTS ${quoteName({ schema: lock.relation.schema, name })}`
    report(
      'keepsInvalid',
      { index: name, table: displayName(lock.relation) },
      {
        on: `${displayName(lock.relation)}.${name}`,
        because: [lock],
        notes: [
          'IF NOT EXISTS looks for the name only; an invalid index is maintained by every write and used by no query.',
        ],
        remedy: {
          summary: 'Drop what an earlier attempt may have left, then create the index without IF NOT EXISTS.',
          migrations:
            create === undefined ? [] : [stepOutsideTransaction(drop), stepOutsideTransaction(create)],
        },
      },
    )
  },
})
