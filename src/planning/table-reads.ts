import { largeTableRows } from './compare-plans.ts'
import type { PlanSide, TableRead } from './compare-plans.ts'
import type { PlanNode } from './plan.ts'

/** A table that is read from end to end although few of its rows are wanted. */
export interface WholeTableRead {
  /** OID, of partitions that of the partitioned table at the top. */
  readonly root: number
  readonly table: string
  readonly tableRows: number
  /** What is wanted of it. */
  readonly rows: number
}

/** More of the rows than this are better read in order. */
const fewShare = 0.1

/** Which large tables the plan reads from end to end for few rows: an index could find these. */
export function wholeTableReads({ plan, reads }: PlanSide): readonly WholeTableRead[] {
  const wanted = new Map<PlanNode, number>()
  walk(plan.root, { rows: Number.POSITIVE_INFINITY, workers: 0, stopsAt: Number.POSITIVE_INFINITY }, wanted)
  const byRoot = new Map<number, { table: string; tableRows: number; rows: number }>()
  for (const read of reads) {
    const rows = wanted.get(read.scan)
    if (rows === undefined || read.rows === undefined || !readsAll(read)) continue
    const known = byRoot.get(read.root) ?? { table: read.rootName, tableRows: 0, rows: 0 }
    byRoot.set(read.root, {
      ...known,
      tableRows: known.tableRows + read.rows,
      rows: known.rows + Math.min(rows, read.rows),
    })
  }
  return [...byRoot]
    .map(([root, read]) => ({ root, ...read, rows: Math.round(read.rows) }))
    .filter(({ tableRows, rows }) => tableRows > largeTableRows && rows <= tableRows * fewShare)
}

/** An index that is read from end to end without a condition on it is no better. */
function readsAll({ node, scan }: TableRead): boolean {
  if (node === 'Seq Scan') return true
  return (
    (node === 'Index Scan' || node === 'Index Only Scan') &&
    scan['Index Cond'] === undefined &&
    scan['Order By'] === undefined &&
    scan.Filter !== undefined
  )
}

interface Above {
  /** Not more than so many rows are wanted. */
  readonly rows: number
  /** Processes that read together have a share each. */
  readonly workers: number
  /** A LIMIT above ends the reading at this cost. */
  readonly stopsAt: number
}

/** Notes what is wanted of each scan; nothing of one that a LIMIT ends early. */
function walk(node: PlanNode, above: Above, wanted: Map<PlanNode, number>): void {
  if (node['Relation Name'] !== undefined && node['Node Type'] !== 'ModifyTable') {
    const isEndedEarly = above.stopsAt < node['Total Cost'] / 2
    if (!isEndedEarly) wanted.set(node, Math.min(above.rows, node['Plan Rows'] * shares(above.workers)))
  }
  const below = belowOf(node, above)
  for (const child of node.Plans ?? []) walk(child, below, wanted)
}

/** The leader helps the workers (get_parallel_divisor(), costsize.c). */
function shares(workers: number): number {
  return workers === 0 ? 1 : workers + Math.max(0, 1 - 0.3 * workers)
}

function belowOf(node: PlanNode, above: Above): Above {
  const rows = node['Plan Rows']
  const nowhere = { ...above, rows: Number.POSITIVE_INFINITY }
  switch (node['Node Type']) {
    case 'Limit':
      return { ...above, rows: Math.min(above.rows, rows), stopsAt: node['Total Cost'] }
    case 'Gather':
    case 'Gather Merge':
      return { ...above, workers: node['Workers Planned'] ?? 0 }
    case 'Hash Join':
    case 'Merge Join':
    case 'Nested Loop':
      return { ...nowhere, rows: rows * shares(above.workers) }
    case 'Sort':
    case 'Incremental Sort':
    case 'Append':
    case 'Merge Append':
    case 'LockRows':
    case 'Result':
    case 'Subquery Scan':
    case 'ModifyTable':
    case 'Hash':
      return above
    default:
      return nowhere
  }
}
