import {
  addedConstraints,
  alterActions,
  as,
  catalogEffects,
  defineRule,
  displayName,
  enumerate,
  isOpaque,
  lockNamed,
  lockOn,
  locksDuring,
  nodeOf,
  notNullPreflights,
  notNullSteps,
  scansUnder,
  stepWithLockTimeout,
  words,
  type AlterAction,
  type Statement,
} from '../../src/rule.ts'

export default defineRule({
  id: 'require-checked-not-null',
  title: 'Require a validated CHECK before SET NOT NULL',
  severity: 'error',
  since: '0.1.0',
  harm: 'wait',
  messages: {
    scans: ({ columns, table }: { columns: string; table: string }) =>
      `Making ${columns} NOT NULL blocks every read and write of ${table} until each of its rows has been checked.`,
  },
  statement(context) {
    const { statement, effects, transaction, settings, schema, report } = context
    if (statement.tag !== 'AlterTableStmt' && !isOpaque(statement)) return
    // the same scan serves all actions of an ALTER TABLE, and another action may be what needs it
    if (addedConstraints(statement).length > 0) return
    const locks = locksDuring(transaction, context)
    const scans = scansUnder(locks, effects, 'validate')
    const changes = catalogEffects(effects, 'set not null').filter(({ existedBefore }) => existedBefore)
    const actions = alterActions(statement).filter((action) => requiredColumn(action) !== undefined)
    const named = lockNamed(locks, nodeOf(statement, 'AlterTableStmt')?.relation)
    const scanned = scans[0]?.relation
    const lock = named ?? (scanned === undefined ? undefined : lockOn(locks, scanned))
    const columns = isOpaque(statement)
      ? changes.map(({ change }) => change.column)
      : actions.flatMap((action) => requiredColumn(action) ?? [])
    if (scans.length === 0 || lock === undefined || columns.length === 0) return
    const table = displayName(lock.relation)
    report(
      'scans',
      { columns: enumerate(columns.map((column) => `${table}.${column}`)), table },
      {
        on: enumerate(columns.map((column) => `${table}.${column}`)),
        because: [lock, ...scans, ...changes],
        preflight: notNullPreflights(columns, lock.relation, schema),
        remedy: {
          summary:
            'Prove it first with a CHECK that is added NOT VALID and validated in a later migration; SET NOT NULL then reads no row. Each step is a migration of its own.',
          migrations: [
            ...others(statement).map((sql) => stepWithLockTimeout(settings, sql)),
            ...(isOpaque(statement) ? [] : notNullSteps(settings, lock.relation, columns)),
          ],
        },
      },
    )
  },
})

/** The column that the action makes NOT NULL, by SET NOT NULL or by a constraint of PostgreSQL 18 (not NOT VALID). */
function requiredColumn({ command: { subtype, name, def } }: AlterAction): string | undefined {
  if (subtype === 'AT_SetNotNull') return name
  const constraint = as<{ contype?: string; keys?: []; skip_validation?: boolean }>(def, 'Constraint')
  if (constraint?.contype !== 'CONSTR_NOTNULL' || constraint.skip_validation === true) return undefined
  return words(constraint.keys)[0]
}

/** What the statement does besides, as a statement of its own. */
function others(statement: Statement): readonly string[] {
  const rest = alterActions(statement).filter((action) => requiredColumn(action) === undefined)
  return rest.length === 0 ? [] : [`${rest[0]?.head ?? ''} ${rest.map(({ text }) => text).join(', ')}`]
}
