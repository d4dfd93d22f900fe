import type { Relation, StatementSettings, Statement } from '../core/model.ts'
import { objectName, quoteIdent, quoteName } from './quote.ts'
import { step, stepOutsideTransaction, stepWithLockTimeout, type RemedyStep } from './remedies.ts'
import { endOfName, nodeOf } from './statement-nodes.ts'
import { isWord, tokenize } from './tokens.ts'

/** What is different from the index as written. */
export interface IndexChange {
  readonly name: string | undefined
  readonly concurrently?: boolean
  readonly only?: boolean
  /** Instead of the table that the statement names. */
  readonly table?: string
}

/** The user's CREATE INDEX with another beginning; columns, method and condition stay as written. */
export function createIndexSql(
  statement: Statement,
  { name, concurrently, only, table }: IndexChange,
): string | undefined {
  const node = nodeOf(statement, 'IndexStmt')
  const location = node?.relation?.location
  if (node === undefined || location === undefined || name === undefined) return undefined
  const end = endOfName(statement.sql, location)
  return [
    node.unique === true ? 'CREATE UNIQUE INDEX' : 'CREATE INDEX',
    ...(concurrently === true ? ['CONCURRENTLY'] : []),
    quoteIdent(name),
    only === true ? 'ON ONLY' : 'ON',
    `${table ?? statement.sql.slice(location, end)}${statement.sql.slice(end)}`,
  ].join(' ')
}

/** REINDEX [(options)] {INDEX | TABLE | SCHEMA | DATABASE} CONCURRENTLY name; there is no concurrent SYSTEM. */
export function reindexConcurrentlySql({ sql }: Statement): string | undefined {
  const kinds = ['INDEX', 'TABLE', 'SCHEMA', 'DATABASE']
  const kind = tokenize(sql).find((token) => kinds.some((word) => isWord(token, word)))
  return kind === undefined ? undefined : `${sql.slice(0, kind.end)} CONCURRENTLY${sql.slice(kind.end)}`
}

/**
 * The index on the parent alone, then one partition at a time: CONCURRENTLY does not exist for partitioned tables.
 * For partitions that hang directly on the parent.
 */
export function partitionedIndexSteps(
  statement: Statement,
  settings: StatementSettings,
  parent: Relation,
  name: string,
  partitions: readonly Relation[],
): readonly RemedyStep[] {
  const onParent = createIndexSql(statement, { name, only: true })
  if (onParent === undefined) return []
  const steps = partitions.flatMap((partition) => {
    const part = objectName(partition.name, name)
    const sql = createIndexSql(statement, { name: part, concurrently: true, table: quoteName(partition) })
    const index = quoteName({ schema: parent.schema, name })
    const attach = `ALTER INDEX ${index} ATTACH PARTITION ${quoteName({ schema: partition.schema, name: part })}`
    return sql === undefined ? [] : [stepOutsideTransaction(sql), step(attach)]
  })
  return [stepWithLockTimeout(settings, onParent), ...steps]
}
