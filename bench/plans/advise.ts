import type { Production } from '../../src/core/production.ts'
import type { IndexAdvice } from '../../src/core/query-model.ts'
import { trialsOf, type Trial } from './explain.ts'
import { migrations } from './migrations.ts'
import { predict, type Mode } from './predict.ts'
import { newQueries } from './queries.ts'
import type { Advised } from './result.ts'
import { costOf } from './shape.ts'
import type { Truth } from './truth.ts'

/** An index that the tool recommends for a query. */
interface Recommended {
  readonly way: Mode
  readonly query: string
  readonly advice: IndexAdvice
  /** The query with all values that it was planned with. */
  readonly statements: readonly Trial[]
}

/** Recommended indexes, each built for real on the full table and planned with; and queries without one. */
export async function advise(
  productions: readonly (readonly [Mode, Production])[],
  truth: Truth,
): Promise<{ readonly advised: readonly Advised[]; readonly unadvised: readonly string[] }> {
  const recommended: Recommended[] = []
  const unadvised: string[] = []
  for (const [way, production] of productions) {
    const found = await recommend(way, production)
    recommended.push(...found.recommended)
    unadvised.push(...found.unadvised)
  }
  const advised: Advised[] = []
  for (const create of new Set(recommended.map(({ advice }) => createSql(advice)))) {
    const own = recommended.filter(({ advice }) => createSql(advice) === create)
    advised.push(...(await build(truth, create, own)))
  }
  const order = productions.map(([way]) => way)
  return { advised: advised.toSorted((a, b) => order.indexOf(a.way) - order.indexOf(b.way)), unadvised }
}

async function recommend(
  way: Mode,
  production: Production,
): Promise<{ readonly recommended: readonly Recommended[]; readonly unadvised: readonly string[] }> {
  const [noop] = migrations
  if (noop === undefined) throw new Error('There are no migrations.')
  const { effects, chosen } = await predict(production, noop, trialsOf(newQueries), 'new')
  const recommended: Recommended[] = []
  const unadvised: string[] = []
  for (const [query, found] of effects) {
    const statements = chosen.filter((trial) => trial.query.name === query)
    for (const effect of found) {
      if (effect.kind !== 'table read') continue
      if (effect.advice === undefined) unadvised.push(`${query} (${way})`)
      else recommended.push({ way, query, advice: effect.advice, statements })
    }
  }
  return { recommended, unadvised }
}

/** The same for a partitioned table and for others: nobody else is there. */
function createSql({ sql }: IndexAdvice): string {
  const [first = ''] = sql.split(';\n')
  return first.replace(/^CREATE INDEX.*? ON (?:ONLY )?/, 'CREATE INDEX advised ON ')
}

async function build(
  truth: Truth,
  create: string,
  recommended: readonly Recommended[],
): Promise<readonly Advised[]> {
  const [first] = recommended
  if (first === undefined) return []
  const statements = recommended.flatMap((one) => one.statements)
  const before = await truth.plans(statements)
  const [after, trueBytes] = await truth.withIndex(create, first.advice.table, statements)
  return recommended.map(({ way, query, advice, statements: own }): Advised => {
    const { sql, costBefore, costAfter, bytes } = advice
    const predictedGain = costBefore / costAfter
    const gains = own.map((trial) => {
      const at = statements.indexOf(trial)
      const costs = [before[at], after[at]].map((plan) => (plan && costOf(plan)) ?? Number.NaN)
      return (costs[0] ?? Number.NaN) / (costs[1] ?? Number.NaN)
    })
    // the statement that the advice is for is the one with the same gain: the effect has its values in words only
    const far = (gain: number): number => Math.abs(Math.log(gain / predictedGain))
    const [trueGain = Number.NaN] = gains.toSorted((a, b) => far(a) - far(b))
    return { way, query, sql, predictedGain, trueGain, predictedBytes: bytes, trueBytes }
  })
}
