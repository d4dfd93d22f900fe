/** What rules ask about objects that the review made: which statement did it, and which index serves what. */
import { relationKey } from '../core/effects.ts'
import type { CatalogConstraint, CatalogEffect, CatalogIndex, CatalogTable } from '../core/model.ts'
import type { RunContext, RunStatement } from './model.ts'
import { writtenConstraints, type WrittenForeignKey } from '../sql/foreign-keys-in.ts'

type Run = Pick<RunContext<Record<string, never>>, 'statements'>

/**
 * The statement that gave the table this foreign key: the last of those that touch the table and add it by its name;
 * else without one, for its columns and what it references; else any; else the last that changes it (VALIDATE), or
 * (code) touches the table.
 */
export function causeOfForeignKey(
  { statements }: Run,
  table: CatalogTable,
  constraint: CatalogConstraint,
): RunStatement | undefined {
  const names = new Set([constraint.name])
  let best: { readonly at: RunStatement; readonly close: number } | undefined
  for (const at of statements.toReversed()) {
    if (!touches(at.effects, table)) continue
    const written = writtenConstraints(at.statement)
    const close = Math.max(
      ...written.foreignKeys.map((key) => closenessOf(key, names, constraint)),
      written.changed.some((name) => names.has(name)) ? closeness.changed : closeness.touched,
    )
    if (close > (best?.close ?? -1)) best = { at, close }
    for (const { from, to } of written.renamed) if (names.has(to)) names.add(from)
  }
  return best?.at
}

const closeness = { touched: 0, changed: 1, other: 2, sameColumns: 3, sameReference: 4, named: 5 } as const

/** A key that names itself otherwise is another one. */
function closenessOf(
  { name, columns, referenced }: WrittenForeignKey,
  names: ReadonlySet<string>,
  constraint: CatalogConstraint,
): number {
  if (name !== undefined) return names.has(name) ? closeness.named : closeness.touched
  if (columns.join('\0') !== constraint.columns.join('\0')) return closeness.other
  const isSame = constraint.references?.table.endsWith(`.${referenced}`) === true
  return isSame ? closeness.sameReference : closeness.sameColumns
}

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
