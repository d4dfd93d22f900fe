import {
  defineRule,
  isAggregated,
  isFiltered,
  largestTable,
  levelsOf,
  limitOf,
  narrowedSources,
  selectOf,
  smallTableRows,
  type LargeTable,
  type QueryLevel,
  type QueryView,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-unbounded-result',
  title: 'Avoid results as large as a large table',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    everyRow: ({ table, size }: { table: string; size: string }) =>
      `Every row of ${table} goes to the application, ${size} today and more tomorrow.`,
    unknown: ({ table }: { table: string }) =>
      `Every row of ${table}, whose size is not known, goes to the application.`,
  },
  query(context) {
    const [level] = levelsOf(context)
    if (context.query.tag !== 'SelectStmt' || level === undefined || isBounded(level)) return
    const large = largestTable(context.catalog, level.sources)
    if (large === undefined) return
    const { name: table, size, rows, severity } = large
    const options = { on: table, remedy, ...severity }
    // estimates of conditions on parameters are too rough to say more than that it is fine
    if ((context.plan?.rows ?? smallTableRows) < smallTableRows || isCutDown(context, level, large)) return
    if (rows === undefined) context.report('unknown', { table }, options)
    else context.report('everyRow', { table, size }, options)
  },
})

const remedy = {
  summary:
    'Add a LIMIT and page by the key, WHERE id > $1 ORDER BY id LIMIT 1000, or read it with a cursor. If the program needs all rows, say so in an allow comment above the query.',
  migrations: [],
}

/** By its form: LIMIT, FETCH FIRST, aggregates, DISTINCT; of set operations it is not asked. */
function isBounded(level: QueryLevel): boolean {
  const select = selectOf(level)
  if (select === undefined || select.larg !== undefined || select.intoClause !== undefined) return true
  return limitOf(select) !== undefined || select.distinctClause !== undefined || isAggregated(select)
}

/** Any condition may leave a few rows. */
function isCutDown({ catalog }: QueryView, level: QueryLevel, { source }: LargeTable): boolean {
  if (narrowedSources(catalog, level).size > 0) return true
  const { sources } = level
  // an inner join with a filtered table cuts down as well, and what is no table may be anything
  return (
    sources.some((one) => one.kind !== 'table' || (!one.canBeMissing && isFiltered(catalog, level, one))) ||
    isFiltered(catalog, level, source) ||
    source.isSample
  )
}
