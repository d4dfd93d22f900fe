import type { CommentStmt } from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { nameWords } from './ast.ts'

/** What COMMENT ON describes: `orders` for a table, `orders.note` for a column, without schemas; one at most. */
export function commentedNames({ tag, node }: Statement): readonly string[] {
  if (tag !== 'CommentStmt') return []
  const { objtype, object, comment = '' } = (node ?? {}) as CommentStmt
  if (comment === '') return []
  const names = nameWords(object)
  if (objtype === 'OBJECT_TABLE') return names.slice(-1)
  return objtype === 'OBJECT_COLUMN' ? [names.slice(-2).join('.')] : []
}
