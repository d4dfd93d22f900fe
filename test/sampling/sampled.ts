import { fileURLToPath } from 'node:url'
import type { TransactionMode } from '../../src/core/model.ts'
import type { Production, TableFacts } from '../../src/core/production.ts'
import type { SampleOutcome, SampledStatement } from '../../src/cost/samples.ts'
import { sampleRun, type SampleRequest } from '../../src/sampling/sample-run.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migration } from '../replay/laboratory.ts'
import { rehearse } from '../replay/replay-example.ts'
import { openMajor } from '../replay/servers.ts'

export interface Script {
  readonly sql: string
  readonly mode?: TransactionMode
}

/** A table of production without anything but its size. */
export function sized(name: string, rows: number, heapBytes: number = rows * 100): TableFacts {
  return { schema: 'public', name, rows, heapBytes, from: 'configuration' }
}

export const megabyte = 1024 ** 2

/** Memory that a million rows do not fit, so that proportion shows. */
export function productionOf(...tables: readonly TableFacts[]): Production {
  return {
    sources: [],
    tables,
    settings: {
      sharedBuffersBytes: 128 * megabyte,
      maintenanceWorkMemBytes: 8 * megabyte,
      maxWalSizeBytes: 512 * megabyte,
    },
  }
}

/** Rehearses the scripts on top of the schema: what sampling starts from. */
export async function requestOf(
  schema: string,
  scripts: readonly Script[],
  production: Production,
  { major = 18, budgetMs = 30_000 }: { readonly major?: 14 | 18; readonly budgetMs?: number } = {},
): Promise<SampleRequest> {
  await loadParser()
  const history = [migration(schema, 'file')]
  const review = scripts.map(({ sql, mode = 'statement' }) => migration(sql, mode))
  await using server = await openMajor(major)
  const { results } = await rehearse(server, history, review)
  const projectDir = fileURLToPath(new URL(major === 14 ? '../majors' : '../..', import.meta.url))
  return {
    serverOptions: { projectDir, env: process.env, ...(major === 14 ? { pgVersion: 14 } : {}) },
    history,
    review,
    results,
    sharesSession: false,
    settings: { TimeZone: 'UTC' },
    roles: [],
    statementTimeoutMs: 60_000,
    production,
    budgetMs,
    // a small machine that others use too gets this far well within the budget
    mostRows: 40_000,
    signal: new AbortController().signal,
    progress: () => {},
  }
}

export async function sample(...of: Parameters<typeof requestOf>): Promise<SampleOutcome> {
  return sampleRun(await requestOf(...of))
}

/** The statement whose text begins like this. */
export function find({ migrations }: SampleOutcome, beginning: string): SampledStatement {
  const found = migrations.flat().find(({ statement }) => statement.sql.trim().startsWith(beginning))
  if (found === undefined) throw new Error(`no statement begins with ${beginning}`)
  return found
}
