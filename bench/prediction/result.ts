import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Range, StatementCost } from '../../src/core/cost-model.ts'
import { root } from '../processes.ts'
import type { Truth } from './truth.ts'

/** One trial: what the tool said, and what it really took. */
export interface Result {
  readonly shape: string
  readonly rows: number
  readonly kind: string
  readonly group: string
  /** The catalogue only, in truth. */
  readonly instant?: true
  /** Statements that shared the budget of the run that predicted this one. */
  readonly shared: number
  readonly predicted?: Predicted
  readonly truth?: Truth
  /** Why one of the two is missing. */
  readonly failed?: string
  /** Average load of the machine over the last minute, before the truth ran. */
  readonly load: number
}

/** The part of a StatementCost that is compared, and what it rests on. */
export interface Predicted {
  readonly growth: StatementCost['growth']
  readonly by: StatementCost['basis']['by']
  readonly why?: string
  readonly sampleRows?: readonly number[]
  readonly ms?: Range
  readonly walBytes?: Range
  readonly tempBytes?: Range
  readonly diskBytes?: Range
  readonly notes: readonly string[]
}

/** Where and when; printed above the table. */
export interface Machine {
  readonly cores: number
  readonly cpu: string
  readonly memoryGb: number
  readonly disk: string
  readonly postgres: string
  readonly date: string
  readonly minutes: number
  /** What was not as usual; sentences. Written by hand into the results. */
  readonly note?: string
}

export interface Results {
  readonly machine: Machine
  readonly results: readonly Result[]
}

/** Committed, so that the table can be made again without running anything. */
export const resultsFile = path.join(root, 'bench', 'prediction', 'results.json')

export async function readResults(file: string): Promise<Results | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  // written by ourselves
  return text === undefined ? undefined : (JSON.parse(text) as Results)
}

/** One line per trial, so that a diff shows what changed. */
export async function writeResults(file: string, { machine, results }: Results): Promise<void> {
  const lines = results.map((result) => JSON.stringify(result, rounded))
  await writeFile(file, `{"machine":${JSON.stringify(machine)},"results":[\n${lines.join(',\n')}\n]}\n`)
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}

export function keyOf({ shape, rows, kind }: Pick<Result, 'shape' | 'rows' | 'kind'>): string {
  return JSON.stringify([shape, rows, kind])
}

export function predictedOf(cost: StatementCost): Predicted {
  const { growth, basis, durationMs, walBytes, tempBytes, diskBytes, notes } = cost
  return {
    growth,
    by: basis.by,
    ...('why' in basis ? { why: basis.why } : {}),
    ...(basis.by === 'samples' ? { sampleRows: basis.rows } : {}),
    ...(durationMs === undefined ? {} : { ms: durationMs }),
    ...(walBytes === undefined ? {} : { walBytes }),
    ...(tempBytes === undefined ? {} : { tempBytes }),
    ...(diskBytes === undefined ? {} : { diskBytes }),
    notes,
  }
}
