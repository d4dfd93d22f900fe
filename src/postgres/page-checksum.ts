/** Seeds of the 32 sums that run beside each other (checksumBaseOffsets in src/include/storage/checksum_impl.h). */
const seeds = [
  0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c, 0xf8d4474f,
  0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb, 0xe58f764b, 0x187636bc,
  0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4, 0x783125bb, 0x6ca8eaa2, 0xe407eac6,
  0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756,
]
const prime = 16_777_619

/** Where pd_checksum stands in PageHeaderData. */
const checksumAt = 8

/**
 * The checksum of a page as pg_checksum_page() computes it: FNV-1a in 32 sums, folded, with the page's number. Servers
 * without checksums ignore it.
 */
export function pageChecksum(page: Buffer, block: number): number {
  const sums = Uint32Array.from(seeds)
  const words = page.length / 4
  for (let word = 0; word < words; word += 1) {
    // pd_checksum itself counts as zero
    const value =
      word === checksumAt / 4 ? page.readUInt16LE(checksumAt + 2) * 0x1_00_00 : page.readUInt32LE(word * 4)
    mix(sums, word % seeds.length, value)
  }
  for (let round = 0; round < 2; round += 1) for (let at = 0; at < seeds.length; at += 1) mix(sums, at, 0)
  const folded = sums.reduce((all, sum) => (all ^ sum) >>> 0, 0)
  return (((folded ^ block) >>> 0) % 65_535) + 1
}

function mix(sums: Uint32Array, at: number, value: number): void {
  const mixed = ((sums[at] ?? 0) ^ value) >>> 0
  sums[at] = Math.imul(mixed, prime) ^ (mixed >>> 17)
}

export function setPageChecksum(page: Buffer, block: number): void {
  page.writeUInt16LE(pageChecksum(page, block), checksumAt)
}
