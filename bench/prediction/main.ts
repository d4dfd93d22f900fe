/**
 * `npm run bench:prediction`: what the tool says that statements take in production, against what they take there.
 * Loads each shape into a server that plays production, takes a snapshot, and, group by group, lets the tool predict
 * and then runs the statements. Writes bench/prediction/results.json and docs/durations-benchmark.md.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Client } from 'pg'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { root } from '../processes.ts'
import { describeMachine } from './machine.ts'
import { page } from './page.ts'
import { predict, type Prediction } from './predict.ts'
import { keyOf, predictedOf, readResults, resultsFile, writeResults, type Result } from './result.ts'
import { groupsOf, shapes } from './shapes.ts'
import type { Shape, Trial } from './shape.ts'
import { takeSnapshot } from './snapshot.ts'
import { startTruth } from './truth-server.ts'
import { Production } from './truth.ts'

const pageFile = path.join(root, 'docs', 'durations-benchmark.md')

const { values: options } = parseArgs({
  options: {
    shape: { type: 'string', default: shapes.map(({ name }) => name).join(',') },
    /** With a second number: what the first shape runs with afterwards. */
    rows: { type: 'string', default: '1000000,5000000' },
    /** Parts of kinds. */
    kinds: { type: 'string', default: '' },
    /** `truth`, `prediction` (of snapshots of an earlier run), `page` (of the committed results). */
    only: { type: 'string', default: 'all' },
    /** Keeps results elsewhere and leaves the page alone. */
    results: { type: 'string' },
    /** Nothing new is begun after so many. */
    minutes: { type: 'string', default: '40' },
    /** Snapshots and truths are kept here. */
    work: { type: 'string', default: path.join(os.tmpdir(), 'pgrehearse-prediction') },
  },
})

/** A shape with a number of rows. */
interface Round {
  readonly shape: Shape
  readonly rows: number
}

const begun = performance.now()
const minutesSpent = () => (performance.now() - begun) / 60_000
const target = options.results ?? resultsFile
const earlier = new Map((await readResults(target))?.results.map((result) => [keyOf(result), result]))
const results = new Map<string, Result>(earlier)

if (options.only === 'page') await writePage()
else await run()

async function run(): Promise<void> {
  await mkdir(options.work, { recursive: true })
  await using server = await startTruth()
  const admin = await server.connectAdmin()
  try {
    for (const round of rounds()) {
      if (isLate()) console.log(`Not run, no time left: ${round.shape.name}, ${round.rows} rows`)
      else await runRound(server, admin, round)
    }
  } finally {
    await admin.end()
  }
  const machine = await describeMachine(server.description, minutesSpent())
  await writeResults(target, { machine, results: [...results.values()] })
  await writePage()
}

function rounds(): readonly Round[] {
  const wanted = options.shape.split(',')
  const chosen = shapes.filter(({ name }) => wanted.includes(name))
  const [first = 1_000_000, second] = options.rows.split(',').map(Number)
  const all = chosen.map((shape): Round => ({ shape, rows: first }))
  return second === undefined
    ? all
    : [...all, ...chosen.slice(0, 1).map((shape) => ({ shape, rows: second }))]
}

async function runRound(server: PostgresServer, admin: Client, { shape, rows }: Round): Promise<void> {
  const snapshotFile = path.join(options.work, `${shape.name}-${rows}.json`)
  const start = performance.now()
  const production =
    options.only === 'prediction' ? undefined : await Production.load(server, admin, shape, rows)
  if (production !== undefined) {
    await writeFile(snapshotFile, await takeSnapshot(admin, production.database))
    const megabytes = Math.round((await production.bytes()) / 1024 ** 2)
    console.log(`${shape.name}: ${rows} rows, ${megabytes} MB, loaded in ${seconds(start)} s`)
  }
  const snapshot = options.only === 'truth' ? undefined : await readFile(snapshotFile, 'utf8')
  for (const group of wantedGroups(shape)) {
    if (isLate()) console.log(`  not run, no time left: ${group.map(({ kind }) => kind).join(', ')}`)
    else await runGroup({ shape, rows }, group, { production, snapshot })
  }
  await production?.drop()
  console.log(`${shape.name}: ${seconds(start)} s in all`)
}

function wantedGroups({ trials }: Shape): readonly (readonly Trial[])[] {
  const parts = options.kinds.split(',')
  return groupsOf(trials.filter(({ kind }) => parts.some((part) => kind.includes(part))))
}

async function runGroup(
  { shape, rows }: Round,
  group: readonly Trial[],
  given: { readonly production: Production | undefined; readonly snapshot: string | undefined },
): Promise<void> {
  const { production, snapshot } = given
  const start = performance.now()
  const prediction = snapshot === undefined ? undefined : await attempt(() => predict(shape, group, snapshot))
  if (prediction !== undefined) tell(prediction, start)
  for (const trial of group) {
    const load = os.loadavg()[0] ?? Number.NaN
    const truth = production === undefined ? undefined : await attempt(() => production.run(trial))
    const { kind, sql } = trial
    const known = results.get(keyOf({ shape: shape.name, rows, kind }))
    const cost = prediction instanceof Error ? undefined : prediction?.costs.get(sql)
    const failure = [prediction, truth].find((part) => part instanceof Error)
    const { failed: _, ...kept } = known ?? {}
    const result: Result = {
      ...kept,
      shape: shape.name,
      rows,
      kind,
      group: trial.group,
      ...(trial.instant ? { instant: true } : {}),
      shared: group.length,
      ...(cost === undefined ? {} : { predicted: predictedOf(cost) }),
      ...(truth === undefined || truth instanceof Error ? {} : { truth }),
      ...(failure === undefined ? {} : { failed: failure.message }),
      load: truth === undefined ? (known?.load ?? load) : load,
    }
    results.set(keyOf(result), result)
    print(result)
  }
  // what a crash must not lose
  await writeFile(path.join(options.work, 'results.json'), JSON.stringify([...results.values()]))
}

function tell(prediction: Prediction | Error, start: number): void {
  if (prediction instanceof Error) {
    console.log(`  the run of the tool failed: ${prediction.stack}`)
    return
  }
  console.log(`  predicted in ${seconds(start)} s`)
  for (const { code, message } of prediction.notChecked) console.log(`    ${code}: ${message}`)
}

function print({ kind, predicted, truth, failed }: Result): void {
  const actual = truth === undefined ? undefined : truth.ms - truth.waitMs
  const { low, expected, high } = predicted?.ms ?? {}
  const ratio = expected === undefined || actual === undefined ? '' : `×${(expected / actual).toFixed(2)}`
  const range = expected === undefined ? '–' : `${ms(low)} ${ms(expected)} ${ms(high)}`
  const waited = truth === undefined ? '' : `${((100 * truth.waitMs) / truth.ms).toFixed(0)} % waited`
  console.log(
    `    ${kind.padEnd(36)} ${ms(actual).padStart(9)} ${waited.padStart(12)}  ${range.padStart(26)} ${ratio.padStart(7)}` +
      ` ${predicted?.by ?? ''} ${predicted?.why ?? ''} ${failed ?? ''}`,
  )
}

async function attempt<T>(work: () => Promise<T>): Promise<T | Error> {
  try {
    return await work()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function isLate(): boolean {
  return minutesSpent() > Number(options.minutes)
}

function seconds(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1)
}

function ms(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(value < 10 ? 1 : 0)
}

/** Prints it, and writes it for the documentation unless the results are kept elsewhere. */
async function writePage(): Promise<void> {
  const read = await readResults(target)
  if (read === undefined) throw new Error(`There are no results in ${target}.`)
  const text = page(read)
  console.log(text)
  if (options.results === undefined) await writeFile(pageFile, text)
}
