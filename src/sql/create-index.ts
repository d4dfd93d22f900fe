import type { Relation, SchemaCatalogs, Statement, StatementSettings } from '../core/model.ts'
import type { FuncCall, IndexElem } from '@pgsql/types'
import { tableAfter } from './added-names.ts'
import { allOf, as, words } from './ast.ts'
import { defaultObjectName } from './names.ts'
import { quoteIdent, quoteName } from './quote.ts'
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
  name: string | undefined,
  partitions: readonly Relation[],
  schema?: SchemaCatalogs,
): readonly RemedyStep[] {
  const onParent = createIndexSql(statement, { name, only: true })
  if (onParent === undefined || name === undefined) return []
  const steps = partitions.flatMap((partition) => {
    const part = partName(statement, partition, `${parent.schema}.${name}`, schema)
    const sql = createIndexSql(statement, { name: part, concurrently: true, table: quoteName(partition) })
    const index = quoteName({ schema: parent.schema, name })
    const attach = `ALTER INDEX ${index} ATTACH PARTITION ${quoteName({ schema: partition.schema, name: part })}`
    return sql === undefined ? [] : [stepOutsideTransaction(sql), step(attach)]
  })
  return [stepWithLockTimeout(settings, onParent), ...steps]
}

/** As Postgres calls the index of a partition (ChooseIndexName, indexcmds.c; FigureIndexColname, parse_target.c). */
function partName(
  statement: Statement,
  partition: Relation,
  parentIndex: string,
  schema: SchemaCatalogs | undefined,
): string {
  const made = tableAfter(schema, partition)?.indexes.find(({ partitionOf }) => partitionOf === parentIndex)
  if (made !== undefined) return made.name
  const node = nodeOf(statement, 'IndexStmt')
  const elements = [node?.indexParams, node?.indexIncludingParams].flatMap((list) =>
    allOf<IndexElem>(list, 'IndexElem'),
  )
  const columns = elements.map(
    ({ name, expr }) => name ?? words(as<FuncCall>(expr, 'FuncCall')?.funcname).at(-1) ?? 'expr',
  )
  return defaultObjectName(partition.name, columns.join('_'), 'idx')
}
