import type { CreateFunctionStmt } from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { walk } from './ast.ts'
import { statementTrees } from './routine-body.ts'

/** Does it say CREATE OR REPLACE of a function or procedure, if inside a DO block? */
export function replacesRoutine(statement: Statement): boolean {
  let isFound = false
  walk(statementTrees(statement), (kind, part) => {
    isFound ||= kind === 'CreateFunctionStmt' && (part as CreateFunctionStmt).replace === true
  })
  return isFound
}
