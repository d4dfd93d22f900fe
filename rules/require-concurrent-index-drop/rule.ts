import {
  blockingLocks,
  catalogEffects,
  defineRule,
  droppedNames,
  isOpaque,
  nameAll,
  nodeOf,
  quoteName,
  relationKey,
  stepOutsideTransaction,
  strongestPerRelation,
  type LockEffect,
  type RemedyStep,
  type Statement,
  type StatementContext,
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
  statement(context) {
    const { statement, effects, settings, report } = context
    if (!isAboutIndexes(statement)) return
    // an index of a partitioned table cannot be dropped concurrently: nothing to advise
    const dropped = catalogEffects(effects, 'drop').filter(
      ({ object, existedBefore, change }) => object.kind === 'index' && existedBefore && !change.cascaded,
    )
    const locks = locksFor(context)
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

function isAboutIndexes(statement: Statement): boolean {
  const node = nodeOf(statement, 'DropStmt')
  if (node === undefined) return isOpaque(statement)
  return node.removeType === 'OBJECT_INDEX' && node.concurrent !== true
}

/**
 * Its own, or what an earlier drop of the transaction has taken and still holds: that one dropped concurrently, this one
 * would take it. Behind any other statement that locks the table, dropping costs nobody anything more.
 */
function locksFor({
  statement,
  effects,
  transaction,
}: Pick<StatementContext<never>, 'statement' | 'effects' | 'transaction'>): readonly LockEffect[] {
  const own = blockingLocks(effects)
  if (own.length > 0) return own
  const before = transaction.statements.findIndex((one) => one.statement === statement)
  const drops = transaction.statements
    .slice(0, Math.max(before, 0))
    .filter((one) => nodeOf(one.statement, 'DropStmt') !== undefined && isAboutIndexes(one.statement))
  // the lock on the index itself is new, and says whose it is
  const tables = new Set(effects.flatMap((one) => (one.kind === 'lock' ? (one.relation.table ?? []) : [])))
  return strongestPerRelation(drops.flatMap((one) => blockingLocks(one.effects))).filter(
    ({ relation, until }) => until === 'commit' && tables.has(relationKey(relation)),
  )
}

/** CONCURRENTLY takes one index at a time. */
function concurrentDrops(statement: Statement): readonly RemedyStep[] {
  const guarded = nodeOf(statement, 'DropStmt')?.missing_ok === true ? 'IF EXISTS ' : ''
  return droppedNames(statement).map(({ schemaname = '', relname }) =>
    stepOutsideTransaction(
      `DROP INDEX CONCURRENTLY ${guarded}${quoteName({ schema: schemaname, name: relname })}`,
    ),
  )
}
