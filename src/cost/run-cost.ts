import { addTimes, nothing, type Duration, type Range, type RunCost } from '../core/cost-model.ts'
import type { MigrationResult } from '../core/model.ts'
import type { Production } from '../core/production.ts'

/** What all statements cost together. Files of a transaction add up: old ones go when it commits. */
export function runCost(results: readonly MigrationResult[], { replication }: Production): RunCost {
  const durations = new Sum()
  const wal = new Sum()
  const disk = new Map<number, Sum>()
  let unknown = 0
  for (const { statement, cost } of results.flatMap(({ statements }) => statements)) {
    if (cost?.durationMs === undefined) unknown += 1
    durations.add(cost?.durationMs)
    wal.add(cost?.walBytes)
    const own = disk.get(statement.transaction) ?? new Sum()
    own.add(cost?.diskBytes)
    disk.set(statement.transaction, own)
  }
  const lagMs = lag(durations.range, wal.range, replication?.applyBytesPerSecond)
  return {
    durationMs: durations.range,
    walBytes: wal.range,
    diskBytes: [...disk.values()].map(({ range }) => range).reduce(larger, nothing),
    ...(lagMs === undefined ? {} : { lagMs }),
    unknown,
  }
}

class Sum {
  range: Duration = nothing

  add(range: Duration | undefined): void {
    if (range !== undefined) this.range = addTimes(this.range, range)
  }
}

function larger(a: Range, b: Range): Range {
  return b.expected > a.expected || (b.expected === a.expected && b.high > a.high) ? b : a
}

/** A standby replays while the run still writes; what is left at the end it is behind. */
function lag(duration: Range, wal: Range, perSecond: number | undefined): Range | undefined {
  if (perSecond === undefined || perSecond <= 0) return undefined
  const behind = (bytes: number, ms: number): number => Math.max(0, (bytes / perSecond) * 1000 - ms)
  return {
    low: behind(wal.low, duration.high),
    expected: behind(wal.expected, duration.expected),
    high: behind(wal.high, duration.low),
  }
}
