import {
  alterActions,
  as,
  blockingLocks,
  blocksReads,
  catalogEffects,
  defineRule,
  displayName,
  existingRewrites,
  existingScans,
  locksDuring,
  locksOn,
  nameAll,
  nodeOf,
  relationKey,
  rewriteCauseText,
  rewriteRemedy,
  timeZoneNotes,
  type AlterAction,
  type Effect,
  type RewriteEffect,
  type Statement,
  type StatementContext,
} from '../../src/rule.ts'

const messages = {
  rewritesTable: ({ tables, what, cause }: { tables: string; what: string; cause: string }) =>
    `Every read and write of ${tables} waits while Postgres writes ${what} anew: ${cause}.`,
  refreshes: ({ views }: { views: string }) => `Every read of ${views} waits until it has been filled anew.`,
  readsAgain: ({ table, cause }: { table: string; cause: string }) =>
    `Every read and write of ${table} waits while Postgres reads all rows, to build indexes or check constraints anew: ${cause}.`,
}

export default defineRule({
  id: 'avoid-table-rewrite',
  title: 'Avoid rewriting a table while others use it',
  severity: 'error',
  since: '0.1.0',
  harm: 'wait',
  messages,
  statement(context) {
    // REINDEX is told by require-concurrent-index
    const rewrites = existingRewrites(context.effects).filter(({ cause }) => cause !== 'reindex')
    const heaps = rewrites.filter(({ relation }) => relation.kind !== 'index')
    if (heaps.some(({ cause }) => cause === 'refresh')) reportRefresh(context, heaps)
    else if (heaps.length > 0) reportRewrite(context, heaps)
    else if (rewrites.some(({ cause }) => cause !== 'index rebuild')) reportRebuild(context, rewrites)
    else reportReading(context, rewrites)
  },
})

type Context = StatementContext<typeof messages>

function reportRewrite(context: Context, heaps: readonly RewriteEffect[]): void {
  const { statement, effects, transaction, report } = context
  const [first] = heaps
  if (first === undefined) return
  // the parent of rewritten partitions is locked as well
  const locked = [...blockingLocks(effects), ...heaps].map(({ relation }) => relation)
  report(
    'rewritesTable',
    {
      tables: nameAll(locked),
      what: 'all rows',
      cause: rewriteCauseText(statement, effects, first.cause),
    },
    {
      on: nameAll(heaps.map(({ relation }) => relation)),
      because: [
        ...locksOn(locksDuring(transaction, context), heaps),
        ...blockingLocks(effects),
        ...heaps,
        ...typeChanges(effects),
      ],
      notes: timeZoneNotes(context),
      remedy: rewriteRemedy({ ...context, table: first.relation }, first.cause),
    },
  )
}

function reportRebuild(context: Context, indexes: readonly RewriteEffect[]): void {
  const { statement, effects, transaction, report } = context
  const [first] = indexes
  if (first === undefined) return
  // ALTER INDEX locks only the index, but planning any query on the table locks each of its indexes
  const onIndexes = effects.filter(({ kind }) => kind === 'lock')
  const locks = locksOn(locksDuring(transaction, context), indexes)
  const table = locks[0] === undefined ? (first.relation.table ?? '') : relationKey(locks[0].relation)
  report(
    'rewritesTable',
    {
      tables: table.replace(/^public\./, ''),
      what: nameAll(indexes.map(({ relation }) => relation)),
      cause: rewriteCauseText(statement, effects, first.cause),
    },
    {
      on: nameAll(indexes.map(({ relation }) => relation)),
      because: [...(locks.length > 0 ? locks : onIndexes), ...indexes],
      remedy: rewriteRemedy({ ...context, table: first.relation }, first.cause),
    },
  )
}

function reportRefresh(context: Context, heaps: readonly RewriteEffect[]): void {
  const { statement, transaction, report } = context
  const [first] = heaps
  if (first === undefined || nodeOf(statement, 'RefreshMatViewStmt')?.skipData === true) return
  report(
    'refreshes',
    { views: nameAll(heaps.map(({ relation }) => relation)) },
    {
      on: first.relation,
      because: [...locksOn(locksDuring(transaction, context), heaps), ...heaps],
      // readers of what is refreshed expect it to be old; a table is another matter
      severity: 'warning',
      remedy: rewriteRemedy({ ...context, table: first.relation }, 'refresh'),
    },
  )
}

/** A new type that keeps every byte is free, but indexes and CHECK constraints on the column may not be. */
function reportReading(context: Context, indexes: readonly RewriteEffect[]): void {
  const { statement, effects, transaction, report } = context
  const locks = locksDuring(transaction, context).filter(({ mode }) => blocksReads(mode))
  const read = [...existingScans(effects, 'validate', 'build index'), ...indexes]
  const [lock] = locksOn(locks, read)
  if (!changesOnlyTypes(statement) || lock === undefined) return
  report(
    'readsAgain',
    { table: displayName(lock.relation), cause: rewriteCauseText(statement, effects, 'column type') },
    {
      on: lock.relation,
      because: [...locksOn(locks, read), ...read, ...typeChanges(effects)],
      notes: timeZoneNotes(context),
      remedy: rewriteRemedy({ ...context, table: lock.relation }, 'index rebuild'),
    },
  )
}

/** Other actions of the statement may need the scan, and other rules tell of them. */
function changesOnlyTypes(statement: Statement): boolean {
  const actions = alterActions(statement)
  const scanning = (action: AlterAction): boolean =>
    action.command.subtype === 'AT_SetNotNull' || as(action.command.def, 'Constraint') !== undefined
  return actions.some(({ command }) => command.subtype === 'AT_AlterColumnType') && !actions.some(scanning)
}

function typeChanges(effects: readonly Effect[]): readonly Effect[] {
  return catalogEffects(effects, 'change type').filter(({ existedBefore }) => existedBefore)
}
