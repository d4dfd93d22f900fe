import type { SeedCatalog } from '../replay/seed-catalog.ts'
import type { Ladder } from './fill-ladder.ts'
import type { PlannedTable } from './fill-plan.ts'
import type { RowSource } from './fill-source.ts'
import { noiseBytesFor } from './fill-sql.ts'
import { generatorOf, type Generator } from './fill-types.ts'

/** Which values of a table go to TOAST. */
export interface ToastPlan {
  readonly name: string
  /** Of the values of the column. */
  readonly share: number
  readonly wide: Generator
}

/** In the heap a value in TOAST is a pointer of 18 bytes. */
export const pointerInHeap = 19
/** The documents that go to TOAST have the keys of others. */
const documentBytes = 160

/** Chunks have headers, pages and an index. */
const toastOverhead = 1.06
/** Less than this may stay in the heap; with what goes before it, two full chunks (TOAST_MAX_CHUNK_SIZE). */
const leastInToast = 3960
/** A smaller share of rows is not worth values that an index cannot hold. */
const leastShare = 0.01

/**
 * Decides which values go to TOAST, and how long they are there: a trial tells what they take, generated columns that
 * follow them included. Undefined when there is no TOAST, or next to none.
 */
export async function planToast(
  seed: SeedCatalog,
  planned: PlannedTable,
  source: RowSource,
  ladder: Ladder,
): Promise<ToastPlan | undefined> {
  const { toastBytesPerRow: wanted = 0 } = planned.request
  const first = Math.min(100_000_000, Math.max(leastInToast, Math.round(wanted / toastOverhead)))
  if (wanted / toastOverhead / first < leastShare) return undefined
  const noiseBefore = source.noiseBytes
  source.noiseBytes = Math.max(noiseBefore, noiseBytesFor(first))
  const tried = await tryColumns(seed, planned, source, { ladder, first })
  if (tried === undefined) {
    source.noiseBytes = noiseBefore
    return undefined
  }
  const { name, wide, taken } = tried
  const share = wanted / Math.max(1, taken)
  if (share < leastShare) {
    source.noiseBytes = noiseBefore
    return undefined
  }
  // Where fewer values make up for it, they are as long as they have to be to go to TOAST at all.
  const bytes = Math.max(leastInToast, Math.round(first * share))
  const isSame = first === leastInToast && share <= 1
  const sized = isSame ? wide : wideValues(seed, source, name, bytes)
  if (!isSame) source.noiseBytes = Math.max(noiseBefore, noiseBytesFor(bytes))
  const left = isSame ? share : (share * first) / bytes
  return { name, share: left > 0.98 ? 1 : left, wide: sized ?? wide }
}

/**
 * The column that is likeliest to have values in TOAST: also one that conditions are about, if its long values meet them.
 * A trial tells.
 */
async function tryColumns(
  seed: SeedCatalog,
  planned: PlannedTable,
  source: RowSource,
  { ladder, first }: { readonly ladder: Ladder; readonly first: number },
): Promise<{ readonly name: string; readonly wide: Generator; readonly taken: number } | undefined> {
  const likeliest = toastColumn(source, planned, (name) => source.isFree(name))
  const loose = toastColumn(source, planned, (name) => source.isLoose(name))
  for (const name of new Set([likeliest, loose])) {
    const before = name === undefined ? undefined : source.columns.get(name)?.choice.generator
    const wide = name === undefined ? undefined : wideValues(seed, source, name, first)
    if (name === undefined || before === undefined || wide === undefined) continue
    source.replace(name, wide)
    const taken = await ladder.toastBytes(trialRows(first))
    source.replace(name, before)
    // a trial that is refused tells nothing of a column that is loose
    if (taken !== undefined || name === loose) return { name, wide, taken: taken ?? first * toastOverhead }
    source.replaced.delete(name)
  }
  return undefined
}

/** A share of the column's values is long. */
export function widened(source: RowSource, { name, share, wide }: ToastPlan): void {
  const small = source.columns.get(name)?.choice.generator
  if (small === undefined) return
  const limit = Math.round(share * 10_000)
  source.replace(name, {
    capacity: small.capacity,
    sql: (n) =>
      limit >= 10_000
        ? wide.sql(n)
        : `case when (${n} * 6181) % 10000 < ${limit} then ${wide.sql(n)} else ${small.sql(n)} end`,
  })
}

/** Rows that tell what values of this length take. */
function trialRows(bytes: number): number {
  return Math.max(4, Math.min(100, Math.floor(1_500_000 / bytes)))
}

function wideValues(
  seed: SeedCatalog,
  source: RowSource,
  name: string,
  denseBytes: number,
): Generator | undefined {
  const choice = source.columns.get(name)?.choice
  if (choice === undefined) return undefined
  const bytes = choice.type.startsWith('json') ? documentBytes : pointerInHeap
  const { type, typmod } = choice.column
  return generatorOf(seed.types, type, typmod, { ...choice.style, bytes, denseBytes })
}

/** Has the column a name that long texts have? */
export function isProse(name: string): boolean {
  return /body|content|payload|data|html|text|document|description|message|comment|details|raw/i.test(name)
}

/** Averages above this are of long values. */
const longBytes = 200

function toastColumn(
  source: RowSource,
  { table, request }: PlannedTable,
  isAble: (name: string) => boolean,
): string | undefined {
  const widths = new Map(request.columns?.map(({ name, width }) => [name, width]))
  const able = [...source.columns].filter(
    ([name, { choice }]) => isAble(name) && /^(text|character varying|bytea|jsonb?)$/.test(choice.type),
  )
  // varchar(n) may be too short
  const long = able.filter(([, { choice }]) => choice.column.typmod === -1).map(([name]) => name)
  const unindexed = long.filter((name) => !table.indexed.has(name))
  const names = unindexed.length > 0 ? unindexed : long
  // Where all of a column is in TOAST, its average is that of pointers.
  const likely = (name: string): number => (isProse(name) || (widths.get(name) ?? 0) > longBytes ? 1 : 0)
  return names.toSorted((a, b) => likely(b) - likely(a) || (widths.get(b) ?? 0) - (widths.get(a) ?? 0))[0]
}
