import type { A_Expr, BoolExpr, ColumnRef, Node, NullTest } from '@pgsql/types'
import { as, columnPath, literalText, unwrap, words } from './ast.ts'

/**
 * What a condition says about columns, as far as predicate_implied_by() of the server would draw conclusions from
 * it: comparisons with literals, IS NOT NULL, and ORs of those. Everything else is `other` and proves nothing.
 */
export type Condition =
  | { readonly kind: 'not null'; readonly column: number }
  | { readonly kind: 'null'; readonly column: number }
  | {
      readonly kind: 'compare'
      readonly column: number
      readonly operator: '<' | '<=' | '>' | '>='
      readonly value: string
    }
  | { readonly kind: 'in' | 'not in'; readonly column: number; readonly values: readonly string[] }
  | { readonly kind: 'or'; readonly branches: readonly (readonly Condition[])[] }
  | { readonly kind: 'other' }

/** Finds a column's number by its name; undefined when the table has no such column. */
export type ColumnLookup = (name: string) => number | undefined

/** Splits an expression at its top-level ANDs and reads each part. */
export function readConditions(expression: Node | undefined, lookup: ColumnLookup): readonly Condition[] {
  return expression === undefined ? [] : read(expression, lookup, false)
}

function read(node: Node, lookup: ColumnLookup, negated: boolean): readonly Condition[] {
  const wrapped = unwrap(node)
  switch (wrapped?.tag) {
    case 'BoolExpr':
      return readBoolean(wrapped.value as BoolExpr, lookup, negated)
    case 'NullTest':
      return [readNullTest(wrapped.value as NullTest, lookup, negated)]
    case 'A_Expr':
      return readComparison(wrapped.value as A_Expr, lookup, negated)
    default:
      return [{ kind: 'other' }]
  }
}

function readBoolean(expression: BoolExpr, lookup: ColumnLookup, negated: boolean): readonly Condition[] {
  const parts = expression.args ?? []
  const [first] = parts
  if (expression.boolop === 'NOT_EXPR')
    return first === undefined ? [{ kind: 'other' }] : read(first, lookup, !negated)
  const isAnd = (expression.boolop === 'AND_EXPR') !== negated
  if (isAnd) return parts.flatMap((part) => read(part, lookup, negated))
  return [{ kind: 'or', branches: parts.map((part) => read(part, lookup, negated)) }]
}

function readNullTest(test: NullTest, lookup: ColumnLookup, negated: boolean): Condition {
  const column = columnOf(test.arg, lookup)
  if (column === undefined) return { kind: 'other' }
  return { kind: (test.nulltesttype === 'IS_NOT_NULL') !== negated ? 'not null' : 'null', column }
}

const mirrored = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const
const opposite = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const

function readComparison(expression: A_Expr, lookup: ColumnLookup, negated: boolean): readonly Condition[] {
  const { kind, lexpr, rexpr } = expression
  if (kind === 'AEXPR_BETWEEN') return readBetween(expression, lookup, negated)
  if (kind === 'AEXPR_IN' || kind === 'AEXPR_OP_ANY') return [readList(expression, lookup, negated)]
  if (kind !== 'AEXPR_OP') return [{ kind: 'other' }]
  const operator = words(expression.name).at(-1) ?? ''
  const left = columnOf(lexpr, lookup)
  const column = left ?? columnOf(rexpr, lookup)
  const value = literalText(left === undefined ? lexpr : rexpr)
  if (column === undefined || value === undefined) return [{ kind: 'other' }]
  if (operator === '=' || operator === '<>') {
    return [{ kind: (operator === '=') !== negated ? 'in' : 'not in', column, values: [value] }]
  }
  if (!(operator in mirrored)) return [{ kind: 'other' }]
  let compared = operator as keyof typeof mirrored
  if (left === undefined) compared = mirrored[compared]
  if (negated) compared = opposite[compared]
  return [{ kind: 'compare', column, operator: compared, value }]
}

function readBetween(expression: A_Expr, lookup: ColumnLookup, negated: boolean): readonly Condition[] {
  const column = columnOf(expression.lexpr, lookup)
  const [low, high] = (as<{ items?: Node[] }>(expression.rexpr, 'List')?.items ?? []).map(literalText)
  if (column === undefined || low === undefined || high === undefined) return [{ kind: 'other' }]
  const from: Condition = { kind: 'compare', column, operator: negated ? '<' : '>=', value: low }
  const to: Condition = { kind: 'compare', column, operator: negated ? '>' : '<=', value: high }
  return negated ? [{ kind: 'or', branches: [[from], [to]] }] : [from, to]
}

/** `c IN (1, 2)`, `c NOT IN (…)`, `c = ANY (ARRAY[…])`. */
function readList(expression: A_Expr, lookup: ColumnLookup, negated: boolean): Condition {
  const column = columnOf(expression.lexpr, lookup)
  const items = as<{ items?: Node[] }>(expression.rexpr, 'List')?.items ?? arrayElements(expression.rexpr)
  const values = items?.map(literalText)
  if (column === undefined || values === undefined || values.some((value) => value === undefined)) {
    return { kind: 'other' }
  }
  const isEquality = words(expression.name).at(-1) === '='
  if (expression.kind === 'AEXPR_OP_ANY' && !isEquality) return { kind: 'other' }
  return { kind: isEquality !== negated ? 'in' : 'not in', column, values: values as string[] }
}

function arrayElements(node: Node | undefined): Node[] | undefined {
  const cast = as<{ arg?: Node }>(node, 'TypeCast')
  if (cast !== undefined) return arrayElements(cast.arg)
  return as<{ elements?: Node[] }>(node, 'A_ArrayExpr')?.elements
}

function columnOf(node: Node | undefined, lookup: ColumnLookup): number | undefined {
  const cast = as<{ arg?: Node }>(node, 'TypeCast')
  if (cast !== undefined) return columnOf(cast.arg, lookup)
  const reference = as<ColumnRef>(node, 'ColumnRef')
  const name = reference === undefined ? undefined : columnPath(reference).at(-1)
  return name === undefined ? undefined : lookup(name)
}

/** The same conditions for a table that numbers its columns differently. */
export function renumberConditions(
  conditions: readonly Condition[],
  renumber: (column: number) => number | undefined,
): readonly Condition[] {
  return conditions.map((condition) => {
    if (condition.kind === 'other') return condition
    if (condition.kind === 'or') {
      return {
        kind: 'or',
        branches: condition.branches.map((branch) => renumberConditions(branch, renumber)),
      }
    }
    const column = renumber(condition.column)
    return column === undefined ? { kind: 'other' } : { ...condition, column }
  })
}

/** Do the conditions, all true together, force the goal to be true for every row? */
export function implies(given: readonly Condition[], goal: Condition): boolean {
  if (given.some((condition) => impliesAlone(condition, goal))) return true
  return goal.kind === 'or' && goal.branches.some((branch) => branch.every((part) => implies(given, part)))
}

function impliesAlone(condition: Condition, goal: Condition): boolean {
  if (condition.kind === 'or') return condition.branches.every((branch) => implies(branch, goal))
  if (condition.kind === 'other' || goal.kind === 'other' || goal.kind === 'or') return false
  if (condition.column !== goal.column) return false
  if (goal.kind === 'not null' || goal.kind === 'null') return condition.kind === goal.kind
  if (condition.kind === 'compare') {
    return goal.kind === 'compare' && impliesComparison(condition, goal)
  }
  if (goal.kind === 'compare') {
    return (
      condition.kind === 'in' &&
      condition.values.every((value) => impliesComparison({ operator: '=', value }, goal))
    )
  }
  if (condition.kind === 'in' && goal.kind === 'in') return isSubset(condition.values, goal.values)
  if (condition.kind === 'not in' && goal.kind === 'not in') return isSubset(goal.values, condition.values)
  return false
}

function isSubset(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((value) => whole.includes(value))
}

interface Comparison {
  readonly operator: '<' | '<=' | '>' | '>=' | '='
  readonly value: string
}

function impliesComparison(given: Comparison, goal: Comparison): boolean {
  const order = compareLiterals(given.value, goal.value)
  if (order === undefined) return false
  const isUpper = goal.operator === '<' || goal.operator === '<='
  if (given.operator !== '=' && (given.operator === '<' || given.operator === '<=') !== isUpper) return false
  if (order === 0) return given.operator === goal.operator || goal.operator.endsWith('=') || isStrict(given)
  return isUpper ? order < 0 : order > 0
}

function isStrict(comparison: Comparison): boolean {
  return comparison.operator === '<' || comparison.operator === '>'
}

/**
 * Order of two literals of the same column: as numbers, or as ISO dates and times of the same shape.
 * Undefined when neither reading is safe and the texts differ.
 */
export function compareLiterals(a: string, b: string): number | undefined {
  if (a === b) return 0
  if (isNumber.test(a) && isNumber.test(b)) return Number(a) - Number(b)
  if (isDate.test(a) && isDate.test(b)) {
    const [first, second] = [withoutMidnight(a), withoutMidnight(b)]
    return first === second ? 0 : first < second ? -1 : 1
  }
  return undefined
}

const isNumber = /^-?\d+(\.\d+)?$/
const isDate = /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?$/

function withoutMidnight(text: string): string {
  return text.replace('T', ' ').replace(/ 00:00(:00)?$/, '')
}
