import { tokenize } from '../sql/tokens.ts'
import type { ProxiedParameter } from '../proxy/model.ts'

/**
 * The statement with literals in the place of `$1`, `$2`, …; what stands for a parameter whose type we cannot read in
 * binary is `null`.
 */
export function withParameters(sql: string, parameters: readonly ProxiedParameter[]): string {
  if (parameters.length === 0) return sql
  let text = ''
  let at = 0
  for (const token of tokenize(sql)) {
    const number = token.kind === 'word' ? /^\$(\d+)$/.exec(token.text)?.[1] : undefined
    const parameter = number === undefined ? undefined : parameters[Number(number) - 1]
    if (parameter === undefined) continue
    text += sql.slice(at, token.start) + literalOf(parameter)
    at = token.end
  }
  return text + sql.slice(at)
}

/** A parameter's value as text; undefined for NULL, and where it cannot be read. */
export function textOf({ value, format, type }: ProxiedParameter): string | undefined {
  if (value === null) return undefined
  return format === 'text' ? Buffer.from(value).toString('utf8') : binaryText(Buffer.from(value), type)
}

/** As SQL; casts where the type would not be found out from the place. */
function literalOf(parameter: ProxiedParameter): string {
  const text = textOf(parameter)
  if (text === undefined) return 'null'
  const { type } = parameter
  if (type === oids.bool && /^(?:t|f|true|false)$/.test(text)) return text.startsWith('t') ? 'true' : 'false'
  if (integers.has(type) && /^\d{1,9}$/.test(text)) return text
  const name = casts[type]
  return name === undefined ? quoted(text) : `${quoted(text)}::${name}`
}

function quoted(text: string): string {
  const doubled = text.replaceAll("'", "''")
  return text.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}

/** pg_type.dat */
const oids = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
} as const

const integers: ReadonlySet<number> = new Set([oids.int2, oids.int4, oids.int8, oids.oid])

const casts: Readonly<Record<number, string>> = {
  [oids.bool]: 'boolean',
  [oids.bytea]: 'bytea',
  [oids.int8]: 'bigint',
  [oids.int2]: 'smallint',
  [oids.int4]: 'integer',
  [oids.json]: 'json',
  [oids.float4]: 'real',
  [oids.float8]: 'double precision',
  [oids.date]: 'date',
  [oids.timestamp]: 'timestamp',
  [oids.timestamptz]: 'timestamptz',
  [oids.interval]: 'interval',
  [oids.numeric]: 'numeric',
  [oids.uuid]: 'uuid',
  [oids.jsonb]: 'jsonb',
  1000: 'boolean[]',
  1005: 'smallint[]',
  1007: 'integer[]',
  1009: 'text[]',
  1015: 'varchar[]',
  1016: 'bigint[]',
  1028: 'oid[]',
  2951: 'uuid[]',
}

/** Elements of arrays by the type of the array. */
const elements: Readonly<Record<number, number>> = {
  1000: oids.bool,
  1005: oids.int2,
  1007: oids.int4,
  1009: oids.text,
  1015: oids.varchar,
  1016: oids.int8,
  1028: oids.oid,
  2951: oids.uuid,
}

/** As the types' send functions write them; undefined where we do not know the type. */
function binaryText(bytes: Buffer, type: number): string | undefined {
  try {
    return elements[type] === undefined ? scalarText(bytes, type) : arrayText(bytes, elements[type])
  } catch {
    // fewer bytes than the type has
    return undefined
  }
}

function scalarText(bytes: Buffer, type: number): string | undefined {
  switch (type) {
    case oids.bool:
      return bytes[0] === 1 ? 'true' : 'false'
    case oids.int2:
      return String(bytes.readInt16BE())
    case oids.int4:
      return String(bytes.readInt32BE())
    case oids.oid:
      return String(bytes.readUInt32BE())
    case oids.int8:
      return String(bytes.readBigInt64BE())
    case oids.float4:
      return String(bytes.readFloatBE())
    case oids.float8:
      return String(bytes.readDoubleBE())
    case oids.bytea:
      return `\\x${bytes.toString('hex')}`
    case oids.uuid:
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    case oids.jsonb:
      return bytes.toString('utf8', 1)
    case oids.date:
      return dateText(BigInt(bytes.readInt32BE()) * microsecondsOfDay, false)
    case oids.timestamp:
      return dateText(bytes.readBigInt64BE(), true)
    case oids.timestamptz:
      return `${dateText(bytes.readBigInt64BE(), true)}+00`
    case oids.numeric:
      return numericText(bytes)
    case 0:
    case oids.text:
    case oids.varchar:
    case oids.bpchar:
    case oids.json:
      return bytes.toString('utf8')
    default:
      return undefined
  }
}

const microsecondsOfDay = 86_400_000_000n
/** Milliseconds from 1970 to 2000, where Postgres begins to count. */
const epochMs = 946_684_800_000

function dateText(microseconds: bigint, withTime: boolean): string {
  const whole = microseconds / 1000n
  const rest = microseconds - whole * 1000n
  const iso = new Date(Number(whole) + epochMs).toISOString()
  if (!withTime) return iso.slice(0, 10)
  const fraction = rest >= 0n ? String(rest).padStart(3, '0') : '000'
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${fraction}`
}

/** numeric_send: digits of base 10000, weight of the first, sign, scale. */
function numericText(bytes: Buffer): string | undefined {
  const count = bytes.readInt16BE(0)
  const weight = bytes.readInt16BE(2)
  const sign = bytes.readUInt16BE(4)
  const scale = bytes.readInt16BE(6)
  if (sign !== 0 && sign !== 0x4000) return sign === 0xc000 ? 'NaN' : undefined
  const groups = Array.from({ length: count }, (_, at) => bytes.readInt16BE(8 + at * 2))
  const group = (position: number): string => String(groups[position] ?? 0).padStart(4, '0')
  let whole = ''
  for (let at = 0; at <= weight; at += 1) whole += group(at)
  let fraction = ''
  for (let at = weight + 1; fraction.length < scale; at += 1) fraction += at < 0 ? '0000' : group(at)
  const digits = whole.replace(/^0+(?=\d)/, '') || '0'
  const behind = scale > 0 ? `.${fraction.slice(0, scale)}` : ''
  return `${sign === 0 ? '' : '-'}${digits}${behind}`
}

/** array_send: dimensions, flags, type of the elements, then each dimension, then each element with its length. */
function arrayText(bytes: Buffer, element: number): string | undefined {
  const dimensions = bytes.readInt32BE(0)
  if (dimensions === 0) return '{}'
  if (dimensions !== 1) return undefined
  const count = bytes.readInt32BE(12)
  const items: string[] = []
  let at = 20
  for (let index = 0; index < count; index += 1) {
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0) {
      items.push('NULL')
      continue
    }
    const text = scalarText(bytes.subarray(at, at + length), element)
    if (text === undefined) return undefined
    items.push(`"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
    at += length
  }
  return `{${items.join(',')}}`
}
