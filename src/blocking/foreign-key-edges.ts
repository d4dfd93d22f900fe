/**
 * Foreign keys are kept by triggers of Postgres' own (ri_triggers.c): which rows they look at, or change, in which
 * other table.
 */
import { allColumns, noAssignments, type Assigned } from './assignments.ts'
import type { Derivation, Scope, Write } from './derivation.ts'
import type { Via } from './footprint.ts'
import type { LockConstraint, LockRelation, LockTrigger } from './lock-catalog.ts'

type FollowWrite = (derivation: Derivation, write: Write, scope: Scope) => void

/** The other table of a foreign key whose trigger fires for the change of a row. */
export function foreignKeyEdges(
  derivation: Derivation,
  trigger: LockTrigger,
  write: Write,
  follow: FollowWrite,
): void {
  const constraint = derivation.catalog.constraint(trigger.constraint_oid)
  if (constraint?.type !== 'f') return
  const kind = trigger.function_name.toLowerCase()
  if (kind.startsWith('ri_fkey_check_')) return checkParent(derivation, constraint, write)
  if (write.command === 'UPDATE' && !changesKey(constraint, write)) return
  changeChildren(derivation, constraint, kind, follow)
}

/**
 * The row with the key must be there: SELECT … FOR KEY SHARE, unless a part of the key is NULL. RI_FKey_check() opens the
 * table before it looks whether that is so; of an UPDATE it is known earlier (RI_FKey_fk_upd_check_required()).
 */
function checkParent(derivation: Derivation, constraint: LockConstraint, write: Write): void {
  const columns = namesOf(derivation.catalog.relation(constraint.table_oid), constraint.columns)
  if (write.command === 'UPDATE' && !columns.some((name) => write.values.has(name))) return
  const nulls = columns.map((name) => isSurelyNull(write, name))
  const isUnchecked = constraint.match_full ? nulls.every(Boolean) : nulls.some(Boolean)
  const parent = derivation.catalog.relation(constraint.referenced_oid)
  if (parent === undefined) return
  if (!isUnchecked) lockRows(derivation, parent, viaOf(derivation, constraint))
  else if (write.command === 'INSERT')
    derivation.lockAlone(parent, 'RowShareLock', viaOf(derivation, constraint))
}

function isSurelyNull({ relation, command, values }: Write, name: string): boolean {
  const how: Assigned = values.get(name) ?? (command === 'INSERT' ? 'default' : 'value')
  if (how !== 'default') return how === 'null'
  const column = relation.columns.find((one) => one.name === name)
  if (column === undefined || column.identity !== null || column.type_fills) return false
  return column.default_expression === null || column.default_expression.startsWith('NULL::')
}

function changesKey(constraint: LockConstraint, { relation, values }: Write): boolean {
  const keys = namesOf(relation, constraint.referenced_columns ?? [])
  return keys.some((name) => values.has(name))
}

/** `ri_fkey_cascade_del` and its kin, on the table that refers to the changed row. */
function changeChildren(
  derivation: Derivation,
  constraint: LockConstraint,
  kind: string,
  follow: FollowWrite,
): void {
  const child = derivation.catalog.relation(constraint.table_oid)
  if (child === undefined) return
  const via = viaOf(derivation, constraint)
  const scope: Scope = { path: [], via }
  const change = (command: Write['command'], how?: Assigned): void => {
    const set = kind.endsWith('_del') ? constraint.set_columns : null
    const numbers = set === null || set.length === 0 ? constraint.columns : set
    const values = how === undefined ? noAssignments : allColumns(namesOf(child, numbers), how)
    follow(derivation, { relation: child, command, only: child.kind !== 'partitioned table', values }, scope)
  }
  if (kind === 'ri_fkey_cascade_del') change('DELETE')
  else if (kind === 'ri_fkey_cascade_upd') change('UPDATE', 'value')
  else if (kind.startsWith('ri_fkey_setnull_')) change('UPDATE', 'null')
  else if (kind.startsWith('ri_fkey_setdefault_')) change('UPDATE', 'default')
  else lockRows(derivation, child, via)
}

/** FOR KEY SHARE: of ONLY the table, except of a partitioned one. */
function lockRows(derivation: Derivation, relation: LockRelation, via: Via): void {
  if (relation.kind === 'partitioned table') derivation.lockTree(relation, 'RowShareLock', via)
  else derivation.lock(relation, 'RowShareLock', via)
}

/** By the name that somebody gave it: partitions have copies of their own. */
function viaOf(derivation: Derivation, constraint: LockConstraint): Via {
  const parent = derivation.catalog.constraint(constraint.parent_oid)
  return parent === undefined ? { through: 'foreign key', name: constraint.name } : viaOf(derivation, parent)
}

function namesOf(relation: LockRelation | undefined, numbers: readonly number[]): readonly string[] {
  return numbers.flatMap((number) => relation?.columns.find((one) => one.number === number)?.name ?? [])
}
