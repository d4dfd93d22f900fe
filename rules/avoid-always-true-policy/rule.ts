import {
  defineRule,
  displayName,
  fullNameOf,
  tableChanges,
  type CatalogPolicy,
  type CatalogTable,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-always-true-policy',
  title: 'Avoid policies that allow everything to everybody',
  severity: 'warning',
  since: '0.1.0',
  preset: 'security',
  messages: {
    writesAll: ({ policy, table }: Data) =>
      `Whoever has a grant on ${table} writes every row: ${policy} is always true, and other policies no longer count.`,
    readsAll: ({ policy, table }: Data) =>
      `Whoever has a grant on ${table} reads every row: ${policy} is always true.`,
    perRow: ({ policy, table }: Data) =>
      `Every query of ${table} calls a function for each row that it looks at, because of ${policy}.`,
  },
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    for (const { table, policy } of tableChanges(schema).flatMap(newPolicies)) {
      const messageId = wrong(policy)
      const { schema: of, name } = policy.name === '' ? table : { schema: table.schema, name: policy.name }
      const at = causeOf({ kind: 'policy', schema: of, name, table: fullNameOf(table) })
      if (messageId === undefined || at === undefined) continue
      report(
        messageId,
        { policy: policy.name, table: displayName(table) },
        {
          on: `${displayName(table)}.${policy.name}`,
          at,
          because: [],
          evidence: 'schema',
          ...(messageId === 'writesAll' ? {} : { severity: 'info' as const }),
          remedy: {
            summary:
              messageId === 'perRow'
                ? 'Write (SELECT function()) in the place of function().'
                : 'Say which rows, or for which roles (TO …).',
            migrations: [],
          },
        },
      )
    }
  },
})

interface Data {
  readonly policy: string
  readonly table: string
}

/** Those that are new, or say something else than before. */
function newPolicies({
  table,
  before,
}: {
  readonly table: CatalogTable
  readonly before?: CatalogTable
}): readonly { readonly table: CatalogTable; readonly policy: CatalogPolicy }[] {
  const old = new Map((before?.policies ?? []).map((policy) => [policy.name, JSON.stringify(policy)]))
  return (table.policies ?? [])
    .filter((policy) => old.get(policy.name) !== JSON.stringify(policy))
    .map((policy) => ({ table, policy }))
}

function wrong({ isPermissive, command, roles, using, withCheck }: CatalogPolicy): keyof Words | undefined {
  const isForAll = roles.includes('PUBLIC') || roles.length === 0
  if (isPermissive && isForAll) {
    // without WITH CHECK the condition of USING holds for what is written, too
    const writes = command === 'insert' ? withCheck : (withCheck ?? using)
    if (command !== 'select' && isTrue(writes) && (using === undefined || isTrue(using))) return 'writesAll'
    if ((command === 'select' || command === 'all') && isTrue(using)) return 'readsAll'
  }
  return [using, withCheck].some((condition) => condition !== undefined && callsPerRow(condition))
    ? 'perRow'
    : undefined
}

/** As Postgres prints it, or as it is written. */
function isTrue(condition: string | undefined): boolean {
  return condition === 'true' || condition === "'true'"
}

interface Words {
  readonly writesAll: never
  readonly readsAll: never
  readonly perRow: never
}

/** Characters: nobody writes more, and looking for sub-selects takes time. */
const longestCondition = 10_000

/** Functions that give the same for all rows of a query, and that nobody has put into a sub-select. */
function callsPerRow(condition: string): boolean {
  if (condition.length > longestCondition) return false
  const outside = condition.replaceAll(/\( ?SELECT [^()]*(?:\([^()]*\)[^()]*)*\)/gi, '')
  return /\b(?:auth\.(?:uid|jwt|role|email)|current_setting)\(/.test(outside)
}
