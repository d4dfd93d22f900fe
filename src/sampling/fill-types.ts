import type { SeedType } from '../replay/seed-catalog.ts'
import { isKnownType, seedValues } from '../replay/seed-values.ts'
import { elementSql, noiseSql, pickSql, proseSql, wordCount, wrapSql } from './fill-sql.ts'
import { documentSql, textGenerator, type Generator } from './fill-text.ts'
import { escapeLiteral } from 'pg'

export type { Generator } from './fill-text.ts'

/** What values of a column are wanted. */
export interface Style {
  /** Rows of the table: what grows with the row number is spread over them. */
  readonly rows: number
  /** Keeps columns apart. */
  readonly salt: number
  /** Does every ordinal have to give another value, however many there are? */
  readonly key: boolean
  /** The highest number that real rows use. */
  readonly base: bigint
  /** For columns that an exclusion constraint joins to a range: its ends, in order. */
  readonly phase?: number
  /** Days apart: a unique index may be about the day. */
  readonly daily?: boolean
  /** Stored bytes of a value, for types whose values vary. */
  readonly bytes?: number | undefined
  /** Bytes that do not compress, which the value is to bring into TOAST. */
  readonly denseBytes?: number | undefined
  /** The column's name: an email looks like one. */
  readonly name: string
}

type Types = ReadonlyMap<number, SeedType>

/** A type without its domains. */
export interface BaseType {
  readonly type: SeedType
  readonly typmod: number
}

/** What is under all domains, with the modifier that holds there. */
export function resolveType(types: Types, oid: number, typmod: number): BaseType | undefined {
  const type = types.get(oid)
  if (type?.kind !== 'd') return type && { type, typmod }
  return resolveType(types, type.base, type.typmod === -1 ? typmod : type.typmod)
}

/**
 * Values of a type as SQL of an ordinal. Undefined for a type that we cannot make values of (pseudo-types, types of
 * extensions whose input function takes none of our guesses).
 */
export function generatorOf(types: Types, oid: number, typmod: number, style: Style): Generator | undefined {
  const base = resolveType(types, oid, typmod)
  if (base === undefined) return undefined
  const { type } = base
  const sql = type.sql
  if (type.labels !== null) return type.labels.length === 0 ? undefined : listGenerator(type.labels, sql)
  if (type.element !== null) return arrayGenerator(types, base, style)
  if (type.subtype !== null) return rangeGenerator(types, type.subtype, sql, style)
  if (type.multirangeOf !== null) return multirangeGenerator(types, type, style)
  if (type.attributes !== null) return rowGenerator(types, type, style)
  const make = byName[type.name]
  if (make !== undefined) return make(style, base.typmod)
  if (type.category === 'S') return textGenerator(style, lengthLimit(base), sql)
  return isKnownType(type) ? literalGenerator(types, base) : guessedGenerator(types, base)
}

/** Characters that varchar(n) and char(n) hold; infinite for others. */
export function lengthLimit({ type, typmod }: BaseType): number {
  if (type.name === 'name') return 63
  return (type.name === 'varchar' || type.name === 'bpchar') && typmod >= 4
    ? typmod - 4
    : Number.POSITIVE_INFINITY
}

/** One of a list of literals. */
export function listGenerator(texts: readonly string[], type: string): Generator {
  const list = texts.map((text) => escapeLiteral(text))
  return { capacity: list.length, sql: (n) => elementSql(list, type, n) }
}

/** Digits before and after the point of numeric(p,s). */
export function numericShape(typmod: number): { readonly precision: number; readonly scale: number } {
  if (typmod === -1) return { precision: 15, scale: 2 }
  const scale = (typmod - 4) & 0x7ff
  // Negative since PG 15, as 11 bits
  return { precision: ((typmod - 4) >> 16) & 0xffff, scale: scale > 1023 ? scale - 2048 : scale }
}

/** The ordinal, spread out when the column is one end of a range. */
function spread(n: string, { phase }: Style): string {
  return phase === undefined ? n : `(${n} * 8 + ${phase})`
}

function whole(type: string, max: bigint): (style: Style) => Generator {
  return (style) => {
    const base = style.base < max ? style.base : 0n
    const room = (max - base) / (style.phase === undefined ? 1n : 16n)
    const capacity = Number(room > 4_000_000_000_000n ? 4_000_000_000_000n : room)
    return {
      capacity,
      sql: (n) => `(${base}::int8 + ${spread(wrapSql(n, capacity), style)})::${type}`,
    }
  }
}

function numeric(style: Style, typmod: number): Generator {
  const { precision, scale } = numericShape(typmod)
  const digits = Math.max(1, Math.min(15, precision, 15 + Math.min(0, scale)))
  const capacity = 10 ** digits - 1
  const base = style.base * 10n ** BigInt(Math.max(0, scale))
  const start = base + BigInt(style.rows) < BigInt(capacity) ? base : 0n
  const unit = scale >= 0 ? `/ 1${'0'.repeat(scale)}` : `* 1${'0'.repeat(-scale)}`
  return {
    capacity: capacity - Number(start),
    sql: (n) => `((${start} + ${spread(wrapSql(n, capacity - Number(start)), style)})::numeric ${unit})`,
  }
}

/** 1 January 2023: two years that are over, so that "not in the future" holds. */
const firstSecond = 1_672_531_200
const twoYears = 63_072_000
/** 1 January 2001, and of the year 1. */
const yearsAgo = 978_307_200
const yearOne = -62_135_596_800

function seconds(style: Style): { readonly capacity: number; readonly sql: (n: string) => string } {
  const least = style.daily === true ? 86_400 : style.phase === undefined ? 1 : 8
  const step = Math.max(least, Math.floor(twoYears / Math.max(1, style.rows)))
  const years = style.daily === true && style.rows > 365
  const first = !years ? firstSecond : style.rows < 8000 ? yearsAgo : yearOne
  const capacity = Math.floor((years ? 200_000_000_000 : 2_000_000_000) / step)
  return {
    capacity,
    sql: (n) => `(${first}::int8 + ${wrapSql(n, capacity)} * ${step} + ${style.phase ?? 0})`,
  }
}

function timestamptz(style: Style): Generator {
  const { capacity, sql } = seconds(style)
  return { capacity, sql: (n) => `to_timestamp(${sql(n)})` }
}

function timestamp(style: Style): Generator {
  const { capacity, sql } = seconds(style)
  return { capacity, sql: (n) => `(to_timestamp(${sql(n)}) at time zone 'UTC')` }
}

function date(style: Style): Generator {
  const least = style.phase === undefined ? 1 : 8
  if (!style.key && style.phase === undefined) {
    const days = 730
    const every = Math.max(1, Math.floor(style.rows / days))
    return {
      capacity: style.rows <= days ? days : 1,
      sql: (n) => `(date '2023-01-01' + (((${n} - 1) / ${every}) % ${days})::int4)`,
    }
  }
  const capacity = Math.floor(2_000_000 / least)
  const start = style.rows <= 8000 ? '2001-01-01' : '0001-01-01'
  return {
    capacity,
    sql: (n) => `(date '${start}' + (${wrapSql(n, capacity)} * ${least} + ${style.phase ?? 0})::int4)`,
  }
}

function document(type: 'json' | 'jsonb'): (style: Style) => Generator {
  return (style) => ({
    capacity: style.key ? Number.MAX_SAFE_INTEGER : 1,
    sql: (n) => `(${documentSql(n, style)})::${type}`,
    bytes: style.bytes ?? 160,
    stretch: (bytes) => document(type)({ ...style, bytes }),
  })
}

function bytea(style: Style): Generator {
  const bytes = style.bytes ?? 33
  const dense = style.denseBytes ?? 0
  return {
    capacity: Number.MAX_SAFE_INTEGER,
    sql: (n) => {
      const head = `decode(md5((${n})::text || '${style.salt}'), 'hex')`
      const parts = [bytes < 17 ? `substr(${head}, 1, ${Math.max(4, Math.round(bytes) - 1)})` : head]
      if (bytes >= 18) parts.push(`convert_to(${proseSql(n, style.salt, bytes - 17)}, 'SQL_ASCII')`)
      if (dense > 0) parts.push(noiseSql(n, style.salt, dense))
      return `(${parts.join(' || ')})`
    },
    bytes,
    stretch: (wanted) => bytea({ ...style, bytes: wanted }),
  }
}

function bits(type: 'bit' | 'varbit'): (style: Style, typmod: number) => Generator {
  return (_, typmod) => {
    const length = typmod === -1 ? (type === 'bit' ? 1 : 32) : typmod
    return {
      capacity: 2 ** Math.min(length, 50) - 1,
      sql: (n) => `(${n})::bit(${length})${type === 'varbit' ? '::varbit' : ''}`,
    }
  }
}

function simple(capacity: number, sql: (n: string, style: Style) => string): (style: Style) => Generator {
  return (style) => ({ capacity, sql: (n) => sql(wrapSql(n, capacity), style) })
}

const many = 4_000_000_000
const byName: Readonly<Record<string, (style: Style, typmod: number) => Generator>> = {
  int2: whole('int2', 32_767n),
  int4: whole('int4', 2_147_483_647n),
  int8: whole('int8', 9_223_372_036_854_775_807n),
  numeric,
  money: (style) => ({
    capacity: 10 ** 15,
    sql: (n) => `(${style.base}::numeric + (${n})::numeric / 100)::money`,
  }),
  float4: (style) => ({
    capacity: 16_000_000,
    sql: (n) => `(${style.base} + ${wrapSql(n, 16_000_000)})::float4`,
  }),
  float8: (style) => ({
    capacity: 10 ** 12,
    sql: (n) => `(${style.base} + (${spread(n, style)})::float8 / 4)`,
  }),
  bool: simple(2, (n) => `(${n} % 2 = 1)`),
  date,
  timestamp,
  timestamptz,
  time: simple(86_399, (n) => `(time '00:00' + make_interval(secs => ${n}))`),
  timetz: simple(86_399, (n) => `(time '00:00' + make_interval(secs => ${n}))::timetz`),
  interval: simple(10 ** 9, (n) => `make_interval(mins => (${n})::int4)`),
  uuid: (style) => ({
    capacity: Number.MAX_SAFE_INTEGER,
    sql: (n) => `md5((${n})::text || '${style.salt}')::uuid`,
  }),
  json: document('json'),
  jsonb: document('jsonb'),
  bytea,
  bit: bits('bit'),
  varbit: bits('varbit'),
  inet: simple(10 ** 8, (n) => `(inet '10.0.0.0' + ${n})`),
  cidr: simple(10 ** 8, (n) => `(inet '10.0.0.0' + ${n})::cidr`),
  macaddr: simple(many, (n) => `('0800' || lpad(to_hex(${n}), 8, '0'))::macaddr`),
  macaddr8: simple(many, (n) => `('08000000' || lpad(to_hex(${n}), 8, '0'))::macaddr8`),
  point: simple(many, (n) => `point(${n} * 4, ${n} % 1000)`),
  lseg: simple(many, (n) => `lseg(point(${n} * 4, 0), point(${n} * 4 + 1, 1))`),
  box: simple(many, (n) => `box(point(${n} * 4, 0), point(${n} * 4 + 1, 1))`),
  circle: simple(many, (n) => `circle(point(${n} * 4, 0), 1)`),
  polygon: simple(many, (n) => `polygon(box(point(${n} * 4, 0), point(${n} * 4 + 1, 1)))`),
  path: simple(many, (n) => `polygon(box(point(${n} * 4, 0), point(${n} * 4 + 1, 1)))::path`),
  line: simple(many, (n) => `line(point(0, ${n}), point(1, ${n} + 1))`),
  tsvector: (style) => ({
    capacity: style.key ? Number.MAX_SAFE_INTEGER : 1,
    sql: (n) =>
      `to_tsvector('simple', ${style.key ? `(${n})::text || ' ' || ` : ''}${proseSql(n, style.salt, Math.max(12, (style.bytes ?? 80) / 1.6))})`,
    bytes: style.bytes ?? 80,
  }),
  tsquery: simple(many, (n) => `(('word' || ${n})::tsquery)`),
  xml: simple(many, (n) => `('<row id="' || ${n} || '"/>')::xml`),
  pg_lsn: simple(many, (n) => `('0/' || to_hex(${n}))::pg_lsn`),
  oid: simple(many, (n) => `(${n})::oid`),
  xid: simple(many, (n) => `(${n})::text::xid`),
  xid8: simple(many, (n) => `(${n})::text::xid8`),
  tid: simple(many, (n) => `('(' || ${n} || ',1)')::tid`),
  char: simple(26, (n) => `chr((96 + ${n})::int4)::"char"`),
  jsonpath: simple(many, (n) => `('$.a' || ${n})::jsonpath`),
}

function arrayGenerator(types: Types, { type, typmod }: BaseType, style: Style): Generator | undefined {
  const one = generatorOf(types, type.element ?? 0, typmod, {
    ...style,
    bytes: undefined,
    denseBytes: undefined,
  })
  if (one === undefined) return undefined
  const element = resolveType(types, type.element ?? 0, typmod)?.type
  const bytesOf = element?.category === 'S' ? 20 : 8
  const count = Math.max(1, Math.min(200, Math.round(((style.bytes ?? 24 + 3 * bytesOf) - 24) / bytesOf)))
  const isEmpty = (style.bytes ?? 100) < 30 && !style.key
  // Elements come from a limited vocabulary, as tags do.
  const picks = (n: string): readonly string[] =>
    Array.from({ length: count }, (_, at) =>
      one.sql(at === 0 && style.key ? n : pickSql(n, style.salt + 31 * at + 7, wordCount * 4)),
    )
  return {
    capacity: style.key ? one.capacity : 1,
    sql: (n) => (isEmpty ? `'{}'::${type.sql}` : `array[${picks(n).join(', ')}]::${type.sql}`),
    bytes: style.bytes ?? 24 + 3 * bytesOf,
    stretch: (bytes) => arrayGenerator(types, { type, typmod }, { ...style, bytes }) ?? one,
  }
}

/** Ranges of different ordinals do not overlap. */
function rangeGenerator(types: Types, subtype: number, sql: string, style: Style): Generator | undefined {
  const at = (phase: number): Generator | undefined =>
    generatorOf(types, subtype, -1, { ...style, key: true, phase })
  const [lower, upper] = [at(0), at(4)]
  if (lower === undefined || upper === undefined) return undefined
  return {
    capacity: Math.min(lower.capacity, upper.capacity),
    sql: (n) => `${sql}(${lower.sql(n)}, ${upper.sql(n)})`,
  }
}

function multirangeGenerator(types: Types, type: SeedType, style: Style): Generator | undefined {
  const ranges = [...types.values()].filter(({ subtype }) => subtype === type.multirangeOf)
  const range = ranges.find(({ name }) => name === type.name.replace('multirange', 'range')) ?? ranges[0]
  const one = range && rangeGenerator(types, type.multirangeOf ?? 0, range.sql, style)
  return one && { capacity: one.capacity, sql: (n) => `${type.sql}(${one.sql(n)})` }
}

function rowGenerator(types: Types, type: SeedType, style: Style): Generator {
  const fields = (type.attributes ?? []).map((attribute, index) =>
    generatorOf(types, attribute.type, attribute.typmod, {
      ...style,
      salt: style.salt + index + 1,
      bytes: undefined,
    }),
  )
  return {
    capacity: Math.max(1, ...fields.map((field) => field?.capacity ?? 1)),
    sql: (n) => `row(${fields.map((field) => field?.sql(n) ?? 'null').join(', ')})::${type.sql}`,
  }
}

/** For built-in types that no rule above knows: the seeder's few values. */
function literalGenerator(types: Types, { type, typmod }: BaseType): Generator | undefined {
  const texts = [1, 2, 3].flatMap((row) =>
    seedValues(types, type.oid, typmod, { row, slot: 0, key: false }).slice(0, 1),
  )
  return texts.length === 0 ? undefined : listGenerator([...new Set(texts)], type.sql)
}

const marker = 424_242_424

/** The type's input function took one of the seeder's guesses; where that holds the row number, the ordinal goes. */
function guessedGenerator(types: Types, { type, typmod }: BaseType): Generator | undefined {
  if (type.formats === undefined || type.formats.length === 0) return undefined
  const text = seedValues(types, type.oid, typmod, { row: marker, slot: 0, key: false })[0]
  if (text === undefined) return undefined
  const parts = text.split(String(marker)).map((part) => escapeLiteral(part))
  return {
    capacity: parts.length > 1 ? many : 1,
    sql: (n) => `(${parts.join(` || (${n}) || `)})::${type.sql}`,
  }
}
