import { hashSql, noiseSql, proseSql, wordSql } from './fill-sql.ts'

/** Values as SQL of an ordinal. */
export interface Generator {
  /** The ordinals 1 … capacity give different values; above, they come again. */
  readonly capacity: number
  /** @param n SQL of a bigint from 1 on */
  readonly sql: (n: string) => string
  /** Stored bytes of a value, about; for types whose values vary. */
  readonly bytes?: number
  /** The same with values of another length. */
  readonly stretch?: (bytes: number) => Generator
}

interface TextStyle {
  readonly rows: number
  readonly salt: number
  readonly key: boolean
  readonly bytes?: number | undefined
  readonly denseBytes?: number | undefined
  readonly name: string
}

const unlimited = Number.MAX_SAFE_INTEGER

/** Texts of letters, digits and hyphens, all lower case (so that they stay distinct under lower()). */
export function textGenerator(style: TextStyle, limit: number, type: string): Generator {
  // The header of a short value is one byte, of a long one four.
  const wanted = style.bytes ?? (isEmail(style.name) ? 33 : 24)
  const length = Math.max(1, Math.min(limit, Math.round(wanted) - (wanted > 127 ? 4 : 1)))
  const one = textOfLength(style, length, limit)
  const dense = style.denseBytes ?? 0
  return {
    capacity: one.capacity,
    sql: (n) =>
      `(${one.sql(n)}${dense > 0 ? ` || encode(${noiseSql(n, style.salt, dense)}, 'escape')` : ''})::${type}`,
    bytes: wanted,
    stretch: (bytes) => textGenerator({ ...style, bytes }, limit, type),
  }
}

function isEmail(name: string): boolean {
  return /e_?mail/i.test(name)
}

/** Digits of the highest ordinal. */
function digitsOf({ rows }: TextStyle): number {
  return String(Math.max(rows * 2, 999)).length
}

function textOfLength(style: TextStyle, length: number, limit: number): Generator {
  const { salt } = style
  const digits = digitsOf(style)
  const head = isEmail(style.name)
    ? (n: string) => `${wordSql(n, salt)} || '.' || ${wordSql(n, salt + 1)} || (${n}) || '@example.com'`
    : (n: string) => `${wordSql(n, salt)} || '-' || ${wordSql(n, salt + 1)} || '-' || (${n})`
  const headLength = (isEmail(style.name) ? 23 : 12) + digits
  if (limit >= headLength && length >= headLength - 1) {
    const rest = length - headLength
    return {
      capacity: unlimited,
      sql: (n) => (rest > 1 ? `${head(n)} || ' ' || ${proseSql(n, salt, rest - 1)}` : head(n)),
    }
  }
  if (limit >= 6 + digits && length >= 5 + digits)
    return { capacity: unlimited, sql: (n) => `${wordSql(n, salt)} || '-' || (${n})` }
  const hex = Math.ceil(Math.log2(Math.max(2, style.rows * 2)) / 4)
  if (limit >= 8 || limit > hex) {
    const filler = Math.min(limit - hex, length - hex)
    return {
      capacity: 16 ** Math.min(limit, 8) - 1,
      sql: (n) => `to_hex(${n})${filler > 0 ? ` || '${'z'.repeat(filler)}'` : ''}`,
    }
  }
  return letters(limit)
}

/** Exactly so many letters. */
export function letters(length: number, first = 'a'): Generator {
  const code = first.codePointAt(0) ?? 97
  const significant = Math.min(length, 10)
  const digit = (n: string, at: number): string => `chr((${code} + ((${n} - 1) / ${26 ** at}) % 26)::int4)`
  const pad = length > significant ? [`'${first.repeat(length - significant)}'`] : []
  return {
    capacity: 26 ** significant,
    sql: (n) =>
      length === 0
        ? `''`
        : [...pad, ...Array.from({ length: significant }, (_, at) => digit(n, significant - 1 - at))].join(
            ' || ',
          ),
  }
}

/** What a field takes in jsonb, on average. */
const fieldBytes = 18
const referenceBytes = 43
const mostFields = 12

/** Every second field has few values, as states have, the others many. */
function fieldSql(n: string, salt: number, at: number): string {
  const rest = at % 2 === 0 ? '' : ` || '-' || (100 + ${hashSql(n, salt + 1)} % 900)`
  return `', "f${10 + at}": "' || ${wordSql(n, salt)}${rest} || '"'`
}

/**
 * JSON text with the same keys in every document, as applications write them. From some length on it has a value that
 * no other has, and fields; half of the rest is text.
 */
export function documentSql(n: string, style: TextStyle): string {
  const { salt } = style
  if ((style.bytes ?? 160) < 28 && !style.key && (style.denseBytes ?? 0) === 0) return `'{}'`
  const small = (style.bytes ?? 160) < 100
  const parts = [style.key ? `'"id": ' || (${n}) || ', '` : `''`, `'"kind": "' || ${wordSql(n, salt)} || '"'`]
  if (!small) {
    parts.push(
      `', "active": ' || (${n} % 3 = 0) || ', "score": ' || (${n} % 100)`,
      `', "tags": ["' || ${wordSql(n, salt + 1)} || '", "' || ${wordSql(n, salt + 2)} || '"]'`,
    )
  }
  let filler = (style.bytes ?? 160) - (small ? 30 : 110)
  if (filler >= referenceBytes) {
    const fields = Math.min(mostFields, Math.floor((filler - referenceBytes) / 2 / fieldBytes))
    parts.push(
      `', "ref": "' || md5((${n})::text || '${salt}') || '"'`,
      ...Array.from({ length: fields }, (_, at) => fieldSql(n, salt + 8 + 2 * at, at)),
    )
    filler -= referenceBytes + fields * fieldBytes
  }
  if (filler > 8) parts.push(`', "note": "' || ${proseSql(n, salt + 3, filler - 8)} || '"'`)
  const dense = style.denseBytes ?? 0
  if (dense > 0) parts.push(`', "body": "' || encode(${noiseSql(n, salt, dense)}, 'escape') || '"'`)
  return `'{' || ${parts.join(' || ')} || '}'`
}
