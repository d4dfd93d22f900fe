import type { FuncCall, JoinExpr, LockingClause, Node, RangeVar, SelectStmt } from '@pgsql/types'
import { allOf, as, walk, words } from './ast.ts'

/** A statement inside a query that changes rows: the statement itself or a data-modifying CTE. */
export interface Modification {
  readonly tag: 'InsertStmt' | 'UpdateStmt' | 'DeleteStmt' | 'MergeStmt'
  readonly node: object
}

/** The relations and functions that a query names, at any depth. CTE names are not relations. */
export interface QueryParts {
  readonly reads: readonly RangeVar[]
  /** Those of the reads that stand in a SELECT without WHERE and LIMIT: all their rows are read. */
  readonly fullReads: readonly RangeVar[]
  /** Relations under FOR UPDATE, FOR SHARE and their kin. */
  readonly rowLocked: readonly RangeVar[]
  readonly modifications: readonly Modification[]
  readonly calls: readonly FuncCall[]
}

const modificationTags: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** Reads a wrapped query tree, e.g. `{ SelectStmt: … }` or `{ UpdateStmt: … }`. */
export function readQuery(query: object | undefined): QueryParts {
  const parts = {
    reads: [] as RangeVar[],
    fullReads: [] as RangeVar[],
    rowLocked: [] as RangeVar[],
    modifications: [] as Modification[],
    calls: [] as FuncCall[],
  }
  if (query !== undefined) visit(query, noNames, parts)
  return parts
}

type Collected = { [Key in keyof QueryParts]: QueryParts[Key][number][] }

const noNames: ReadonlySet<string> = new Set()

function visit(value: unknown, cteNames: ReadonlySet<string>, parts: Collected): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, cteNames, parts)
    return
  }
  if (typeof value !== 'object' || value === null) return
  const names = withCteNames(value, cteNames)
  if ('fromClause' in value) collectFullReads(value as SelectStmt, names, parts)
  if ('lockingClause' in value) collectRowLocks(value as SelectStmt, names, parts)
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key]
    if (key === 'lockingClause' || typeof child !== 'object' || child === null) continue
    if (key === 'RangeVar') {
      const range = child as RangeVar
      if (range.schemaname !== undefined || !names.has(range.relname ?? '')) parts.reads.push(range)
      continue
    }
    if (key === 'FuncCall') parts.calls.push(child as FuncCall)
    if (modificationTags.has(key)) parts.modifications.push({ tag: key as Modification['tag'], node: child })
    visit(child, names, parts)
  }
}

function withCteNames(value: object, outer: ReadonlySet<string>): ReadonlySet<string> {
  const clause = (value as { withClause?: { ctes?: object[] } }).withClause
  if (clause?.ctes === undefined) return outer
  const names = new Set(outer)
  for (const cte of allOf<{ ctename?: string }>(clause.ctes as never, 'CommonTableExpr')) {
    names.add(cte.ctename ?? '')
  }
  return names
}

/** Relations in FROM itself; those in sub-selects are read by their own SELECT. */
function collectFullReads(select: SelectStmt, cteNames: ReadonlySet<string>, parts: Collected): void {
  // UPDATE has a FROM too, but is no SELECT
  if (!('op' in select) || select.whereClause !== undefined || select.limitCount !== undefined) return
  if (readsOneEnd(select)) return
  for (const range of rangesInFrom(select.fromClause)) {
    const isCte = range.schemaname === undefined && cteNames.has(range.relname ?? '')
    if (!isCte) parts.fullReads.push(range)
  }
}

/** `SELECT max(id) FROM t` goes to one end of the index. */
function readsOneEnd({ targetList, groupClause }: SelectStmt): boolean {
  if (groupClause !== undefined || targetList?.length !== 1) return false
  let isExtreme = false
  walk(targetList, (tag, value) => {
    if (tag === 'FuncCall') isExtreme ||= /^(max|min)$/.test(words((value as FuncCall).funcname).at(-1) ?? '')
  })
  return isExtreme
}

/** The relations that FROM names, through joins but not into sub-selects. */
function rangesInFrom(items: readonly Node[] | undefined): RangeVar[] {
  return (items ?? []).flatMap((item) => {
    const join = as<JoinExpr>(item, 'JoinExpr')
    if (join !== undefined) return rangesInFrom([join.larg, join.rarg].filter((side) => side !== undefined))
    const range = as<RangeVar>(item, 'RangeVar')
    return range === undefined ? [] : [range]
  })
}

function collectRowLocks(select: SelectStmt, cteNames: ReadonlySet<string>, parts: Collected): void {
  const inFrom: Collected = { reads: [], fullReads: [], rowLocked: [], modifications: [], calls: [] }
  visit(select.fromClause, cteNames, inFrom)
  for (const clause of allOf<LockingClause>(select.lockingClause, 'LockingClause')) {
    const named = allOf<RangeVar>(clause.lockedRels, 'RangeVar').map((range) => range.relname)
    for (const range of inFrom.reads) {
      const name = range.alias?.aliasname ?? range.relname
      if (named.length === 0 || named.includes(name)) parts.rowLocked.push(range)
    }
  }
}
