import type { SeedCatalog } from '../replay/seed-catalog.ts'
import type { Ladder } from './fill-ladder.ts'
import type { PlannedTable } from './fill-plan.ts'
import type { RowSource } from './fill-source.ts'
import { noiseBytesFor } from './fill-sql.ts'
import { generatorOf } from './fill-types.ts'

/** A page without its header, and the line pointer that every row needs (storage/bufpage.h). */
const pageBytes = 8192
const pageRoom = pageBytes - 24
const pointerBytes = 4

/** Heap bytes that rows of this size take, each with its share of the page. */
export function heapBytesPerRow(rowBytes: number): number {
  const stored = Math.ceil(rowBytes / 8) * 8 + pointerBytes
  return pageBytes / Math.max(1, Math.floor(pageRoom / stored))
}

/** Rows of this size take so many heap bytes; where few fit a page, it is the next size that fills one. */
function rowBytesFor(wanted: number): number {
  const perPage = Math.max(1, Math.round(pageBytes / wanted))
  if (perPage > 20) return (wanted * pageRoom) / pageBytes - pointerBytes
  return Math.floor(pageRoom / perPage) - pointerBytes - 12
}

/** Above this Postgres compresses and moves values to TOAST (TOAST_TUPLE_TARGET). */
const mostRowBytes = 1980
const leastBytes = 5

/**
 * Makes rows as wide as production's: first TOAST, then the heap, by the lengths of values that vary.
 * @param rowBytes of the rows as they are
 */
export async function meetWidth(
  seed: SeedCatalog,
  planned: PlannedTable,
  source: RowSource,
  ladder: Ladder,
  rowBytes: number,
): Promise<void> {
  const { heapBytesPerRow: wanted, toastBytesPerRow: toast = 0, columns = [] } = planned.request
  const loose = [...source.columns.keys()].filter((name) => source.isLoose(name))
  const widths = new Map(columns.map(({ name, width }) => [name, width]))
  const toasted = toast > 0 ? toastColumn(source, loose, planned, widths) : undefined
  let bytes = rowBytes
  if (toasted !== undefined) {
    narrow(source, toasted)
    bytes = await measured(ladder, bytes)
  }
  const stretchable = loose.filter(
    (name) => name !== toasted && generator(source, name)?.stretch !== undefined,
  )
  if (wanted !== undefined) {
    for (let round = 0; round < 3; round += 1) {
      if (Math.abs(heapBytesPerRow(bytes) / wanted - 1) < 0.03) break
      const room = rowBytesFor(wanted)
      const delta = Math.min(room, mostRowBytes) - bytes
      const chosen = stretchChoice(source, stretchable, planned, widths, delta)
      if (chosen.length === 0) break
      for (const name of chosen) stretch(source, name, delta / chosen.length / presentShare(planned, name))
      bytes = await measured(ladder, bytes)
    }
  }
  if (toasted !== undefined) widen(seed, source, toasted, toast)
}

function generator(source: RowSource, name: string): ReturnType<typeof generatorOf> {
  return source.columns.get(name)?.choice.generator
}

async function measured(ladder: Ladder, before: number): Promise<number> {
  const trial = await ladder.attempt()
  return 'refusal' in trial ? before : trial.rowBytes
}

/** A value that is NULL has no bytes. */
function presentShare({ request }: PlannedTable, name: string): number {
  return Math.max(0.05, 1 - (request.columns?.find((column) => column.name === name)?.nullFraction ?? 0))
}

/** Columns whose width is not known go first, of those the ones that no index holds; then the widest. */
function stretchChoice(
  source: RowSource,
  names: readonly string[],
  { table }: PlannedTable,
  widths: ReadonlyMap<string, number>,
  delta: number,
): readonly string[] {
  const able = names.filter((name) => delta > 0 || (generator(source, name)?.bytes ?? 0) > leastBytes)
  const unknown = able.filter((name) => !widths.has(name))
  const plain = (list: readonly string[]): readonly string[] => {
    const unindexed = list.filter((name) => !table.indexed.has(name))
    return delta > 0 && unindexed.length > 0 ? unindexed : list
  }
  if (unknown.length > 0) return plain(unknown)
  return plain(able)
    .toSorted((a, b) => (widths.get(b) ?? 0) - (widths.get(a) ?? 0))
    .slice(0, delta > 0 ? 1 : undefined)
}

function stretch(source: RowSource, name: string, delta: number): void {
  const one = generator(source, name)
  const wanted = Math.max(leastBytes, Math.min(mostRowBytes, (one?.bytes ?? 0) + delta))
  const stretched = one?.stretch?.(wanted)
  if (stretched !== undefined) source.replace(name, stretched)
}

function toastColumn(
  source: RowSource,
  loose: readonly string[],
  { table }: PlannedTable,
  widths: ReadonlyMap<string, number>,
): string | undefined {
  const able = loose.filter((name) =>
    /^(text|character varying|bytea|jsonb?)$/.test(source.columns.get(name)?.choice.type ?? ''),
  )
  // varchar(n) may be too short
  const long = able.filter((name) => (source.columns.get(name)?.choice.column.typmod ?? -1) === -1)
  const unindexed = long.filter((name) => !table.indexed.has(name))
  const preferred = unindexed.length > 0 ? unindexed : long
  const likely = (name: string): number =>
    /body|content|payload|data|html|text|document|description/i.test(name) ? 1 : 0
  return preferred.toSorted((a, b) => (widths.get(b) ?? 0) - (widths.get(a) ?? 0) || likely(b) - likely(a))[0]
}

/** In the heap a value in TOAST is a pointer of 18 bytes. */
const pointerInHeap = 19

function narrow(source: RowSource, name: string): void {
  const { type = '' } = source.columns.get(name)?.choice ?? {}
  // The shortest document that is not empty is a little longer.
  const narrowed = generator(source, name)?.stretch?.(type.startsWith('json') ? 28 : pointerInHeap)
  if (narrowed !== undefined) source.replace(name, narrowed)
}

/** Chunks have headers, pages and an index. */
const toastOverhead = 1.06
/** Less than this may stay in the heap; with what goes before it, two full chunks (TOAST_MAX_CHUNK_SIZE). */
const leastInToast = 3960

function widen(seed: SeedCatalog, source: RowSource, name: string, toastBytesPerRow: number): void {
  const column = source.columns.get(name)
  if (column === undefined) return
  const { style, column: own, generator: small } = column.choice
  const bytes = Math.min(100_000_000, Math.max(leastInToast, Math.round(toastBytesPerRow / toastOverhead)))
  const share = Math.min(1, toastBytesPerRow / toastOverhead / bytes)
  const wide = generatorOf(seed.types, own.type, own.typmod, {
    ...style,
    bytes: pointerInHeap,
    denseBytes: bytes,
  })
  if (wide === undefined || small === undefined) return
  source.noiseBytes = Math.max(source.noiseBytes, noiseBytesFor(bytes))
  const limit = Math.round(share * 10_000)
  source.replace(name, {
    capacity: small.capacity,
    sql: (n) =>
      limit >= 10_000
        ? wide.sql(n)
        : `case when (${n} * 6181) % 10000 < ${limit} then ${wide.sql(n)} else ${small.sql(n)} end`,
  })
}
