/** What rules ask about objects that the review made: which statement did it, and which index serves what. */
import { relationKey } from './core/effects.ts'
import type { CatalogConstraint, CatalogEffect, CatalogIndex, CatalogTable, Statement } from './core/model.ts'
import type { RunContext, RunStatement } from './rule-model.ts'

type Run = Pick<RunContext<Record<string, never>>, 'statements'>

/**
 * The statement that gave the table this foreign key: the last that touches the table and names the constraint, else the
 * last that touches it and names its columns and REFERENCES, else (code) the last that touches it.
 */
export function causeOfForeignKey(
  { statements }: Run,
  table: CatalogTable,
  { name, columns, references }: CatalogConstraint,
): RunStatement | undefined {
  const touching = statements.filter(({ effects }) => touches(effects, table))
  const says = (test: (statement: Statement) => boolean): RunStatement | undefined =>
    touching.findLast(({ statement }) => test(statement))
  const words = [...columns, references?.table.split('.').at(-1) ?? '']
  return (
    says(({ sql }) => sql.includes(name)) ??
    says(({ sql }) => addsKey.test(sql) && words.every((word) => sql.includes(word))) ??
    says(({ sql }) => addsKey.test(sql)) ??
    touching.at(-1)
  )
}

const addsKey = /\b(references|foreign\s+key)\b/i

function touches(effects: RunStatement['effects'], table: CatalogTable): boolean {
  const key = relationKey(table)
  return effects.some(
    (effect) =>
      effect.kind === 'catalog' &&
      (effect.object.table === key || relationKey(effect.object) === key || becomes(effect, table)),
  )
}

function becomes({ object, change }: CatalogEffect, { schema, name }: CatalogTable): boolean {
  return change.type === 'rename' && change.to === name && object.schema === schema
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
