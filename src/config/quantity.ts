/**
 * Counts, sizes and rates as people write them: `48M rows`, `31 GB`, `60 MB/s`. The counterpart of durations in
 * duration.ts.
 */

/** Powers of 1024 in both spellings: pg_size_pretty() calls 1024 bytes a kB, and people copy from it. */
const byteUnits: Readonly<Record<string, number>> = {
  b: 1,
  byte: 1,
  bytes: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  tb: 1024 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
}

const countUnits: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  thousand: 1e3,
  m: 1e6,
  million: 1e6,
  b: 1e9,
  bn: 1e9,
  billion: 1e9,
}

/** No database of today is larger; what is, is a slip. */
const maximum = 1e15

/** `168`, `48_000_000`, `48,000,000`, `48M`, `1.5 million`; undefined for anything else. */
export function parseCount(text: string): number | undefined {
  return parseQuantity(text, countUnits)
}

/** Bytes of `512 bytes`, `168 kB`, `1.5 TB` or `31 GiB`, all in powers of 1024; undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  return parseQuantity(text, byteUnits)
}

/** Bytes per second of `60 MB/s`; undefined for anything else. */
export function parseRate(text: string): number | undefined {
  const match = /^(.*)\/\s?s(?:ec)?$/is.exec(text.trim())
  return match?.[1] === undefined ? undefined : parseBytes(match[1])
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d{1,3}(?:[,_]\d{3})+|\d{1,15})(\.\d{1,6})?\s*([a-z]*)$/i.exec(text.trim())
  const [, digits, decimals = '', name = ''] = match ?? []
  const key = name.toLowerCase()
  const unit = Object.hasOwn(units, key) ? units[key] : undefined
  if (digits === undefined || unit === undefined) return undefined
  const value = Math.round(Number(digits.replaceAll(/[,_]/g, '') + decimals) * unit)
  return value <= maximum ? value : undefined
}

/** How large a table is in production. */
export interface TableSize {
  readonly rows: number
  /** Heap and TOAST, without indexes. */
  readonly bytes?: number
}

/**
 * The size that `48_000_000 rows, 31 GB` tells, in either order, the bytes left out or not; else the sentence that
 * says what is wrong.
 */
export function parseTableSize(text: string): TableSize | string {
  let rows: number | undefined
  let bytes: number | undefined
  // a comma between two digits groups thousands
  for (const part of text.split(/(?<!\d),|,(?!\d)/)) {
    const counted = /^(.*?)\s*\brows?$/is.exec(part.trim().replace(/(?<=\d[kmb]?)rows?$/i, ' $&'))
    const value = counted?.[1] === undefined ? parseBytes(part) : parseCount(counted[1])
    if (value === undefined) return notUnderstood(part.trim())
    if ((counted === null ? bytes : rows) !== undefined) return `${JSON.stringify(text)} says it twice`
    if (counted === null) bytes = value
    else rows = value
  }
  if (rows === undefined) return `Expected the number of rows too, for example "48M rows, ${text.trim()}"`
  return bytes === undefined ? { rows } : { rows, bytes }
}

function notUnderstood(part: string): string {
  const what = part === '' ? 'an empty text' : JSON.stringify(part.slice(0, 60))
  return `Expected a size such as "48_000_000 rows, 31 GB" or "168 rows", not ${what}`
}
