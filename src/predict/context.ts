import type { RangeVar } from '@pgsql/types'
import type { SessionSettings } from '../core/model.ts'
import { isTable, type RelationId, type TableRecord, type ViewRecord } from '../sql/schema-records.ts'
import { relationNamed, type ChangeScope } from '../sql/schema-scope.ts'
import type { EffectCollector } from './effects.ts'

/** Everything that decides what a statement does, and where to say it. */
export interface PredictContext extends ChangeScope {
  readonly effects: EffectCollector
  readonly settings: SessionSettings
  readonly serverMajor: number
  /** Forms that commit by themselves fail inside a transaction block. */
  readonly inTransactionBlock: boolean
  /** Functions that are running, outermost first. */
  readonly callStack: readonly string[]
  /** Predicts a statement from inside a block or function, and brings the schema up to date with it. */
  readonly run: (context: PredictContext, tag: string, node: object) => void
}

/** Says what one kind of statement does, given the schema before it. */
export type Predictor = (context: PredictContext, node: object) => void

/** The table that a name means, with what inherits from it when the statement goes down (no ONLY). */
export function targets(context: PredictContext, relation: RangeVar | undefined): TableRecord[] {
  const table = relationNamed(context, relation)
  if (!isTable(table)) return []
  return relation?.inh === true ? context.schema.withDescendants(table) : [table]
}

/** Children of partitioned tables: only there do keys, indexes and triggers go down. */
export function partitionsBelow(context: PredictContext, table: TableRecord): TableRecord[] {
  return table.kind === 'partitioned table' ? context.schema.withDescendants(table).slice(1) : []
}

/** The view and everything that it reads, down to the tables. */
export function readThrough(
  context: PredictContext,
  record: TableRecord | ViewRecord,
  visit: (record: TableRecord | ViewRecord) => void,
  seen: Set<RelationId> = new Set(),
): void {
  // CREATE OR REPLACE VIEW can make a circle
  if (seen.has(record.id)) return
  seen.add(record.id)
  visit(record)
  if (record.kind !== 'view') return
  for (const read of record.reads) {
    const below = context.schema.find(read.relation)
    if (isTable(below) || below?.kind === 'view' || below?.kind === 'materialized view') {
      readThrough(context, below, visit, seen)
    }
  }
}
