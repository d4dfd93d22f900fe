import {
  defineRule,
  fixedColumns,
  givesOneRow,
  isConstant,
  isMatched,
  isOneRow,
  isSkipLocked,
  largestTable,
  levelsOf,
  limitOf,
  selectOf,
  selectsNothing,
  type LargeTable,
  type QueryCatalog,
  type QueryLevel,
} from '../../src/rule.ts'

export default defineRule({
  id: 'require-order-by-with-limit',
  title: 'Require ORDER BY where LIMIT picks some rows of many',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    anyRows: ({ table, size }: { table: string; size: string }) =>
      `Which rows of ${table} come back is left to chance, because LIMIT picks from ${size} without ORDER BY.`,
    pages: ({ table }: { table: string }) =>
      `Pages of ${table} overlap and leave rows out, because LIMIT and OFFSET count rows in no order.`,
  },
  query(context) {
    for (const level of levelsOf(context)) {
      const large = looseLimit(context.catalog, level)
      if (large === undefined) continue
      const { name: table, size, severity } = large
      const offset = selectOf(level)?.limitOffset
      const options = { on: table, remedy }
      if (offset === undefined || isConstant(offset)) {
        context.report('anyRows', { table, size }, { ...options, ...severity })
      } else {
        context.report('pages', { table }, options)
      }
    }
  },
})

const remedy = {
  summary:
    'Add ORDER BY with columns that are unique together, such as created_at, id. If any rows will do, say so in an allow comment above the query.',
  migrations: [],
}

/** The large table of a LIMIT without ORDER BY whose choice of rows somebody sees. */
function looseLimit(catalog: QueryCatalog, level: QueryLevel): LargeTable | undefined {
  const select = selectOf(level)
  // batches (WHERE id IN (SELECT … LIMIT 1000)) and EXISTS take any rows
  if (select === undefined || level.role !== 'statement' || select.sortClause !== undefined) return undefined
  const limit = limitOf(select)
  if (limit === undefined || limit === 0 || isSkipLocked(select) || selectsNothing(select)) return undefined
  const { limitCount: _, ...rows } = select
  if (givesOneRow(rows)) return undefined
  const { sources } = level
  if (sources.some(({ isSample }) => isSample)) return undefined
  // what is sorted inside stays in that order, as long as nothing joins it
  if (sources.some((source) => source.select?.sortClause !== undefined)) return undefined
  if (sources.every((source) => isOneRow(catalog, level, source))) return undefined
  const large = largestTable(catalog, sources)
  if (large === undefined) return undefined
  // who writes LIMIT 1 with an equality expects one row
  if (limit === 1 && isMatched(catalog, level, large.source)) return undefined
  return limit === 1 && fixedColumns(catalog, level, large.source).length > 0 ? undefined : large
}
