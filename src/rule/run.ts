/** What rules about the whole run ask of its statements. */
import type { Migration } from '../core/model.ts'
import type { RunStatement } from './model.ts'

/** The statements of each migration, both in order. */
export function byMigration(
  statements: readonly RunStatement[],
): ReadonlyMap<Migration, readonly RunStatement[]> {
  const files = new Map<Migration, RunStatement[]>()
  for (const one of statements) {
    const known = files.get(one.migration)
    if (known === undefined) files.set(one.migration, [one])
    else known.push(one)
  }
  return files
}
