import type { SeedCatalog } from '../replay/seed-catalog.ts'
import type { Ladder } from './fill-ladder.ts'
import type { PlannedTable } from './fill-plan.ts'
import type { RowSource } from './fill-source.ts'
import { isProse, planToast, pointerInHeap, widened, type ToastPlan } from './fill-toast.ts'
import type { Generator } from './fill-text.ts'

/** A page without its header, and the line pointer that every row needs (storage/bufpage.h). */
const pageBytes = 8192
const pageRoom = pageBytes - 24
const pointerBytes = 4

/** Heap bytes that rows of this size take, each with its share of the page. */
function heapBytesPerRow(rowBytes: number): number {
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
/** The shortest document that is not empty. */
const leastDocument = 28

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
  const toast = await planToast(seed, planned, source, ladder)
  const width = new Width(planned, source, ladder, toast)
  await width.meet(rowBytes)
  if (toast !== undefined) widened(source, toast)
}

/** Changes lengths until the rows of a trial take what they take in production. */
class Width {
  private readonly planned: PlannedTable
  private readonly source: RowSource
  private readonly ladder: Ladder
  private readonly toast: ToastPlan | undefined
  private readonly widths: ReadonlyMap<string, number>
  /** Bytes of a row whose value is in TOAST, and of all others. */
  private slim = 0
  private full = 0
  /** Bytes that a row has more for every byte of the column with TOAST: generated columns may follow it. */
  private gain = 1

  constructor(planned: PlannedTable, source: RowSource, ladder: Ladder, toast: ToastPlan | undefined) {
    this.planned = planned
    this.source = source
    this.ladder = ladder
    this.toast = toast
    this.widths = new Map(planned.request.columns?.map(({ name, width }) => [name, width]))
  }

  async meet(rowBytes: number): Promise<void> {
    this.full = rowBytes
    await this.split()
    const { heapBytesPerRow: wanted } = this.planned.request
    if (wanted === undefined) return
    for (let round = 0; round < 4; round += 1) {
      const { average } = this
      const taken = this.heapBytes(average)
      if (Math.abs(taken / wanted - 1) < 0.03) return
      const room = this.isMixed ? (average * wanted) / taken : Math.min(rowBytesFor(wanted), mostRowBytes)
      const stretched =
        (await this.stretchInline(room - average)) || (await this.stretchOthers(room - average))
      if (!stretched) return
    }
  }

  private get share(): number {
    return this.toast?.share ?? 0
  }

  /** Rows of two sizes share pages. */
  private get isMixed(): boolean {
    return this.share > 0 && this.share < 1
  }

  private get average(): number {
    return this.full * (1 - this.share) + this.slim * this.share
  }

  private heapBytes(average: number): number {
    return this.isMixed ? mixedHeapBytes(average, this.full, 1 - this.share) : heapBytesPerRow(average)
  }

  /**
   * Values outside of TOAST are as wide as statistics tell: their average is about stored values, a pointer for what
   * is in TOAST (ANALYZE takes VARSIZE_ANY of the datum, commands/analyze.c).
   */
  private async split(): Promise<void> {
    if (this.toast === undefined) return
    const { name, share } = this.toast
    const before = this.generator(name)
    this.set(name, pointerInHeap)
    this.slim = await this.measured(this.full)
    const known = this.widths.get(name)
    const inline = known === undefined ? before?.bytes : (known - (pointerInHeap - 1) * share) / (1 - share)
    if (share === 1 || inline === undefined) this.full = this.slim
    else {
      this.set(name, Math.min(inline, mostRowBytes - this.slim))
      this.full = await this.measured(this.full)
    }
  }

  /** The column that has values in TOAST has the long ones, too. */
  private async stretchInline(delta: number): Promise<boolean> {
    if (this.toast === undefined || this.share > 0.95) return false
    const { name } = this.toast
    const bytes = this.generator(name)?.bytes ?? 0
    const wanted = delta / (1 - this.share)
    const room = Math.min(wanted, mostRowBytes - this.full)
    const next = Math.max(this.least(name), bytes + room / this.gain / presentShare(this.planned, name))
    // What is left is for others, or for nobody.
    if (Math.abs(next - bytes) < 4) return false
    this.set(name, next)
    const before = this.full
    this.full = await this.measured(before)
    const more = ((this.full - before) / (next - bytes)) * (1 / presentShare(this.planned, name))
    if (more > 0.5) this.gain = Math.min(5, more)
    return true
  }

  private async stretchOthers(wanted: number): Promise<boolean> {
    const delta = Math.min(wanted, mostRowBytes - Math.max(this.full, this.slim))
    const loose = [...this.source.columns.keys()].filter(
      (name) =>
        name !== this.toast?.name &&
        this.source.isLoose(name) &&
        this.generator(name)?.stretch !== undefined &&
        // Where one column explains what is missing, what is known of others holds.
        (this.toast === undefined || this.toast.share === 1 || !this.widths.has(name)),
    )
    const chosen = Math.abs(delta) < 1 ? [] : this.choice(loose, delta)
    for (const name of chosen) {
      const more = delta / chosen.length / presentShare(this.planned, name)
      this.set(name, (this.generator(name)?.bytes ?? 0) + more)
    }
    if (chosen.length === 0) return false
    const before = this.full
    this.full = await this.measured(before)
    this.slim += this.full - before
    return true
  }

  /**
   * Columns whose width is not known go first, of those the ones that no index holds, and that have names of long
   * texts; then the widest.
   */
  private choice(names: readonly string[], delta: number): readonly string[] {
    const able = names.filter((name) => delta > 0 || (this.generator(name)?.bytes ?? 0) > leastBytes)
    const unknown = able.filter((name) => !this.widths.has(name))
    const { indexed } = this.planned.table
    const plain = (list: readonly string[]): readonly string[] =>
      delta > 0 ? preferred(list, (name) => !indexed.has(name)) : list
    if (unknown.length > 0) return delta > mostSpread ? preferred(plain(unknown), isProse) : plain(unknown)
    return plain(able)
      .toSorted((a, b) => (this.widths.get(b) ?? 0) - (this.widths.get(a) ?? 0))
      .slice(0, delta > 0 ? 1 : undefined)
  }

  private generator(name: string): Generator | undefined {
    return this.source.columns.get(name)?.choice.generator
  }

  private least(name: string): number {
    return this.source.columns.get(name)?.choice.type.startsWith('json') === true ? leastDocument : leastBytes
  }

  private set(name: string, bytes: number): void {
    const wanted = Math.max(this.least(name), Math.min(mostRowBytes, bytes))
    const stretched = this.generator(name)?.stretch?.(wanted)
    if (stretched !== undefined) this.source.replace(name, stretched)
  }

  private async measured(before: number): Promise<number> {
    const trial = await this.ladder.attempt()
    return 'refusal' in trial ? before : trial.rowBytes
  }
}

/** More than this is not spread over short texts where a column is made for long ones. */
const mostSpread = 60

/** Those for which it holds, or all. */
function preferred(names: readonly string[], holds: (name: string) => boolean): readonly string[] {
  const some = names.filter(holds)
  return some.length > 0 ? some : names
}

/** A value that is NULL has no bytes. */
function presentShare({ request }: PlannedTable, name: string): number {
  return Math.max(0.05, 1 - (request.columns?.find((column) => column.name === name)?.nullFraction ?? 0))
}

/**
 * Heap bytes per row where large and small rows share pages: half of a large one is left free, as often as one comes
 * next.
 */
function mixedHeapBytes(average: number, large: number, share: number): number {
  const waste = Math.min(pageRoom / 2, (large * share) / 2)
  return ((Math.ceil(average / 8) * 8 + pointerBytes) * pageBytes) / (pageRoom - waste)
}
