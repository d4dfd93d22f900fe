import { queryState, type Query, type ReviewedQuery } from '../core/query-model.ts'
import { representativeChoices, ValueCatalog } from './parameter-values.ts'
import type { ParameterChoice, Plan, PlanError } from './plan.ts'
import type { PlannedQuery, PlannedVariant } from './planned-query.ts'
import type { PlanningCopy, Side } from './planning-copy.ts'
import type { PlanningServer } from './planning-server.ts'

export interface PlannedAll {
  readonly planned: readonly PlannedQuery[]
  /** Queries for which there was no time. */
  readonly left: number
}

/** Queries that are on their way at once: their answers keep both sessions busy. */
const batchSize = 32

/** Plans all queries on both sides; those that the new code no longer has are left out. */
export async function planAll(
  copy: PlanningCopy,
  { sides }: PlanningServer,
  queries: readonly ReviewedQuery[],
): Promise<PlannedAll> {
  const values = new ValueCatalog([sides.before, sides.after])
  const current = queries.filter((reviewed) => queryState(reviewed) !== 'removed')
  const planned: PlannedQuery[] = []
  let done = 0
  while (done < current.length && copy.leftMs > 0) {
    const batch = current.slice(done, done + batchSize)
    planned.push(...(await Promise.all(batch.map((reviewed) => planOne(copy, values, reviewed)))))
    done += batch.length
  }
  return { planned, left: current.length - done }
}

async function planOne(
  copy: PlanningCopy,
  values: ValueCatalog,
  reviewed: ReviewedQuery,
): Promise<PlannedQuery> {
  const { old, new: current } = reviewed
  const isChanged = queryState(reviewed) === 'changed'
  return {
    reviewed,
    variants: current === undefined ? [] : await variants(copy, values, current),
    oldVariants: isChanged && old !== undefined ? await variants(copy, values, old) : [],
  }
}

async function variants(
  copy: PlanningCopy,
  values: ValueCatalog,
  query: Query,
): Promise<readonly PlannedVariant[]> {
  const choices: readonly (ParameterChoice | undefined)[] = [
    undefined,
    ...representativeChoices(query, values),
  ]
  return Promise.all(
    choices.map(async (parameters) => {
      const [before, after] = await Promise.all(
        (['before', 'after'] as const).map((side) => planOf(copy, query, side, parameters)),
      )
      return {
        ...(parameters === undefined ? {} : { parameters }),
        description: parameters?.description ?? (query.parameters.length === 0 ? 'no parameters' : anyValues),
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      }
    }),
  )
}

const anyValues = 'any values (generic plan)'

async function planOf(
  copy: PlanningCopy,
  query: Query,
  side: Side,
  parameters: ParameterChoice | undefined,
): Promise<Plan | undefined> {
  const plan: Plan | PlanError = await copy.explain(query, side, parameters)
  return 'error' in plan ? undefined : plan
}
