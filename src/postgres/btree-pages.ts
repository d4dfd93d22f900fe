import { pageBytes } from './relation-files.ts'
import { setPageChecksum } from './page-checksum.ts'

/** Header of a page: PageHeaderData in src/include/storage/bufpage.h. */
const headerBytes = 24
/** BTPageOpaqueData in src/include/access/nbtree.h. */
const opaqueBytes = 16
const layoutVersion = 4
const flagLeaf = 1
const flagRoot = 2
/** INDEX_ALT_TID_MASK: the tuple is a pivot, and its offset says how many attributes it has. */
const pivotMask = 0x2000

/**
 * The first pages of a b-tree that is `levels` high (0: the root is a leaf) and empty: its own meta page, and a chain
 * from the root down to one leaf without tuples. The tree is valid, so that the planner may read it
 * (_bt_getrootheight(), get_actual_variable_range()).
 * @param meta the meta page of the index, built on an empty table
 */
export function emptyBtree(meta: Buffer, levels: number): readonly Buffer[] {
  return [metaPage(meta, levels), ...chain(levels)]
}

const chains = new Map<number, readonly Buffer[]>()

/** The same for all indexes, and checksums take time. */
function chain(levels: number): readonly Buffer[] {
  const known = chains.get(levels)
  if (known !== undefined) return known
  const pages = Array.from({ length: levels + 1 }, (_, at) => chainPage(at + 1, levels - at, at === 0))
  chains.set(levels, pages)
  return pages
}

const btreeMagic = 0x05_31_62

/** Is this the meta page of a b-tree (BTMetaPageData)? */
export function isBtreeMeta(page: Buffer): boolean {
  return page.length === pageBytes && page.readUInt32LE(headerBytes) === btreeMagic
}

/** btm_root, btm_level, btm_fastroot and btm_fastlevel stand after magic and version. */
function metaPage(meta: Buffer, levels: number): Buffer {
  const page = Buffer.from(meta)
  const root = 1
  for (const [at, value] of [root, levels, root, levels].entries()) {
    page.writeUInt32LE(value, headerBytes + 8 + 4 * at)
  }
  setPageChecksum(page, 0)
  return page
}

/** A page whose only child is the next block; a leaf has none. */
function chainPage(block: number, level: number, isRoot: boolean): Buffer {
  const page = Buffer.alloc(pageBytes)
  const special = pageBytes - opaqueBytes
  const isLeaf = level === 0
  const itemBytes = 8
  const upper = isLeaf ? special : special - itemBytes
  page.writeUInt16LE(headerBytes + (isLeaf ? 0 : 4), 12) // pd_lower
  page.writeUInt16LE(upper, 14)
  page.writeUInt16LE(special, 16)
  page.writeUInt16LE(pageBytes | layoutVersion, 18)
  if (!isLeaf) {
    // ItemIdData: offset, LP_NORMAL, length
    page.writeUInt32LE((upper | (1 << 15) | (itemBytes << 17)) >>> 0, headerBytes)
    // IndexTupleData with the child's block, no attributes: minus infinity, so that every key is at or below it
    const child = block + 1
    page.writeUInt16LE(child >>> 16, upper)
    page.writeUInt16LE(child & 0xff_ff, upper + 2)
    page.writeUInt16LE(0, upper + 4)
    page.writeUInt16LE(itemBytes | pivotMask, upper + 6)
  }
  page.writeUInt32LE(level, special + 8)
  page.writeUInt16LE((isLeaf ? flagLeaf : 0) | (isRoot ? flagRoot : 0), special + 12)
  setPageChecksum(page, block)
  return page
}
