import type { Migration, Statement } from '../core/model.ts'
import { failedStep } from './failed-step.ts'
import type { OurFailure } from './failures.ts'
import type { LostObjects } from './lost-objects.ts'
import type { MigrationFailure } from './measure.ts'

/** A statement under review that could not be run here: for a reason of ours, or for rows that are not production's. */
export interface LeftOut {
  readonly failure: MigrationFailure
  readonly cause: OurFailure | { readonly whose: 'data' }
}

/** So many statements of one migration are left out before it is given up. */
const maxLeftOut = 50

/** The statements under review that the rehearsal goes on without. */
export class LeftOutStatements {
  private readonly byMigration = new Map<Migration, LeftOut[]>()
  private readonly lost: LostObjects

  constructor(lost: LostObjects) {
    this.lost = lost
  }

  of(migration: Migration): readonly LeftOut[] {
    return this.byMigration.get(migration) ?? []
  }

  has(migration: Migration, statement: Statement): boolean {
    return this.of(migration).some(({ failure }) => failure.statement === statement)
  }

  /** Whichever migration it stands in. */
  includes(statement: Statement): boolean {
    return [...this.byMigration.keys()].some((migration) => this.has(migration, statement))
  }

  /** False when there are too many already. */
  add(migration: Migration, failure: MigrationFailure, cause: LeftOut['cause']): boolean {
    const before = this.of(migration)
    if (before.length >= maxLeftOut) return false
    this.byMigration.set(migration, [...before, { failure, cause }])
    const { sqlstate, message } = failure.error
    const reason = failure.tooLong ? 'too long' : 'error'
    this.lost.add(failedStep(migration, failure.statement, { sqlstate, message, reason }))
    return true
  }

  /** The migration without them. */
  without(migration: Migration): Migration {
    const leftOut = new Set(this.of(migration).map(({ failure }) => failure.statement))
    if (leftOut.size === 0) return migration
    return { ...migration, statements: migration.statements.filter((statement) => !leftOut.has(statement)) }
  }
}
