import {
  blockingLocks,
  catalogEffects,
  createAndAttachSql,
  defineRule,
  displayName,
  droppedNames,
  lockNamed,
  locksDuring,
  locksOn,
  nameAll,
  nodeOf,
  partitionCommand,
  quoteName,
  scansUnder,
  step,
  stepOutsideTransaction,
  stepWithLockTimeout,
  type LockEffect,
  type Remedy,
  type ScanEffect,
  type StatementContext,
} from '../../src/rule.ts'

const messages = {
  scans: ({ action, tables }: { action: string; tables: string }) =>
    `${action} blocks every read and write of ${tables} until each row there has been checked.`,
  locksParent: ({ action, parent }: { action: string; parent: string }) =>
    `${action} blocks every read and write of ${parent}, all partitions included, until the transaction commits.`,
}

export default defineRule({
  id: 'avoid-blocking-partition-change',
  title: 'Avoid partition changes that scan, or lock the whole partitioned table',
  severity: 'error',
  since: '0.1.0',
  messages,
  statement(context) {
    const { statement } = context
    const change = partitionCommand(statement)
    if (change?.kind === 'attach') checkAttach(context, change.command.name?.relname ?? 'it')
    else if (change?.kind === 'detach' && change.command.concurrent !== true) {
      checkDetach(context, change.command.name?.relname ?? 'it')
    } else if (nodeOf(statement, 'CreateStmt')?.partbound !== undefined) checkCreate(context)
    else if (nodeOf(statement, 'DropStmt')?.removeType === 'OBJECT_TABLE') checkDrop(context)
  },
})

type Context = StatementContext<typeof messages>

const checkFirst =
  'Give the table a CHECK that says what the bounds say (for a default partition: that its rows lie outside the new bounds), NOT VALID, and validate it in a migration before this one: the change then reads no row. Build the indexes of the parent on it concurrently, too.'

function checkAttach(context: Context, partition: string): void {
  const scans = blockedScans(context)
  if (scans.length === 0) return
  reportScan(context, `Attaching ${partition}`, scans, { summary: checkFirst, migrations: [] })
}

function checkCreate(context: Context): void {
  const { statement } = context
  const name = nodeOf(statement, 'CreateStmt')?.relation?.relname ?? 'a partition'
  const steps = createAndAttachSql(statement)
  const migrations = steps === undefined ? [] : [step(...steps)]
  const scans = blockedScans(context)
  const action = `Creating ${name} as a partition`
  if (scans.length > 0) {
    // which CHECK proves the bounds depends on the partition key, which the statement does not tell
    const summary = `${checkFirst} Then create the partition as a table and attach it: that leaves the partitioned table itself open to reads and writes.`
    reportScan(context, action, scans, { summary, migrations: [] })
  } else {
    const summary =
      'Create it as a table of its own and attach it: ATTACH leaves the parent open to reads and writes.'
    reportLock(context, action, { summary, migrations })
  }
}

function checkDetach(context: Context, partition: string): void {
  const { statement, effects, settings } = context
  // parent and partition; a third table is the default partition, with which CONCURRENTLY is refused
  const hasDefault = blockingLocks(effects).length > 2
  reportLock(context, `Detaching ${partition}`, {
    summary: hasDefault
      ? 'DETACH … CONCURRENTLY is not possible while there is a default partition: bound the wait with a lock_timeout.'
      : 'Detach it concurrently, outside a transaction.',
    migrations: [
      hasDefault
        ? stepWithLockTimeout(settings, statement.sql)
        : stepOutsideTransaction(`${statement.sql} CONCURRENTLY`),
    ],
  })
}

function checkDrop(context: Context): void {
  const { statement, effects } = context
  const locks = blockingLocks(effects)
  const dropped = droppedNames(statement)
  const own = dropped.flatMap((name) => lockNamed(locks, name) ?? [])
  const parent = locks.find((lock) => lock.relation.kind === 'partitioned table' && !own.includes(lock))
  const [partition] = own
  if (parent === undefined || partition === undefined) return
  const detach = `ALTER TABLE ${quoteName(parent.relation)} DETACH PARTITION ${quoteName(partition.relation)} CONCURRENTLY`
  reportLock(context, `Dropping ${displayName(partition.relation)}`, {
    summary: 'Detach it concurrently first, if it is a partition: dropping it then locks nothing else.',
    migrations: dropped.length > 1 ? [] : [stepOutsideTransaction(detach), step(statement.sql)],
  })
}

function blockedScans(context: Context): readonly ScanEffect[] {
  const locks = locksDuring(context.transaction, context)
  return scansUnder(locks, context.effects)
}

function reportScan(context: Context, action: string, scans: readonly ScanEffect[], remedy: Remedy): void {
  const locks = locksDuring(context.transaction, context)
  const tables = nameAll(scans.map(({ relation }) => relation))
  const because = [...locksOn(locks, scans), ...blockingLocks(context.effects), ...scans]
  context.report('scans', { action, tables }, { on: scans[0]?.relation ?? '', because, remedy })
}

/** A lock for an instant, which nobody need take: advice, and less urgent once a lock_timeout bounds it. */
function reportLock(context: Context, action: string, remedy: Remedy): void {
  const { effects, settings, report } = context
  const locks: readonly LockEffect[] = blockingLocks(effects)
  const parent = locks.find(({ relation }) => relation.kind === 'partitioned table')
  if (parent === undefined) return
  report(
    'locksParent',
    { action, parent: displayName(parent.relation) },
    {
      on: parent.relation,
      because: [...locks, ...catalogEffects(effects, 'create')],
      severity: settings.lockTimeoutMs > 0 ? 'info' : 'warning',
      remedy,
    },
  )
}
