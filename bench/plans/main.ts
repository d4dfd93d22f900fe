/**
 * `npm run bench:plans`: the tool's plans, made without a row, against those of a really filled database, before and after
 * migrations. Writes bench/plans/results.json and docs/plans-benchmark.md.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Production } from '../../src/core/production.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { describeMachine } from '../prediction/machine.ts'
import { root } from '../processes.ts'
import { advise } from './advise.ts'
import { alarms, different, fidelity, plansBySql, type Plans } from './compare.ts'
import { trialsOf, type Trial } from './explain.ts'
import { migrations, type BenchMigration } from './migrations.ts'
import { page } from './page.ts'
import { modes, planWithoutAnything, predict, productionOf, type Mode, type Prediction } from './predict.ts'
import { queries } from './queries.ts'
import {
  readResults,
  resultsFile,
  writeResults,
  type Alarms,
  type Different,
  type Fidelity,
} from './result.ts'
import { defaultOrders } from './schema.ts'
import { Truth } from './truth.ts'

const pageFile = path.join(root, 'docs', 'plans-benchmark.md')

const { values: options } = parseArgs({
  options: {
    /** Rows of the largest but one table; all tables together have five times as many. */
    orders: { type: 'string', default: String(defaultOrders) },
    /** Parts of names of migrations. */
    migrations: { type: 'string', default: '' },
    /** `page`: of the committed results. */
    only: { type: 'string', default: 'all' },
    /** Keeps results elsewhere and leaves the page alone. */
    results: { type: 'string' },
  },
})

const target = options.results ?? resultsFile
const begun = performance.now()
const chosenMigrations = migrations.filter(({ name }) =>
  options.migrations.split(',').some((part) => name === 'noop' || name.includes(part)),
)
const trials = trialsOf(queries)
const fidelities: Fidelity[] = []
const differences: Different[] = []
const allAlarms: Alarms[] = []

if (options.only !== 'page') await run()
const text = page(await readResults(target))
console.log(text)
if (options.results === undefined) await writeFile(pageFile, text)

async function run(): Promise<void> {
  await loadParser()
  await using truth = await Truth.fill(Number(options.orders))
  const [bytes, rows] = [await truth.bytes(), await truth.rows()]
  tell(`filled: ${Math.round(rows / 1000)}k rows, ${Math.round(bytes / 1024 ** 2)} MB`)
  const snapshots = { all: await truth.snapshot('all'), none: await truth.snapshot('none') }
  const productions = await Promise.all(
    modes.map(async (mode) => {
      const snapshot = mode === 'with values' ? snapshots.all : snapshots.none
      return [mode, await productionOf(snapshot, mode)] as const
    }),
  )
  for (const migration of chosenMigrations) await runMigration(truth, productions, migration)
  await runBaseline(truth)
  const { advised, unadvised } = await advise(productions, truth)
  tell('indexes were recommended and built')
  const minutes = (performance.now() - begun) / 60_000
  await writeResults(target, {
    machine: await describeMachine(truth.description, minutes),
    orders: Number(options.orders),
    bytes,
    rows,
    queries: queries.length,
    statements: trials.length,
    migrations: chosenMigrations.map(({ name }) => name),
    fidelity: fidelities,
    different: differences,
    alarms: allAlarms,
    advised,
    unadvised,
  })
}

async function runMigration(
  truth: Truth,
  productions: readonly (readonly [Mode, Production])[],
  migration: BenchMigration,
): Promise<void> {
  const predictions = new Map<Mode, Prediction>()
  for (const [mode, production] of productions)
    predictions.set(mode, await predict(production, migration, trials))
  const all = distinct([...trials, ...[...predictions.values()].flatMap(({ chosen }) => chosen)])
  const before = plansBySql(all, await truth.plans(all))
  const after = plansBySql(all, await truth.plansAfter(migration, all))
  for (const [mode, prediction] of predictions) note(mode, migration, prediction, { before, after })
  const [found] = allAlarms.slice(-modes.length)
  tell(
    `${migration.name}: ${found?.right.length} right, ${found?.falseAlarms.length} false, ${found?.missed.length} missed`,
  )
}

function note(
  mode: Mode,
  migration: BenchMigration,
  prediction: Prediction,
  truth: { readonly before: Plans; readonly after: Plans },
): void {
  // all migrations begin from the same schema
  const sides = migration.name === 'noop' ? (['before', 'after'] as const) : (['after'] as const)
  for (const side of sides) {
    const place = { migration: migration.name, side }
    fidelities.push(...fidelity(mode, place, trials, truth[side], prediction[side]))
    // without values there are many, and the same ones everywhere
    if (mode === 'with values' || (mode === 'without values' && migration.name === 'noop'))
      differences.push(...different(mode, place, trials, truth[side], prediction[side]))
  }
  allAlarms.push(alarms(mode, migration, trials, prediction, truth))
}

async function runBaseline(truth: Truth): Promise<void> {
  const plans = await planWithoutAnything(chosenMigrations, trials)
  for (const [index, migration] of chosenMigrations.entries()) {
    const after = plansBySql(trials, await truth.plansAfter(migration, trials))
    const place = { migration: migration.name, side: 'after' } as const
    fidelities.push(...fidelity('schema alone', place, trials, after, plans[index] ?? []))
  }
  tell('the baseline was planned')
}

function distinct(all: readonly Trial[]): readonly Trial[] {
  return [...new Map(all.map((trial) => [trial.sql, trial])).values()]
}

function tell(what: string): void {
  console.log(`${((performance.now() - begun) / 1000).toFixed(0)} s  ${what}`)
}
