import type {
  A_Expr,
  CoalesceExpr,
  ColumnRef,
  FuncCall,
  Node,
  NullTest,
  ParamRef,
  TypeCast,
} from '@pgsql/types'
import { columnPath, isNullLiteral, literalText, unwrap, words } from './ast.ts'
import { formatType, readColumnType } from './column-type.ts'
import { parseStatement } from './parse.ts'
import { quoteIdent } from './quote.ts'

/**
 * An expression in a form that is the same however it was written: columns without their table, no casts of literals,
 * and no casts to text inside (`lower((email)::text)`, as pg_get_indexdef() prints `lower(email)` of a varchar). It is
 * SQL again. Undefined for what is not printed here: sub-selects, CASE, arrays and more.
 */
export function expressionKey(node: Node | undefined): string | undefined {
  return print(node, true)
}

/** As {@link expressionKey}, of an expression's text. */
export function expressionKeyOf(text: string): string | undefined {
  const { node } = parseStatement(`SELECT ${text}`)
  const targets = (node as { targetList?: Node[] } | undefined)?.targetList ?? []
  const [first] = targets
  if (targets.length !== 1 || first === undefined) return undefined
  return expressionKey((first as { ResTarget?: { val?: Node } }).ResTarget?.val)
}

function print(node: Node | undefined, isTop: boolean): string | undefined {
  const literal = literalText(node)
  if (literal !== undefined) return `'${literal.replaceAll("'", "''")}'`
  if (isNullLiteral(node)) return 'NULL'
  const wrapped = unwrap(node)
  switch (wrapped?.tag) {
    case 'ColumnRef': {
      const column = columnPath(wrapped.value as ColumnRef).at(-1)
      return column === undefined ? undefined : quoteIdent(column)
    }
    case 'ParamRef':
      return `$${(wrapped.value as ParamRef).number ?? 0}`
    case 'FuncCall':
      return printCall(wrapped.value as FuncCall)
    case 'CoalesceExpr':
      return printList('COALESCE', (wrapped.value as CoalesceExpr).args)
    case 'TypeCast':
      return printCast(wrapped.value as TypeCast, isTop)
    case 'A_Expr':
      return printOperator(wrapped.value as A_Expr)
    case 'NullTest': {
      const { arg, nulltesttype } = wrapped.value as NullTest
      const inner = print(arg, false)
      if (inner === undefined) return undefined
      return `(${inner} IS ${nulltesttype === 'IS_NULL' ? 'NULL' : 'NOT NULL'})`
    }
    default:
      return undefined
  }
}

const textTypes: ReadonlySet<string> = new Set(['text', 'character varying', 'character'])

function printCast({ arg, typeName }: TypeCast, isTop: boolean): string | undefined {
  const inner = print(arg, false)
  const type = formatType(readColumnType(typeName, () => undefined))
  if (inner === undefined || (!isTop && textTypes.has(type))) return inner
  return `(${inner})::${type}`
}

function printCall(call: FuncCall): string | undefined {
  const { funcname, args, agg_star: star, agg_distinct: distinct, over, agg_filter: filter } = call
  if (star === true || distinct === true || over !== undefined || filter !== undefined) return undefined
  const name = words(funcname).filter((word, at) => at > 0 || word !== 'pg_catalog')
  return printList(name.map(quoteIdent).join('.'), args)
}

function printList(name: string, args: readonly Node[] | undefined): string | undefined {
  const printed = (args ?? []).map((arg) => print(arg, false))
  return printed.includes(undefined) ? undefined : `${name}(${printed.join(', ')})`
}

function printOperator({ kind, name, lexpr, rexpr }: A_Expr): string | undefined {
  if (kind !== 'AEXPR_OP') return undefined
  const right = print(rexpr, false)
  const left = lexpr === undefined ? '' : print(lexpr, false)
  if (left === undefined || right === undefined) return undefined
  return `(${left} ${words(name).at(-1)} ${right})`.replace('( ', '(')
}
