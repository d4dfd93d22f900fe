import { defineRule, displayName, fullNameOf, newConstraints } from '../../src/rule.ts'

const actions = ['cascade', 'set null', 'set default']

export default defineRule({
  id: 'avoid-cascading-delete',
  title: 'Avoid foreign keys that delete or change rows by themselves',
  severity: 'warning',
  since: '0.1.0',
  preset: 'strict',
  options: {
    actions: {
      type: 'list',
      choices: actions,
      default: actions,
      description: 'Which actions of ON DELETE count.',
    },
  },
  messages: {
    deletes: ({ table, referenced }: { table: string; referenced: string }) =>
      `Deleting a row of ${referenced} deletes every row of ${table} that refers to it.`,
    changes: ({ table, columns, referenced }: { table: string; columns: string; referenced: string }) =>
      `Deleting a row of ${referenced} overwrites ${columns} in every row of ${table} that refers to it.`,
  },
  run({ schema, causeOf, options, report }) {
    if (schema === undefined) return
    for (const { table, constraint, hadEqual } of newConstraints(schema)) {
      const { references, columns, name } = constraint
      if (references === undefined || hadEqual || !options.actions.includes(references.onDelete)) continue
      const at = causeOf({ kind: 'constraint', schema: table.schema, name, table: fullNameOf(table) })
      if (at === undefined) continue
      const referenced = references.table.replace(/^public\./, '')
      report(
        references.onDelete === 'cascade' ? 'deletes' : 'changes',
        { table: displayName(table), columns: columns.join(', '), referenced },
        {
          on: `${displayName(table)}.${name}`,
          at,
          because: [],
          evidence: 'schema',
          remedy: {
            summary: 'Leave ON DELETE out, and delete what refers to a row in the code that deletes it.',
            migrations: [],
          },
        },
      )
    }
  },
})
