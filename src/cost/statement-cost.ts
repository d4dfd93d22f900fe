import { relationKey, walBytesOf } from '../core/effects.ts'
import type { CostBasis, Range, StatementCost } from '../core/cost-model.ts'
import type { StatementResult } from '../core/model.ts'
import type { Production } from '../core/production.ts'
import {
  assumedCatalogMs,
  assumedRowBytes,
  catalogFullPageBytes,
  leastIndexEntryBytes,
  rehearsalSpread,
} from './constants.ts'
import { atLeastCutOff } from './cut-off.ts'
import { driversOf, rowsOf, type Driver, type Drivers } from './drivers.ts'
import { estimate } from './estimate.ts'
import { fixedPart, withFixedPart, withoutFixedPart } from './fixed-part.ts'
import { matchingOf, type Matching } from './matching-rows.ts'
import { grows, pointsOf, timed, type Point, type Points } from './points.ts'
import type { SampledStatement, SampleOutcome } from './samples.ts'
import { toSizedTable, type Sizes } from './sizes.ts'
import { structuralCost } from './structure.ts'
import { widthsOf } from './widths.ts'
import { workOf } from './work.ts'

/** What all statements of a run are priced with. */
export interface Pricing {
  readonly production: Production
  readonly sizes: Sizes
  readonly outcome: SampleOutcome | undefined
  /** Why nothing was sampled; used when there is no outcome. */
  readonly why: string
  /** See {@link addedColumns}. */
  readonly added: ReadonlySet<string>
}

/** What one statement costs at production size. */
export function statementCost(
  pricing: Pricing,
  result: StatementResult,
  sampled: SampledStatement | undefined,
): StatementCost {
  const work = workOf(result)
  if (work.growth === 'grows') {
    const drivers = driversOf(work, result.effects, pricing.sizes)
    return growingCost(pricing, result, sampled, drivers)
  }
  const surprise = grownInSamples(pricing, result, sampled)
  if (surprise === undefined || surprise.grows === undefined) {
    return work.growth === 'unknown' ? unknownCost() : catalogCost(result)
  }
  if (!surprise.grows) {
    return work.growth === 'unknown' ? constantCost(pricing, surprise.points) : catalogCost(result)
  }
  const cost = growingCost(pricing, result, sampled, surprise.drivers)
  return { ...cost, notes: ['in the samples it took longer with more rows', ...cost.notes] }
}

function growingCost(
  pricing: Pricing,
  result: StatementResult,
  sampled: SampledStatement | undefined,
  drivers: Drivers,
): StatementCost {
  const { outcome, production } = pricing
  const samples = sampled?.samples ?? []
  const points = pointsOf(samples, drivers.main)
  const matching = matchingOf(result, drivers, pricing)
  const byValues = matching?.by === 'values' ? matching : undefined
  // an index that finds no row in samples may find many in production
  if (byValues === undefined && outcome !== undefined && !growsInSamples(outcome, drivers.main, points)) {
    const cost = constantCost(pricing, points)
    return {
      ...cost,
      notes: ['it should grow with the table, but touched no more pages of ten times the rows'],
    }
  }
  const tables = tablesOf(drivers)
  if (drivers.undecided) {
    const why = `the size of ${tables.unknownTables.join(' and ')} is not known`
    return { growth: 'grows with the table', basis: { by: 'nothing', why }, ...tables, notes: [] }
  }
  const atLeast = (cost: StatementCost): StatementCost =>
    atLeastCutOff(cost, sampled?.cutOff, rowsOf(drivers.main), byValues !== undefined)
  const { tag } = result.statement
  const isQuery = !ddl.has(tag)
  const part = fixedPart(points, sampled?.rehearsed, rowsOf(drivers.main))
  const growing = part === undefined ? points : withoutFixedPart(points, part)
  const estimated =
    outcome === undefined
      ? undefined
      : estimate({ drivers, samples, points: growing, outcome, production, isQuery, tag, byValues })
  const scaled = estimated === undefined || part === undefined ? estimated : withFixedPart(estimated, part)
  if (outcome !== undefined && scaled !== undefined) {
    const { durationMs, ...others } = scaled
    const floor = durationMs === undefined ? {} : { durationMs: atLeastSomething(durationMs) }
    const basis = basisOf(outcome, points)
    return atLeast({ growth: 'grows with the table', basis, ...others, ...floor, ...tables })
  }
  const why = sampled?.why ?? (outcome === undefined ? pricing.why : 'there were no rows in its tables')
  return atLeast(structure(pricing, result, drivers, { why, matching }))
}

/** Tags whose scans read each row once and compute nothing across rows. */
const ddl: ReadonlySet<string> = new Set([
  'AlterTableStmt',
  'AlterDomainStmt',
  'CreateStmt',
  'IndexStmt',
  'ReindexStmt',
  'VacuumStmt',
  'ClusterStmt',
  'CopyStmt',
])

function structure(
  { production }: Pricing,
  result: StatementResult,
  drivers: Drivers,
  { why, matching }: { readonly why: string; readonly matching: Matching | undefined },
): StatementCost {
  const { notes, ...cost } = structuralCost(drivers, result, production, matching)
  return {
    growth: 'grows with the table',
    basis: { by: 'structure', why },
    ...cost,
    ...(cost.durationMs === undefined ? {} : { durationMs: atLeastSomething(cost.durationMs) }),
    ...tablesOf(drivers),
    notes,
  }
}

function growsInSamples(outcome: SampleOutcome, drivers: readonly Driver[], points: Points): boolean {
  const kind = drivers[0]?.kind
  if (kind === undefined) return true
  // keys are looked up from an index alone where there is one
  const { sampleBytes } = widthsOf(kind, drivers, outcome.tables)
  return grows(points, kind === 'foreign key' ? leastIndexEntryBytes : sampleBytes) ?? true
}

/**
 * A statement that is said to do the same everywhere, or whose text does not tell: does it take longer with more rows
 * in the tables that it names, or else in any? Then those are what it grows with.
 */
function grownInSamples(
  { outcome, sizes }: Pricing,
  { effects }: StatementResult,
  sampled: SampledStatement | undefined,
): { readonly grows: boolean | undefined; readonly points: Points; readonly drivers: Drivers } | undefined {
  const samples = sampled?.samples ?? []
  if (outcome === undefined || samples.length < 2) return undefined
  const filled = new Set(samples.flatMap(({ rows }) => Object.keys(rows)))
  const named = effects.flatMap((effect) => ('relation' in effect ? [relationKey(effect.relation)] : []))
  const touched = [...new Set(named)].filter((table) => filled.has(table))
  const candidates = touched.length > 0 ? touched : [...filled]
  const driverOf = (table: string): Driver => ({
    table,
    kind: 'write',
    parts: [],
    size: sizes.get(table),
    roots: [],
  })
  const all = candidates.map(driverOf).sort((a, b) => (b.size?.rows ?? 0) - (a.size?.rows ?? 0))
  const [largest] = all
  if (largest === undefined) return undefined
  const points = pointsOf(samples, [largest])
  const drivers: Drivers = { main: [largest], others: [], undecided: largest.size === undefined }
  const rowBytes = outcome.tables[largest.table]
  const bytes = rowBytes === undefined ? assumedRowBytes : rowBytes.heapBytes / Math.max(1, rowBytes.rows)
  return { grows: grows(points, bytes), points, drivers }
}

/** Those that decide go first, the largest of them before the others. */
function tablesOf({ main, others }: Drivers): Pick<StatementCost, 'tables' | 'unknownTables'> {
  const bySize = (drivers: readonly Driver[]): readonly Driver[] =>
    drivers.toSorted((a, b) => (b.size?.rows ?? 0) - (a.size?.rows ?? 0))
  const all = [...bySize(main), ...bySize(others)]
  const sizes = new Map(
    all.flatMap(({ table, size }) => (size === undefined ? [] : [[table, size] as const])),
  )
  const unknown = all.flatMap(({ table, size }) => (size === undefined ? [table] : []))
  return {
    tables: [...sizes.values()].map(toSizedTable),
    unknownTables: [...new Set(unknown)],
  }
}

function basisOf({ server }: SampleOutcome, { large, scaled }: Points): CostBasis {
  const rows = new Set([...large, ...scaled].map((point) => point.rows))
  return { by: 'samples', rows: [...rows].sort((a, b) => a - b), server }
}

/** What a catalogue change takes: the rehearsal's time, which no table makes longer. */
function catalogCost({ durationMs, effects }: StatementResult): StatementCost {
  const wal = walBytesOf(effects)
  return {
    growth: 'metadata only',
    basis: { by: 'rehearsal' },
    durationMs: durationMs === undefined ? assumedCatalogMs : fromRehearsal(durationMs),
    ...(wal === undefined ? {} : { walBytes: { low: wal, expected: wal, high: wal + catalogFullPageBytes } }),
    tables: [],
    unknownTables: [],
    notes: durationMs === undefined ? ['it was not run: the time is what such changes take'] : [],
  }
}

function fromRehearsal(ms: number): Range {
  const measured = Math.max(leastMs, ms)
  const high = Math.max(measured * rehearsalSpread.high, rehearsalSpread.leastHighMs)
  return { low: measured * rehearsalSpread.low, expected: measured, high }
}

/** No time is zero; what is shorter than this was not measured, but rounded. */
const leastMs = 0.05

function atLeastSomething({ low, expected, high }: Range): Range {
  const middle = Math.max(leastMs, expected)
  return { low: Math.min(low, middle), expected: middle, high: Math.max(high, middle) }
}

/** Measured on different numbers of rows, and the same. */
function constantCost({ outcome }: Pricing, points: Points): StatementCost {
  const all: readonly Point[] = [...points.large, ...points.scaled]
  const last = timed(points).at(-1)
  return {
    growth: 'metadata only',
    basis: outcome === undefined ? { by: 'rehearsal' } : basisOf(outcome, points),
    durationMs: fromRehearsal(last?.ms ?? 0),
    ...(all.length === 0 ? {} : { walBytes: walOf(all) }),
    tables: [],
    unknownTables: [],
    notes: [],
  }
}

function walOf(points: readonly Point[]): Range {
  const bytes = points.map(({ walBytes }) => walBytes)
  const high = Math.max(...bytes)
  return { low: Math.min(...bytes), expected: high, high: high + catalogFullPageBytes }
}

function unknownCost(): StatementCost {
  return {
    growth: 'unknown',
    basis: { by: 'nothing', why: 'its text does not tell what it runs' },
    tables: [],
    unknownTables: [],
    notes: [],
  }
}
