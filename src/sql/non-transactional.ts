import type { ClusterStmt, DefElem, DiscardStmt, ReindexStmt, VacuumStmt } from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { allOf } from './ast.ts'
import { partitionCommand } from './partitions.ts'
import { nodeOf } from './statement-nodes.ts'
import { tokenize } from './tokens.ts'

/**
 * The command's name when it cannot run inside a transaction block (PreventInTransactionBlock; SQLSTATE 25001,
 * the same on PostgreSQL 14 to 18). Partitioned tables and indexes in REINDEX are not to be seen from the text.
 */
export function nonTransactionalForm(statement: Statement): string | undefined {
  const { tag, node } = statement
  switch (tag) {
    case 'IndexStmt':
      return nodeOf(statement, 'IndexStmt')?.concurrent === true ? 'CREATE INDEX CONCURRENTLY' : undefined
    case 'DropStmt':
      return nodeOf(statement, 'DropStmt')?.concurrent === true ? 'DROP INDEX CONCURRENTLY' : undefined
    case 'ReindexStmt':
      return reindexForm(node as ReindexStmt)
    case 'AlterTableStmt':
      return partitionCommand(statement)?.command.concurrent === true
        ? 'DETACH PARTITION … CONCURRENTLY'
        : undefined
    case 'VacuumStmt':
      return (node as VacuumStmt).is_vacuumcmd === true ? 'VACUUM' : undefined
    case 'ClusterStmt':
      return (node as ClusterStmt).relation === undefined ? 'CLUSTER of all tables' : undefined
    case 'DiscardStmt':
      return ((node as DiscardStmt).target ?? 'DISCARD_ALL') === 'DISCARD_ALL' ? 'DISCARD ALL' : undefined
    default:
      return clusterWide[tag]
  }
}

const clusterWide: Readonly<Record<string, string>> = {
  CreatedbStmt: 'CREATE DATABASE',
  DropdbStmt: 'DROP DATABASE',
  CreateTableSpaceStmt: 'CREATE TABLESPACE',
  DropTableSpaceStmt: 'DROP TABLESPACE',
  AlterSystemStmt: 'ALTER SYSTEM',
}

const reindexKinds: Readonly<Record<string, string>> = {
  REINDEX_OBJECT_SCHEMA: 'REINDEX SCHEMA',
  REINDEX_OBJECT_DATABASE: 'REINDEX DATABASE',
  REINDEX_OBJECT_SYSTEM: 'REINDEX SYSTEM',
}

function reindexForm({ kind, params }: ReindexStmt): string | undefined {
  const options = allOf<DefElem>(params, 'DefElem')
  if (options.some(({ defname }) => defname === 'concurrently')) return 'REINDEX CONCURRENTLY'
  return reindexKinds[kind ?? '']
}

/** The first words of a statement, as a name for it: `CREATE SUBSCRIPTION`, `CALL`. */
export function commandName({ sql }: Statement): string {
  const words = tokenize(sql.slice(0, 200)).slice(0, 2)
  return words
    .filter(({ kind }) => kind === 'word')
    .map(({ text }) => text.toUpperCase())
    .join(' ')
}
