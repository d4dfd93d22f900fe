import {
  defineRule,
  displayName,
  nameAll,
  quoteIdent,
  tableChanges,
  type CatalogTable,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-definer-view',
  title: 'Avoid views that pass by row security',
  severity: 'warning',
  since: '0.1.0',
  preset: 'security',
  messages: {
    passesBy: ({ view, tables }: { view: string; tables: string }) =>
      `Whoever may read ${view} reads rows of ${tables} that row security keeps from them.`,
  },
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    const secured = schema.after.tables.filter(({ rowSecurity }) => rowSecurity?.enabled === true)
    if (secured.length === 0) return
    for (const { table: view, before } of tableChanges(schema)) {
      if (view.kind !== 'view' || view.definition === undefined || asksAsReader(view)) continue
      if (before !== undefined && before.definition === view.definition && !asksAsReader(before)) continue
      const tables = secured.filter((table) => mentions(view.definition ?? '', table))
      const at = causeOf({ kind: 'view', schema: view.schema, name: view.name })
      if (tables.length === 0 || at === undefined) continue
      report(
        'passesBy',
        { view: displayName(view), tables: nameAll(tables) },
        {
          on: displayName(view),
          at,
          because: [],
          evidence: 'schema',
          remedy: {
            summary: 'Create it WITH (security_invoker = true), from PostgreSQL 15 on.',
            migrations: [],
          },
        },
      )
    }
  },
})

function asksAsReader({ options = [] }: CatalogTable): boolean {
  return options.some((option) => /^security_invoker=(?:true|on|1|yes)$/.test(option))
}

/** Definitions name tables in full, as quote_ident() writes them. */
function mentions(definition: string, { schema, name }: CatalogTable): boolean {
  const full = `${quoteIdent(schema)}.${quoteIdent(name)}`.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
  return new RegExp(`(?<![\\w.$"])${full}(?![\\w.$"])`, 'u').test(definition)
}
