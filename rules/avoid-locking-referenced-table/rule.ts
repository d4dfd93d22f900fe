import {
  addedConstraints,
  alterActions,
  blockingLocks,
  catalogEffects,
  defineRule,
  displayName,
  droppedNames,
  enumerate,
  foreignKeyDropRemedy,
  foreignKeySteps,
  lockNamed,
  nameAll,
  nodeOf,
  notValidSteps,
  referencedTables,
  relationKey,
  type LockEffect,
  type Remedy,
  type StatementContext,
} from '../../src/rule.ts'

const messages = {
  createLocks: ({ table, others }: { table: string; others: string }) =>
    `Creating ${table} blocks writes to ${others} until the transaction commits: its foreign keys lock what they reference.`,
  addColumnLocks: ({ table, others }: { table: string; others: string }) =>
    `Adding a foreign key with its column blocks writes to ${others}, besides reads and writes of ${table}, until the transaction commits.`,
  dropLocks: ({ what, others }: { what: string; others: string }) =>
    `Dropping ${what} blocks reads and writes of ${others} as well until the transaction commits.`,
}

export default defineRule({
  id: 'avoid-locking-referenced-table',
  title: 'Avoid locking a referenced table along with the one that changes',
  severity: 'warning',
  since: '0.1.0',
  messages,
  statement(context) {
    const { tag } = context.statement
    if (tag === 'CreateStmt') checkCreate(context)
    else if (tag === 'DropStmt') checkDropTable(context)
    else if (tag === 'AlterTableStmt') checkAlter(context)
  },
})

type Context = StatementContext<typeof messages>

function checkCreate({ statement, effects, settings, report }: Context): void {
  const locks = blockingLocks(effects)
  if (locks.length === 0) return
  const others = [...new Set(referencedTables(statement).flatMap((table) => lockNamed(locks, table) ?? []))]
  // one lock for an instant, bounded by lock_timeout: nothing to say
  if (others.length === 0 || (others.length === 1 && settings.lockTimeoutMs > 0)) return
  report(
    'createLocks',
    { table: nodeOf(statement, 'CreateStmt')?.relation?.relname ?? 'it', others: nameLocked(others) },
    {
      on: nameLocked(others),
      because: others,
      severity: others.length > 1 && settings.lockTimeoutMs === 0 ? 'warning' : 'info',
      remedy: {
        summary: 'Create the table without its foreign keys, and add each in a short migration of its own.',
        migrations: foreignKeySteps(statement, settings),
      },
    },
  )
}

function checkAlter(context: Context): void {
  const { statement, effects, settings, schema, report } = context
  const locks = blockingLocks(effects)
  const own = lockNamed(locks, nodeOf(statement, 'AlterTableStmt')?.relation)
  const subtypes = alterActions(statement).map(({ command }) => command.subtype)
  if (subtypes.includes('AT_AddColumn')) {
    const keys = addedConstraints(statement).filter(({ kind }) => kind === 'foreign key')
    const others = keys
      .flatMap(({ referenced }) => lockNamed(locks, referenced) ?? [])
      .filter((lock) => lock !== own)
    // a scan under the lock is told by require-not-valid-constraint
    if (own === undefined || others.length === 0 || effects.some(({ kind }) => kind === 'scan')) return
    const table = displayName(own.relation)
    const remedy: Remedy = {
      summary: 'Add the column alone, and its foreign key NOT VALID in a migration of its own.',
      migrations: notValidSteps(statement, settings, keys, own.relation, schema),
    }
    report(
      'addColumnLocks',
      { table, others: nameLocked(others) },
      { ...pair(context, others, locks), remedy },
    )
  } else if (subtypes.includes('AT_DropConstraint') || subtypes.includes('AT_DropColumn')) {
    const names = alterActions(statement).flatMap(({ command }) => command.name ?? [])
    const others = locks.filter((lock) => lock !== own)
    if (own !== undefined) reportDrop(context, enumerate(names), [own], others)
  }
}

function checkDropTable(context: Context): void {
  const { statement, effects } = context
  if (nodeOf(statement, 'DropStmt')?.removeType !== 'OBJECT_TABLE') return
  const dropped = droppedNames(statement)
  const locks = blockingLocks(effects)
  const own = dropped.flatMap((name) => lockNamed(locks, name) ?? [])
  // the partitions of a dropped table go with it; a partitioned parent is told by avoid-blocking-partition-change
  const others = locks.filter((lock) => !own.includes(lock) && lock.relation.kind !== 'partitioned table')
  if (own.some(({ relation }) => relation.kind === 'partitioned table')) return
  reportDrop(context, enumerate(dropped.map(({ relname }) => relname)), own, others)
}

function reportDrop(
  context: Context,
  what: string,
  own: readonly LockEffect[],
  candidates: readonly LockEffect[],
): void {
  const { statement, effects, settings, schema, report } = context
  // what CASCADE removes, or removes from another table, is told by ban-drop-cascade
  const cascaded = new Set(
    catalogEffects(effects, 'drop').flatMap(({ object, change }) =>
      change.cascaded ? [object.table ?? relationKey(object)] : [],
    ),
  )
  const named = nodeOf(statement, 'AlterTableStmt')?.relation
  const isPartitioned = lockNamed(blockingLocks(effects), named)?.relation.kind === 'partitioned table'
  const others = isPartitioned
    ? []
    : candidates.filter(({ relation }) => !cascaded.has(relationKey(relation)))
  if (others.length === 0) return
  const tables = own.map(({ relation }) => relation)
  const remedy = foreignKeyDropRemedy(statement, settings, tables, schema)
  report(
    'dropLocks',
    { what, others: nameLocked(others) },
    { ...pair(context, others, blockingLocks(effects)), remedy },
  )
}

/** Two locks at once: bounded by a lock_timeout they are no more than worth knowing. */
function pair({ settings }: Context, others: readonly LockEffect[], locks: readonly LockEffect[]) {
  return {
    on: nameLocked(others),
    because: locks,
    severity: settings.lockTimeoutMs > 0 ? ('info' as const) : ('warning' as const),
  }
}

function nameLocked(locks: readonly LockEffect[]): string {
  return nameAll(locks.map(({ relation }) => relation))
}
