import {
  alterActions,
  as,
  defineRule,
  displayName,
  exclusionPreflights,
  lockNamed,
  locksDuring,
  nodeOf,
  scansUnder,
  type AlterAction,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-exclusion-constraint',
  title: 'Avoid adding an exclusion constraint to a table that already holds rows',
  severity: 'error',
  since: '0.1.0',
  harm: 'wait',
  messages: {
    buildsIndex: ({ constraint, table }: { constraint: string; table: string }) =>
      `Adding ${constraint} blocks every read and write of ${table} until its index has been built and every row compared.`,
  },
  statement(context) {
    const { statement, effects, transaction, schema, report } = context
    const names = alterActions(statement).flatMap(exclusionName)
    const [name] = names
    if (name === undefined) return
    const locks = locksDuring(transaction, context)
    const lock = lockNamed(locks, nodeOf(statement, 'AlterTableStmt')?.relation)
    const scans = scansUnder(locks, effects)
    if (lock === undefined || scans.length === 0) return
    report(
      'buildsIndex',
      { constraint: name, table: displayName(lock.relation) },
      {
        on: lock.relation,
        because: [lock, ...scans],
        preflight: exclusionPreflights(statement, lock.relation, schema),
        notes: ['An exclusion constraint can be neither NOT VALID nor made from an index that exists.'],
        remedy: {
          summary:
            'There is no way to add it online. Create a new table that has the constraint from the start and move to it, or reject overlaps in the application or a trigger; else plan a maintenance window, and accept the risk with an allow comment that names it.',
          migrations: [],
        },
      },
    )
  },
})

function exclusionName({ command }: AlterAction): readonly string[] {
  const constraint = as<{ contype?: string; conname?: string }>(command.def, 'Constraint')
  return constraint?.contype === 'CONSTR_EXCLUSION' ? [constraint.conname ?? 'the exclusion constraint'] : []
}
