import {
  commentedNames,
  defineRule,
  displayName,
  enumerate,
  fullNameOf,
  isOpaque,
  newColumns,
  newTables,
  type CatalogTable,
} from '../../src/rule.ts'

export default defineRule({
  id: 'require-comment',
  title: 'Require a comment on every new table',
  severity: 'info',
  since: '0.1.0',
  preset: 'strict',
  options: {
    columns: {
      type: 'boolean',
      default: false,
      description: 'Whether new columns need one as well.',
    },
  },
  messages: {
    table: ({ table }: { table: string }) => `Nobody is told what ${table} is for.`,
    columns: ({ columns }: { columns: string }) => `Nobody is told the meaning of ${columns}.`,
  },
  run({ schema, statements, causeOf, options, report }) {
    if (schema === undefined) return
    const isRead = schema.evidence === 'measured'
    if (!isRead && statements.some(({ statement }) => isOpaque(statement))) return
    const written = new Set(isRead ? [] : statements.flatMap(({ statement }) => commentedNames(statement)))
    const summary = 'Add COMMENT ON, in the same migration.'
    for (const table of newTables(schema)) {
      const at = causeOf({ kind: 'table', schema: table.schema, name: table.name })
      if (at === undefined || table.comment !== undefined || written.has(table.name)) continue
      const on = displayName(table)
      report(
        'table',
        { table: on },
        { on, at, because: [], evidence: 'schema', remedy: { summary, migrations: [] } },
      )
    }
    if (!options.columns) return
    const bare = newColumns(schema).filter(
      ({ table, column: { name, comment } }) =>
        comment === undefined && !written.has(`${table.name}.${name}`),
    )
    for (const table of new Set(bare.map((one) => one.table))) {
      const own = bare.filter((one) => one.table === table).map(({ column }) => column.name)
      const at = causeOf(columnOf(table, own[0] ?? ''))
      if (at === undefined) continue
      const columns = enumerate(own.map((name) => `${table.name}.${name}`))
      report(
        'columns',
        { columns },
        { on: columns, at, because: [], evidence: 'schema', remedy: { summary, migrations: [] } },
      )
    }
  },
})

function columnOf(
  table: CatalogTable,
  name: string,
): { kind: string; schema: string; name: string; table: string } {
  return { kind: 'column', schema: table.schema, name, table: fullNameOf(table) }
}
