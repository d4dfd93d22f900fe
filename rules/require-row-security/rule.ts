import {
  defineRule,
  displayName,
  fullNameOf,
  isOrdinaryTable,
  tableChanges,
  type CatalogTable,
  type SchemaCatalogs,
  type Severity,
  type TableChange,
} from '../../src/rule.ts'

export default defineRule({
  id: 'require-row-security',
  title: 'Require that row security stays, and is complete',
  severity: 'error',
  since: '0.1.0',
  preset: 'security',
  messages: {
    disabled: ({ table }: { table: string }) =>
      `Whoever has a grant on ${table} reads and writes every row: its row security is switched off.`,
    notForced: ({ table }: { table: string }) =>
      `The owner of ${table} reads and writes every row: row security is no longer forced.`,
    unused: ({ table }: { table: string }) =>
      `The policies of ${table} keep nobody from any row: its row security is not enabled.`,
    noPolicy: ({ table }: { table: string }) =>
      `Nobody but its owner reads a row of ${table}: it has row security and no policy.`,
    missing: ({ table, schema }: { table: string; schema: string }) =>
      `Whoever has a grant on ${table} reads and writes every row, unlike in all other tables of ${schema}.`,
  },
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    for (const change of tableChanges(schema)) {
      const { table } = change
      if (!isOrdinaryTable(table) || table.partitionOf !== undefined) continue
      const found = wrong(change, schema)
      if (found === undefined) continue
      const { schema: of, name } = table
      const at =
        causeOf({ kind: 'table', schema: of, name }) ??
        causeOf({ kind: 'policy', schema: of, name: '', table: fullNameOf(table) })
      if (at === undefined) continue
      const { messageId, severity = 'error', summary } = found
      report(
        messageId,
        { table: displayName(table), schema: table.schema },
        {
          on: displayName(table),
          at,
          because: [],
          evidence: 'schema',
          severity,
          remedy: { summary, migrations: [] },
        },
      )
    }
  },
})

interface Wrong {
  readonly messageId: 'disabled' | 'notForced' | 'unused' | 'noPolicy' | 'missing'
  readonly severity?: Severity
  readonly summary: string
}

/** Only where the review makes it so, and row security is known. */
function wrong({ table, before, isNew }: TableChange, schema: SchemaCatalogs): Wrong | undefined {
  const { rowSecurity: now, policies } = table
  const old = before?.rowSecurity
  if (now === undefined || policies === undefined) return undefined
  const enable = 'Add ALTER TABLE … ENABLE ROW LEVEL SECURITY.'
  if (old?.enabled === true && !now.enabled)
    return { messageId: 'disabled', summary: 'Leave it on, and write a policy for what has to be allowed.' }
  if (old?.enabled === true && old.forced && !now.forced)
    return { messageId: 'notForced', summary: 'Leave it forced, and give the owner a policy.' }
  const hasNewPolicy = policies.some(
    ({ name }) => before?.policies?.some((one) => one.name === name) !== true,
  )
  if (!now.enabled && hasNewPolicy) return { messageId: 'unused', summary: enable }
  const isNewlyBare = policies.length === 0 && (old?.enabled !== true || before?.policies?.length !== 0)
  if (now.enabled && isNewlyBare)
    return { messageId: 'noPolicy', severity: 'warning', summary: 'Add the policies in the same migration.' }
  return isNew && !now.enabled && othersHaveIt(table, schema)
    ? { messageId: 'missing', severity: 'warning', summary: enable }
    : undefined
}

/** Every table of its schema that was there before, and there are some. */
function othersHaveIt({ schema: home }: CatalogTable, { before }: SchemaCatalogs): boolean {
  const others = before.tables.filter(
    (table) => table.schema === home && isOrdinaryTable(table) && table.partitionOf === undefined,
  )
  return others.length > 0 && others.every(({ rowSecurity }) => rowSecurity?.enabled === true)
}
