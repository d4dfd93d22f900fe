import type { Range } from './cost-model.ts'

/**
 * Numbers as people read them, always with their unit. Durations and bytes have two significant digits: an estimate
 * that shows more pretends to know more.
 */

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** `under 1 ms`, `3 ms`, `130 ms`, `1.4 s`, `45 s`, `2 min 10 s`, `12 min`, `1 h 20 min`, `3 d 4 h`. */
export function formatMs(ms: number): string {
  const rounded = roundMs(ms)
  if (rounded < 1) return 'under 1 ms'
  if (rounded < second) return `${rounded} ms`
  if (rounded < minute) return `${rounded / second} s`
  if (rounded < hour) return inTwo(rounded, [minute, 'min'], [second, 's'])
  if (rounded < day) return inTwo(rounded, [hour, 'h'], [minute, 'min'])
  return inTwo(rounded, [day, 'd'], [hour, 'h'])
}

/** `2 min 10 s (1 min 20 s to 3 min 30 s)`; without the brackets where nothing would be seen of the range. */
export function formatMsRange(range: Range): string {
  return withRange(range, formatMs)
}

/** As pg_size_pretty spells it, powers of 1024: `512 bytes`, `168 kB`, `1.4 MB`, `24 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = Math.max(bytes, 0)
  let unit = 0
  // 1023.6 kB would be rounded to 1020 kB otherwise
  while (unit < units.length - 1 && value >= 1000) {
    value /= 1024
    unit++
  }
  const rounded = unit === 0 ? Math.round(value) : twoDigits(value)
  return `${rounded} ${rounded === 1 && unit === 0 ? 'byte' : units[unit]}`
}

/** `31 GB (24 GB to 40 GB)`; without its range where that is narrower than a reader would act on. */
export function formatBytesRange(range: Range): string {
  return range.high <= range.low * 1.5 ? formatBytes(range.expected) : withRange(range, formatBytes)
}

/** `48,000,000`, to the last digit. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** `48,000,000 rows`, `1 row`, `no rows`. */
export function formatRows(rows: number): string {
  const count = Math.round(rows)
  if (count <= 0) return 'no rows'
  return `${formatCount(count)} ${count === 1 ? 'row' : 'rows'}`
}

/** An estimated number of things: `under 1`, `3`, `1,400`. */
export function formatEstimate(count: number): string {
  const rounded = twoDigits(count)
  return rounded < 1 ? 'under 1' : formatCount(rounded)
}

function withRange(range: Range, format: (value: number) => string): string {
  const [low, expected, high] = [format(range.low), format(range.expected), format(range.high)]
  return low === expected && high === expected ? expected : `${expected} (${low} to ${high})`
}

/** To two digits, and from a minute on to steps that a clock has. */
function roundMs(ms: number): number {
  const rounded = ms < 1 ? 0 : twoDigits(ms)
  if (rounded < minute) return rounded
  const step = [10 * second, minute, 10 * minute, hour][
    [10 * minute, hour, day].filter((limit) => ms >= limit).length
  ]
  return step === undefined ? ms : Math.max(Math.round(ms / step) * step, minute)
}

function twoDigits(value: number): number {
  return Number(value.toPrecision(2))
}

type Unit = readonly [size: number, name: string]

function inTwo(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.round((ms % large) / small)
  const whole = `${Math.floor(ms / large)} ${largeName}`
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`
}
