import { walBytesOf } from '../core/effects.ts'
import type { Migration, MigrationResult, StatementResult } from '../core/model.ts'
import { tableFacts, type Production } from '../core/production.ts'
import type { RehearsedAmounts, SampledStatement, SampleOutcome, StatementSample } from '../cost/samples.ts'
import type { FilledDatabase } from './filled-database.ts'
import type { SampledWork } from './sample-tables.ts'
import type { WalkedStatement } from './sample-walk.ts'

export type Regime = StatementSample['regime']

/** One walk over the review. */
export interface Pass {
  readonly regime: Regime
  readonly filled: FilledDatabase
  readonly statements: readonly (readonly WalkedStatement[])[]
}

export interface Walks {
  readonly review: readonly Migration[]
  /** Of its rehearsal. */
  readonly results: readonly MigrationResult[]
  readonly production: Production
  readonly works: readonly (readonly SampledWork[])[]
  readonly passes: readonly Pass[]
  /** Why there are none. */
  readonly why?: string
}

/** The samples of each statement, and what they were made on. */
export function whatWalksGive(walks: Walks): Pick<SampleOutcome, 'migrations' | 'tables' | 'notes'> {
  const largest = walks.passes.reduce<Pass | undefined>(
    (most, one) => (most === undefined || one.filled.size.rows > most.filled.size.rows ? one : most),
    undefined,
  )
  return {
    migrations: walks.review.map(({ statements }, migration) =>
      statements.map((statement, index): SampledStatement => {
        const { samples, why, cutOff } = samplesOf(walks, migration, index)
        const rehearsed = amountsOf(walks.results[migration]?.statements[index])
        return {
          statement,
          samples,
          ...(rehearsed === undefined ? {} : { rehearsed }),
          ...(cutOff === undefined ? {} : { cutOff }),
          ...(samples.length > 0 ? {} : { why: why ?? walks.why ?? neverBegan }),
        }
      }),
    ),
    tables: largest?.filled.tables ?? {},
    notes: largest?.filled.notes ?? {},
  }
}

function amountsOf(result: StatementResult | undefined): RehearsedAmounts | undefined {
  if (result?.durationMs === undefined) return undefined
  return { ms: result.durationMs, walBytes: walBytesOf(result.effects) ?? 0 }
}

const neverBegan = 'the time for sampling was over before it began'

function samplesOf(
  { passes, works, production }: Walks,
  migration: number,
  index: number,
): Omit<SampledStatement, 'statement'> {
  const samples: StatementSample[] = []
  let why: string | undefined
  let cutOff: SampledStatement['cutOff']
  for (const { regime, filled, statements } of passes) {
    const one = statements[migration]?.[index]
    const missing = missingRows(works[migration]?.[index], filled, production)
    if (missing !== undefined) why ??= missing
    else if (one === undefined) continue
    else if ('counts' in one) samples.push({ regime, rows: filled.rows, ...one.counts })
    else {
      why ??= one.why
      if (one.cutOff === true && one.wallMs > 0) {
        // referenced tables may be larger than the sample
        const rows = (works[migration]?.[index]?.driving ?? []).map((key) => filled.rows[key] ?? 0)
        cutOff = { rows: Math.max(filled.size.rows, ...rows), ms: one.wallMs }
      }
    }
  }
  return { samples, ...(why === undefined ? {} : { why }), ...(cutOff === undefined ? {} : { cutOff }) }
}

/** Why a statement that ran all the same says nothing: its tables were empty. */
function missingRows(
  sampled: SampledWork | undefined,
  filled: FilledDatabase,
  production: Production,
): string | undefined {
  if (sampled === undefined || sampled.work.growth === 'metadata only') return undefined
  const [unknown] = sampled.unknown
  if (unknown !== undefined) return `the size of ${unknown} is not known`
  // of a partitioned table, partitions alone may be known
  const empty = sampled.driving.find(
    (key) => (filled.rows[key] ?? 0) === 0 && rowsInProduction(key, production) > 0,
  )
  return empty === undefined ? undefined : `${empty} could not be filled with rows`
}

function rowsInProduction(key: string, production: Production): number {
  const dot = key.indexOf('.')
  return tableFacts(production, { schema: key.slice(0, dot), name: key.slice(dot + 1) })?.rows ?? 0
}
