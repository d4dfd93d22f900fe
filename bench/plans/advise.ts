import type { IndexAdvice } from '../../src/core/query-model.ts'
import type { Production } from '../../src/core/production.ts'
import { trialsOf, type Trial } from './explain.ts'
import { migrations } from './migrations.ts'
import { predict, type Mode } from './predict.ts'
import { newQueries } from './queries.ts'
import type { Advised } from './result.ts'
import { costOf } from './shape.ts'
import type { Truth } from './truth.ts'

/** Recommended indexes, each built for real on the full table and planned with; and queries without one. */
export async function advise(
  way: Mode,
  production: Production,
  truth: Truth,
): Promise<{ readonly advised: readonly Advised[]; readonly unadvised: readonly string[] }> {
  const [noop] = migrations
  if (noop === undefined) throw new Error('There are no migrations.')
  const { effects, chosen } = await predict(production, noop, trialsOf(newQueries), 'new')
  const advised: Advised[] = []
  const unadvised: string[] = []
  for (const [name, found] of effects) {
    for (const effect of found) {
      if (effect.kind !== 'table read') continue
      const statements = chosen.filter(({ query }) => query.name === name)
      const built = effect.advice && (await build(truth, effect.advice, statements))
      if (effect.advice === undefined || built === undefined) {
        unadvised.push(`${name}: ${effect.table}`)
        continue
      }
      const { sql, costBefore, costAfter, bytes } = effect.advice
      const predictedGain = costBefore / costAfter
      advised.push({
        way,
        query: name,
        sql,
        predictedGain,
        predictedBytes: bytes,
        ...closest(built, predictedGain),
      })
    }
  }
  return { advised, unadvised }
}

interface Built {
  readonly gains: readonly number[]
  readonly trueBytes: number
}

/** The statement that the advice was for is the one with the same gain: its values are not in the effect. */
function closest({ gains, trueBytes }: Built, predicted: number): { trueGain: number; trueBytes: number } {
  const far = (gain: number): number => Math.abs(Math.log(gain / predicted))
  const [trueGain = Number.NaN] = gains.toSorted((a, b) => far(a) - far(b))
  return { trueGain, trueBytes }
}

async function build(
  truth: Truth,
  { sql, table }: IndexAdvice,
  statements: readonly Trial[],
): Promise<Built> {
  const [first = ''] = sql.split(';\n')
  const create = first.replace(/^CREATE INDEX.*? ON (?:ONLY )?/, 'CREATE INDEX advised ON ')
  const before = await truth.plans(statements)
  const [after, trueBytes] = await truth.withIndex(create, table, statements)
  const gains = before.map((plan, index) => {
    const other = after[index]
    return (costOf(plan) ?? Number.NaN) / ((other && costOf(other)) ?? Number.NaN)
  })
  return { gains, trueBytes }
}
