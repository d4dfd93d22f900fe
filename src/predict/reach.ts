import type {
  A_Expr,
  BoolExpr,
  ColumnRef,
  CommonTableExpr,
  Node,
  RangeFunction,
  RangeSubselect,
  RangeVar,
  SelectStmt,
  SubLink,
  WithClause,
} from '@pgsql/types'
import type { WriteEffect } from '../core/model.ts'
import { allOf, as, columnPath, literalText, unwrap, walk, words } from '../sql/ast.ts'
import type { Schema } from '../sql/schema.ts'
import { columnByName, columnByNumber, type TableRecord } from '../sql/schema-records.ts'

export type Reach = WriteEffect['reach']

/** What a condition can refer to: the target, and what stands beside it in FROM, USING and WITH. */
export interface ReachScope {
  readonly schema: Schema
  readonly target: TableRecord
  readonly alias: string
  /** Names beside the target that stand for a limited number of rows: VALUES, LIMIT, bounded CTEs. */
  readonly boundedSources: ReadonlySet<string>
  /** All names beside the target. */
  readonly sources: ReadonlySet<string>
  /** CTEs that stand for a limited number of rows, also when only a sub-select names them. */
  readonly boundedCtes: ReadonlySet<string>
}

/** How far a WHERE lets UPDATE or DELETE reach into the target. */
export function reachOf(scope: ReachScope, where: Node | undefined): Reach {
  const parts = conjuncts(where).filter((part) => !isTautology(scope, part))
  if (parts.length === 0) return 'all rows'
  return isBounded(scope, parts) ? 'bounded' : 'filtered'
}

/** Names beside the target in FROM or USING and WITH, sorted into limited and unlimited. */
export function sourcesOf(
  items: readonly Node[] | undefined,
  withClause: WithClause | undefined,
): Pick<ReachScope, 'boundedSources' | 'sources' | 'boundedCtes'> {
  const boundedSources = new Set<string>()
  const sources = new Set<string>()
  const ctes = readBoundedCtes(withClause)
  const visit = (item: Node | undefined): void => {
    const join = as<{ larg?: Node; rarg?: Node }>(item, 'JoinExpr')
    if (join !== undefined) {
      visit(join.larg)
      visit(join.rarg)
      return
    }
    const source = readSource(item, ctes)
    if (source === undefined) return
    sources.add(source.name)
    if (source.isBounded) boundedSources.add(source.name)
  }
  for (const item of items ?? []) visit(item)
  return { boundedSources, sources, boundedCtes: ctes }
}

function readBoundedCtes(withClause: WithClause | undefined): ReadonlySet<string> {
  const names = new Set<string>()
  for (const cte of allOf<CommonTableExpr>(withClause?.ctes, 'CommonTableExpr')) {
    const select = as<SelectStmt>(cte.ctequery, 'SelectStmt')
    if (select !== undefined && isLimited(select, names)) names.add(cte.ctename ?? '')
  }
  return names
}

function readSource(
  item: Node | undefined,
  ctes: ReadonlySet<string>,
): { name: string; isBounded: boolean } | undefined {
  const range = as<RangeVar>(item, 'RangeVar')
  if (range !== undefined) {
    const name = range.relname ?? ''
    return {
      name: range.alias?.aliasname ?? name,
      isBounded: range.schemaname === undefined && ctes.has(name),
    }
  }
  const sub = as<RangeSubselect>(item, 'RangeSubselect')
  const select = as<SelectStmt>(sub?.subquery, 'SelectStmt')
  if (sub !== undefined) {
    return { name: sub.alias?.aliasname ?? '', isBounded: select !== undefined && isLimited(select, ctes) }
  }
  const call = as<RangeFunction>(item, 'RangeFunction')
  // unnest('{…}') and its like give as many rows as the statement spells out
  return call === undefined ? undefined : { name: call.alias?.aliasname ?? '', isBounded: true }
}

/** Does a SELECT give a number of rows that the statement itself limits? */
function isLimited(select: SelectStmt, ctes: ReadonlySet<string>): boolean {
  if (select.limitCount !== undefined && select.limitCount !== null) return !isNullLimit(select.limitCount)
  if ((select.valuesLists?.length ?? 0) > 0) return true
  const from = select.fromClause ?? []
  if (select.op !== undefined && select.op !== 'SETOP_NONE') {
    return [select.larg, select.rarg].every((side) => side !== undefined && isLimited(side, ctes))
  }
  return from.every((item) => readSource(item, ctes)?.isBounded === true)
}

/** LIMIT ALL is LIMIT NULL. */
function isNullLimit(limit: Node): boolean {
  return as<{ isnull?: boolean }>(limit, 'A_Const')?.isnull === true
}

function conjuncts(node: Node | undefined): Node[] {
  if (node === undefined) return []
  const bool = as<BoolExpr>(node, 'BoolExpr')
  return bool?.boolop === 'AND_EXPR' ? (bool.args ?? []).flatMap(conjuncts) : [node]
}

/** true, 1 = 1, and IS NOT NULL on a NOT NULL column keep no row out. */
function isTautology(scope: ReachScope, node: Node): boolean {
  if (literalText(node) === 'true') return true
  const test = as<{ arg?: Node; nulltesttype?: string }>(node, 'NullTest')
  if (test?.nulltesttype === 'IS_NOT_NULL') {
    const name = targetColumn(scope, test.arg)
    return name !== undefined && columnByName(scope.target, name)?.notNull === true
  }
  const comparison = as<A_Expr>(node, 'A_Expr')
  if (comparison?.kind !== 'AEXPR_OP' || words(comparison.name)[0] !== '=') return false
  const [left, right] = [literalText(comparison.lexpr), literalText(comparison.rexpr)]
  return left !== undefined && left === right
}

interface ColumnBounds {
  readonly equal: Set<string>
  readonly above: Set<string>
  readonly below: Set<string>
}

function isBounded(scope: ReachScope, parts: readonly Node[]): boolean {
  const bounds: ColumnBounds = { equal: new Set(), above: new Set(), below: new Set() }
  for (const part of parts) {
    if ('CurrentOfExpr' in part) return true
    const bool = as<BoolExpr>(part, 'BoolExpr')
    if (bool?.boolop === 'OR_EXPR') {
      if ((bool.args ?? []).every((branch) => isBounded(scope, conjuncts(branch)))) return true
      continue
    }
    collectBounds(scope, part, bounds)
  }
  return keysOf(scope).some((key) => {
    const open = key.filter((column) => !bounds.equal.has(column))
    const [only] = open
    if (only === undefined) return true
    return open.length === 1 && bounds.above.has(only) && bounds.below.has(only)
  })
}

/** Column names of every key; of a table that no file creates, the names that keys usually have. */
function keysOf({ schema, target }: ReachScope): readonly (readonly string[])[] {
  const keys: (readonly string[])[] = [['ctid']]
  if (!target.isKnown) keys.push(['id'], ['uuid'])
  for (const index of schema.indexes(target.indexes)) {
    if (!index.isUnique || !index.isPlain) continue
    keys.push(index.keys.map((number) => columnByNumber(target, number)?.name ?? ''))
  }
  return keys
}

function collectBounds(scope: ReachScope, node: Node, bounds: ColumnBounds): void {
  const sublink = as<SubLink>(node, 'SubLink')
  if (sublink?.subLinkType === 'ANY_SUBLINK') {
    const column = targetColumn(scope, sublink.testexpr)
    const select = as<SelectStmt>(sublink.subselect, 'SelectStmt')
    if (column !== undefined && select !== undefined && isLimitedSelect(scope, select))
      bounds.equal.add(column)
    return
  }
  const expression = as<A_Expr>(node, 'A_Expr')
  if (expression === undefined) return
  const operator = words(expression.name).at(-1) ?? ''
  const column = targetColumn(scope, expression.lexpr)
  if (expression.kind === 'AEXPR_BETWEEN' && column !== undefined) {
    const ends = as<{ items?: Node[] }>(expression.rexpr, 'List')?.items ?? []
    if (!ends.every((end) => isFixed(scope, end))) return
    bounds.above.add(column)
    bounds.below.add(column)
  } else if (expression.kind === 'AEXPR_IN' && operator === '=' && column !== undefined) {
    const items = as<{ items?: Node[] }>(expression.rexpr, 'List')?.items ?? []
    if (items.every((item) => isFixed(scope, item))) bounds.equal.add(column)
  } else if (expression.kind === 'AEXPR_OP_ANY' && operator === '=' && column !== undefined) {
    if (isLimitedArray(scope, expression.rexpr)) bounds.equal.add(column)
  } else if (expression.kind === 'AEXPR_OP') {
    collectComparison(scope, expression, operator, bounds)
  }
}

function collectComparison(
  scope: ReachScope,
  expression: A_Expr,
  operator: string,
  bounds: ColumnBounds,
): void {
  for (const [side, other, isMirrored] of [
    [expression.lexpr, expression.rexpr, false],
    [expression.rexpr, expression.lexpr, true],
  ] as const) {
    const column = targetColumn(scope, side)
    if (column === undefined || other === undefined || !isFixed(scope, other)) continue
    if (operator === '=') bounds.equal.add(column)
    if (operator === '>' || operator === '>=') (isMirrored ? bounds.below : bounds.above).add(column)
    if (operator === '<' || operator === '<=') (isMirrored ? bounds.above : bounds.below).add(column)
  }
}

/** `= ANY (ARRAY(SELECT … LIMIT n))`, `= ANY ('{…}')`, `= ANY (variable)`. */
function isLimitedArray(scope: ReachScope, node: Node | undefined): boolean {
  const sublink = as<SubLink>(node, 'SubLink')
  const select = as<SelectStmt>(sublink?.subselect, 'SelectStmt')
  if (select !== undefined) return isLimitedSelect(scope, select)
  return node !== undefined && isFixed(scope, node)
}

function isLimitedSelect({ boundedCtes }: ReachScope, select: SelectStmt): boolean {
  const ctes = new Set([...boundedCtes, ...readBoundedCtes(select.withClause)])
  return isLimited(select, ctes)
}

/** The target's column that an expression is, also below a cast. */
function targetColumn(scope: ReachScope, node: Node | undefined): string | undefined {
  const cast = as<{ arg?: Node }>(node, 'TypeCast')
  if (cast !== undefined) return targetColumn(scope, cast.arg)
  const reference = as<ColumnRef>(node, 'ColumnRef')
  if (reference === undefined) return undefined
  const path = columnPath(reference)
  const [qualifier, name] = [path.at(-2), path.at(-1)]
  if (name === undefined || unwrap(reference.fields?.at(-1))?.tag === 'A_Star') return undefined
  if (qualifier !== undefined) return qualifier === scope.alias ? name : undefined
  const isColumn = !scope.target.isKnown || name === 'ctid' || columnByName(scope.target, name) !== undefined
  return isColumn ? name : undefined
}

/**
 * Has the expression a limited number of values for the whole statement? Literals, parameters, PL/pgSQL variables
 * and columns of limited sources have; columns of the target and of other tables have not.
 */
function isFixed(scope: ReachScope, node: Node): boolean {
  let fixed = true
  const inspect = (tag: string, value: object) => {
    if (tag === 'SubLink') {
      const { subselect, subLinkType } = value as SubLink
      const select = as<SelectStmt>(subselect, 'SelectStmt')
      // a scalar sub-select gives one value
      if (subLinkType !== 'EXPR_SUBLINK' && (select === undefined || !isLimitedSelect(scope, select)))
        fixed = false
      return false
    }
    if (tag !== 'ColumnRef') return
    const path = columnPath(value as ColumnRef)
    const qualifier = path.at(-2)
    if (qualifier === undefined) {
      if (targetColumn(scope, { ColumnRef: value }) !== undefined && scope.target.isKnown) fixed = false
    } else if (qualifier === scope.alias) {
      fixed = false
    } else if (scope.sources.has(qualifier) && !scope.boundedSources.has(qualifier)) {
      fixed = false
    }
    return
  }
  walk([node], inspect)
  return fixed
}

/** How many rows an INSERT … SELECT can bring. */
export function selectReach(select: SelectStmt): Reach {
  const ctes = readBoundedCtes(select.withClause)
  if (isLimited(select, ctes)) return 'bounded'
  return select.whereClause === undefined ? 'all rows' : 'filtered'
}

/** Names of the target's columns that a WHERE bounds in a way that an index on them could serve. */
export function boundedColumns(scope: ReachScope, where: Node | undefined): ReadonlySet<string> {
  const bounds: ColumnBounds = { equal: new Set(), above: new Set(), below: new Set() }
  for (const part of conjuncts(where)) {
    collectBounds(scope, part, bounds)
    const column = targetColumn(scope, as<{ arg?: Node }>(part, 'NullTest')?.arg)
    if (column !== undefined) bounds.equal.add(column)
  }
  return new Set([...bounds.equal, ...bounds.above, ...bounds.below])
}
