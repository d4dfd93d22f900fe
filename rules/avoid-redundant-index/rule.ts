import {
  coveredBy,
  defineRule,
  displayName,
  fullNameOf,
  isOpaque,
  newIndexes,
  quoteName,
  smallTableRows,
  stepOutsideTransaction,
  stepWithLockTimeout,
  type CatalogIndex,
  type CatalogTable,
  type RunContext,
} from '../../src/rule.ts'

const messages = {
  sameIndex: ({ index, other, table }: { index: string; other: string; table: string }) =>
    `Every write of ${table} keeps ${index} and ${other} up to date, and they are the same index.`,
  prefixIndex: ({ index, other, table }: { index: string; other: string; table: string }) =>
    `Every write of ${table} keeps ${index} up to date although ${other} begins with the same columns and serves the same look-ups.`,
}

export default defineRule({
  id: 'avoid-redundant-index',
  title: 'Avoid indexes that another index makes needless',
  severity: 'warning',
  since: '0.1.0',
  messages,
  run(context) {
    const { schema, rowsOf } = context
    if (schema === undefined) return
    const added = newIndexes(schema)
    const isNew = new Set(added.map(({ index }) => index))
    const told = new Set<CatalogIndex>()
    for (const { table, index } of added) {
      if ((rowsOf(fullNameOf(table)) ?? smallTableRows) < smallTableRows) continue
      const pairs = table.indexes.flatMap((other) => pairOf(index, other, isNew.has(other)) ?? [])
      const pair = pairs.find(({ isSame }) => isSame) ?? pairs[0]
      if (pair === undefined || told.has(pair.needless)) continue
      told.add(pair.needless)
      reportPair(context, table, { ...pair, isOld: !isNew.has(pair.needless) }, index)
    }
  },
})

type Context = RunContext<typeof messages>

interface Pair {
  readonly needless: CatalogIndex
  readonly stays: CatalogIndex
  readonly isSame: boolean
}

/** Of two that are the same the new one goes, unless it backs a constraint; one that backs a constraint always stays. */
function pairOf(index: CatalogIndex, other: CatalogIndex, bothNew: boolean): Pair | undefined {
  if (index === other || other.partitionOf !== undefined) return undefined
  const mayGo = (needless: CatalogIndex, stays: CatalogIndex): Pair | undefined => {
    const covered = needless.constraint === undefined ? coveredBy(needless, stays) : undefined
    return covered === undefined ? undefined : { needless, stays, isSame: covered === 'same' }
  }
  const pair = mayGo(index, other) ?? mayGo(other, index)
  // the other one's turn comes
  return bothNew && pair?.needless === other ? undefined : pair
}

function reportPair(
  context: Context,
  table: CatalogTable,
  { needless, stays, isSame, isOld }: Pair & { readonly isOld: boolean },
  index: CatalogIndex,
): void {
  const at = context.causeOf({
    kind: 'index',
    schema: index.schema,
    name: index.name,
    table: fullNameOf(table),
  })
  if (at === undefined) return
  const drop = stepOutsideTransaction(`DROP INDEX CONCURRENTLY ${quoteName(needless)}`)
  const { sql, inTransactionBlock } = at.statement
  const itself = inTransactionBlock ? stepWithLockTimeout(at.settings, sql) : stepOutsideTransaction(sql)
  const later = `Drop ${displayName(needless)} in a release of its own, once plans use ${displayName(stays)}.`
  context.report(
    isSame ? 'sameIndex' : 'prefixIndex',
    { index: displayName(needless), other: displayName(stays), table: displayName(table) },
    {
      on: displayName(needless),
      because: [],
      at,
      evidence: 'schema',
      severity: isSame && !isOld ? 'warning' : 'info',
      notes: [needless, stays].flatMap(({ definition }) => definition ?? []),
      remedy: isOld
        ? {
            summary: later,
            migrations: isOpaque(at.statement) ? [] : [itself, { ...drop, when: 'next release' }],
          }
        : { summary: `Leave ${displayName(needless)} out.`, migrations: [] },
    },
  )
}
