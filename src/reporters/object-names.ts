import { displayName } from '../core/locks.ts'
import { printableLine } from './printable.ts'
import type { Effect, Finding } from '../core/model.ts'

/**
 * The names of tables, indexes, columns and so on that sentences about these effects hold, as they are printed there:
 * to set them off from the words around, which `orders` and `reviews` look like.
 */
export function objectNames(effects: readonly Effect[]): ReadonlySet<string> {
  return new Set(
    effects
      .flatMap(namesIn)
      .map(printableLine)
      .filter((name) => !everydayWords.has(name)),
  )
}

/** The names that sentences about a finding hold: {@link objectNames}, and of queries that it is about or names. */
export function findingNames(
  finding: Pick<Finding, 'because' | 'object' | 'query' | 'queries'>,
): ReadonlySet<string> {
  const { because, object, query, queries = [] } = finding
  const effects = objectNames(because)
  if (query === undefined && queries.length === 0) return effects
  const names = [...queries.map(({ name }) => name), ...(query === undefined ? [] : [query.name]), object]
  const printed = names.map(printableLine).filter((name) => !everydayWords.has(name))
  return new Set([...effects, ...printed, ...tableNames([object])])
}

/** Words of our own sentences: a table of that name stays plain, because the words around it would look like it. */
const everydayWords = new Set(
  (
    'a an and all as at be by for from in is it its of on or so the to ' +
    'code column columns commit data every index indexes lock locks query queries read reads row rows run ' +
    'statement statements table tables transaction transactions type until value values wait waits write writes'
  ).split(' '),
)

/** The names of these `schema.name` tables, as {@link objectNames} has them. */
export function tableNames(tables: readonly string[]): ReadonlySet<string> {
  return new Set(
    tables
      .flatMap(tableName)
      .map(printableLine)
      .filter((name) => !everydayWords.has(name)),
  )
}

function namesIn(effect: Effect): readonly string[] {
  if (effect.kind === 'catalog') {
    const { object, change } = effect
    const column = 'column' in change ? change.column : undefined
    return [
      displayName(object),
      ...tableName(object.table),
      ...(column === undefined ? [] : [typeof column === 'string' ? column : column.name]),
      ...('from' in change && change.type !== 'change type' ? [change.from, change.to] : []),
    ]
  }
  return 'relation' in effect ? [displayName(effect.relation), ...tableName(effect.relation.table)] : []
}

/** `orders` for `public.orders`; other schemas make a word that is set off anyway. */
function tableName(qualified: string | undefined): readonly string[] {
  return qualified?.startsWith('public.') === true ? [qualified.slice('public.'.length)] : []
}
