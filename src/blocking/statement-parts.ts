import type { FuncCall, Node, RangeVar } from '@pgsql/types'
import { words, type UnwrappedNode } from '../sql/ast.ts'
import { readQuery } from '../sql/query.ts'

/** Every relation that the statement names, read or written. */
export function rangesOf(statement: UnwrappedNode | undefined): readonly RangeVar[] {
  if (statement === undefined) return []
  const { reads, modifications } = readQuery({ [statement.tag]: statement.value })
  const written = modifications.flatMap(({ node }) => (node as { relation?: RangeVar }).relation ?? [])
  return [...reads, ...written]
}

/** pg_get_serial_sequence() within an expression. */
export function serialCall(node: Node | undefined): FuncCall | undefined {
  const calls = node === undefined ? [] : readQuery(node).calls
  return calls.find(({ funcname }) => words(funcname).at(-1) === 'pg_get_serial_sequence')
}
