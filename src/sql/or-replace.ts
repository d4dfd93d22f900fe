import type { CreateFunctionStmt, DoStmt } from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { walk } from './ast.ts'
import { readDoBlock } from './routine-body.ts'

/** Does it say CREATE OR REPLACE of a function or procedure, if inside a DO block? */
export function replacesRoutine({ tag, node, sql }: Statement): boolean {
  const trees = tag === 'DoStmt' ? readDoBlock(node as DoStmt, sql).statements : [{ tag, value: node }]
  let isFound = false
  walk(
    trees.map((tree) => ({ [tree.tag]: tree.value })),
    (kind, part) => {
      isFound ||= kind === 'CreateFunctionStmt' && (part as CreateFunctionStmt).replace === true
    },
  )
  return isFound
}
