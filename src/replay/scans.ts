import type { RewriteEffect, ScanEffect, Statement, TruncateEffect } from '../core/model.ts'
import type { DdlEvent } from '../postgres/event-triggers.ts'
import { alterCommands } from './alter-commands.ts'
import { scansBefore, type Observation } from './observation.ts'
import type { ProbeReading } from './probe.ts'
import type { KnownRelation } from './relations.ts'

/**
 * DDL's own scans. How queries and DML read a table with two seeded rows says nothing about production (the
 * planner prefers sequential scans there), so their scans are left to the prediction.
 */
export function scanEffects(
  observation: Observation,
  files: readonly (RewriteEffect | TruncateEffect)[],
): readonly ScanEffect[] {
  const { before, after, catalog, statement } = observation
  if (readingTags.has(statement.tag)) return []
  const truncated = new Set(files.filter(({ kind }) => kind === 'truncate').map(({ relation }) => relation))
  const scans = new Map<number, readonly ScanEffect[]>()
  for (const reading of after.relations.values()) {
    const known = catalog.get(reading.oid)
    const count = reading.scans - scansBefore(before, after, reading.oid)
    if (known === undefined || count <= 0) continue
    const table = scannedTable(observation, known)
    if (table === undefined || truncated.has(table.relation) || isQuery(observation, table)) continue
    if (!scans.has(table.oid)) {
      const reasons = scanReasons(observation, table, files, count)
      scans.set(
        table.oid,
        reasons.map((reason) => ({ kind: 'scan', relation: table.relation, reason })),
      )
    }
  }
  return [...scans.values()].flat()
}

/** Tags whose scans are those of a query, at least on all tables but their own target. */
const readingTags: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'ExplainStmt',
  'ExecuteStmt',
  'DeclareCursorStmt',
  'FetchStmt',
  'CreateTableAsStmt',
  'ViewStmt',
])

/** What runs blocks and functions, and with them whatever DDL they hold. */
export const runsCode: ReadonlySet<string> = new Set(['DoStmt', 'CallStmt', 'SelectStmt'])

/** Was it a query inside the statement that read the table? */
function isQuery({ statement, events, before, after }: Observation, table: KnownRelation): boolean {
  if (statement.tag === 'RefreshMatViewStmt') {
    // CONCURRENTLY compares the old rows with the new ones by a join
    return table.relation.kind !== 'materialized view' || statement.node?.['concurrent'] === true
  }
  if (!runsCode.has(statement.tag)) return false
  const name = `${table.relation.schema}.${table.relation.name}`
  const ranDdl = events.some(
    (event) => event.event === 'command' && (event.table === name || event.objid === table.oid),
  )
  const writes = (oid: number, readings: ProbeReading): number => {
    const reading = readings.relations.get(oid)
    return (reading?.updated ?? 0) + (reading?.deleted ?? 0)
  }
  // an UPDATE beside the DDL reads the table, too; which of them did cannot be told
  return !ranDdl || writes(table.oid, after) > writes(table.oid, before)
}

/** The heap that was read: itself, or the table of an index that ALTER TABLE's foreign-key query used. */
function scannedTable({ catalog, statement }: Observation, known: KnownRelation): KnownRelation | undefined {
  const { kind } = known.relation
  if (kind === 'table' || kind === 'materialized view') return known
  if (kind !== 'index' || statement.tag !== 'AlterTableStmt' || known.tableOid === undefined) return undefined
  return catalog.get(known.tableOid)
}

function scanReasons(
  { statement, events }: Observation,
  table: KnownRelation,
  files: readonly (RewriteEffect | TruncateEffect)[],
  count: number,
): readonly ScanEffect['reason'][] {
  if (files.some(({ kind, relation }) => kind === 'rewrite' && relation === table.relation))
    return ['rewrite']
  const name = `${table.relation.schema}.${table.relation.name}`
  const rebuilt = files.filter(({ relation }) => relation.kind === 'index' && relation.table === name).length
  const builds =
    rebuilt * (isConcurrentReindex(statement) ? 2 : 1) +
    Math.max(indexBuildScans(statement), indexesCreatedOn(name, events))
  if (builds === 0) return ['validate']
  return count > builds ? ['build index', 'validate'] : ['build index']
}

function isConcurrentReindex({ tag, sql }: Statement): boolean {
  return tag === 'ReindexStmt' && /\bconcurrently\b/i.test(sql)
}

function indexesCreatedOn(table: string, events: readonly DdlEvent[]): number {
  return events.filter(
    (event) => event.event === 'command' && event.commandTag === 'CREATE INDEX' && event.table === table,
  ).length
}

/**
 * How many times the statement reads its table to build indexes: CREATE INDEX, and constraints that build their own;
 * an exclusion constraint reads once more to check (IndexCheckExclusion, index.c).
 */
function indexBuildScans({ tag, node }: Statement): number {
  // CONCURRENTLY builds, then reads once more for the rows that came meanwhile (validate_index, index.c)
  if (tag === 'IndexStmt') return node?.['concurrent'] === true ? 2 : 1
  if (tag !== 'AlterTableStmt') return 0
  const constraints = alterCommands(node).flatMap(({ def }) => [
    ...(def?.Constraint === undefined ? [] : [def.Constraint]),
    ...(def?.ColumnDef?.constraints ?? []).flatMap(({ Constraint }) =>
      Constraint === undefined ? [] : [Constraint],
    ),
  ])
  const scans = constraints.map(({ contype, indexname }) =>
    indexname === undefined ? (scansToBuild[contype ?? ''] ?? 0) : 0,
  )
  return scans.reduce((sum, count) => sum + count, 0)
}

const scansToBuild: Readonly<Record<string, number>> = {
  CONSTR_UNIQUE: 1,
  CONSTR_PRIMARY: 1,
  CONSTR_EXCLUSION: 2,
}
