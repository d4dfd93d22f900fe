import { lockStrength } from '../core/locks.ts'
import type {
  CatalogChange,
  EvidencedEffect,
  LockMode,
  ObjectName,
  Relation,
  RewriteCause,
  ScanEffect,
  WriteEffect,
} from '../core/model.ts'
import { isIndex, isTable, type RelationId, type RelationRecord } from '../sql/schema-records.ts'
import { fullName } from '../sql/schema-scope.ts'
import type { Schema } from '../sql/schema.ts'

/** The strongest mode of each lock that the open transaction holds. */
export type HeldLocks = Map<RelationId, LockMode>

interface PendingLock {
  readonly relation: Relation
  readonly mode: LockMode
  readonly source: string
  readonly until: 'statement' | 'commit'
}

/**
 * Gathers what one statement does: of the locks only what the transaction does not hold yet, each relation with
 * its strongest mode; scans and rewrites of heaps once each.
 */
export class EffectCollector {
  private readonly schema: Schema
  private readonly held: HeldLocks
  private readonly locks = new Map<RelationId, PendingLock>()
  private readonly unknownIndexes: PendingLock[] = []
  private readonly others: EvidencedEffect[] = []
  private seen: Set<string> | undefined
  /** Why the effects may be incomplete. */
  unknown: string | undefined
  /** The statement is certain to fail. */
  hasFailed = false

  constructor(schema: Schema, held: HeldLocks) {
    this.schema = schema
    this.held = held
  }

  /** A lock kept until the transaction ends. `source` names the row of the lock model. */
  lock(record: RelationRecord, mode: LockMode, source: string): void {
    this.add(record, { relation: this.describe(record), mode, source, until: 'commit' })
  }

  /** A lock of a statement that commits by itself, from the closed table of those. */
  knownLock(record: RelationRecord, mode: LockMode, source: string): void {
    this.add(record, { relation: this.describe(record), mode, source, until: 'statement' })
  }

  /** A lock on an index that no file creates, so that its table is unknown too. */
  lockUnknownIndex(
    name: { schema: string; name: string },
    mode: LockMode,
    source: string,
    until: PendingLock['until'],
  ): void {
    this.unknownIndexes.push({
      relation: { kind: 'index', ...name, existedBefore: true },
      mode,
      source,
      until,
    })
  }

  private add(record: RelationRecord, lock: PendingLock): void {
    const already = this.locks.get(record.id)
    if (already !== undefined && lockStrength(already.mode) >= lockStrength(lock.mode)) return
    this.locks.set(record.id, already === undefined ? lock : { ...lock, relation: already.relation })
  }

  rewrite(record: RelationRecord, cause: RewriteCause, source: string): void {
    if (!this.isFirst('rewrite', record.id, cause)) return
    this.others.push({ kind: 'rewrite', relation: this.describe(record), cause, evidence: predicted(source) })
  }

  scan(record: RelationRecord, reason: ScanEffect['reason'], source: string): void {
    if (!hasHeap(record) || !this.isFirst('scan', record.id, reason)) return
    this.others.push({ kind: 'scan', relation: this.describe(record), reason, evidence: predicted(source) })
  }

  truncate(record: RelationRecord, cascaded: boolean, source: string): void {
    if (!this.isFirst('truncate', record.id, '')) return
    this.others.push({
      kind: 'truncate',
      relation: this.describe(record),
      cascaded,
      evidence: predicted(source),
    })
  }

  write(
    record: RelationRecord,
    command: WriteEffect['command'],
    reach: WriteEffect['reach'],
    source: string,
  ): void {
    if (!this.isFirst('write', record.id, command)) return
    const relation = this.describe(record)
    this.others.push({ kind: 'write', relation, command, reach, evidence: predicted(source) })
  }

  catalog(object: ObjectName, existedBefore: boolean, change: CatalogChange): void {
    this.others.push({ kind: 'catalog', object, existedBefore, change, evidence: predicted('schema model') })
  }

  /** The statement is certain to fail, so it does nothing else. */
  fail(sqlstate: string, message: string, source: string): void {
    this.hasFailed = true
    this.locks.clear()
    this.unknownIndexes.length = 0
    this.others.length = 0
    this.others.push({ kind: 'error', sqlstate, message, evidence: { by: 'known', source } })
  }

  /** The effects, locks first; notes in the transaction what it now holds. */
  finish(): readonly EvidencedEffect[] {
    const effects: EvidencedEffect[] = []
    for (const [id, lock] of this.locks) {
      const already = this.held.get(id)
      if (already !== undefined && lockStrength(already) >= lockStrength(lock.mode)) continue
      if (lock.until === 'commit') this.held.set(id, lock.mode)
      effects.push(lockEffect(lock))
    }
    for (const lock of this.unknownIndexes) effects.push(lockEffect(lock))
    effects.push(...this.others)
    return effects
  }

  private isFirst(kind: string, id: RelationId, detail: string): boolean {
    const key = `${kind} ${id} ${detail}`
    this.seen ??= new Set()
    if (this.seen.has(key)) return false
    this.seen.add(key)
    return true
  }

  private describe(record: RelationRecord): Relation {
    return describeRelation(this.schema, record)
  }
}

function lockEffect({ relation, mode, until, source }: PendingLock): EvidencedEffect {
  const evidence = until === 'statement' ? ({ by: 'known', source } as const) : predicted(source)
  return { kind: 'lock', relation, mode, until, evidence }
}

function predicted(source: string): { readonly by: 'predicted'; readonly source: string } {
  return { by: 'predicted', source }
}

/** Partitioned and foreign tables and views have no heap of their own. */
export function hasHeap(record: RelationRecord): boolean {
  return record.kind === 'table' || record.kind === 'materialized view'
}

function partitionKey(record: RelationRecord): Pick<Relation, 'partitionKey'> {
  if (!isTable(record) || record.partitionKey === undefined) return {}
  const { strategy, columns } = record.partitionKey
  const column = record.columns.find(({ number }) => number === columns[0])
  if (strategy === 'hash' || columns.length !== 1 || column === undefined) return {}
  return { partitionKey: { strategy, column: column.name } }
}

/** The relation as effects name it, by its present name. */
function describeRelation(schema: Schema, record: RelationRecord): Relation {
  const { kind, schema: schemaName, name, isNew } = record
  const relation = { kind, schema: schemaName, name, existedBefore: !isNew, ...partitionKey(record) }
  const ownerId = isIndex(record)
    ? record.table
    : record.kind === 'sequence'
      ? record.ownedBy?.table
      : undefined
  const owner = ownerId === undefined ? undefined : schema.find(ownerId)
  return owner === undefined || !(isTable(owner) || isIndex(record))
    ? relation
    : { ...relation, table: fullName(owner) }
}
