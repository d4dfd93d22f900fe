import {
  blockingLocks,
  createAndAttachSql,
  defineRule,
  detachRemedy,
  displayName,
  droppedNames,
  existingTableLocks,
  lockNamed,
  locksDuring,
  locksOn,
  nameAll,
  nodeOf,
  partitionCommand,
  partitionPreflights,
  provenPartitionSteps,
  quoteName,
  scansUnder,
  step,
  stepOutsideTransaction,
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
  harm: 'wait',
  messages,
  statement(context) {
    const { statement } = context
    const change = partitionCommand(statement)
    if (change?.kind === 'attach') checkAttach(context, change.command.name?.relname ?? 'it')
    else if (change?.kind === 'detach' && change.command.concurrent !== true) {
      checkDetach(context, change.command.name)
    } else if (nodeOf(statement, 'CreateStmt')?.partbound !== undefined) checkCreate(context)
    else if (nodeOf(statement, 'DropStmt')?.removeType === 'OBJECT_TABLE') checkDrop(context)
  },
})

type Context = StatementContext<typeof messages>

const checkFirst =
  'Prove first that the rows are where they belong: a CHECK that is added NOT VALID and validated in a migration before this one. The change itself then reads no row.'

function checkAttach(context: Context, partition: string): void {
  const scans = scansUnder(locksDuring(context.transaction, context), context.effects)
  if (scans.length > 0) reportScan(context, `Attaching ${partition}`, scans, partition)
}

function checkCreate(context: Context): void {
  const name = nodeOf(context.statement, 'CreateStmt')?.relation?.relname ?? 'a partition'
  const scans = scansUnder(locksDuring(context.transaction, context), context.effects)
  const action = `Creating ${name} as a partition`
  if (scans.length > 0) return reportScan(context, action, scans, name)
  const steps = createAndAttachSql(context.statement)
  reportLock(context, action, {
    summary:
      'Create it as a table of its own and attach it: ATTACH leaves the parent open to reads and writes.',
    migrations: steps === undefined ? [] : [step(...steps)],
  })
}

function checkDetach(context: Context, name: Parameters<typeof lockNamed>[1]): void {
  const { statement, effects, settings, schema } = context
  // parent and partition; a third table is the default partition, with which CONCURRENTLY is refused
  const locks = blockingLocks(effects)
  const partition = lockNamed(locks, name)?.relation
  const parent = locks.find(({ relation }) => relation.partitionKey !== undefined)?.relation
  const remedy = detachRemedy(statement, settings, locks.length > 2 ? undefined : partition, parent, schema)
  reportLock(context, `Detaching ${name?.relname ?? 'it'}`, remedy)
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

function reportScan(context: Context, action: string, scans: readonly ScanEffect[], partition: string): void {
  const { statement, effects, settings, transaction, schema, report } = context
  const locks = locksDuring(transaction, context)
  const tables = nameAll(scans.map(({ relation }) => relation))
  const key = existingTableLocks(effects).find(
    ({ relation }) => relation.partitionKey !== undefined,
  )?.relation
  const toProve = scans.map(({ relation }) => ({
    table: relation,
    rows: relation.name === partition ? ('inside' as const) : ('outside' as const),
  }))
  const steps = provenPartitionSteps(statement, settings, key?.partitionKey, toProve)
  const buildsIndex = scans.some(({ reason }) => reason === 'build index')
  report(
    'scans',
    { action, tables },
    {
      on: tables,
      because: [...locksOn(locks, scans), ...blockingLocks(effects), ...scans],
      preflight: partitionPreflights(statement, key?.partitionKey, toProve, schema),
      remedy: {
        summary: buildsIndex
          ? `${checkFirst} Build the indexes of the parent on it concurrently before, too.`
          : checkFirst,
        migrations: buildsIndex ? [] : (steps ?? []),
      },
    },
  )
}

/** A lock for an instant, which nobody need take: advice, and less urgent once a lock_timeout bounds it. */
function reportLock(context: Context, action: string, remedy: Remedy): void {
  const { effects, settings, report } = context
  const locks = blockingLocks(effects)
  const parent = locks.find(({ relation }) => relation.kind === 'partitioned table')
  if (parent === undefined) return
  report(
    'locksParent',
    { action, parent: displayName(parent.relation) },
    {
      on: parent.relation,
      because: locks,
      severity: settings.lockTimeoutMs > 0 ? 'info' : 'warning',
      harm: 'other', // an instant for any size; what it costs is the queue while it is waited for
      remedy,
    },
  )
}
