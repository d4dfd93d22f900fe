import { lockStrength } from '../core/locks.ts'
import type {
  Effect,
  LockEffect,
  LockMode,
  Relation,
  RewriteCause,
  RewriteEffect,
  ScanEffect,
  Statement,
  TruncateEffect,
  WriteEffect,
} from '../core/model.ts'
import type { ProbeReading, RelationReading } from './probe.ts'
import type { KnownRelation, RelationCatalog } from './relations.ts'

/** What one statement changed between two readings of the probe. */
export interface Observation {
  readonly statement: Statement
  /** Reading after the statement before, in the same transaction; without relations when it began a new one. */
  readonly before: ProbeReading
  readonly after: ProbeReading
  /** Relations as they were when the statement began. */
  readonly catalog: RelationCatalog
  /** table_rewrite events by oid, with their reason bits. */
  readonly rewriteReasons: ReadonlyMap<number, number>
  /** Tables, `schema.name`, on which the statement created an index. */
  readonly indexedTables: ReadonlySet<string>
  /** Did the statement, or something inside it, run DDL? */
  readonly ranDdl: boolean
}

/** Effects read from pg_locks, relfilenodes, scan and row counters. */
export function observedEffects(observation: Observation): readonly Effect[] {
  const files = fileChanges(observation)
  return [
    ...lockEffects(observation),
    ...files,
    ...scanEffects(observation, files),
    ...writeEffects(observation),
    ...walEffect(observation),
  ]
}

function lockEffects({ before, after, catalog }: Observation): readonly LockEffect[] {
  const effects: LockEffect[] = []
  for (const reading of after.relations.values()) {
    const known = catalog.get(reading.oid)
    if (known === undefined) continue
    const held = before.relations.get(reading.oid)?.modes ?? []
    const mode = strongest(reading.modes.filter((candidate) => !held.includes(candidate)))
    const already = strongest(held)
    if (mode === undefined || (already !== undefined && lockStrength(already) >= lockStrength(mode))) continue
    effects.push({ kind: 'lock', relation: known.relation, mode, until: 'commit' })
  }
  return effects
}

function strongest(modes: readonly LockMode[]): LockMode | undefined {
  let best: LockMode | undefined
  for (const mode of modes) if (best === undefined || lockStrength(mode) > lockStrength(best)) best = mode
  return best
}

/**
 * A changed relfilenode is a rewrite, a rebuild or a TRUNCATE. ALTER TABLE's rewrites announce themselves by the
 * table_rewrite event with a reason; TRUNCATE, CLUSTER, VACUUM FULL, REFRESH and SET TABLESPACE do not.
 */
function fileChanges(observation: Observation): readonly (RewriteEffect | TruncateEffect)[] {
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
    if (known?.relation.kind !== 'index' || known.tableOid === undefined || reading.filenode !== undefined)
      continue
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
  const { statement, rewriteReasons } = observation
  const reason = rewriteReasons.get(oid)
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

interface AlterCommand {
  readonly subtype: string
  readonly def?: { readonly Constraint?: { readonly contype?: string; readonly indexname?: string } }
}

function alterCommands(node: Statement['node']): readonly AlterCommand[] {
  const commands = (node?.['cmds'] ?? []) as readonly { readonly AlterTableCmd?: AlterCommand }[]
  return commands.flatMap(({ AlterTableCmd: command }) => (command === undefined ? [] : [command]))
}

/** CREATE INDEX, or a constraint that builds its own. */
function buildsIndex({ tag, node }: Statement): boolean {
  if (tag === 'IndexStmt') return true
  if (tag !== 'AlterTableStmt') return false
  return alterCommands(node).some(({ def }) => {
    const constraint = def?.Constraint
    return indexedConstraints.has(constraint?.contype ?? '') && constraint?.indexname === undefined
  })
}

const indexedConstraints: ReadonlySet<string> = new Set([
  'CONSTR_UNIQUE',
  'CONSTR_PRIMARY',
  'CONSTR_EXCLUSION',
])

function indexCause({ sql }: Statement): RewriteCause {
  if (/\btablespace\b/i.test(sql)) return 'tablespace'
  return /\breindex\b/i.test(sql) ? 'reindex' : 'index rebuild'
}

/** Named as a word anywhere in the statement; inside DO blocks every truncated table usually is. */
function namesRelation(statement: Statement, relation: Relation): boolean {
  return statement.sql.toLowerCase().includes(relation.name.toLowerCase())
}

const readingTags: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'ExplainStmt',
  'ExecuteStmt',
  'DeclareCursorStmt',
  'FetchStmt',
])

/**
 * DDL's own scans. How queries and DML read a table with two seeded rows says nothing about production (the
 * planner prefers sequential scans there), so their scans are left to the prediction.
 */
function scanEffects(
  observation: Observation,
  files: readonly (RewriteEffect | TruncateEffect)[],
): readonly ScanEffect[] {
  const { before, after, catalog, statement, ranDdl, indexedTables } = observation
  if (readingTags.has(statement.tag) || (isCode(statement) && !ranDdl)) return []
  const truncated = new Set(files.filter(({ kind }) => kind === 'truncate').map(({ relation }) => relation))
  const scans = new Map<number, ScanEffect>()
  for (const reading of after.relations.values()) {
    const known = catalog.get(reading.oid)
    if (known === undefined || truncated.has(known.relation)) continue
    const last = scansBefore(before, after, reading.oid)
    if (reading.scans <= last) continue
    const table = scannedTable(observation, known)
    if (table === undefined || truncated.has(table.relation)) continue
    const name = `${table.relation.schema}.${table.relation.name}`
    const reason = scanReason(table, files, buildsIndex(statement) || indexedTables.has(name))
    if (!scans.has(table.oid)) scans.set(table.oid, { kind: 'scan', relation: table.relation, reason })
  }
  return [...scans.values()]
}

function isCode({ tag }: Statement): boolean {
  return tag === 'DoStmt' || tag === 'CallStmt'
}

/** The heap that was read: itself, or the table of an index that ALTER TABLE's foreign-key query used. */
function scannedTable({ catalog, statement }: Observation, known: KnownRelation): KnownRelation | undefined {
  const { kind } = known.relation
  if (kind === 'table' || kind === 'materialized view') return known
  if (kind !== 'index' || statement.tag !== 'AlterTableStmt' || known.tableOid === undefined) return undefined
  return catalog.get(known.tableOid)
}

function scanReason(
  table: KnownRelation,
  files: readonly (RewriteEffect | TruncateEffect)[],
  builds: boolean,
): ScanEffect['reason'] {
  if (files.some(({ kind, relation }) => kind === 'rewrite' && relation === table.relation)) return 'rewrite'
  const name = `${table.relation.schema}.${table.relation.name}`
  const rebuilt = files.some(({ relation }) => relation.kind === 'index' && relation.table === name)
  return rebuilt || builds ? 'build index' : 'validate'
}

/** Pending counters fall back to zero when the backend flushes them; then everything now counted is new. */
function flushed(before: ProbeReading, after: ProbeReading): boolean {
  return after.sentinel < before.sentinel
}

function scansBefore(before: ProbeReading, after: ProbeReading, oid: number): number {
  return flushed(before, after) ? 0 : (before.relations.get(oid)?.scans ?? 0)
}

function writeEffects({ before, after, catalog, statement }: Observation): readonly WriteEffect[] {
  const effects: WriteEffect[] = []
  for (const reading of after.relations.values()) {
    const known = catalog.get(reading.oid)
    if (known === undefined || known.relation.kind !== 'table') continue
    const last = flushed(before, after) ? undefined : before.relations.get(reading.oid)
    const updated = reading.updated - (last?.updated ?? 0)
    const deleted = reading.deleted - (last?.deleted ?? 0)
    const inserted = reading.inserted - (last?.inserted ?? 0)
    const read = reading.tuplesRead - (last?.tuplesRead ?? 0)
    const { relation } = known
    if (updated > 0) effects.push({ kind: 'write', relation, command: 'UPDATE', reach: reach(updated, read) })
    if (deleted > 0) effects.push({ kind: 'write', relation, command: 'DELETE', reach: reach(deleted, read) })
    if (inserted > 0) {
      const command = statement.tag === 'CopyStmt' ? 'COPY' : 'INSERT'
      effects.push({ kind: 'write', relation, command, reach: 'bounded' })
    }
  }
  return effects
}

/** Only a hint, for SQL that the prediction cannot see: every row that was read was also written. */
function reach(written: number, read: number): WriteEffect['reach'] {
  return written >= read && read > 0 ? 'filtered' : 'bounded'
}

function walEffect({ before, after }: Observation): readonly Effect[] {
  const bytes = after.walPosition - before.walPosition
  return bytes > 0 ? [{ kind: 'wal', bytes }] : []
}
