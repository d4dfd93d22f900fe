/** How many rows a query can want, as far as its conditions and the indexes tell. */
import type { A_Expr, FuncCall, LockingClause, Node, ResTarget, SelectStmt } from '@pgsql/types'
import type { QueryCatalog, QueryTable } from '../core/query-catalog.ts'
import { allOf, as, literalText, unwrap, walk, words } from './ast.ts'
import { aliasesIn, comparisonsIn, nullTest, sourceTable, type Comparison } from './query-columns.ts'
import type { QueryLevel, QuerySource } from './query-levels.ts'

const equalities: ReadonlySet<string> = new Set(['=', 'IN', '= ANY'])
const bounds: ReadonlySet<string> = new Set([...equalities, '<', '<=', '>', '>=', 'BETWEEN'])

/**
 * The sources that conditions reach through an index: a comparison of an index's first column with a value, or, for
 * equality, with a column of a source that is reached so itself. `only equality`: ranges do not count.
 */
export function narrowedSources(
  catalog: QueryCatalog,
  level: QueryLevel,
  by: 'only equality' | 'any bound' = 'any bound',
): ReadonlySet<QuerySource> {
  const operators = by === 'only equality' ? equalities : bounds
  const comparisons = [...level.conditions, ...level.outerConditions].flatMap((condition) =>
    comparisonsIn(catalog, level, condition),
  )
  const usable = comparisons.filter(
    ({ use, operator }) => operators.has(operator) && leadsIndex(use.table, use.column.name),
  )
  // what is no table is taken to be small: nobody knows
  const narrowed = new Set(level.sources.filter(({ kind }) => kind === 'values' || kind === 'function'))
  let before = -1
  while (narrowed.size > before) {
    before = narrowed.size
    for (const comparison of usable) {
      if (isReached(catalog, level, comparison, narrowed)) narrowed.add(comparison.use.source)
    }
  }
  return narrowed
}

function isReached(
  catalog: QueryCatalog,
  level: QueryLevel,
  { use, operator, other }: Comparison,
  narrowed: ReadonlySet<QuerySource>,
): boolean {
  if (other === undefined) return false
  const aliases = aliasesIn(catalog, level, other)
  if (aliases === undefined) return true
  const sources = level.sources.filter(({ alias }) => aliases.has(alias))
  if (sources.length === 0) return true
  return (
    equalities.has(operator) && !sources.includes(use.source) && sources.every((one) => narrowed.has(one))
  )
}

function leadsIndex({ indexes }: QueryTable, column: string): boolean {
  return indexes.some(({ keys, method }) => {
    const [first] = keys
    if (method === 'btree') return first?.column === column
    return keys.some((key) => key.column === column)
  })
}

/** Does some unique key of the table have one value, so that it gives one row at most? */
export function isOneRow(catalog: QueryCatalog, level: QueryLevel, source: QuerySource): boolean {
  const table = sourceTable(catalog, source)
  if (table === undefined) return false
  const fixed = new Set(
    level.conditions
      .flatMap((condition) => comparisonsIn(catalog, level, condition))
      .filter(({ use, operator }) => use.source === source && operator === '=')
      .filter(
        ({ other }) => other !== undefined && aliasesIn(catalog, level, other)?.has(source.alias) === false,
      )
      .map(({ use }) => use.column.name),
  )
  return table.indexes.some(
    ({ unique, predicate, keys }) =>
      unique &&
      predicate === undefined &&
      keys.length > 0 &&
      keys.every(({ column }) => column !== undefined && fixed.has(column)),
  )
}

/** Is there a condition on this source besides those that join it? */
export function isFiltered(catalog: QueryCatalog, level: QueryLevel, source: QuerySource): boolean {
  return level.conditions.some((condition) => {
    const aliases = aliasesIn(catalog, level, condition)
    if (aliases === undefined) return true
    const own = level.sources.filter(({ alias }) => aliases.has(alias))
    return aliases.has(source.alias) && own.length === 1
  })
}

/** The columns of the source that have to be equal to something, or NULL. */
export function fixedColumns(
  catalog: QueryCatalog,
  level: QueryLevel,
  source: QuerySource,
): readonly string[] {
  return level.conditions.flatMap((condition) => {
    const test = nullTest(catalog, level, condition)
    if (test?.use.source === source && test.isNull) return [test.use.column.name]
    return comparisonsIn(catalog, level, condition)
      .filter(({ use, operator }) => use.source === source && equalities.has(operator))
      .map(({ use }) => use.column.name)
  })
}

/** Has an expression over the source to equal something else: `lower(name) = lower($1)`, or a column itself? */
export function isMatched(catalog: QueryCatalog, level: QueryLevel, source: QuerySource): boolean {
  return level.conditions.some((condition) => {
    const { kind, name, lexpr, rexpr } = as<A_Expr>(condition, 'A_Expr') ?? {}
    if (kind !== 'AEXPR_OP' || words(name).at(-1) !== '=') return false
    const sides = [lexpr, rexpr].map((side) => side && aliasesIn(catalog, level, side))
    const own = sides.filter((aliases) => aliases?.has(source.alias))
    return own.length === 1 && !sides.includes(undefined)
  })
}

/** Names of the aggregates that Postgres brings and applications use. */
const aggregates: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'array_agg',
  'string_agg',
  'json_agg',
  'jsonb_agg',
  'json_object_agg',
  'jsonb_object_agg',
  'bool_and',
  'bool_or',
  'every',
  'bit_and',
  'bit_or',
  'any_value',
  'percentile_cont',
  'percentile_disc',
  'mode',
  'stddev',
  'variance',
  'range_agg',
  'xmlagg',
])

/** Does it aggregate, so that it gives one row, or one per group? */
export function isAggregated({ targetList, groupClause, havingClause }: SelectStmt): boolean {
  if (groupClause !== undefined || havingClause !== undefined) return true
  let found = false
  walk(targetList, (tag, value) => {
    if (tag === 'SubLink') return false
    const call = tag === 'FuncCall' ? (value as FuncCall) : undefined
    if (call === undefined || call.over !== undefined) return
    const isMarked =
      call.agg_star ?? call.agg_distinct ?? call.agg_within_group ?? call.agg_filter !== undefined
    found ||= isMarked || aggregates.has(words(call.funcname).at(-1) ?? '')
  })
  return found
}

/** The value of LIMIT where it is a number; undefined where it is a parameter. */
export function limitOf(select: SelectStmt): number | 'parameter' | undefined {
  const { limitCount } = select
  if (limitCount === undefined || as<{ isnull?: boolean }>(limitCount, 'A_Const')?.isnull === true)
    return undefined
  const literal = literalText(limitCount)
  return literal === undefined ? 'parameter' : Number(literal)
}

/** Can the SELECT give more than one row, as far as its form tells? */
export function givesOneRow(select: SelectStmt): boolean {
  const { valuesLists, fromClause, groupClause } = select
  if (select.larg !== undefined) return false
  if (valuesLists !== undefined) return valuesLists.length === 1
  if (limitOf(select) === 1) return true
  return fromClause === undefined || (groupClause === undefined && isAggregated(select))
}

/** Is the target list made of constants only, as in `SELECT 1 FROM …`? */
export function selectsNothing({ targetList }: SelectStmt): boolean {
  return allOf<ResTarget>(targetList, 'ResTarget').every(({ val }) => isConstant(val))
}

export function isConstant(node: Node | undefined): boolean {
  return unwrap(node)?.tag === 'A_Const' || literalText(node) !== undefined
}

/** SELECT … FOR UPDATE SKIP LOCKED: which rows come back depends on the others anyway. */
export function isSkipLocked({ lockingClause }: SelectStmt): boolean {
  return allOf<LockingClause>(lockingClause, 'LockingClause').some(
    ({ waitPolicy }) => waitPolicy === 'LockWaitSkip',
  )
}
