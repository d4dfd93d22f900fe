import {
  alterActions,
  batchStep,
  batchedStatement,
  blockingLocks,
  capitalize,
  defineRule,
  displayName,
  existingScans,
  existingTableLocks,
  isOpaque,
  locksHeldBefore,
  nameAll,
  queriesOn,
  step,
  stepWithLockTimeout,
  unboundedWrites,
  type Effect,
  type LockEffect,
  type Remedy,
  type SchemaCatalogs,
  type StatementView,
  type TransactionView,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-slow-work-under-lock',
  title: 'Avoid slow work in a transaction that holds a lock others wait for',
  severity: 'error',
  since: '0.1.0',
  harm: 'wait',
  messages: {
    holdsLock: ({ queries, work }: { queries: string; work: string }) =>
      `${capitalize(queries)} wait until ${work}: a lock from earlier in the transaction is still held.`,
    locksAndWorks: ({ queries, work }: { queries: string; work: string }) =>
      `${capitalize(queries)} wait until ${work}: both happen in one statement.`,
  },
  transaction({ transaction, schema, report }) {
    const slow = transaction.statements.flatMap((view) => slowWork(transaction, view))
    const [first] = slow
    if (first === undefined) return
    const { view, locks, effects } = first
    const [effect] = effects
    if (effect === undefined) return
    const messageId = locksHeldBefore(transaction, view).length > 0 ? 'holdsLock' : 'locksAndWorks'
    const tables = nameAll(locks.map(({ relation }) => relation))
    report(
      messageId,
      { queries: queriesOn(locks, tables), work: describeWork(effect) },
      {
        at: view,
        on: tables,
        because: [...locks, ...effects],
        // what a block of code writes is known only from a rehearsal with few rows
        ...(isOpaque(view.statement) && effect.kind === 'write' ? { severity: 'warning' } : {}),
        notes: slow.length > 1 ? [moreUnderIt(slow.length - 1)] : [],
        remedy: splitRemedy(transaction, view, effect, schema),
      },
    )
  },
})

interface SlowWork {
  readonly view: StatementView
  readonly locks: readonly LockEffect[]
  readonly effects: readonly Effect[]
}

/** Work whose time grows with a table, while an earlier lock of the transaction keeps others waiting. */
function slowWork(transaction: TransactionView, view: StatementView): readonly SlowWork[] {
  // how long it takes to fill a new table depends on the tables it is filled from
  const copies = existingTableLocks(view.effects).length > 0
  const writes = unboundedWrites(view.effects, copies ? 'also new tables' : 'existing tables')
  // statements that build, rewrite or validate under their own lock are told by the rules that know them
  const reads = validates(view) ? existingScans(view.effects) : existingScans(view.effects, 'read')
  const effects: readonly Effect[] = [...writes, ...reads]
  if (effects.length === 0) return []
  const held = locksHeldBefore(transaction, view)
  const own = isOpaque(view.statement) && writes.length > 0 ? blockingLocks(view.effects) : []
  const locks = held.length > 0 ? held : own
  return locks.length === 0 ? [] : [{ view, locks, effects }]
}

function moreUnderIt(count: number): string {
  return count === 1
    ? 'One more statement of the transaction runs under it.'
    : `${count} more statements of the transaction run under it.`
}

const writing = {
  INSERT: 'inserted',
  UPDATE: 'updated',
  DELETE: 'deleted',
  MERGE: 'merged',
  COPY: 'copied',
} as const

function describeWork(effect: Effect): string {
  switch (effect.kind) {
    case 'write': {
      const rows = effect.reach === 'all rows' ? 'every row' : 'every matching row'
      return `${rows} of ${displayName(effect.relation)} has been ${writing[effect.command]}`
    }
    case 'scan':
      return `every row of ${displayName(effect.relation)} has been ${effect.reason === 'validate' ? 'checked' : 'read'}`
    default:
      return 'it is done'
  }
}

function validates({ statement }: StatementView): boolean {
  return alterActions(statement).some(({ command }) => command.subtype === 'AT_ValidateConstraint')
}

function splitRemedy(
  transaction: TransactionView,
  view: StatementView,
  effect: Effect,
  schema: SchemaCatalogs | undefined,
): Remedy {
  const index = transaction.statements.indexOf(view)
  const before = transaction.statements
    .slice(0, index)
    .filter(({ statement }) => statement.tag !== 'TransactionStmt')
  const batched =
    effect.kind === 'write' ? batchedStatement(view.statement, effect.relation, schema) : undefined
  return {
    summary: validates(view)
      ? 'Commit first: validate in a later migration, where it blocks nobody.'
      : 'Commit first: do the slow work in a migration of its own, in batches outside a transaction where it writes.',
    migrations:
      isOpaque(view.statement) || before.length === 0
        ? []
        : [
            stepWithLockTimeout(view.settings, ...before.map(({ statement }) => statement.sql)),
            batched === undefined ? step(view.statement.sql) : batchStep(batched),
          ],
  }
}
