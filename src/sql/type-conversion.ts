import type { ColumnDef, ColumnRef, FuncCall, Node, TypeCast } from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { as, columnPath, walk, words } from './ast.ts'
import { alterActions, isOpaque } from './statement-nodes.ts'
import { isWord, tokenize } from './tokens.ts'

/**
 * How ALTER COLUMN … TYPE makes new values of the old ones: by assignment, by a cast of the user's (USING a::type), or by
 * another expression of the user's.
 */
export type TypeConversion =
  | { readonly by: 'assignment' | 'cast' }
  | {
      readonly by: 'expression'
      /** As written. */
      readonly text: string
      /** Functions in it that leave a part of their argument behind: `left`, `trunc`. */
      readonly cutting: readonly string[]
    }

const cutting: ReadonlySet<string> = new Set([
  'left',
  'right',
  'substr',
  'substring',
  'split_part',
  'trunc',
  'floor',
  'ceil',
  'ceiling',
  'round',
  'date_trunc',
])

/** Of this column; undefined where the text does not tell (code, or a change that reached the column otherwise). */
export function typeConversion(statement: Statement, column: string): TypeConversion | undefined {
  if (isOpaque(statement)) return /\busing\b/i.test(statement.sql) ? undefined : { by: 'assignment' }
  const action = alterActions(statement).find(
    ({ command }) => command.subtype === 'AT_AlterColumnType' && command.name === column,
  )
  if (action === undefined) return undefined
  const using = as<ColumnDef>(action.command.def, 'ColumnDef')?.raw_default
  if (using === undefined) return { by: 'assignment' }
  if (isCastOf(using, column)) return { by: 'cast' }
  return { by: 'expression', text: usingText(action.text), cutting: cuttingFunctions(using) }
}

function isCastOf(node: Node, column: string): boolean {
  const cast = as<TypeCast>(node, 'TypeCast')
  if (cast?.arg !== undefined) return isCastOf(cast.arg, column)
  const reference = as<ColumnRef>(node, 'ColumnRef')
  return reference !== undefined && columnPath(reference).at(-1) === column
}

function usingText(action: string): string {
  const tokens = tokenize(action)
  const type = tokens.findIndex((token, index) => index > 0 && isWord(token, 'TYPE'))
  const using = tokens.find((token, index) => index > type && isWord(token, 'USING'))
  return using === undefined ? '' : action.slice(using.end).trim()
}

function cuttingFunctions(expression: Node): readonly string[] {
  const found = new Set<string>()
  walk(expression, (tag, value) => {
    const name = tag === 'FuncCall' ? words((value as FuncCall).funcname).at(-1) : undefined
    if (name !== undefined && cutting.has(name)) found.add(name)
  })
  return [...found]
}
