import { extensionValues } from './seed-extension-values.ts'
import type { SeedType } from './seed-catalog.ts'

/** What a value is for: its row, and a number that keeps keys of different columns apart. */
export interface SeedPlace {
  /** From 1. */
  readonly row: number
  readonly slot: number
  /** Part of a key or of a foreign key: stays out of the way of real values. */
  readonly key: boolean
  /** For a DEFAULT partition: far away from the partitions that a migration may add. */
  readonly far?: boolean
}

/** More rows than this are never made for one table, so that keys of different slots do not meet. */
export const maxRows = 32

const int2Base = 32_000n
const int4Base = 2_147_000_000n
const int8Base = 9_223_372_036_854_000_000n
const wholeNumbers: Readonly<Record<string, { readonly base: bigint; readonly span: number }>> = {
  int2: { base: int2Base, span: 512 },
  int4: { base: int4Base, span: 400_000 },
  int8: { base: int8Base, span: 700_000 },
}

/**
 * Where the keys of seeded rows lie, whatever integer their column is by now (`int` becomes `bigint`); real ones are
 * not expected there. Both ends included.
 */
export const seededKeyRanges: readonly (readonly [bigint, bigint])[] = [
  [int2Base, 32_767n],
  [int4Base, 2_147_483_647n],
  [int8Base, 9_223_372_036_854_775_807n],
]

/**
 * Values of a type as literals without quotes, the likeliest first; the others are for CHECKs. Empty when the type
 * is unknown. Keys lie near the upper end of a number's range without reaching it, begin with `pgrehearse-` or with
 * `feedface-`; other columns get small, ordinary values.
 * @param typmod as in pg_attribute: holds the length of varchar(n) and the precision of numeric(p,s)
 */
export function seedValues(
  types: ReadonlyMap<number, SeedType>,
  oid: number,
  typmod: number,
  place: SeedPlace,
): readonly string[] {
  const type = types.get(oid)
  if (type === undefined) return []
  if (type.kind === 'd') return seedValues(types, type.base, type.typmod === -1 ? typmod : type.typmod, place)
  if (type.labels !== null) return rotated(type.labels, place.row - 1)
  if (type.element !== null) {
    const filled = first(types, type.element, typmod, place).map((value) => `{${quoted(value)}}`)
    // Whether the element meets its domain's CHECK is not known here; no element always does.
    return isConstrained(types, type.element) ? ['{}', ...filled] : [...filled, '{}']
  }
  if (type.subtype !== null) {
    return [
      ...first(types, type.subtype, -1, place).map((value) => `[${quoted(value)},${quoted(value)}]`),
      'empty',
    ]
  }
  if (type.multirangeOf !== null) {
    return [
      ...first(types, type.multirangeOf, -1, place).map((value) => `{[${quoted(value)},${quoted(value)}]}`),
      '{}',
    ]
  }
  if (type.attributes !== null) return [composite(types, type.attributes, place)]
  return baseValues(type, typmod, place)
}

/** Are the values of this base type more than guesses? */
export function isKnownType(type: SeedType): boolean {
  return (
    type.kind !== 'b' ||
    type.element !== null ||
    type.category === 'S' ||
    type.name in wholeNumbers ||
    type.name in byName
  )
}

function isConstrained(types: ReadonlyMap<number, SeedType>, oid: number): boolean {
  const type = types.get(oid)
  return type?.kind === 'd' && ((type.checks?.length ?? 0) > 0 || isConstrained(types, type.base))
}

function first(
  types: ReadonlyMap<number, SeedType>,
  oid: number,
  typmod: number,
  place: SeedPlace,
): readonly string[] {
  return seedValues(types, oid, typmod, place).slice(0, 1)
}

function composite(
  types: ReadonlyMap<number, SeedType>,
  attributes: readonly { readonly type: number; readonly typmod: number }[],
  place: SeedPlace,
): string {
  const values = attributes.map(({ type, typmod }) => seedValues(types, type, typmod, place)[0])
  return `(${values.map((value) => (value === undefined ? '' : quoted(value))).join(',')})`
}

/** An element inside an array, range or row literal. */
function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  if (items.length === 0) return []
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

function baseValues(type: SeedType, typmod: number, place: SeedPlace): readonly string[] {
  const whole = wholeNumbers[type.name]
  if (whole !== undefined) {
    const key = String(whole.base + BigInt(serial(place) % whole.span))
    return place.key ? [key, ...smallNumbers(place)] : [...smallNumbers(place), key]
  }
  const special = byName[type.name]
  if (special !== undefined) return special(place, typmod)
  // Category S holds text, varchar, bpchar, name and extensions' like citext.
  if (type.category === 'S') return texts(place, typmod)
  const guesses = unknownType(place)
  return type.formats === undefined ? guesses : type.formats.flatMap((index) => guesses[index] ?? [])
}

/** Unique over rows and slots, as long as the span of the type lasts. */
function serial({ slot, row }: SeedPlace): number {
  return slot * maxRows + row
}

function smallNumbers({ row }: SeedPlace): readonly string[] {
  return [
    String(row),
    ...['0', '5', '10', '18', '50', '100', '1000', '2024', '20000', '-1'].filter((n) => n !== String(row)),
  ]
}

function numerics(place: SeedPlace, typmod: number): readonly string[] {
  const precision = typmod === -1 ? 15 : ((typmod - 4) >> 16) & 0xffff
  const scale = typmod === -1 ? 0 : (typmod - 4) & 0x7ff
  const digits = Math.min(15, precision - scale)
  const fractions = ['0.5', '0.1', '0.01', '0']
  if (digits <= 0) return [`0.${String(place.row).padStart(scale, '0')}`, ...fractions]
  const limit = 10 ** digits
  const key = String(limit - 2 - (serial(place) % Math.max(1, Math.min(limit - 2, 640_000))))
  const small = smallNumbers(place).filter((n) => Math.abs(Number(n)) < limit)
  return place.key ? [key, ...small, ...fractions] : [...small, ...fractions, key]
}

const day = 86_400_000
const firstDay = Date.UTC(2024, 5, 1)

function dates({ row, far = false }: SeedPlace): readonly string[] {
  const iso = new Date(firstDay + (row - 1) * day).toISOString().slice(0, 10)
  const others = [
    '2025-01-01',
    '2999-01-01',
    '1999-01-01',
    '9000-01-01',
    'yesterday',
    'tomorrow',
    '1970-01-01',
  ]
  return far ? [`90${String(row).padStart(2, '0')}-01-01`, iso, ...others] : [iso, ...others]
}

function timestamps(place: SeedPlace): readonly string[] {
  return dates(place).map((date) => (/^\d/.test(date) ? `${date} 12:00:00+00` : date))
}

function times({ row }: SeedPlace): readonly string[] {
  return [`12:${String(row).padStart(2, '0')}:00`, '00:00:00', '08:00:00', '23:59:59']
}

function intervals({ row }: SeedPlace): readonly string[] {
  return [`${row} hours`, '0', '1 second', '1 day', '1 month', '1 year']
}

function uuids(place: SeedPlace): readonly string[] {
  return [`feedface-0000-4000-8000-${serial(place).toString(16).padStart(12, '0')}`]
}

function documents({ row }: SeedPlace): readonly string[] {
  return [
    `{"pgrehearse": ${row}}`,
    '{}',
    `[${row}]`,
    '[]',
    `"pgrehearse ${row}"`,
    String(row),
    'true',
    'null',
  ]
}

function bits({ row }: SeedPlace, typmod: number): readonly string[] {
  const length = typmod === -1 ? 1 : typmod
  const binary = row.toString(2).slice(-length).padStart(length, '0')
  return [binary, '0'.repeat(length), '1'.repeat(length)]
}

/** Common shapes that CHECKs ask of a text. */
function texts(place: SeedPlace, typmod: number): readonly string[] {
  const { row, slot, key } = place
  const length = typmod === -1 ? Number.POSITIVE_INFINITY : typmod - 4
  const stem = key ? `pgrehearse-${slot}-` : 'pgrehearse-'
  const digit = row.toString(36)
  const preferred = (stem + digit).length <= length ? stem + digit : stem.slice(0, length - 1) + digit
  const shapes = [
    preferred.toUpperCase(),
    `pgrehearse-${row}@example.com`,
    `https://example.com/${row}`,
    `+1202555${String(row).padStart(4, '0')}`,
    String(row).padStart(10, '0'),
    String(row),
    'pgrehearse',
    'Pgrehearse',
    ...[
      'usd',
      'USD',
      'us',
      'US',
      'en',
      'en-US',
      'en_US',
      'a',
      'A',
      '#c0ffee',
      '192.0.2.1',
      '12:00',
      '2024-06-01',
    ],
    ...['1.0.0', 'feedface-0000-4000-8000-000000000001', '{}', '[]', '/pgrehearse', 'Europe/Berlin', ''],
  ]
  return [preferred, ...shapes.filter((text) => text.length <= length && text !== preferred)]
}

/** A type of an extension or a user: whatever its input function takes is found out by trying. */
function unknownType(place: SeedPlace): readonly string[] {
  const { row } = place
  return [
    `pgrehearse${row}`,
    String(row),
    `"pgrehearse"=>"${row}"`,
    `(${row},${row})`,
    `[${row}]`,
    `POINT(${row} ${row})`,
    '{}',
    '',
  ]
}

const byName: Readonly<Record<string, (place: SeedPlace, typmod: number) => readonly string[]>> = {
  ...extensionValues,
  bool: ({ row }) => (row % 2 === 1 ? ['true', 'false'] : ['false', 'true']),
  numeric: numerics,
  money: smallNumbers,
  // float4 holds whole numbers exactly up to 2^24
  float4: (place) =>
    place.key
      ? [String(16_000_000 + (serial(place) % 600_000)), ...smallNumbers(place)]
      : smallNumbers(place),
  float8: (place) =>
    place.key ? [String(9_000_000_000_000 + serial(place)), ...smallNumbers(place)] : smallNumbers(place),
  date: dates,
  timestamp: timestamps,
  timestamptz: timestamps,
  time: times,
  timetz: times,
  interval: intervals,
  uuid: uuids,
  json: documents,
  jsonb: documents,
  bytea: ({ row }) => [`\\x${row.toString(16).padStart(2, '0')}`, '\\x'],
  bit: bits,
  varbit: bits,
  inet: ({ row }) => [`192.0.2.${row}`, '2001:db8::1'],
  cidr: ({ row }) => [`192.0.2.${row}/32`, '192.0.2.0/24', '2001:db8::/32'],
  macaddr: ({ row }) => [`08:00:2b:01:02:${row.toString(16).padStart(2, '0')}`],
  macaddr8: ({ row }) => [`08:00:2b:01:02:03:04:${row.toString(16).padStart(2, '0')}`],
  point: ({ row }) => [`(${row},${row})`],
  line: ({ row }) => [`{1,1,${row}}`],
  lseg: ({ row }) => [`[(0,0),(${row},${row})]`],
  box: ({ row }) => [`(${row},${row}),(0,0)`],
  path: ({ row }) => [`((0,0),(${row},${row}))`],
  polygon: ({ row }) => [`((0,0),(${row},0),(0,${row}))`],
  circle: ({ row }) => [`<(0,0),${row}>`],
  tsvector: ({ row }) => [`pgrehearse${row}`],
  tsquery: ({ row }) => [`pgrehearse${row}`],
  xml: ({ row }) => [`<pgrehearse row="${row}"/>`],
  pg_lsn: ({ row }) => [`0/${row.toString(16)}`],
  oid: ({ row }) => [String(row)],
  regclass: () => ['pg_class'],
  regtype: () => ['integer'],
  regproc: () => ['now'],
  regrole: () => ['pg_monitor'],
  regnamespace: () => ['pg_catalog'],
  char: ({ row }) => [row.toString(36)],
  pg_snapshot: ({ row }) => [`${row}:${row + 1}:`],
  txid_snapshot: ({ row }) => [`${row}:${row + 1}:`],
}
