import type { PartitionCmd } from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { as } from './ast.ts'
import { alterActions, endOfName, nodeOf } from './statement-nodes.ts'
import { isWord, tokenize } from './tokens.ts'

/**
 * CREATE TABLE … PARTITION OF as a table of its own that is attached afterwards. Undefined where the statement says
 * more than bounds: columns, constraints, storage, or a partitioned partition.
 */
export function createAndAttachSql(statement: Statement): readonly string[] | undefined {
  const node = nodeOf(statement, 'CreateStmt')
  const { sql } = statement
  const child = node?.relation?.location
  const parent = parentLocation(statement)
  if (node?.partbound === undefined || child === undefined || parent === undefined) return undefined
  if (node.tableElts !== undefined || node.partspec !== undefined || node.options !== undefined)
    return undefined
  if (node.tablespacename !== undefined || node.accessMethod !== undefined) return undefined
  const childName = sql.slice(child, endOfName(sql, child))
  const parentEnd = endOfName(sql, parent)
  const parentName = sql.slice(parent, parentEnd)
  const bounds = sql.slice(parentEnd).trim()
  if (!isWord(tokenize(bounds)[0], 'FOR') && !isWord(tokenize(bounds)[0], 'DEFAULT')) return undefined
  return [
    // attaching a table that has an identity column of its own fails since PostgreSQL 17
    `CREATE TABLE ${childName} (LIKE ${parentName} INCLUDING ALL EXCLUDING IDENTITY)`,
    `ALTER TABLE ${parentName} ATTACH PARTITION ${childName} ${bounds}`,
  ]
}

function parentLocation(statement: Statement): number | undefined {
  const [parent] = nodeOf(statement, 'CreateStmt')?.inhRelations ?? []
  return as<{ location?: number }>(parent, 'RangeVar')?.location
}

/** An ATTACH PARTITION or DETACH PARTITION, which stands alone in its ALTER TABLE. */
export function partitionCommand(
  statement: Statement,
): { readonly kind: 'attach' | 'detach'; readonly command: PartitionCmd } | undefined {
  const [action] = alterActions(statement)
  const command = as<PartitionCmd>(action?.command.def, 'PartitionCmd')
  if (command === undefined || action === undefined) return undefined
  if (action.command.subtype === 'AT_AttachPartition') return { kind: 'attach', command }
  return action.command.subtype === 'AT_DetachPartition' ? { kind: 'detach', command } : undefined
}
