/** Looks for an index that serves a query which reads a whole table: created and planned for real, in the planning copy. */
import type { IndexAdvice } from '../core/query-model.ts'
import { loadParser } from '../sql/parse.ts'
import type { AdviceRequest } from './planned-query.ts'
import { planNodes, type Plan, type PlanNode } from './plan.ts'
import type { PlannedTable, PlanningCopy } from './planning-copy.ts'
import { candidatesFor, constantConditions, wishesOf, type Candidate } from './recommend-candidates.ts'
import { buildTime } from './recommend-cost.ts'
import { adviceSql, columnsOf, trialSql } from './recommend-sql.ts'
import { tableKey, tableTree } from './table-tree.ts'

/** An index costs every write: it has to make the query this many times cheaper. */
const leastGain = 3

/** As good as the best: within a fifth of it, or of so little that it does not matter beside what was. */
const almost = { ratio: 1.2, shareOfBefore: 0.0005 } as const

/** Of all times that the query reads the table; each takes some 50 ms, and longer for each partition. */
const mostCandidates = 12
const manyPartitions = 100

/** Less time is not enough for another candidate. */
const leastMs = 100

interface Tried {
  readonly candidate: Candidate
  readonly plan: Plan
  readonly bytes: number
}

/**
 * The smallest index with which the query costs (almost) the least; undefined when none makes it three times cheaper.
 * Up to eight are created, each with the size that it would have in production, and planned.
 */
export async function adviseIndex(
  copy: PlanningCopy,
  request: AdviceRequest,
): Promise<IndexAdvice | undefined> {
  await loadParser()
  const { table, plan } = request
  const tables = copy.tables('after')
  const constants = await constantsOf(copy, request)
  const tree = tableTree(table, tables)
  const candidates = wishesOf(plan.root, tree)
    .flatMap((wishes) => candidatesFor(wishes, table, constants))
    .slice(0, tree.length > manyPartitions ? 2 : mostCandidates)
  const known = new Set(tables.flatMap(({ indexes }) => indexes.map(({ name }) => name)))
  const tried: Tried[] = []
  for (const candidate of candidates) {
    if (copy.leftMs < leastMs || copy.signal.aborted) break
    const one = await tryOut(copy, request, candidate, known)
    if (one !== undefined) tried.push(one)
  }
  const chosen = choose(tried, plan.summary.cost)
  return chosen === undefined ? undefined : adviceOf(chosen, request, tables)
}

/** Conditions that stand in the query itself: in the plan for any values, where parameters have no values. */
async function constantsOf(
  copy: PlanningCopy,
  { query, plan, parameters, table }: AdviceRequest,
): Promise<ReadonlySet<string>> {
  const hasValues = parameters !== undefined && parameters.literals.size > 0
  const generic = hasValues ? await copy.explain(query, 'after') : plan
  if ('error' in generic) return new Set()
  return constantConditions(generic.root, tableTree(table, copy.tables('after')))
}

async function tryOut(
  copy: PlanningCopy,
  { query, parameters, table }: AdviceRequest,
  candidate: Candidate,
  known: ReadonlySet<string>,
): Promise<Tried | undefined> {
  const tried = await copy.withIndex(trialSql(candidate, table), async ({ bytes }) => ({
    bytes,
    plan: await copy.explain(query, 'after', parameters),
  }))
  if ('error' in tried || 'error' in tried.plan) return undefined
  const { plan, bytes } = tried
  // an index of an expression can change an estimate without being used
  const uses = planNodes(plan.root).filter(
    ({ 'Index Name': index }) => index !== undefined && !known.has(index),
  )
  return uses.length > 0 && !uses.some(looksThroughAll) ? { candidate, plan, bytes } : undefined
}

/** In the order that is wanted, row by row until a LIMIT has enough: all of them when few match. */
function looksThroughAll(node: PlanNode): boolean {
  return node['Index Cond'] === undefined && node['Order By'] === undefined && node.Filter !== undefined
}

function choose(tried: readonly Tried[], before: number): Tried | undefined {
  const costs = tried.map(({ plan }) => plan.summary.cost)
  const best = Math.min(...costs)
  if (best * leastGain > before) return undefined
  const enough = Math.min(
    Math.max(best * almost.ratio, best + before * almost.shareOfBefore),
    before / leastGain,
  )
  return tried
    .filter(({ plan }) => plan.summary.cost <= enough)
    .toSorted((a, b) => a.bytes - b.bytes || a.candidate.keys.length - b.candidate.keys.length)[0]
}

function adviceOf(
  { candidate, plan, bytes }: Tried,
  request: AdviceRequest,
  tables: readonly PlannedTable[],
): IndexAdvice {
  const { table, production } = request
  const buildMs = buildTime(candidate.method, table, production)
  return {
    table: tableKey(table),
    columns: columnsOf(candidate),
    sql: adviceSql(candidate, table, tables),
    costBefore: request.plan.summary.cost,
    costAfter: plan.summary.cost,
    bytes,
    ...(buildMs === undefined ? {} : { buildMs }),
    after: plan.summary,
  }
}
