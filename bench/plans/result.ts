import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Machine } from '../prediction/result.ts'
import { root } from '../processes.ts'
import type { Mode } from './predict.ts'

/** Plans of one way after one migration, compared with the truth's. */
export interface Fidelity {
  readonly way: Mode | 'schema alone'
  readonly migration: string
  readonly side: 'before' | 'after'
  readonly parameters: string
  /** Statements. */
  readonly count: number
  readonly sameShape: number
  /** Every relation is read in the same way. */
  readonly sameAccess: number
  /** Costs within 5 %. */
  readonly sameCost: number
}

/** A statement whose plan or cost is another than the truth's. */
export interface Different {
  readonly way: Mode
  readonly migration: string
  readonly side: 'before' | 'after'
  readonly query: string
  readonly parameters: string
  /** Its cost by the truth's; absent where one of them was refused. */
  readonly ratio?: number
  /** The first line that differs, `truth / tool`; absent where only the cost does. */
  readonly shape?: string
}

/** What the tool says about queries after a migration, compared with what the truth's plans say. */
export interface Alarms {
  readonly way: Mode
  readonly migration: string
  /** Names of queries. */
  readonly right: readonly string[]
  readonly falseAlarms: readonly string[]
  readonly missed: readonly string[]
}

/** A recommended index, and the same index really built. */
export interface Advised {
  readonly way: Mode
  readonly query: string
  readonly sql: string
  /** Cost without by cost with it. */
  readonly predictedGain: number
  readonly trueGain: number
  readonly predictedBytes: number
  readonly trueBytes: number
}

export interface Results {
  readonly machine: Machine
  readonly orders: number
  readonly bytes: number
  readonly rows: number
  readonly queries: number
  readonly statements: number
  readonly migrations: readonly string[]
  readonly fidelity: readonly Fidelity[]
  readonly different: readonly Different[]
  readonly alarms: readonly Alarms[]
  readonly advised: readonly Advised[]
  /** New queries that read a whole table and for which no index was found. */
  readonly unadvised: readonly string[]
}

export const resultsFile: string = path.join(root, 'bench', 'plans', 'results.json')

export async function readResults(file: string): Promise<Results> {
  return JSON.parse(await readFile(file, 'utf8')) as Results
}

export async function writeResults(file: string, results: Results): Promise<void> {
  await writeFile(file, `${JSON.stringify(results, undefined, 2)}\n`)
}
