/** What rules ask about objects that the review made: how to ask for the statement that did it, and which index serves what. */
import { relationKey } from '../core/effects.ts'
import type { CatalogConstraint, CatalogIndex, CatalogTable } from '../core/model.ts'
import type { ChangedObject } from './model.ts'

/** The foreign key of the table, for `causeOf`. */
export function foreignKeyObject(table: CatalogTable, constraint: CatalogConstraint): ChangedObject {
  const { columns, references } = constraint
  return {
    kind: 'constraint',
    schema: table.schema,
    name: constraint.name,
    table: relationKey(table),
    foreignKey: { columns, references: references?.table ?? '' },
  }
}

/**
 * Does an index bring a lookup by these columns to few rows? One that begins with any of them does: a foreign key of two
 * columns is served by an index on the more selective one. With a condition only where that is `column IS NOT NULL`, which
 * every lookup by equality implies (predicate_implied_by, predtest.c).
 */
export function servesLookup(index: CatalogIndex, columns: readonly string[]): boolean {
  const first = index.keys[0]?.column
  if (!index.isValid || first === undefined || !columns.includes(first) || index.method === 'brin')
    return false
  if (index.predicate === undefined) return true
  const required = /^\(*"?([^"()]+)"?\)* IS NOT NULL\)*$/i.exec(index.predicate)?.[1]
  return required !== undefined && columns.includes(required)
}
