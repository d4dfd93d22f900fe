import type { RangeVar, VacuumRelation, VacuumStmt } from '@pgsql/types'
import { relationKey } from '../core/effects.ts'
import type { EvidencedEffect, LockEffect, StatementResult } from '../core/model.ts'
import { allOf } from '../sql/ast.ts'
import { isAnalyze, refreshOf } from './work-statement.ts'

type HeldLock = LockEffect & EvidencedEffect

/**
 * Statements with the locks that tell what they read, also where the transaction has them already: effects name those
 * only that a statement takes anew, and ANALYZE and REFRESH show in nothing else. Asked in the order of the run.
 */
export class HeldLocks {
  private transaction = -1
  private readonly held = new Map<string, HeldLock>()

  complete(result: StatementResult): StatementResult {
    const { statement, effects } = result
    if (statement.transaction !== this.transaction) this.held.clear()
    this.transaction = statement.transaction
    const missing = this.readBy(result).filter(
      ({ relation }) =>
        !effects.some(
          (effect) => effect.kind === 'lock' && relationKey(effect.relation) === relationKey(relation),
        ),
    )
    for (const effect of effects) {
      if (effect.kind === 'lock' && tableKinds.has(effect.relation.kind))
        this.held.set(relationKey(effect.relation), effect)
    }
    return missing.length === 0 ? result : { ...result, effects: [...effects, ...missing] }
  }

  private readBy({ statement }: StatementResult): readonly HeldLock[] {
    const locks = [...this.held.values()]
    // which of them its query reads its text does not say
    if (refreshOf(statement) === 'filled')
      return locks
        .filter(({ relation }) => relation.kind === 'table')
        .map((lock) => ({ ...lock, mode: 'AccessShareLock' }))
    if (!isAnalyze(statement)) return []
    const named = analyzed(statement.node as VacuumStmt | undefined)
    return locks
      .filter(({ relation: { schema, name } }) =>
        named.some(
          (one) => one.relname === name && (one.schemaname === undefined || one.schemaname === schema),
        ),
      )
      .map((lock) => ({ ...lock, mode: 'ShareUpdateExclusiveLock' }))
  }
}

const tableKinds: ReadonlySet<string> = new Set(['table', 'materialized view'])

function analyzed(statement: VacuumStmt | undefined): readonly RangeVar[] {
  return allOf<VacuumRelation>(statement?.rels, 'VacuumRelation').flatMap(({ relation }) => relation ?? [])
}
