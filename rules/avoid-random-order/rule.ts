import {
  defineRule,
  largestTable,
  levelsOf,
  narrowedSources,
  nodeIn,
  selectOf,
  words,
  type QueryLevel,
} from '../../src/rule.ts'

const randomFunctions: ReadonlySet<string> = new Set([
  'random',
  'gen_random_uuid',
  'uuidv4',
  'uuid_generate_v4',
])

export default defineRule({
  id: 'avoid-random-order',
  title: 'Avoid ORDER BY random() on a large table',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    sortsAll: ({ table, size }: { table: string; size: string }) =>
      `Each call reads all of ${table}, ${size}, and gives every row a random number to pick some of them.`,
    unknown: ({ table }: { table: string }) =>
      `Each call reads all of ${table}, whose size is not known, and gives every row a random number to pick some of them.`,
  },
  query(context) {
    for (const level of levelsOf(context)) {
      if (!isSortedAtRandom(level) || level.sources.some(({ isSample }) => isSample)) continue
      const narrowed = narrowedSources(context.catalog, level)
      // one table that is brought to few rows brings the joined ones along
      if (narrowed.size > 0) continue
      const large = largestTable(context.catalog, level.sources)
      if (large === undefined) continue
      const { name: table, size, rows, severity } = large
      const options = { on: table, remedy, ...severity }
      if (rows === undefined) context.report('unknown', { table }, options)
      else context.report('sortsAll', { table, size }, options)
    }
  },
})

const remedy = {
  summary:
    'Take a sample, FROM … TABLESAMPLE SYSTEM_ROWS (100) (extension tsm_system_rows), and sort that; or jump to a random key: WHERE id >= $1 ORDER BY id LIMIT 1.',
  migrations: [],
}

function isSortedAtRandom(level: QueryLevel): boolean {
  const [first] = selectOf(level)?.sortClause ?? []
  const call = nodeIn(nodeIn(first, 'SortBy')?.node, 'FuncCall')
  return randomFunctions.has(words(call?.funcname).at(-1) ?? '')
}
