import { defineRule, displayName, newTables } from '../../src/rule.ts'

export default defineRule({
  id: 'require-primary-key',
  title: 'Require a primary key of every new table',
  severity: 'warning',
  since: '0.1.0',
  preset: 'strict',
  messages: {
    noKey: ({ table }: { table: string }) =>
      `No row of ${table} can be told from another, and logical replication refuses its updates and deletes.`,
  },
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    for (const table of newTables(schema)) {
      const { persistence = 'permanent', constraints, isPartial = false, inherits = [] } = table
      if (persistence !== 'permanent' || isPartial || inherits.length > 0) continue
      if (constraints.some(({ kind }) => kind === 'primary key')) continue
      const at = causeOf({ kind: 'table', schema: table.schema, name: table.name })
      if (at === undefined) continue
      report(
        'noKey',
        { table: displayName(table) },
        {
          on: displayName(table),
          at,
          because: [],
          evidence: 'schema',
          remedy: {
            summary: 'Give it one, for instance `id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY`.',
            migrations: [],
          },
        },
      )
    }
  },
})
