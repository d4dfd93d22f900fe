import type { A_Const, Node } from '@pgsql/types'
import { as, isNullLiteral } from './ast.ts'
import { quoteLiteral } from './quote.ts'
import { tokenize } from './tokens.ts'

/** Types without an equality operator, or with one that compares something else (area, length). */
const withoutEquality: ReadonlySet<string> = new Set('box circle json lseg path point polygon xml'.split(' '))

/**
 * True where the column does not hold what the assignment of this value would put there. Assignments convert more than
 * comparisons do (`text = 1` has no operator), so the value is converted to the column's type first.
 */
export function differsFrom(
  column: string,
  value: { readonly node: Node | undefined; readonly text: string },
  type: string | undefined,
): string {
  if (isNullLiteral(value.node)) return `${column} IS NOT NULL`
  if (type !== undefined && withoutEquality.has(type)) {
    return `${column}::text IS DISTINCT FROM CAST(${value.text} AS ${type})::text`
  }
  return `${column} IS DISTINCT FROM ${converted(value, type)}`
}

function converted(
  { node, text }: { readonly node: Node | undefined; readonly text: string },
  type: string | undefined,
): string {
  const constant = as<A_Const>(node, 'A_Const')
  if (type === undefined) {
    // a literal in quotes is read as whatever it is compared with
    if (constant?.ival !== undefined || constant?.fval !== undefined) return quoteLiteral(text)
    return tokenize(text).length === 1 ? text : `(${text})`
  }
  return constant !== undefined && isOfType(constant, type) ? text : `CAST(${text} AS ${type})`
}

const exact: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint', 'numeric', 'double precision'])

function isOfType({ sval, boolval, ival, fval }: A_Const, type: string): boolean {
  if (sval !== undefined) return !type.includes('(')
  if (boolval !== undefined) return type === 'boolean'
  return ival !== undefined ? exact.has(type) : fval !== undefined && type === 'numeric'
}
