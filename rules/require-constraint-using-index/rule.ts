import {
  catalogEffects,
  defineRule,
  displayName,
  enumerate,
  lockNamed,
  locksDuring,
  nodeOf,
  notNullPreflights,
  notNullSteps,
  scansUnder,
  stepWithLockTimeout,
  uniqueConstraints,
  uniquePreflights,
  uniqueSteps,
  type LockEffect,
  type Remedy,
  type StatementContext,
  type UniqueConstraint,
} from '../../src/rule.ts'

const messages = {
  buildsIndex: ({ constraint, table }: { constraint: string; table: string }) =>
    `Adding ${constraint} blocks every read and write of ${table} until its index has been built.`,
  checksNulls: ({ constraint, table, columns }: { constraint: string; table: string; columns: string }) =>
    `Adding ${constraint} blocks every read and write of ${table} until each row has been checked for NULL in ${columns}.`,
}

export default defineRule({
  id: 'require-constraint-using-index',
  title: 'Require USING INDEX for unique constraints and primary keys on tables that already hold rows',
  severity: 'error',
  since: '0.1.0',
  harm: 'wait',
  messages,
  statement(context) {
    const { statement, effects, transaction, schema, report } = context
    const constraints = uniqueConstraints(statement)
    if (constraints.length === 0) return
    const locks = locksDuring(transaction, context)
    const lock = lockNamed(locks, nodeOf(statement, 'AlterTableStmt')?.relation)
    // how a new index of a constraint was built shows only as a scan of its table
    const scans = scansUnder(locks, effects, 'build index', 'validate')
    if (lock === undefined || scans.length === 0) return
    const built = constraints.filter(({ usingIndex }) => usingIndex === undefined)
    const required = catalogEffects(effects, 'set not null')
    const nullable = required.map(({ change }) => change.column)
    const preflight = [
      ...uniquePreflights(built, lock.relation, schema),
      ...notNullPreflights(nullable, lock.relation, schema),
    ]
    const options = { on: lock.relation, because: [lock, ...scans, ...required], preflight }
    const table = displayName(lock.relation)
    if (built.length > 0) {
      const constraint = enumerate(built.map(describe))
      report('buildsIndex', { constraint, table }, { ...options, remedy: buildRemedy(context, lock, built) })
    } else if (required.length > 0) {
      const columns = enumerate(nullable)
      const constraint = enumerate(constraints.map(describe))
      report(
        'checksNulls',
        { constraint, table, columns },
        { ...options, remedy: nullsRemedy(context, lock) },
      )
    }
  },
})

type Context = StatementContext<typeof messages>

function describe({ name, isPrimary }: UniqueConstraint): string {
  return name ?? (isPrimary ? 'the primary key' : 'the unique constraint')
}

function buildRemedy(
  { statement, effects, settings, schema }: Context,
  { relation }: LockEffect,
  constraints: readonly UniqueConstraint[],
): Remedy {
  if (relation.kind === 'partitioned table') {
    return {
      summary:
        'CONCURRENTLY does not work on partitioned tables: add the constraint to each partition USING an index that was built concurrently, and to the parent last, which then adopts them.',
      migrations: [],
    }
  }
  const required = catalogEffects(effects, 'set not null').map(({ change }) => change.column)
  return {
    summary:
      'Build the unique index concurrently, outside a transaction; then make it the constraint, which takes an instant.',
    migrations: uniqueSteps(statement, settings, relation, constraints, required, schema),
  }
}

function nullsRemedy({ statement, effects, settings }: Context, { relation }: LockEffect): Remedy {
  const columns = catalogEffects(effects, 'set not null').map(({ change }) => change.column)
  return {
    summary:
      'Make the columns NOT NULL first, proven by a validated CHECK; the primary key then reads no row.',
    migrations: [...notNullSteps(settings, relation, columns), stepWithLockTimeout(settings, statement.sql)],
  }
}
