import type { PlanChange } from '../core/query-model.ts'
import type { PlanMemory } from './planner-settings.ts'
import { planNodes, type Plan, type PlanNode } from './plan.ts'
import type { RelationRead } from './plan-shape.ts'

/** A plan, and what the catalogue of its side knows of the tables that it reads. */
export interface PlanSide {
  readonly plan: Plan
  readonly reads: readonly TableRead[]
}

export interface TableRead extends RelationRead {
  /** OID of the table, of a partition that of the partitioned table at the top: the same on both sides. */
  readonly root: number
  /** `schema.table` of that one. */
  readonly rootName: string
  /** Of the relation itself, in production; undefined where nobody knows. */
  readonly rows: number | undefined
  /** The snapshot has values of its columns. */
  readonly hasValues: boolean
}

/** Rows from which reading a table from end to end is told. */
export const largeTableRows = 100_000

/** Rows from which a sort is told. */
const largeSortRows = 50_000

/** A plan that costs less than so many times what it did is not worse: planners differ by so much from ANALYZE to ANALYZE. */
const worseRatio = 1.5

/** A scan that comes anew is told from here on: costs say little about how it is on a cold cache. */
const scanRatio = 1.2

/** In units of reading a page in order; less nobody feels. */
const leastMore = 100

/** Does the new schema have no index of this table, by its OID, that serves as this one did? */
export type IsGone = (root: number, signature: string) => boolean

/**
 * What is worse in the plan on the new schema, worst first; nothing when it does not cost more. Costs themselves are
 * told only where they rest on values.
 * @param isGone given where plans rest on sizes only: planners then guess so much that a plan is worse only where an
 * index that it used is gone, and the table is read from end to end for it
 */
export function planChanges(
  before: PlanSide,
  after: PlanSide,
  memory: PlanMemory,
  isGone?: IsGone,
): readonly PlanChange[] {
  const ratio = after.plan.summary.cost / Math.max(before.plan.summary.cost, 0.01)
  const more = after.plan.summary.cost - before.plan.summary.cost
  if (more < leastMore || ratio < scanRatio) return []
  const isWorse = ratio >= worseRatio
  if (isGone !== undefined) {
    const left = { ...before, reads: before.reads.filter((read) => lostWholly(read, after, isGone)) }
    return left.reads.length === 0
      ? []
      : [...newScans(left, onlyRootsOf(left, after)), ...(isWorse ? lostIndexes(left, after) : [])]
  }
  const isExact = [...before.reads, ...after.reads].every(
    ({ rows, hasValues }) => rows !== undefined && hasValues,
  )
  return [
    ...newScans(before, after),
    ...(isWorse ? lostIndexes(before, after) : []),
    ...(isWorse && isExact ? [{ type: 'cost' as const, ratio }] : []),
    // where costs are known, they tell whether it matters
    ...(isWorse || !isExact ? spills(before.plan.root, after.plan.root, memory) : []),
    ...newSorts(before.plan.root, after.plan.root),
  ]
}

function lostWholly({ root, indexes }: TableRead, after: PlanSide, isGone: IsGone): boolean {
  return (
    indexes.some(({ signature }) => isGone(root, signature)) &&
    after.reads.some(
      (read) => read.root === root && read.indexes.every(({ columns }) => columns.length === 0),
    )
  )
}

function onlyRootsOf({ reads }: PlanSide, side: PlanSide): PlanSide {
  const roots = new Set(reads.map(({ root }) => root))
  return { ...side, reads: side.reads.filter(({ root }) => roots.has(root)) }
}

function newScans(before: PlanSide, after: PlanSide): readonly PlanChange[] {
  const earlier = scannedRows(before.reads)
  return [...scannedRows(after.reads)]
    .filter(([root, { rows }]) => rows > largeTableRows && (earlier.get(root)?.rows ?? 0) < rows / 2)
    .map(([, { name, rows }]) => ({ type: 'new sequential scan' as const, table: name, rows }))
    .toSorted((a, b) => b.rows - a.rows)
}

/** Rows of tables, partitions together, that are read from end to end. */
function scannedRows(
  reads: readonly TableRead[],
): ReadonlyMap<number, { readonly name: string; readonly rows: number }> {
  const scanned = new Map<number, { name: string; rows: number }>()
  for (const { node, root, rootName, rows = 0 } of reads) {
    if (node !== 'Seq Scan') continue
    scanned.set(root, { name: rootName, rows: (scanned.get(root)?.rows ?? 0) + rows })
  }
  return scanned
}

function lostIndexes(before: PlanSide, after: PlanSide): readonly PlanChange[] {
  const used = new Set(after.reads.flatMap(signatures))
  const lost = new Map<string, PlanChange>()
  for (const read of before.reads) {
    if (read.rows === undefined) continue
    for (const { name, signature } of read.indexes) {
      const key = signatureKey(read, signature)
      // partitions have an index each
      if (!used.has(key) && !lost.has(key)) {
        lost.set(key, { type: 'lost index', table: read.rootName, index: name })
      }
    }
  }
  return [...lost.values()]
}

function signatures(read: TableRead): readonly string[] {
  return read.indexes.map(({ signature }) => signatureKey(read, signature))
}

function signatureKey({ root }: TableRead, signature: string): string {
  return `${root} ${signature}`
}

function newSorts(before: PlanNode, after: PlanNode): readonly PlanChange[] {
  const rows = largestSort(after)
  return rows > largeSortRows && largestSort(before) <= largeSortRows ? [{ type: 'new sort', rows }] : []
}

function largestSort(root: PlanNode): number {
  return Math.max(0, ...planNodes(root).map((node) => (isSort(node) ? inputRows(node) : 0)))
}

function isSort({ 'Node Type': type }: PlanNode): boolean {
  return type === 'Sort'
}

function inputRows({ Plans: [input] = [] }: PlanNode): number {
  return input?.['Plan Rows'] ?? 0
}

function spills(before: PlanNode, after: PlanNode, memory: PlanMemory): readonly PlanChange[] {
  const kinds = [
    ['sort spills', sortedRowsBeyond],
    ['hash spills', hashedRowsBeyond],
  ] as const
  return kinds.flatMap(([type, rowsBeyond]) => {
    const rows = rowsBeyond(after, memory)
    return rows > 0 && rowsBeyond(before, memory) === 0 ? [{ type, rows }] : []
  })
}

/** Header of a tuple, aligned (relation_byte_size(), costsize.c). */
const tupleHeaderBytes = 24

function bytesOf(rows: number, width: number): number {
  return rows * (Math.ceil(width / 8) * 8 + tupleHeaderBytes)
}

/** A sort below a LIMIT keeps the first rows only (cost_tuplesort(), costsize.c). */
function sortedRowsBeyond(root: PlanNode, { sortBytes }: PlanMemory): number {
  const walk = (node: PlanNode, limit: number): number => {
    const own = inputRows(node)
    const kept = Math.min(own, 2 * limit)
    const here = isSort(node) && bytesOf(kept, node['Plan Width']) > sortBytes ? own : 0
    const below = node['Node Type'] === 'Limit' ? node['Plan Rows'] : Number.POSITIVE_INFINITY
    return Math.max(here, ...(node.Plans ?? []).map((child) => walk(child, below)))
  }
  return walk(root, Number.POSITIVE_INFINITY)
}

function hashedRowsBeyond(root: PlanNode, { hashBytes }: PlanMemory): number {
  const rows = planNodes(root).map((node) => {
    if (node['Node Type'] === 'Hash' && bytesOf(node['Plan Rows'], node['Plan Width']) > hashBytes) {
      return node['Plan Rows']
    }
    return (node['Planned Partitions'] ?? 0) > 0 ? inputRows(node) : 0
  })
  return Math.max(0, ...rows)
}
