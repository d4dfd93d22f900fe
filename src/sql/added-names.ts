import { relationKey } from '../core/effects.ts'
import type { CatalogConstraint, CatalogTable, SchemaCatalogs } from '../core/model.ts'

type Named = { readonly schema: string; readonly name: string }

/** The table as it is once everything under review has run. */
export function tableAfter(schema: SchemaCatalogs | undefined, table: Named): CatalogTable | undefined {
  return find(schema?.after.tables, table)
}

/** The table as it was before the review. */
export function tableBefore(schema: SchemaCatalogs | undefined, table: Named): CatalogTable | undefined {
  return find(schema?.before.tables, table)
}

function find(tables: readonly CatalogTable[] = [], table: Named): CatalogTable | undefined {
  const key = relationKey(table)
  return tables.find((one) => relationKey(one) === key)
}

/** Names of constraints in a schema, which a new one that nobody names avoids (ChooseConstraintName, pg_constraint.c). */
export function constraintNamesBefore(
  schema: SchemaCatalogs | undefined,
  namespace: string,
): readonly string[] {
  const tables = schema?.before.tables.filter((table) => table.schema === namespace) ?? []
  return tables.flatMap(({ constraints }) => constraints.map(({ name }) => name))
}

/**
 * The name that Postgres gave to a constraint of this kind over these columns that the review added and nobody named.
 * Undefined where that is not known, or could be one of several.
 */
export function addedName(
  schema: SchemaCatalogs | undefined,
  table: Named,
  kind: CatalogConstraint['kind'],
  columns: readonly string[],
): string | undefined {
  const before = new Set(tableBefore(schema, table)?.constraints.map(({ name }) => name))
  const added = (tableAfter(schema, table)?.constraints ?? []).filter(
    (one) =>
      one.kind === kind && !before.has(one.name) && sameColumns(one.columns, columns, kind === 'check'),
  )
  return added.length === 1 ? added[0]?.name : undefined
}

function sameColumns(some: readonly string[], others: readonly string[], inAnyOrder: boolean): boolean {
  const [a, b] = inAnyOrder ? [some.toSorted(), others.toSorted()] : [some, others]
  return a.length === b.length && a.every((column, index) => column === b[index])
}
