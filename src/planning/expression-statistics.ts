import type { PlannerColumn } from '../core/production.ts'
import { tokenize } from '../sql/tokens.ts'
import type { CatalogIndex, SideCatalog } from './side-catalog.ts'
import type { IndexFigures, TableFigures } from './side-facts.ts'

/** What gives another value for (nearly) every other value. */
const likeTheirColumn = /^(?:lower|upper|trim|btrim|ltrim|rtrim)\(/

/**
 * What ANALYZE will find of an index of expressions like `lower(email)`: as many different values as its column has.
 * Without, the planner takes 200 for every expression (DEFAULT_NUM_DISTINCT, selfuncs.h).
 */
export function withExpressions(
  { columns }: SideCatalog,
  index: CatalogIndex,
  figures: IndexFigures,
  table: TableFigures,
): IndexFigures {
  const own = columns.get(index.table) ?? []
  const found = new Map<number, PlannerColumn>()
  for (const [place, { expression }] of index.keys.entries()) {
    if (expression === undefined || !likeTheirColumn.test(expression)) continue
    const words = new Set(tokenize(expression).map(({ text }) => text.replace(/^"(.*)"$/, '$1')))
    const named = own.filter(({ name }) => words.has(name))
    const [only] = named
    const statistics = only === undefined || named.length > 1 ? undefined : table.columns.get(only.attnum)
    if (statistics === undefined) continue
    const { nullFraction, distinct, width } = statistics
    found.set(place + 1, { name: expression, nullFraction, distinct, width })
  }
  return { ...figures, columns: found }
}
