import type { Relation, RewriteCause, RewriteEffect, Statement, TruncateEffect } from '../core/model.ts'
import { alterCommands } from './alter-commands.ts'
import { scansBefore, type Observation } from './observation.ts'
import type { RelationReading } from './probe.ts'
import type { KnownRelation } from './relations.ts'

/**
 * A changed relfilenode is a rewrite, a rebuild or a TRUNCATE. ALTER TABLE's rewrites announce themselves by the
 * table_rewrite event with a reason; TRUNCATE, CLUSTER, VACUUM FULL, REFRESH and SET TABLESPACE do not.
 */
export function fileChanges(observation: Observation): readonly (RewriteEffect | TruncateEffect)[] {
  const heaps: (RewriteEffect | TruncateEffect)[] = []
  const indexes: { readonly effect: RewriteEffect; readonly tableOid: number | undefined }[] = []
  const changedHeaps = new Set<number>()
  for (const reading of observation.after.relations.values()) {
    const known = observation.catalog.get(reading.oid)
    if (known === undefined || !hasNewFile(known, reading)) continue
    const { relation } = known
    if (relation.kind === 'index') {
      const cause =
        observation.statement.tag === 'ReindexStmt' ? 'reindex' : indexCause(observation.statement)
      indexes.push({ effect: { kind: 'rewrite', relation, cause }, tableOid: known.tableOid })
    } else if (relation.kind === 'table' || relation.kind === 'materialized view') {
      changedHeaps.add(reading.oid)
      heaps.push(heapChange(observation, reading.oid, relation))
    }
  }
  const rebuilt = indexes.filter(({ tableOid }) => tableOid === undefined || !changedHeaps.has(tableOid))
  return [...heaps, ...rebuilt.map(({ effect }) => effect), ...replacedIndexes(observation, changedHeaps)]
}

/**
 * ALTER COLUMN TYPE drops the column's indexes and makes new ones. Where the old file serves again nothing is read;
 * where it does not (timestamptz, another collation) the table is, although its heap stays.
 */
function replacedIndexes(
  observation: Observation,
  changedHeaps: ReadonlySet<number>,
): readonly RewriteEffect[] {
  const { before, after, catalog, statement } = observation
  if (!retypesColumn(statement)) return []
  const effects: RewriteEffect[] = []
  for (const reading of after.relations.values()) {
    const known = catalog.get(reading.oid)
    if (known?.relation.kind !== 'index' || known.tableOid === undefined) continue
    // dropped by this statement, not by one before it in the transaction
    if (known.filenode === undefined || reading.filenode !== undefined) continue
    const table = after.relations.get(known.tableOid)
    const read = (table?.scans ?? 0) > scansBefore(before, after, known.tableOid)
    if (read && !changedHeaps.has(known.tableOid)) {
      effects.push({ kind: 'rewrite', relation: known.relation, cause: 'index rebuild' })
    }
  }
  return effects
}

function retypesColumn({ tag, node }: Statement): boolean {
  return (
    tag === 'AlterTableStmt' && alterCommands(node).some(({ subtype }) => subtype === 'AT_AlterColumnType')
  )
}

function hasNewFile(known: KnownRelation, reading: RelationReading): boolean {
  // no file any more: dropped
  return known.filenode !== undefined && reading.filenode !== undefined && known.filenode !== reading.filenode
}

function heapChange(
  observation: Observation,
  oid: number,
  relation: Relation,
): RewriteEffect | TruncateEffect {
  const { statement, events } = observation
  const announced = events.find((event) => event.event === 'rewrite' && event.oid === oid)
  const reason = announced?.event === 'rewrite' ? announced.reason : undefined
  const cause = reason === undefined ? silentRewriteCause(statement) : announcedCause(statement, reason)
  if (cause !== undefined) return { kind: 'rewrite', relation, cause }
  return { kind: 'truncate', relation, cascaded: !namesRelation(statement, relation) }
}

/** AT_REWRITE_* of src/include/commands/event_trigger.h. */
function announcedCause(statement: Statement, reason: number): RewriteCause {
  if (reason & 1) return 'persistence'
  if (reason & 4) return 'column type'
  if (reason & 8) return 'access method'
  if (reason & 2)
    return /\bset\s+expression\b/i.test(statement.sql) ? 'generated expression' : 'column default'
  return 'unknown'
}

/** undefined: what remains is TRUNCATE. ALTER TABLE comes here only where there are no event triggers. */
function silentRewriteCause(statement: Statement): RewriteCause | undefined {
  const { tag, sql } = statement
  if (tag === 'TruncateStmt') return undefined
  if (tag === 'AlterTableStmt') return alterTableCause(statement)
  if (tag === 'ClusterStmt') return 'cluster'
  if (tag === 'VacuumStmt') return 'vacuum full'
  if (tag === 'RefreshMatViewStmt') return 'refresh'
  if (/\btablespace\b/i.test(sql)) return 'tablespace'
  if (/\bcluster\b/i.test(sql)) return 'cluster'
  if (/\brefresh\s+materialized\b/i.test(sql)) return 'refresh'
  return undefined
}

function alterTableCause({ node }: Statement): RewriteCause {
  const subtypes = alterCommands(node).map(({ subtype }) => subtype)
  for (const [subtype, cause] of rewritingSubtypes) if (subtypes.includes(subtype)) return cause
  return 'unknown'
}

const rewritingSubtypes: readonly (readonly [string, RewriteCause])[] = [
  ['AT_SetLogged', 'persistence'],
  ['AT_SetUnLogged', 'persistence'],
  ['AT_SetTableSpace', 'tablespace'],
  ['AT_SetAccessMethod', 'access method'],
  ['AT_AlterColumnType', 'column type'],
  ['AT_SetExpression', 'generated expression'],
  ['AT_AddColumn', 'column default'],
]

function indexCause({ sql }: Statement): RewriteCause {
  if (/\btablespace\b/i.test(sql)) return 'tablespace'
  return /\breindex\b/i.test(sql) ? 'reindex' : 'index rebuild'
}

/** Named as a word anywhere in the statement; inside DO blocks every truncated table usually is. */
function namesRelation(statement: Statement, relation: Relation): boolean {
  return statement.sql.toLowerCase().includes(relation.name.toLowerCase())
}
