import {
  aliasesIn,
  defineRule,
  displayName,
  enumerate,
  formatCount,
  givesOneRow,
  isOneRow,
  levelsOf,
  smallTableRows,
  sourceTable,
  type QueryCatalog,
  type QueryLevel,
  type QuerySource,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-implicit-cross-join',
  title: 'Avoid listing tables in FROM without a condition that connects them',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    product: ({ left, right, size }: { left: string; right: string; size: string }) =>
      `Each row found in ${left} is combined with each row found in ${right}${size}, because no condition connects them.`,
  },
  query(context) {
    const { catalog } = context
    for (const level of levelsOf(context)) {
      // ban-unfiltered-write says it
      if (level.tag !== 'SelectStmt' && level.conditions.length === 0) continue
      const [first, second] = unconnected(catalog, level)
      if (first === undefined || second === undefined) continue
      const rows = productOf(catalog, [first, second])
      if (rows !== undefined && rows < smallTableRows) continue
      const [left, right] = [enumerate(first.map(nameOf)), enumerate(second.map(nameOf))]
      context.report(
        'product',
        { left, right, size: rows === undefined ? '' : `, up to ${formatCount(rows)} combinations` },
        { on: `${left} and ${right}`, remedy },
      )
    }

    function nameOf(source: QuerySource): string {
      const table = sourceTable(catalog, source)
      return table === undefined ? source.alias : displayName(table)
    }
  },
})

const remedy = {
  summary:
    'Join them with JOIN … ON and the columns that belong together. If every combination is meant, CROSS JOIN says so.',
  migrations: [],
}

/** Groups of sources that conditions and joins connect; empty where all are one, or where that cannot be told. */
function unconnected(catalog: QueryCatalog, level: QueryLevel): readonly (readonly QuerySource[])[] {
  const many = level.sources.filter((source) => !isSingle(catalog, level, source))
  if (many.length < 2) return []
  let groups = level.sources.map(({ alias }) => new Set([alias]))
  for (const expression of [...level.conditions, ...level.outerConditions]) {
    const aliases = aliasesIn(catalog, level, expression)
    if (aliases === undefined) return []
    groups = merge(groups, aliases)
  }
  for (const aliases of level.joined) groups = merge(groups, new Set(aliases))
  return groups
    .map((aliases) => many.filter(({ alias }) => aliases.has(alias)))
    .filter((sources) => sources.length > 0)
}

/** Aliases of outer queries connect, too: their row is the same for all. */
function merge(groups: readonly Set<string>[], connected: ReadonlySet<string>): Set<string>[] {
  const touched = groups.filter((group) => [...connected].some((alias) => group.has(alias)))
  const others = groups.filter((group) => !touched.includes(group))
  return [...others, new Set([...connected, ...touched.flatMap((group) => [...group])])]
}

/** At most a row, or made on purpose for each row of the others: functions, LATERAL, VALUES. */
function isSingle(catalog: QueryCatalog, level: QueryLevel, source: QuerySource): boolean {
  const { kind, select, isLateral } = source
  if (isLateral || kind === 'values' || kind === 'function') return true
  if (kind !== 'table') return select === undefined || givesOneRow(select)
  const rows = sourceTable(catalog, source)?.rows
  return (rows !== undefined && rows <= 1) || isOneRow(catalog, level, source)
}

/** How many combinations there can be, by the largest of each group; undefined where one is not known. */
function productOf(catalog: QueryCatalog, groups: readonly (readonly QuerySource[])[]): number | undefined {
  let product = 1
  for (const group of groups) {
    const rows = group.map((source) => sourceTable(catalog, source)?.rows)
    if (rows.includes(undefined)) return undefined
    product *= Math.max(...rows.map((count) => count ?? 0))
  }
  return product
}
