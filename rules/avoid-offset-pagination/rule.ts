import {
  defineRule,
  formatCount,
  isOneRow,
  largestTable,
  levelsOf,
  literalText,
  narrowedSources,
  nodeIn,
  selectOf,
  type QueryLevel,
} from '../../src/rule.ts'

/** From here on a fixed OFFSET is a page number in disguise, and reads as many rows for nothing. */
const farOffset = 10_000

export default defineRule({
  id: 'avoid-offset-pagination',
  title: 'Avoid OFFSET to page through a large table',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    pages: ({ table, size }: { table: string; size: string }) =>
      `Each page of ${table} reads and throws away all pages before it, so the last of its ${size} are as slow as reading the whole table.`,
    unknown: ({ table }: { table: string }) =>
      `Each page of ${table}, whose size is not known, reads and throws away all pages before it.`,
    far: ({ table, offset }: { table: string; offset: string }) =>
      `The query reads ${offset} rows of ${table} only to throw them away.`,
  },
  query(context) {
    const { catalog } = context
    for (const level of levelsOf(context)) {
      const offset = offsetOf(level)
      // without an order pages are wrong in the first place: require-order-by-with-limit
      if (offset === undefined || selectOf(level)?.sortClause === undefined) continue
      // the rows of one user, order or tenant do not fill many pages
      const narrowed = narrowedSources(catalog, level, 'only equality')
      const large = largestTable(catalog, level.sources)
      if (large === undefined || narrowed.has(large.source) || isOneRow(catalog, level, large.source))
        continue
      const { name: table, size, rows, severity } = large
      const options = { on: table, remedy: keysetRemedy, ...severity }
      if (offset !== 'parameter') context.report('far', { table, offset: formatCount(offset) }, options)
      else if (rows === undefined) context.report('unknown', { table }, options)
      else context.report('pages', { table, size }, options)
    }
  },
})

const keysetRemedy = {
  summary:
    'Page by the key of the last row instead: sort by columns that are unique together, ask for the rows behind the last one seen, as in WHERE (sorted_by, id) < ($1, $2), and have an index on these columns.',
  migrations: [],
}

/** How many rows are thrown away; `OFFSET 0` and its like are nothing. */
function offsetOf(level: QueryLevel): number | 'parameter' | undefined {
  const limitOffset = selectOf(level)?.limitOffset
  if (limitOffset === undefined) return undefined
  const literal = literalText(limitOffset)
  if (literal === undefined) return nodeIn(limitOffset, 'A_Const')?.isnull === true ? undefined : 'parameter'
  return Number(literal) >= farOffset ? Number(literal) : undefined
}
