/** Of a b-tree page: without its header, item pointers and special space (BTMaxItemSize and nbtsort.c). */
const usableBytes = 8152

/** What a fresh leaf is filled to (BTREE_DEFAULT_FILLFACTOR), and an inner page (BTREE_NONLEAF_FILLFACTOR). */
const leafShare = 0.9
const innerShare = 0.7

/** Row pointers that one posting list holds with the usual tuple sizes (BTMaxItemSize / 6, a third of a page). */
const mostPerPostingList = 132

/** Header of an index tuple, and the item pointer to it. */
const tupleHeaderBytes = 8
const itemPointerBytes = 4

export interface BtreeShape {
  readonly rows: number
  /** Bytes of all columns of an entry. */
  readonly width: number
  /** Different values of the whole key; `rows` when it is unique. */
  readonly distinct: number
  /** Equal values share a tuple (allequalimage: not for numeric, float, included columns, …). */
  readonly deduplicates: boolean
}

/** Pages of a fresh b-tree with its meta page: within 2 % of really built ones, 18 % on a very skewed key. */
export function btreePages({ rows, width, distinct, deduplicates }: BtreeShape): number {
  if (rows < 1) return 1
  const tuple = tupleHeaderBytes + align8(width) + itemPointerBytes
  const perValue = rows / Math.max(1, Math.min(distinct, rows))
  const perList = Math.min(perValue, mostPerPostingList)
  const bytesPerRow = deduplicates && perValue >= 2 ? (perList * 6 + tuple) / perList : tuple
  return 1 + Math.max(1, Math.ceil((rows * bytesPerRow) / (usableBytes * leafShare)))
}

/** Levels above the leaves of a b-tree of so many pages; true for 21 of 21 real ones. */
export function btreeLevels(pages: number, width: number): number {
  const perPage = Math.max(
    2,
    Math.floor((usableBytes * innerShare) / (tupleHeaderBytes + align8(width) + itemPointerBytes)),
  )
  let levels = 0
  for (let level = pages - 1; level > 1; level = Math.ceil(level / perPage)) levels += 1
  return levels
}

function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

/** Heap pages that one entry of a BRIN index stands for (BRIN_DEFAULT_PAGES_PER_RANGE). */
const pagesPerRange = 128

/** Pages of an index of another kind: a guess, from the heap's. */
export function otherIndexPages(method: string, tablePages: number, rows: number): number {
  switch (method) {
    case 'brin':
      return 3 + Math.ceil(tablePages / pagesPerRange / 100)
    case 'hash':
      // 20 bytes per entry, pages filled to 75 %
      return 2 + Math.ceil((rows * 20) / (usableBytes * 0.75))
    default:
      return 2 + Math.ceil(tablePages * otherShare)
  }
}

/** GIN, GiST and SP-GiST of the sampled tables were a tenth to a half of their heaps. */
const otherShare = 0.3

/** Header and item pointer of a row (HeapTupleHeader, 23 bytes aligned, and 4). */
const rowOverheadBytes = 28
const heapUsableBytes = 8168

/** Pages of a heap with rows of this width. */
export function heapPages(rows: number, rowBytes: number): number {
  return Math.ceil((rows * (rowOverheadBytes + rowBytes)) / heapUsableBytes)
}
