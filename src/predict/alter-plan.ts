import type { RewriteCause } from '../core/model.ts'
import type { RelationId, RelationRecord } from '../sql/schema-records.ts'
import { hasHeap } from './effects.ts'
import type { PredictContext } from './context.ts'

interface TablePlan {
  readonly record: RelationRecord
  rewrite: { readonly cause: RewriteCause; readonly source: string } | undefined
  copy: string | undefined
  validate: string | undefined
  build: string | undefined
}

/**
 * Phase 3 of ALTER TABLE: each table is rewritten or read at most once, however many commands ask for it
 * (ATRewriteTables).
 */
export class AlterPlan {
  private readonly tables = new Map<RelationId, TablePlan>()

  rewrite(record: RelationRecord, cause: RewriteCause, source: string): void {
    const plan = this.planOf(record)
    if (plan !== undefined) plan.rewrite ??= { cause, source }
  }

  /** The file is copied block by block, without reading rows. */
  copy(record: RelationRecord, source: string): void {
    const plan = this.planOf(record)
    if (plan !== undefined) plan.copy ??= source
  }

  /** The heap is read to check a constraint. */
  validate(record: RelationRecord, source: string): void {
    const plan = this.planOf(record)
    if (plan !== undefined) plan.validate ??= source
  }

  /** An index is built. */
  build(record: RelationRecord, source: string): void {
    const plan = this.planOf(record)
    if (plan !== undefined) plan.build ??= source
  }

  private planOf(record: RelationRecord): TablePlan | undefined {
    if (!hasHeap(record)) return undefined
    const existing = this.tables.get(record.id)
    if (existing !== undefined) return existing
    const plan: TablePlan = {
      record,
      rewrite: undefined,
      copy: undefined,
      validate: undefined,
      build: undefined,
    }
    this.tables.set(record.id, plan)
    return plan
  }

  emit({ effects }: PredictContext): void {
    for (const { record, rewrite, copy, validate, build } of this.tables.values()) {
      if (rewrite !== undefined) {
        effects.rewrite(record, rewrite.cause, rewrite.source)
        effects.scan(record, 'rewrite', rewrite.source)
      } else if (validate !== undefined) {
        effects.scan(record, 'validate', validate)
      }
      if (copy !== undefined && rewrite === undefined) effects.rewrite(record, 'tablespace', copy)
      if (build !== undefined && rewrite === undefined) effects.scan(record, 'build index', build)
    }
  }
}
