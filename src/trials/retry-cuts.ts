/** Where a migration can break off with something of it done already. */
import type { Migration, Statement } from '../core/model.ts'
import { brokenOffAtCommit } from '../sql/interrupted-code.ts'
import { nonTransactionalForm } from '../sql/non-transactional.ts'

/**
 * `after`: the statement's transaction has committed, and nothing behind it; `inside`: the statement commits in its
 * middle, and goes no further.
 */
export interface Cut {
  readonly kind: 'after' | 'inside'
  readonly statement: Statement
}

/** Does anything of the statement stay when it has succeeded? Of SELECT only its effects tell. */
export type Changes = (statement: Statement) => boolean

/** More are not tried in one run: each takes a copy of the database. */
export const mostCuts = 12

const leavesNothing: ReadonlySet<string> = new Set([
  'VariableSetStmt',
  'VariableShowStmt',
  'TransactionStmt',
  'ExplainStmt',
  'CheckPointStmt',
  'VacuumStmt',
  'DiscardStmt',
  'PrepareStmt',
  'DeallocateStmt',
])

/** May the statement leave something behind? `select` decides of SELECT, which may call anything. */
export function mayChange(statement: Statement, select: Changes): boolean {
  if (leavesNothing.has(statement.tag)) return false
  return statement.tag !== 'SelectStmt' || select(statement)
}

/** The cuts of a migration, those that tell most first. Empty where all of it commits together. */
export function cutsOf(migration: Migration, changes: Changes): readonly Cut[] {
  // what shares its transaction with other files comes and goes with these
  if (migration.transaction.mode === 'run') return []
  const steps = transactionsOf(migration).filter((statements) => statements.some(changes))
  const inside = steps
    .flat()
    .filter((statement) => commitsInside(statement) && changes(statement))
    .map((statement): Cut => ({ kind: 'inside', statement }))
  const behind = steps.slice(0, -1).flatMap((statements): readonly Cut[] => {
    const last = statements.at(-1)
    return last === undefined ? [] : [{ kind: 'after', statement: last }]
  })
  return [...behind, ...inside]
}

/** Does only one of its transactions change anything? */
export function isLone(migration: Migration, changes: Changes): boolean {
  return transactionsOf(migration).filter((statements) => statements.some(changes)).length < 2
}

/** Those of a run that are tried; rows and half-built objects first, then in their order. */
export function chosenCuts<T extends { readonly cut: Cut }>(
  all: readonly T[],
  most = mostCuts,
): readonly T[] {
  if (all.length <= most) return all
  const chosen = new Set(all.toSorted((a, b) => weightOf(a.cut) - weightOf(b.cut)).slice(0, most))
  return all.filter((one) => chosen.has(one))
}

/** Tags of statements that may write rows. */
export const writesRows: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'DoStmt',
  'CallStmt',
  'SelectStmt',
])

function weightOf({ kind, statement }: Cut): number {
  if (writesRows.has(statement.tag)) return 0
  return kind === 'inside' ? 1 : 2
}

function transactionsOf({ statements }: Migration): readonly (readonly Statement[])[] {
  const transactions = new Map<number, Statement[]>()
  for (const statement of statements) {
    const known = transactions.get(statement.transaction)
    if (known === undefined) transactions.set(statement.transaction, [statement])
    else known.push(statement)
  }
  return [...transactions.values()]
}

/** CONCURRENTLY on a table of its own, and code with COMMIT in it. What CALL runs is not in its text. */
function commitsInside(statement: Statement): boolean {
  if (statement.inTransactionBlock) return false
  if (statement.tag === 'DoStmt') return brokenOffAtCommit(statement.sql) !== undefined
  if (statement.tag === 'CallStmt') return true
  return nonTransactionalForm(statement)?.endsWith('CONCURRENTLY') === true
}

/**
 * What a rule tells of CREATE INDEX CONCURRENTLY IF NOT EXISTS (avoid-concurrent-index-if-not-exists), and what everybody
 * has to know of REINDEX CONCURRENTLY: an attempt that failed leaves an index beside the one that it was to replace.
 */
export function isToldElsewhere({ tag, node }: Statement): boolean {
  if (tag === 'ReindexStmt') return true
  return tag === 'IndexStmt' && node?.['concurrent'] === true && node['if_not_exists'] === true
}
