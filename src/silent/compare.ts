/**
 * What the migrations under review changed beyond their words: facts of the schema that differ afterwards though no
 * statement names them. What rules tell of tables, views and functions that were made anew (avoid-lost-table-properties)
 * is left out here.
 */
import type { SchemaCatalogs } from '../core/model.ts'
import { diffSchema, type SchemaChange, type SchemaSnapshot } from '../replay/fingerprint.ts'
import { changedFacts } from './changed-facts.ts'
import { lostParts } from './lost-parts.ts'
import type { SilentFact } from './model.ts'
import { Tables } from './tables.ts'
import type { Said } from './words.ts'

export interface SilentInput {
  readonly before: SchemaSnapshot
  readonly after: SchemaSnapshot
  readonly catalogs: SchemaCatalogs
  /** What the statements of the run say, in order. */
  readonly said: readonly Said[]
}

/** In the order of the schema. Pure. */
export function silentFacts({ before, after, catalogs, said }: SilentInput): readonly SilentFact[] {
  const tables = new Tables(catalogs)
  const { changes } = diffSchema(tables.underNewNames(before), after)
  const context = { catalogs, tables, said, changes, after }
  return changes.flatMap((change: SchemaChange) => {
    if (change.type === 'added') return []
    return change.type === 'removed'
      ? lostParts(change.object, context)
      : changedFacts(change.before, change.after, change.facts, context)
  })
}
