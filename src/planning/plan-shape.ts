import type { PlanNode } from './plan.ts'

/** Signature of an index by `schema.name`. */
export type IndexNames = (schema: string, name: string) => string | undefined

/** How one relation is read. */
export interface RelationRead {
  /** `schema.table`; of a partition its own. */
  readonly relation: string
  readonly node: 'Seq Scan' | 'Index Scan' | 'Index Only Scan' | 'Bitmap Heap Scan' | 'Tid Scan' | 'other'
  readonly indexes: readonly {
    readonly name: string
    readonly signature: string
    readonly columns: readonly string[]
  }[]
  readonly scan: PlanNode
}

/** Every read of a relation in a plan, top down. */
export function relationReads(root: PlanNode, indexes: IndexNames): readonly RelationRead[] {
  const own = readOf(root, indexes)
  const below = (root.Plans ?? []).flatMap((child) => relationReads(child, indexes))
  return own === undefined ? below : [own, ...below]
}

function readOf(node: PlanNode, indexes: IndexNames): RelationRead | undefined {
  const { Schema: schema, 'Relation Name': name } = node
  if (name === undefined || node['Node Type'] === 'ModifyTable') return undefined
  const relation = `${schema ?? ''}.${name}`
  const used = indexNodes(node).flatMap((one) => {
    const index = one['Index Name']
    if (index === undefined) return []
    const signature = indexes(schema ?? '', index) ?? index
    return [{ name: index, signature, columns: conditionColumns(one, node.Alias ?? name) }]
  })
  return { relation, node: kindOf(node['Node Type']), indexes: used, scan: node }
}

function kindOf(type: string): RelationRead['node'] {
  switch (type) {
    case 'Seq Scan':
    case 'Index Scan':
    case 'Index Only Scan':
    case 'Bitmap Heap Scan':
    case 'Tid Scan':
      return type
    case 'Sample Scan':
      return 'other'
    default:
      return type.startsWith('Tid') ? 'Tid Scan' : 'other'
  }
}

/** It, and the bitmap scans below it. */
function indexNodes(node: PlanNode): readonly PlanNode[] {
  const bitmaps = (node.Plans ?? []).filter(({ 'Node Type': type }) => type.startsWith('Bitmap'))
  return [node, ...bitmaps.flatMap(indexNodes)]
}

/** Columns of the relation itself in the condition of an index: `(o.customer_id = $1)`. */
function conditionColumns(node: PlanNode, alias: string): readonly string[] {
  const condition = node['Index Cond']
  if (condition === undefined) return []
  // a literal may hold anything
  const words = condition.slice(0, longestCondition).replaceAll(/'(?:[^']|'')*'/g, "''")
  const columns = new Set<string>()
  for (const [, owner, column] of words.matchAll(/("(?:[^"]|"")+"|[\w$]+)\.("(?:[^"]|"")+"|[\w$]+)/g)) {
    const name = owner?.startsWith('"') ? owner.slice(1, -1).replaceAll('""', '"') : owner
    // a bitmap scan has no alias of its own, and a condition may be without
    if (name === alias && column !== undefined) columns.add(column)
  }
  return [...columns].toSorted()
}

const longestCondition = 10_000

/**
 * How each relation is read, and what is sorted or hashed, one line each, sorted: equal lists mean equal shapes. Indexes
 * go by what they serve and not by their names, and workers that read together are left out.
 */
export function planShape(root: PlanNode, indexes: IndexNames): readonly string[] {
  const reads = relationReads(root, indexes).map(readLine)
  return [...reads, ...work(root)].toSorted()
}

function readLine({ relation, node, indexes }: RelationRead): string {
  const used = indexes.map(
    ({ signature, columns }) => `${signature}${columns.length === 0 ? '' : `: ${columns.join(', ')}`}`,
  )
  return [`${node} ${relation}`, ...used.toSorted()].join(' by ')
}

function work(node: PlanNode): readonly string[] {
  const below = (node.Plans ?? []).flatMap(work)
  const line = workLine(node)
  return line === undefined ? below : [line, ...below]
}

function workLine(node: PlanNode): string | undefined {
  const { 'Node Type': type, 'Sort Key': sortKey, 'Group Key': groupKey } = node
  if (type === 'Sort' || type === 'Incremental Sort') return `${type}: ${(sortKey ?? []).join(', ')}`
  if (type === 'Hash Join') return `Hash Join: ${node['Hash Cond'] ?? ''}`
  // the part of the workers is the same work
  if (type === 'Aggregate' && node.Strategy === 'Hashed' && node['Partial Mode'] !== 'Partial') {
    return `Hash Aggregate: ${(groupKey ?? []).join(', ')}`
  }
  return undefined
}
