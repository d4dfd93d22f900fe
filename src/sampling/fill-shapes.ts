import { escapeLiteral } from 'pg'
import type { Hints } from '../replay/seed-checks.ts'
import { textMatching } from '../replay/seed-regex.ts'
import { elementSql, wordSql, wrapSql } from './fill-sql.ts'
import { letters, textGenerator, type Generator } from './fill-text.ts'
import { lengthLimit, numericShape, type BaseType, type Style } from './fill-types.ts'

/**
 * Generators that a column's conditions suggest, the ones with many values first. None is certain to fit: the server
 * judges them. `far` ones lie away from the other partitions of a DEFAULT partition.
 */
export function shapesFor(base: BaseType, hints: Hints, style: Style, far: boolean): readonly Generator[] {
  const { category } = base.type
  if (category === 'N') return numberShapes(base, hints, style, far)
  if (category === 'D') return dayShapes(base, hints, style, far)
  if (category === 'S') return textShapes(base, hints, style)
  if (category === 'A') return arrayShapes(base, hints)
  if (base.type.name === 'jsonb' || base.type.name === 'json') return documentShapes(base.type.name, hints)
  if (base.type.name === 'interval')
    return ['secs', 'days'].map((unit) => ({
      capacity: 1000,
      sql: (n) => `make_interval(${unit} => (${wrapSql(n, 1000)})::int4)`,
    }))
  return []
}

function numberShapes(
  { type, typmod }: BaseType,
  hints: Hints,
  style: Style,
  far: boolean,
): readonly Generator[] {
  const isWhole = type.name.startsWith('int')
  const scale = isWhole ? 0 : type.name === 'numeric' ? Math.max(0, numericShape(typmod).scale) : 2
  const step = 10 ** scale
  const numbers = [...hints.numbers, ...hints.texts].filter((text) => /^-?\d+(\.\d+)?$/.test(text))
  // In units of the last digit
  const units = numbers.map((text) => scaled(text, scale)).filter((unit) => unit !== undefined)
  const sorted = [...new Set(units)].toSorted((a, b) => (a < b ? -1 : 1))
  const value = (unit: string): string =>
    scale === 0 ? `(${unit})::${type.sql}` : `((${unit})::numeric / ${step})::${type.sql}`
  const from = (start: bigint, capacity: number, sign = '+'): Generator => ({
    capacity,
    sql: (n) => value(`${start} ${sign} (${wrapSql(n, capacity)} - 1)`),
  })
  const first = sorted[0]
  const last = sorted.at(-1)
  const shapes: Generator[] = []
  for (const [at, low] of sorted.entries()) {
    const high = sorted[at + 1]
    if (high === undefined) continue
    for (const [least, most] of [
      [low, high],
      [low, high - 1n],
      [low + 1n, high],
      [low + 1n, high - 1n],
    ] as const) {
      if (most >= least) shapes.push(from(least, Number(most - least + 1n)))
    }
  }
  const wide = Math.max(1000, style.rows * 2)
  const above = last === undefined ? [] : [from(last, wide), from(last + 1n, wide)]
  const below = first === undefined ? [] : [from(first, wide, '-'), from(first - 1n, wide, '-')]
  const outside = last === undefined || !far ? [] : [from(last + farAway(type.name), wide)]
  const multiples = sorted
    .filter((unit) => unit > 1n)
    .map((unit) => ({ capacity: wide, sql: (n: string) => value(`${unit} * (${wrapSql(n, wide)})`) }))
  return [
    ...outside,
    ...shapes.toSorted((a, b) => b.capacity - a.capacity),
    ...above,
    ...below,
    ...multiples,
    { capacity: 100, sql: (n) => value(`${wrapSql(n, 100)} - 1`) },
  ]
}

function farAway(type: string): bigint {
  return type === 'int2' ? 5000n : type === 'int4' ? 1_000_000_000n : 1_000_000_000_000n
}

function scaled(text: string, scale: number): bigint | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '0', fraction = ''] = match
  const unit = BigInt(whole + fraction.padEnd(scale, '0').slice(0, scale))
  return sign === '-' ? -unit : unit
}

const day = 86_400

function dayShapes({ type }: BaseType, hints: Hints, style: Style, far: boolean): readonly Generator[] {
  const isDate = type.name === 'date'
  const instants = hints.texts
    .filter((text) => /^\d{4,6}-\d\d-\d\d/.test(text) && !text.endsWith('BC'))
    .map((text) => Date.parse(/[+-]\d\d$/.test(text) ? `${text}:00` : text.length > 10 ? `${text}Z` : text))
    .filter((at) => !Number.isNaN(at))
    .map((at) => Math.floor(at / 1000))
  const sorted = [...new Set(instants)].toSorted((a, b) => a - b)
  const value = (second: string): string => {
    if (isDate) return `(to_timestamp(${second}) at time zone 'UTC')::date`
    return type.name === 'timestamptz'
      ? `to_timestamp(${second})`
      : `(to_timestamp(${second}) at time zone 'UTC')`
  }
  const between = (low: number, high: number): Generator => {
    const unit = isDate ? day : 1
    const places = Math.max(1, Math.floor((high - low) / unit))
    const step = Math.max(1, Math.floor(places / Math.max(1, style.rows))) * unit
    const capacity = Math.max(1, Math.floor((high - low) / step))
    // Few days for many rows: still in the order of the rows.
    const every = style.key ? 1 : Math.max(1, Math.ceil(style.rows / capacity))
    return {
      capacity: every === 1 ? capacity : 1,
      sql: (n) => value(`${low} + ((${n} - 1) / ${every}) % ${capacity} * ${step}`),
    }
  }
  const pairs = sorted.slice(1).map((high, at) => between(sorted[at] ?? 0, high))
  const first = sorted[0]
  const last = sorted.at(-1)
  const span = 30 * day + style.rows * (isDate ? day : 1)
  const outside =
    last === undefined || !far
      ? []
      : [between(Date.UTC(9000, 0, 1) / 1000, Date.UTC(9000, 0, 1) / 1000 + span)]
  return [
    ...outside,
    ...pairs.toSorted((a, b) => b.capacity - a.capacity),
    ...(last === undefined ? [] : [between(last + day, last + day + span)]),
    ...(first === undefined ? [] : [between(first - day - span, first - day)]),
    between(Date.UTC(2030, 0, 1) / 1000, Date.UTC(2030, 0, 1) / 1000 + span),
  ]
}

function textShapes(base: BaseType, hints: Hints, style: Style): readonly Generator[] {
  const limit = lengthLimit(base)
  const type = base.type.sql
  const { salt } = style
  const shape = (capacity: number, sql: (n: string) => string): Generator => ({
    capacity,
    sql: (n) => `(${sql(n)})::${type}`,
  })
  const lengths = [...new Set(hints.lengths.flatMap((length) => [length, length - 1, length + 1]))]
    .filter((length) => length > 0 && length <= 10_000 && length <= limit)
    .toSorted((a, b) => b - a)
  const plain = textGenerator({ ...style, bytes: undefined }, limit, type)
  const shorter = lengths.map((length) => textGenerator(style, Math.min(limit, length), type))
  const big = Number.MAX_SAFE_INTEGER
  const usual: readonly Generator[] = [
    shape(big, (n) => `${wordSql(n, salt)} || '.' || ${wordSql(n, salt + 1)} || ${n} || '@example.com'`),
    shape(big, (n) => `'user' || ${n} || '@example.com'`),
    shape(big, (n) => `${wordSql(n, salt)} || ${n}`),
    shape(big, (n) => `${wordSql(n, salt)} || '_' || ${n}`),
    shape(big, (n) => `upper(${wordSql(n, salt)} || '-' || ${n})`),
    shape(big, (n) => `upper(${wordSql(n, salt)} || ${n})`),
    shape(big, (n) => `'https://example.com/' || ${wordSql(n, salt)} || '/' || ${n}`),
    shape(9_000_000, (n) => `'+1202' || (1000000 + ${wrapSql(n, 9_000_000)})`),
    shape(big, (n) => `(${n})::text`),
    shape(10 ** 10, (n) => `lpad((${n})::text, 10, '0')`),
    shape(big, (n) => `md5((${n})::text)`),
    shape(big, (n) => `(md5((${n})::text)::uuid)::text`),
    shape(10 ** 7, (n) => `host(inet '10.0.0.0' + ${n})`),
    shape(big, (n) => `'/' || ${wordSql(n, salt)} || '/' || ${n}`),
  ]
  const exact = lengths.flatMap((length) =>
    ['a', 'A'].map((start) => ({ ...letters(length, start) })).map((one) => shape(one.capacity, one.sql)),
  )
  const digits = lengths
    .filter((length) => length <= 18)
    .map((length) =>
      shape(10 ** length - 1, (n) => `lpad((${wrapSql(n, 10 ** length - 1)})::text, ${length}, '0')`),
    )
  return [
    ...hints.patterns.flatMap((pattern) => patternShapes(pattern, type)),
    plain,
    ...shorter,
    ...usual.filter(() => limit > 12),
    ...exact,
    ...digits,
    ...hints.likes.map((like) => shape(big, (n) => likeSql(like, n))),
  ]
}

function likeSql(pattern: string, n: string): string {
  const parts = pattern.replaceAll('_', 'a').split('%')
  return parts.map((part) => escapeLiteral(part)).join(` || (${n}) || `)
}

/** Texts that a regular expression matches, with every place that is a class counting. */
function patternShapes(pattern: string, type: string): readonly Generator[] {
  const alternatives = /^\^?\((?:\?:)?([^()[\]\\.*+?{}]+)\)\$?$/.exec(pattern)?.[1]?.split('|')
  if (alternatives !== undefined && alternatives.length > 1) {
    const list = alternatives.map((text) => escapeLiteral(text))
    return [{ capacity: list.length, sql: (n) => elementSql(list, type, n) }]
  }
  // "One or more" of a class has room for many when it is read as six.
  const longer = pattern.replaceAll(/([\])\w.])\+/g, '$1{6}').replaceAll(/([\])\w.])\*/g, '$1{5}')
  return [longer, pattern].flatMap((text) => countingShape(text, type))
}

function countingShape(pattern: string, type: string): readonly Generator[] {
  const samples: string[] = []
  for (let variant = 0; variant < 64; variant += 1) {
    const text = textMatching(pattern, variant)
    if (text === undefined || (samples[0] ?? text).length !== text.length) return []
    samples.push(text)
  }
  const places = Array.from(samples[0] ?? '', (_, at) => [...new Set(samples.map((text) => text[at] ?? ''))])
  const capacity = places.reduce((product, { length }) => Math.min(product * length, 10 ** 15), 1)
  const pieces = (n: string): readonly string[] => {
    let weight = 1
    return places.toReversed().map((chars) => {
      if (chars.length === 1) return escapeLiteral(chars[0] ?? '')
      const piece = `substr(${escapeLiteral(chars.join(''))}, (1 + ((${n} - 1) / ${weight}) % ${chars.length})::int4, 1)`
      weight = Math.min(weight * chars.length, 10 ** 15)
      return piece
    })
  }
  return places.length === 0
    ? []
    : [{ capacity, sql: (n) => `(${pieces(n).toReversed().join(' || ')})::${type}` }]
}

function arrayShapes({ type }: BaseType, hints: Hints): readonly Generator[] {
  const list = [...hints.texts, ...hints.numbers].map((text) => escapeLiteral(text))
  const of = (length: number) => ({
    capacity: 1,
    sql: (n: string) =>
      `array[${Array.from({ length }, (_, at) => elementSql(list, 'text', `(${n} + ${at})`)).join(', ')}]::text[]::${type.sql}`,
  })
  const lengths = [1, 2, ...hints.lengths.filter((length) => length > 0 && length < 100)]
  return [...(list.length === 0 ? [] : lengths.map(of)), { capacity: 1, sql: () => `'{}'::${type.sql}` }]
}

function documentShapes(type: string, hints: Hints): readonly Generator[] {
  const keys = hints.texts.map((text) => `${escapeLiteral(text)}, `)
  const object = (value: (n: string) => string): Generator => ({
    capacity: 1,
    sql: (n) => `jsonb_build_object(${keys.map((key) => key + value(n)).join(', ')})::${type}`,
  })
  return [
    object((n) => wordSql(n, 3)),
    object((n) => `(${n})`),
    object(() => `true`),
    object(() => `'{}'::jsonb`),
    object(() => `'[]'::jsonb`),
    { capacity: 1, sql: (n) => `jsonb_build_array(${wordSql(n, 3)}, ${wordSql(n, 4)})::${type}` },
    { capacity: 1, sql: () => `'{}'::${type}` },
    { capacity: 1, sql: () => `'[]'::${type}` },
  ]
}
