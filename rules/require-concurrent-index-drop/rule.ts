import {
  blockingLocks,
  catalogEffects,
  defineRule,
  droppedNames,
  isOpaque,
  nameAll,
  nodeOf,
  quoteName,
  stepOutsideTransaction,
  type RemedyStep,
  type Statement,
} from '../../src/rule.ts'

export default defineRule({
  id: 'require-concurrent-index-drop',
  title: 'Require DROP INDEX CONCURRENTLY on tables that are in use',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    blocksQueries: ({ indexes, tables }: { indexes: string; tables: string }) =>
      `Dropping ${indexes} blocks every read and write of ${tables} until the transaction commits.`,
  },
  statement({ statement, effects, settings, report }) {
    const node = nodeOf(statement, 'DropStmt')
    if (node === undefined ? !isOpaque(statement) : node.removeType !== 'OBJECT_INDEX') return
    if (node?.concurrent === true) return
    // an index of a partitioned table cannot be dropped concurrently: nothing to advise
    const dropped = catalogEffects(effects, 'drop').filter(
      ({ object, existedBefore, change }) => object.kind === 'index' && existedBefore && !change.cascaded,
    )
    const locks = blockingLocks(effects)
    if (dropped.length === 0 || locks.length === 0) return
    report(
      'blocksQueries',
      {
        indexes: nameAll(dropped.map(({ object }) => object)),
        tables: nameAll(locks.map(({ relation }) => relation)),
      },
      {
        on: nameAll(dropped.map(({ object }) => object)),
        because: [...locks, ...dropped],
        // bounded by a lock_timeout, the lock is a matter of an instant
        ...(settings.lockTimeoutMs > 0 ? { severity: 'info' } : {}),
        remedy: {
          summary: 'Drop it concurrently, in a migration of its own that runs outside a transaction.',
          migrations: concurrentDrops(statement),
        },
      },
    )
  },
})

/** CONCURRENTLY takes one index at a time. */
function concurrentDrops(statement: Statement): readonly RemedyStep[] {
  const guarded = nodeOf(statement, 'DropStmt')?.missing_ok === true ? 'IF EXISTS ' : ''
  return droppedNames(statement).map(({ schemaname = '', relname }) =>
    stepOutsideTransaction(
      `DROP INDEX CONCURRENTLY ${guarded}${quoteName({ schema: schemaname, name: relname })}`,
    ),
  )
}
