import {
  alterActions,
  as,
  blockingLocks,
  catalogEffects,
  cutColumn,
  defineRule,
  displayName,
  emptinessPreflight,
  enumerate,
  nodeOf,
  stepWithLockTimeout,
  type AlterAction,
  type Statement,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-required-column',
  title: 'Avoid adding a required column without a default',
  severity: 'error',
  since: '0.1.0',
  brokenCode: 'assumed',
  messages: {
    required: ({ columns, table }: { columns: string; table: string }) =>
      `The migration fails as soon as ${table} holds a row, and every INSERT of running code that omits ${columns} fails from then on.`,
  },
  statement({ statement, effects, settings, schema, report }) {
    const added = catalogEffects(effects, 'add column').filter(
      ({ existedBefore, change: { column } }) => existedBefore && column.notNull && !column.filled,
    )
    const [first] = added
    if (first === undefined || nodeOf(statement, 'CreateStmt') !== undefined) return
    const columns = [...new Set(added.map(({ change }) => change.column.name))]
    const table = displayName(first.object)
    // 23502: the rows that the rehearsal had in the table were enough to show it
    const errors = effects.filter((effect) => effect.kind === 'error' && effect.sqlstate === '23502')
    report(
      'required',
      { columns: enumerate(columns), table },
      {
        on: `${table}.${columns.join(', ')}`,
        because: [...blockingLocks(effects), ...added, ...errors],
        preflight: emptinessPreflight(first.object, schema),
        remedy: {
          summary:
            'Add it nullable, let the application fill it, fill the old rows in batches, and require it in a later release: with a CHECK that is validated first, as require-checked-not-null shows. A constant DEFAULT does all that at once, without reading a row.',
          migrations: nullable(statement).map((sql) => stepWithLockTimeout(settings, sql)),
        },
      },
    )
  },
})

/** The statement with its new columns nullable. */
function nullable(statement: Statement): readonly string[] {
  const actions = alterActions(statement)
  const [first] = actions
  return first === undefined ? [] : [`${first.head} ${actions.map(withoutNotNull).join(', ')}`]
}

function withoutNotNull({ command, text, start }: AlterAction): string {
  const column = as<Parameters<typeof cutColumn>[2]>(command.def, 'ColumnDef')
  if (command.subtype !== 'AT_AddColumn' || column === undefined) return text
  return cutColumn(text, start, column, ({ contype }) => contype === 'CONSTR_NOTNULL').kept
}
