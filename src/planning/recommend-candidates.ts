import { quoteIdent } from '../sql/quote.ts'
import { planNodes, type PlanNode } from './plan.ts'
import type { PlannedTable } from './planning-copy.ts'
import { sortKey, wantedBy, type Key, type Wanted } from './recommend-conditions.ts'
import { tableKey } from './table-tree.ts'

/** An index that might serve. */
export interface Candidate {
  readonly method: 'btree' | 'gin'
  /** As CREATE INDEX takes them, with operator classes and directions. */
  readonly keys: readonly string[]
  readonly predicate?: string
}

/** For one time that a query reads the table. */
const mostCandidates = 8

/** Joins that are looked at: a partitioned table may have one for each partition. */
const mostJoins = 50

/** More columns than these make an index large, and have never served better in the queries of bench/plans. */
const mostKeys = 3

/** Conditions that may be the predicate of a partial index. */
const lasting: ReadonlySet<Wanted['how']> = new Set(['equal', 'one of', 'is true'])

/** What the conditions, joins and sorts of a plan want of one relation that it reads as a whole. */
export interface Wishes {
  readonly wanted: readonly Wanted[]
  /** Of the sort above it, all of them this relation's; else empty. */
  readonly sort: readonly { readonly key: Key; readonly order: string }[]
}

/** The wishes of a plan, for each time that it reads one of these tables (one, or a tree of partitions) from end to end. */
export function wishesOf(root: PlanNode, tables: readonly PlannedTable[]): readonly Wishes[] {
  const nodes = planNodes(root)
  const relations = new Set(tables.map(tableKey))
  const scans = nodes.filter(
    (node) => readsAll(node) && relations.has(`${node.Schema ?? ''}.${node['Relation Name'] ?? ''}`),
  )
  const joins = nodes
    .flatMap((node) => [node['Hash Cond'], node['Merge Cond'], node['Join Filter']])
    .filter((text) => text !== undefined)
    .slice(0, mostJoins)
  const nameOf = ({ Alias = '' }: PlanNode): string =>
    // partitions have the alias of their table with a number behind it
    relations.size > 1 ? Alias.replace(/_\d+$/, '') : Alias
  return [...new Set(scans.map(nameOf))].map((name) => {
    const own = scans.filter((scan) => nameOf(scan) === name)
    const aliases = new Set([name, ...own.flatMap(({ Alias }) => Alias ?? [])])
    const wanted = [...own.slice(0, 1).flatMap(({ Filter }) => Filter ?? []), ...joins].flatMap((text) =>
      wantedBy(text, aliases),
    )
    const sort = sortOf(nodes, aliases)
    return {
      wanted: withoutRepetition(wanted),
      sort: sort.length > 0 ? sort : own.slice(0, 1).flatMap((scan) => orderOf(scan, tables)),
    }
  })
}

/** Conditions on these tables that say the same whenever the query runs, as an index could have them. */
export function constantConditions(root: PlanNode, tables: readonly PlannedTable[]): ReadonlySet<string> {
  const relations = new Set(tables.map(tableKey))
  const reads = planNodes(root)
    .filter((node) => relations.has(`${node.Schema ?? ''}.${node['Relation Name'] ?? ''}`))
    // those of one partition are those of all
    .slice(0, mostJoins)
  const wanted = reads.flatMap((node) =>
    [node.Filter, node['Index Cond'], node['Recheck Cond']].flatMap((text) =>
      text === undefined ? [] : wantedBy(text, new Set([node.Alias ?? ''])),
    ),
  )
  return new Set(wanted.flatMap(({ predicate }) => predicate ?? []))
}

/** Also an index that is read from end to end and helps only to have the rows in order. */
function readsAll(node: PlanNode): boolean {
  const type = node['Node Type']
  return type === 'Seq Scan' || (/^Index (?:Only )?Scan$/.test(type) && node['Index Cond'] === undefined)
}

function sortOf(nodes: readonly PlanNode[], aliases: ReadonlySet<string>): Wishes['sort'] {
  for (const { 'Sort Key': keys = [] } of nodes) {
    const read = keys.map((text) => sortKey(text, aliases))
    const own = read.filter((key) => key !== undefined)
    if (own.length > 0 && own.length === keys.length) return own
  }
  return []
}

/** The order that an index gives which is read from end to end. */
function orderOf({ 'Index Name': name }: PlanNode, tables: readonly PlannedTable[]): Wishes['sort'] {
  const index = tables.flatMap(({ indexes }) => indexes).find((one) => one.name === name)
  const columns = (index?.keys ?? []).flatMap(({ column }) => column ?? [])
  return columns.map((column) => ({ key: { sql: quoteIdent(column), column }, order: '' }))
}

function withoutRepetition(wanted: readonly Wanted[]): readonly Wanted[] {
  return [
    ...new Map(wanted.map((one) => [`${one.how} ${one.key?.sql ?? one.predicate ?? ''}`, one])).values(),
  ]
}

/**
 * Indexes that might serve, the likeliest first: columns compared for equality, then what is sorted by or one range, then
 * keys of joins, each by itself too; partial ones where the query itself has the constant.
 * @param constants conditions that hold for every call of the query
 */
export function candidatesFor(
  { wanted, sort }: Wishes,
  table: PlannedTable,
  constants: ReadonlySet<string>,
): readonly Candidate[] {
  const keys = (...hows: readonly Wanted['how'][]) =>
    bySelectivity(
      wanted.filter(({ how }) => hows.includes(how)),
      table,
    )
  const equal = keys('equal', 'one of')
  const [ranges, joins] = [keys('range'), keys('join')]
  const sorted = sortKeys(sort)
  // not of ranges: an index of the rows since October is of no use next year
  const always = wanted.filter(
    ({ how, predicate }) => lasting.has(how) && predicate !== undefined && constants.has(predicate),
  )
  const predicate = always.map((one) => one.predicate).join(' AND ')
  const free = (list: readonly Wanted[]): readonly string[] =>
    sqlOf(list.filter((one) => !always.includes(one)))
  const ordered = [
    btree([...sqlOf(equal), ...sorted]),
    btree([...sqlOf(equal), ...sqlOf(ranges).slice(0, 1)]),
    ...(predicate === ''
      ? []
      : [
          btree([...free(equal), ...(sorted.length > 0 ? sorted : free(ranges).slice(0, 1))], predicate),
          btree([...free(joins)], predicate),
        ]),
    btree(sqlOf(equal)),
    btree([...sqlOf(joins).slice(0, 1), ...sqlOf(equal)]),
    btree(sqlOf(joins).slice(0, 1)),
    ...searches(wanted, table),
    btree(sqlOf(equal).slice(0, 1)),
    btree(sorted),
    ...sqlOf(ranges).map((key) => btree([key])),
    ...sqlOf(joins)
      .slice(1)
      .map((key) => btree([key])),
  ]
  const distinct = new Map(ordered.flatMap((one) => (one === undefined ? [] : [[JSON.stringify(one), one]])))
  return [...distinct.values()].slice(0, mostCandidates)
}

function btree(keys: readonly string[], predicate?: string): Candidate | undefined {
  const distinct = [...new Set(keys)].slice(0, mostKeys)
  if (distinct.length === 0) return undefined
  return { method: 'btree', keys: distinct, ...(predicate === undefined ? {} : { predicate }) }
}

/** Substrings, arrays, documents. */
function searches(wanted: readonly Wanted[], table: PlannedTable): readonly (Candidate | undefined)[] {
  return wanted.map(({ how, key }): Candidate | undefined => {
    if (key === undefined) return undefined
    if (how === 'pattern') return { method: 'gin', keys: [`${key.sql} gin_trgm_ops`] }
    if (how === 'prefix') return btree([`${key.sql} text_pattern_ops`])
    if (how !== 'contains') return undefined
    const type = table.columns.find(({ name }) => name === key.column)?.type
    return { method: 'gin', keys: [type === 'jsonb' ? `${key.sql} jsonb_path_ops` : key.sql] }
  })
}

/** A btree is read backwards as well: only keys of different directions need theirs. */
function sortKeys(sort: Wishes['sort']): readonly string[] {
  const orders = new Set(sort.map(({ order }) => order))
  const [only] = orders
  const isPlain = orders.size === 1 && (only === '' || only === ' DESC')
  return sort.map(({ key, order }) => `${key.sql}${isPlain ? '' : order}`)
}

function sqlOf(wanted: readonly Wanted[]): readonly string[] {
  return wanted.flatMap(({ key }) => key?.sql ?? [])
}

/** Most distinct values first; a list of values after a single one. Expressions have no statistics: as good as unique. */
function bySelectivity(wanted: readonly Wanted[], { columns }: PlannedTable): readonly Wanted[] {
  const distinct = ({ key }: Wanted): number =>
    columns.find(({ name }) => name === key?.column)?.statistics?.distinct ?? Number.POSITIVE_INFINITY
  return wanted.toSorted(
    (a, b) => Number(a.how === 'one of') - Number(b.how === 'one of') || compare(distinct(b), distinct(a)),
  )
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}
