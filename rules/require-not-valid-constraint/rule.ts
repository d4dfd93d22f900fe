import {
  addedConstraints,
  catalogEffects,
  constraintPreflights,
  defineRule,
  displayName,
  domainChange,
  domainPreflights,
  enumerate,
  isOpaque,
  lockNamed,
  locksDuring,
  locksOn,
  nameAll,
  nodeOf,
  notValidSteps,
  queriesOn,
  scansUnder,
  words,
  type AddedConstraint,
  type LockEffect,
  type Remedy,
  type ScanEffect,
  type StatementContext,
} from '../../src/rule.ts'

const messages = {
  checkScans: ({ constraint, table }: { constraint: string; table: string }) =>
    `Adding ${constraint} blocks every read and write of ${table} until each of its rows has been checked.`,
  foreignKeyScans: ({ constraint, queries, table }: Record<'constraint' | 'queries' | 'table', string>) =>
    `Adding ${constraint} blocks ${queries} until every row of ${table} has been looked up.`,
  domainScans: ({ domain, tables }: { domain: string; tables: string }) =>
    `Adding a constraint to the domain ${domain} blocks writes to ${tables} until each of their rows has been checked.`,
  domainValidates: ({ domain, tables }: { domain: string; tables: string }) =>
    `Validating a constraint of the domain ${domain} blocks writes to ${tables} until each of their rows has been checked.`,
  domainNotNull: ({ domain, tables }: { domain: string; tables: string }) =>
    `Making the domain ${domain} NOT NULL blocks writes to ${tables} until each of their rows has been checked.`,
  codeScans: ({ queries }: { queries: string }) =>
    `Checking a constraint blocks ${queries} until every row has been read.`,
}

export default defineRule({
  id: 'require-not-valid-constraint',
  title: 'Require NOT VALID for foreign keys and checks on tables that already hold rows',
  severity: 'error',
  since: '0.1.0',
  harm: 'wait',
  messages,
  statement(context) {
    const { effects, transaction } = context
    const { tag } = context.statement
    if (tag !== 'AlterTableStmt' && tag !== 'AlterDomainStmt' && !isOpaque(context.statement)) return
    const locks = locksDuring(transaction, context)
    const scans = scansUnder(locks, effects, 'validate')
    if (scans.length === 0) return
    if (tag === 'AlterDomainStmt') checkDomain(context, locks, scans)
    else if (tag === 'AlterTableStmt') checkTable(context, locks, scans)
    else checkCode(context, locks, scans)
  },
})

type Context = StatementContext<typeof messages>

function checkTable(context: Context, locks: readonly LockEffect[], scans: readonly ScanEffect[]): void {
  const { statement, schema, report } = context
  const constraints = addedConstraints(statement)
  const named = nodeOf(statement, 'AlterTableStmt')?.relation
  const table = (lockNamed(locks, named) ?? locks[0])?.relation
  if (constraints.length === 0 || table === undefined) return
  const referenced = constraints.flatMap((constraint) => lockNamed(locks, constraint.referenced) ?? [])
  const involved = [...new Set([...locksOn(locks, scans), ...referenced])]
  const because = [...involved, ...scans]
  const constraint = enumerate(constraints.map(({ kind, name }) => name ?? `the ${kind}`))
  const preflight = constraintPreflights(constraints, table, schema)
  const options = { on: table, because, preflight, remedy: notValidRemedy(context, table, constraints) }
  if (!constraints.some(({ kind }) => kind === 'foreign key')) {
    report('checkScans', { constraint, table: displayName(table) }, options)
    return
  }
  const tables = nameAll([table, ...involved.map(({ relation }) => relation)])
  report(
    'foreignKeyScans',
    { constraint, queries: queriesOn(involved, tables), table: displayName(table) },
    options,
  )
}

const domainMessages = {
  add: 'domainScans',
  validate: 'domainValidates',
  'not null': 'domainNotNull',
} as const

function checkDomain(context: Context, locks: readonly LockEffect[], scans: readonly ScanEffect[]): void {
  const { statement, schema, report } = context
  const node = nodeOf(statement, 'AlterDomainStmt')
  const domain = words(node?.typeName).join('.')
  const { change, remedy } = domainChange(statement.sql, node?.subtype)
  report(
    domainMessages[change],
    { domain, tables: nameAll(scans.map(({ relation }) => relation)) },
    {
      on: domain,
      because: [...locks, ...scans],
      preflight: domainPreflights(statement, schema),
      notes: ['ALTER DOMAIN … VALIDATE CONSTRAINT takes the same ShareLock up to PostgreSQL 18.'],
      remedy,
    },
  )
}

function checkCode(context: Context, locks: readonly LockEffect[], scans: readonly ScanEffect[]): void {
  const { effects, statement } = context
  if (catalogEffects(effects, 'set not null').length > 0) return
  // inside of code a scan may as well belong to a query
  const names = /\b(?:foreign\s+key|check)\b/i.test(statement.sql)
  if (!names && (statement.tag === 'DoStmt' || effects.some(({ kind }) => kind === 'write'))) return
  const blocked = locksOn(locks, scans)
  const tables = nameAll(scans.map(({ relation }) => relation))
  context.report(
    'codeScans',
    { queries: queriesOn(blocked, tables) },
    {
      on: tables,
      because: [...blocked, ...scans],
      remedy: {
        summary: 'Add the constraint NOT VALID here, and VALIDATE it in a later migration.',
        migrations: [],
      },
    },
  )
}

function notValidRemedy(
  { statement, settings, schema }: Context,
  table: LockEffect['relation'],
  constraints: readonly AddedConstraint[],
): Remedy {
  if (table.kind === 'partitioned table' && constraints.some(({ kind }) => kind === 'foreign key'))
    return {
      summary:
        'Before PostgreSQL 18 a foreign key of a partitioned table cannot be NOT VALID: add it to each partition NOT VALID, validate it there, and add it to the parent last, which then finds it proven.',
      migrations: [],
    }
  return {
    summary:
      'Add it NOT VALID, which reads no row, and validate it in a later migration, which blocks nobody.',
    migrations: notValidSteps(statement, settings, constraints, table, schema),
  }
}
