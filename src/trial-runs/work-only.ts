import type { Statement } from '../core/model.ts'
import type { ReplayedMigration } from '../replay/replay.ts'

/** A recorded migration as its author wrote it and the report shows it: without what the tool sent for itself, and counted anew. */
export function workOnly(replayed: ReplayedMigration, own: ReadonlySet<Statement>): ReplayedMigration {
  const { migration } = replayed
  const work = migration.statements.filter((one) => !own.has(one) && one.tag !== 'TransactionStmt')
  const counted = new Map(work.map((one, index) => [one.index, { ...one, index }]))
  return {
    ...replayed,
    migration: { ...migration, statements: [...counted.values()] },
    statements: replayed.statements.flatMap((measured) => {
      const statement = counted.get(measured.statement.index)
      return statement === undefined ? [] : [{ ...measured, statement }]
    }),
  }
}
