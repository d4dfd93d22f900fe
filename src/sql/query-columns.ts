/** Columns in a query: which table they belong to, and what conditions say about them. */
import type { A_Expr, ColumnRef, Node, NullTest } from '@pgsql/types'
import { tableNamed, type QueryCatalog, type QueryColumn, type QueryTable } from '../core/query-catalog.ts'
import { as, columnPath, unwrap, walk, words } from './ast.ts'
import type { QueryLevel, QuerySource } from './query-levels.ts'

/** A column of a table that the query reads. */
export interface ColumnUse {
  readonly source: QuerySource
  readonly table: QueryTable
  readonly column: QueryColumn
}

/** The table behind a source; undefined for what is none, and for tables that the catalogue does not know. */
export function sourceTable(
  catalog: QueryCatalog,
  { kind, schema, name }: QuerySource,
): QueryTable | undefined {
  return kind === 'table' && name !== undefined ? tableNamed(catalog, schema, name) : undefined
}

/** The column that a reference means; undefined for an expression, an outer query's column, and where it is not known. */
export function columnUse(
  catalog: QueryCatalog,
  level: QueryLevel,
  node: Node | undefined,
): ColumnUse | undefined {
  const reference = as<ColumnRef>(node, 'ColumnRef')
  const path = reference === undefined ? [] : columnPath(reference)
  const name = path.at(-1)
  const alias = path.at(-2)
  if (name === undefined) return undefined
  for (const source of level.sources) {
    if (alias !== undefined && source.alias !== alias) continue
    const table = sourceTable(catalog, source)
    const column = table?.columns.find((one) => one.name === name)
    if (table !== undefined && column !== undefined) return { source, table, column }
  }
  return undefined
}

/**
 * The aliases whose columns an expression names, those of outer queries too; undefined when it names a column of which
 * nobody knows whose it is.
 */
export function aliasesIn(
  catalog: QueryCatalog,
  level: QueryLevel,
  expression: Node,
): ReadonlySet<string> | undefined {
  const aliases = new Set<string>()
  let isKnown = true
  walk(expression, (tag, value) => {
    if (tag !== 'ColumnRef') return
    const alias = columnPath(value as ColumnRef).at(-2) ?? ownerOf(catalog, level, value as ColumnRef)
    if (alias === undefined) isKnown = false
    else aliases.add(alias)
  })
  return isKnown ? aliases : undefined
}

function ownerOf(catalog: QueryCatalog, level: QueryLevel, value: ColumnRef): string | undefined {
  return columnUse(catalog, level, { ColumnRef: value })?.source.alias
}

/** A column compared with something: `=`, `<`, … or `IN`, `LIKE`, `BETWEEN`, whose operators are never true for NULL. */
export interface Comparison {
  readonly use: ColumnUse
  readonly operator: string
  readonly other: Node | undefined
}

const mirrored: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }
const ranges: Readonly<Partial<Record<string, string>>> = {
  AEXPR_IN: 'IN',
  AEXPR_OP_ANY: '= ANY',
  AEXPR_BETWEEN: 'BETWEEN',
  AEXPR_LIKE: 'LIKE',
  AEXPR_ILIKE: 'ILIKE',
}

/** The comparisons of plain columns in a condition; two for `a.x = b.y`. */
export function comparisonsIn(
  catalog: QueryCatalog,
  level: QueryLevel,
  condition: Node,
): readonly Comparison[] {
  const wrapped = unwrap(condition)
  if (wrapped?.tag === 'SubLink') return inSubselect(catalog, level, wrapped.value)
  if (wrapped?.tag !== 'A_Expr') return []
  const { kind, name, lexpr, rexpr } = wrapped.value as A_Expr
  const symbol = words(name).at(-1) ?? ''
  const operator = kind === 'AEXPR_OP' ? symbol : (ranges[kind ?? ''] ?? '')
  // <> and NOT LIKE bound nothing
  if (operator === '' || symbol === '<>' || symbol.startsWith('!')) return []
  const left = columnUse(catalog, level, lexpr)
  const right = kind === 'AEXPR_OP' ? columnUse(catalog, level, rexpr) : undefined
  return [
    ...(left === undefined ? [] : [{ use: left, operator, other: rexpr }]),
    ...(right === undefined ? [] : [{ use: right, operator: mirrored[operator] ?? operator, other: lexpr }]),
  ]
}

/** `x IN (SELECT …)` */
function inSubselect(catalog: QueryCatalog, level: QueryLevel, value: object): readonly Comparison[] {
  const { subLinkType, operName, testexpr } = value as {
    subLinkType?: string
    operName?: Node[]
    testexpr?: Node
  }
  const use = columnUse(catalog, level, testexpr)
  if (use === undefined || subLinkType !== 'ANY_SUBLINK' || operName !== undefined) return []
  return [{ use, operator: 'IN', other: { SubLink: value } as Node }]
}

/** The column that a condition `x IS NOT NULL` (or IS NULL) is about. */
export function nullTest(
  catalog: QueryCatalog,
  level: QueryLevel,
  condition: Node,
): { readonly use: ColumnUse; readonly isNull: boolean } | undefined {
  const test = as<NullTest>(condition, 'NullTest')
  const use = columnUse(catalog, level, test?.arg)
  return use === undefined ? undefined : { use, isNull: test?.nulltesttype === 'IS_NULL' }
}
