import type { MigrationResult } from '../core/model.ts'
import type { SideCatalog } from './side-catalog.ts'

/** OIDs of the tables that the review truncates. */
export function emptiedTables(
  results: readonly MigrationResult[],
  { tables }: SideCatalog,
): ReadonlySet<number> {
  const names = new Set(
    results.flatMap(({ statements }) =>
      statements.flatMap(({ effects }) =>
        effects.flatMap((effect) =>
          effect.kind === 'truncate' ? [`${effect.relation.schema}.${effect.relation.name}`] : [],
        ),
      ),
    ),
  )
  return new Set(
    [...tables.values()].filter(({ schema, name }) => names.has(`${schema}.${name}`)).map(({ oid }) => oid),
  )
}
