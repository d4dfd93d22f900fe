import { defineRule, displayName, enumerate, newTables } from '../../src/rule.ts'

export default defineRule({
  id: 'require-columns',
  title: 'Require the columns that every table has',
  severity: 'info',
  since: '0.1.0',
  preset: 'strict',
  options: {
    columns: {
      type: 'list',
      default: [],
      description: 'Names of columns that every new table has; without any the rule says nothing.',
    },
  },
  messages: {
    missing: ({ table, columns }: { table: string; columns: string }) =>
      `Adding them later to a table in use takes a backfill: ${table} has no ${columns}.`,
  },
  run({ schema, causeOf, options, report }) {
    if (schema === undefined) return
    for (const table of newTables(schema)) {
      const { persistence = 'permanent', isPartial = false, columns } = table
      if (persistence !== 'permanent' || isPartial) continue
      const missing = options.columns.filter((name) => columns.every((column) => column.name !== name))
      const at = causeOf({ kind: 'table', schema: table.schema, name: table.name })
      if (missing.length === 0 || at === undefined) continue
      report(
        'missing',
        { table: displayName(table), columns: enumerate(missing) },
        {
          on: displayName(table),
          at,
          because: [],
          evidence: 'schema',
          remedy: { summary: 'Create the table with them.', migrations: [] },
        },
      )
    }
  },
})
