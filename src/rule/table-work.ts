/** Work on whole tables that a deployment does more than once, where once is enough. */
import {
  catalogEffects,
  existingRewrites,
  existingScans,
  existingTableLocks,
  relationKey,
  unboundedWrites,
} from '../core/effects.ts'
import type { SelectStmt } from '@pgsql/types'
import type { Effect, LockEffect, Relation, RewriteEffect, WriteEffect } from '../core/model.ts'
import { lockNamed } from './locks.ts'
import type { RunStatement } from './model.ts'
import { as } from '../sql/ast.ts'
import { alterActions, nodeOf, type AlterAction } from '../sql/statement-nodes.ts'

/** One ALTER TABLE that goes through all rows of a table that others use. */
export interface TablePass {
  readonly view: RunStatement
  /** On the table that it names, by this statement or one before it in its transaction. */
  readonly lock: LockEffect
  /** Its rewrites and scans. */
  readonly passes: readonly Effect[]
}

/** Those of the same table with nothing between them that keeps them apart: rows that are written, a new name. */
export function repeatedPasses(statements: readonly RunStatement[]): readonly (readonly TablePass[])[] {
  const open = new Map<string, TablePass[]>()
  const done: TablePass[][] = []
  for (const view of statements) {
    const pass = passOf(view)
    if (pass === undefined) {
      for (const key of keptApart(view)) {
        done.push(open.get(key) ?? [])
        open.delete(key)
      }
      continue
    }
    const key = relationKey(pass.lock.relation)
    const chain = open.get(key)
    if (chain === undefined || chain.some((one) => cannotBeOne(one.view, view))) {
      done.push(chain ?? [])
      open.set(key, [pass])
    } else chain.push(pass)
  }
  return [...done, ...open.values()]
}

/** In one ALTER TABLE all of these are done in a single pass (ATRewriteTables(), tablecmds.c). */
function isMergeable({ command: { subtype, def } }: AlterAction): boolean {
  const constraint = as<{ contype?: string; skip_validation?: boolean }>(def, 'Constraint')
  if (constraint !== undefined)
    return constraint.contype === 'CONSTR_CHECK' && constraint.skip_validation !== true
  return ['AT_AddColumn', 'AT_AlterColumnType', 'AT_SetNotNull', 'AT_SetExpression'].includes(subtype ?? '')
}

function passOf(view: RunStatement): TablePass | undefined {
  const { statement, effects, transaction } = view
  const node = nodeOf(statement, 'AlterTableStmt')
  if (node === undefined || !alterActions(statement).some(isMergeable)) return undefined
  const upToHere = transaction.statements.slice(
    0,
    transaction.statements.findIndex((one) => one.statement === statement) + 1,
  )
  const lock = lockNamed(
    upToHere.flatMap((one) => existingTableLocks(one.effects)),
    node.relation,
  )
  if (lock === undefined) return undefined
  const isOwn = ({ relation }: { readonly relation: Relation }): boolean =>
    lock.relation.kind === 'partitioned table' || relationKey(relation) === relationKey(lock.relation)
  const passes = [
    ...existingRewrites(effects).filter((one) => one.relation.kind !== 'index' && isOwn(one)),
    ...existingScans(effects, 'validate', 'rewrite').filter(isOwn),
  ]
  return passes.length === 0 ? undefined : { view, lock, passes }
}

/** Tables whose rows or names the statement changes: what comes after it cannot be done before it. */
function keptApart({ effects }: RunStatement): readonly string[] {
  return effects.flatMap((effect) => {
    if (effect.kind === 'write' || effect.kind === 'truncate') return [relationKey(effect.relation)]
    if (effect.kind !== 'catalog') return []
    return effect.change.type.startsWith('rename') || effect.change.type.startsWith('drop')
      ? [effect.object.table ?? relationKey(effect.object)]
      : []
  })
}

/** Two changes of one column's type, or of types under different time zones. */
function cannotBeOne(one: RunStatement, other: RunStatement): boolean {
  const columns = (view: RunStatement): readonly string[] =>
    catalogEffects(view.effects, 'change type').map(({ change }) => change.column)
  return (
    one.settings.timeZone !== other.settings.timeZone ||
    columns(one).some((column) => columns(other).includes(column))
  )
}

/** What a deployment does to a table that it creates itself. */
export interface NewTableWork<E extends Effect> {
  readonly at: RunStatement
  readonly table: Relation
  readonly work: readonly E[]
}

/** Tables of this run that are rewritten after they were filled with as many rows as another table has. */
export function rewritesOfFilled(
  statements: readonly RunStatement[],
): readonly NewTableWork<RewriteEffect>[] {
  const filled = new Set<string>()
  return statements.flatMap((at) => {
    const work = at.effects.filter(
      (effect): effect is RewriteEffect =>
        effect.kind === 'rewrite' &&
        effect.relation.kind === 'table' &&
        filled.has(relationKey(effect.relation)),
    )
    for (const { relation } of fills(at)) filled.add(relationKey(relation))
    const [first] = work
    return first === undefined ? [] : [{ at, table: first.relation, work }]
  })
}

/** An index that takes fewer rows one by one costs nothing that anybody notices. */
const manyRows = 1_000_000

/**
 * Tables of this run that get very many rows after their indexes; unique ones may be needed for ON CONFLICT. `rowsOf`:
 * how many a table has in production, by `schema.name`.
 */
export function fillsOfIndexed(
  statements: readonly RunStatement[],
  rowsOf: (table: string) => number | undefined,
): readonly (NewTableWork<WriteEffect> & { readonly indexes: readonly string[] })[] {
  const indexes = new Map<string, string[]>()
  return statements.flatMap((at) => {
    const found = fills(at).flatMap((write) => {
      const key = relationKey(write.relation)
      const known = indexes.get(key) ?? []
      indexes.delete(key)
      return known.length === 0 || !copiesMany(at, rowsOf)
        ? []
        : [{ at, table: write.relation, work: [write], indexes: known }]
    })
    if (nodeOf(at.statement, 'IndexStmt')?.unique === true || at.statement.tag !== 'IndexStmt') return found
    for (const { object } of catalogEffects(at.effects, 'create')) {
      if (object.kind !== 'index' || object.table === undefined) continue
      indexes.set(object.table, [...(indexes.get(object.table) ?? []), object.name])
    }
    return found
  })
}

/** INSERT … SELECT that takes the rows of a large table as they are. */
function copiesMany(
  { statement, effects }: RunStatement,
  rowsOf: (table: string) => number | undefined,
): boolean {
  const select = as<SelectStmt>(nodeOf(statement, 'InsertStmt')?.selectStmt, 'SelectStmt')
  if (select === undefined || select.groupClause !== undefined || select.distinctClause !== undefined)
    return false
  if (select.limitCount !== undefined || select.whereClause !== undefined) return false
  return existingTableLocks(effects).some(({ relation }) => (rowsOf(relationKey(relation)) ?? 0) >= manyRows)
}

function fills({ effects }: RunStatement): readonly WriteEffect[] {
  return unboundedWrites(effects, 'also new tables').filter(
    ({ relation, command }) =>
      !relation.existedBefore &&
      !relation.schema.startsWith('pg_temp') &&
      (command === 'INSERT' || command === 'COPY'),
  )
}
