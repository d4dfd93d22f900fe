import type { Statement } from '../core/model.ts'
import { nodeOf } from './statement-nodes.ts'

interface Named {
  readonly schema: string
  readonly name: string
}

/** Does the statement REINDEX this index, by its own name, its table's, its schema's or the database's? */
export function reindexes(statement: Statement, index: Named, table: Named): boolean {
  const node = nodeOf(statement, 'ReindexStmt')
  if (node === undefined) return false
  const { kind, relation, name } = node
  if (kind === 'REINDEX_OBJECT_INDEX') return relation?.relname === index.name
  if (kind === 'REINDEX_OBJECT_TABLE') return relation?.relname === table.name
  return kind === 'REINDEX_OBJECT_DATABASE' || name === index.schema
}
