import { latest, type Query } from '../core/query-model.ts'
import { walk } from '../sql/ast.ts'
import { quoteIdent } from '../sql/quote.ts'
import { tokenize } from '../sql/tokens.ts'
import type { PlannedQuery } from './planned-query.ts'
import { planNodes, type Plan, type PlanNode } from './plan.ts'
import type { PlannedIndex, PlannedTable, PlanningCopy, Side } from './planning-copy.ts'
import { tableKey } from './table-tree.ts'

/** Names in plans: an index of a partitioned table is never read itself, but those of its partitions are. */
export function indexNames(
  tree: readonly PlannedTable[],
  { schema, name, signature }: PlannedIndex,
): ReadonlySet<string> {
  const below = tree
    .slice(1)
    .flatMap(({ indexes }) => indexes.filter((index) => index.signature === signature))
  return new Set([`${schema}.${name}`, ...below.map(tableKey)])
}

/** Queries whose plans read one of these indexes. */
export function usersOf(
  planned: readonly PlannedQuery[],
  side: Side,
  names: ReadonlySet<string>,
): readonly PlannedQuery[] {
  return planned.filter((query) => plansOf(query, side).some((plan) => reads(plan, names)))
}

function plansOf({ variants, oldVariants }: PlannedQuery, side: Side): readonly Plan[] {
  return [...variants, ...oldVariants].flatMap((variant) => variant[side] ?? [])
}

/** Queries that read or write one of these tables. */
export function queriesOn(
  planned: readonly PlannedQuery[],
  side: Side,
  tree: readonly PlannedTable[],
): readonly PlannedQuery[] {
  const names = new Set(tree.map(tableKey))
  const isOn = (node: PlanNode): boolean => names.has(`${node.Schema ?? ''}.${node['Relation Name'] ?? ''}`)
  return planned.filter((query) => plansOf(query, side).some(({ root }) => planNodes(root).some(isOn)))
}

/** Does a condition or a sort of the query have the index's first column? An expression counts as had. */
export function mentions(query: PlannedQuery, side: Side, { keys: [first] }: PlannedIndex): boolean {
  if (first?.column === undefined) return true
  const name = quoteIdent(first.column)
  const texts = plansOf(query, side).flatMap(({ root }) => planNodes(root).flatMap(conditions))
  return texts.some((text) => tokenize(text).some((token) => token.text === name))
}

/**
 * `$1 IS NULL OR status = $1`: with NULL there, which drivers plan as a value, the query is another one, whose plan
 * nobody has looked at.
 */
export function hasOptionalConditions({ reviewed }: PlannedQuery): boolean {
  let found = false
  walk(latest(reviewed).node, (tag, value) => {
    if (tag === 'NullTest' && holdsParameter((value as { readonly arg?: unknown }).arg)) found = true
  })
  return found
}

function holdsParameter(node: unknown): boolean {
  let found = false
  walk(node, (tag) => {
    if (tag === 'ParamRef') found = true
  })
  return found
}

function conditions(node: PlanNode): readonly string[] {
  const { Filter, 'Hash Cond': hash, 'Merge Cond': merge, 'Join Filter': join } = node
  const own = [Filter, hash, merge, join, node['Index Cond'], node['Recheck Cond']]
  return [...own.filter((text) => text !== undefined), ...(node['Sort Key'] ?? [])]
}

/** A plan has the schema of a table, not of an index: they are the same (DefineIndex(), indexcmds.c). */
function reads(plan: Plan, names: ReadonlySet<string>): boolean {
  let schema = ''
  return planNodes(plan.root).some((node) => {
    // a bitmap index scan stands below the heap scan that has the schema
    schema = node.Schema ?? schema
    return node['Index Name'] !== undefined && names.has(`${schema}.${node['Index Name']}`)
  })
}

/**
 * Names of foreign keys of the table whose look-ups, as ri_triggers.c sends them, read one of these indexes; before, only
 * those that read the whole table after.
 */
export async function foreignKeysUsing(
  copy: PlanningCopy,
  side: Side,
  { schema, name: table, foreignKeys = [] }: PlannedTable,
  names: ReadonlySet<string>,
): Promise<readonly string[]> {
  const using: string[] = []
  for (const { name, columns } of foreignKeys) {
    const parts = columns.map((column, index) => `$${index + 1} = x.${quoteIdent(column)}`)
    const from = `${quoteIdent(schema)}.${quoteIdent(table)}`
    const sql = `SELECT 1 FROM ONLY ${from} x WHERE ${parts.join(' AND ')} FOR KEY SHARE OF x`
    const query = lookUp(name, sql, columns)
    const plan = await copy.explain(query, side)
    if ('error' in plan || !reads(plan, names)) continue
    const after = side === 'before' ? await copy.explain(query, 'after') : undefined
    if (after === undefined || ('root' in after && readsAll(after))) using.push(name)
  }
  return using
}

function readsAll({ root }: Plan): boolean {
  return planNodes(root).some((node) => node['Node Type'] === 'Seq Scan')
}

function lookUp(name: string, sql: string, columns: readonly string[]): Query {
  const parameters = columns.map((_, index) => ({ number: index + 1 }))
  return { name, style: 'plain SQL', text: sql, sql, parameters, tag: 'SelectStmt', node: undefined }
}
