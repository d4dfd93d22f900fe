import { displayKey, displayName } from '../core/locks.ts'
import type { SchemaCatalog, SchemaCatalogs } from '../core/model.ts'
import { quoteLiteral, quoteName } from './quote.ts'
import { integerBytes, numericDigits, readTypeText, type TypeText } from './type-text.ts'

/** What values of a column may go through when its type changes. */
export interface TypeLoss {
  /**
   * `fails`: the change stops at the first value that the new type cannot hold. `changes`: values are made other ones,
   * without an error. `parses`: text is read as another type, and what cannot be read stops the change.
   */
  readonly outcome: 'fails' | 'changes' | 'parses'
  /** `fails`, `parses`: which values, after `that is`. `changes`: what happens to them, a clause. */
  readonly what: string
  /** A condition that is true of such values; absent where no SQL tells. */
  readonly condition?: (value: string) => string
  /** Losing this is rarely a loss: at most an info. */
  readonly isMinor?: boolean
}

/**
 * What a change of type may do to values. `cast`: by an explicit cast (USING a::type), which cuts character and bit
 * strings where the assignment that ALTER COLUMN TYPE does by itself fails; `assignment`: by that. Undefined: every
 * value stays what it is, as far as is known. Types as format_type() prints them. Measured with boundary rows on
 * PostgreSQL 14 and 18, which agree; length coercion: varchar() in varchar.c, numeric() in numeric.c.
 */
function typeLoss(fromText: string, toText: string, how: 'assignment' | 'cast'): TypeLoss | undefined {
  const [from, to] = [readTypeText(fromText), readTypeText(toText)]
  if (fromText === toText || from.isArray !== to.isArray) return undefined
  const loss = elementLoss(from, to, how)
  if (!from.isArray || loss?.condition === undefined) return loss
  const { condition } = loss
  return {
    ...loss,
    condition: (value) => `EXISTS (SELECT FROM unnest(${value}) AS v WHERE ${condition('v')})`,
  }
}

type Judge = (from: TypeText, to: TypeText, how: 'assignment' | 'cast') => TypeLoss | undefined

function elementLoss(...change: Parameters<Judge>): TypeLoss | undefined {
  const [from, to] = change
  const judge = judges[to.name]
  if (judge !== undefined) return judge(...change)
  return isText(from.name) && readable.has(to.name) ? { outcome: 'parses', what: to.name } : undefined
}

function isText(name: string): boolean {
  return name === 'text' || name === 'character varying' || name === 'character' || name === 'citext'
}

/** Types that text can be read as, and whose values no simple condition describes. */
const readable: ReadonlySet<string> = new Set([
  'interval',
  'inet',
  'cidr',
  'macaddr',
  'xml',
  'json',
  'bytea',
  'timestamp without time zone',
  'timestamp with time zone',
])

const judges: Readonly<Record<string, Judge>> = {
  'character varying': toCharacters,
  character: toCharacters,
  bit: toBits,
  'bit varying': toBits,
  smallint: toInteger,
  integer: toInteger,
  bigint: toInteger,
  numeric: toNumeric,
  real: toFloat,
  'double precision': toFloat,
  'timestamp without time zone': toTimestamp,
  'timestamp with time zone': toTimestamp,
  date: toDate,
  'time without time zone': toTime,
  jsonb: toJsonb,
  uuid: (from) => parsed(from, 'uuid', (value) => `${value} !~* '^\\{?([0-9a-f]{4}-?){8}\\}?$'`),
  boolean: toBoolean,
  cidr: toCidr,
}

function toCharacters(from: TypeText, to: TypeText, how: 'assignment' | 'cast'): TypeLoss | undefined {
  const [length] = to.modifiers
  if (length === undefined) return undefined
  const [before] = from.modifiers
  const most = isText(from.name) ? before : mostCharacters.get(from.name)
  if (most !== undefined && most <= length) return undefined
  const condition = (value: string): string => `char_length(rtrim(${value}::text)) > ${length}`
  const room = characters(length)
  return how === 'cast'
    ? { outcome: 'changes', what: `what stands behind the first ${room} is cut off`, condition }
    : { outcome: 'fails', what: `longer than ${room}`, condition }
}

/** The longest texts of types that have one; whole numbers with their sign. */
const mostCharacters: ReadonlyMap<string, number> = new Map([
  ['boolean', 5],
  ['smallint', 6],
  ['integer', 11],
  ['bigint', 20],
  ['uuid', 36],
])

function characters(count: number): string {
  return count === 1 ? 'character' : `${count} characters`
}

function toBits(from: TypeText, to: TypeText, how: 'assignment' | 'cast'): TypeLoss | undefined {
  const [length] = to.modifiers
  if (length === undefined || !from.name.startsWith('bit')) return undefined
  const [before] = from.modifiers
  const isFixed = to.name === 'bit'
  if (before !== undefined && before <= length && (how === 'cast' || !isFixed)) return undefined
  const condition = (value: string): string =>
    isFixed && how === 'assignment' ? `length(${value}) <> ${length}` : `length(${value}) > ${length}`
  if (how === 'cast')
    return { outcome: 'changes', what: `bits behind the first ${length} are cut off`, condition }
  return {
    outcome: 'fails',
    what: isFixed ? `not ${length} bits long` : `longer than ${length} bits`,
    condition,
  }
}

const integerLimits: Readonly<Record<string, readonly [string, string]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
}

function toInteger(from: TypeText, to: TypeText): TypeLoss | undefined {
  const [low = '', high = ''] = integerLimits[to.name] ?? []
  const outside = (value: string): string => `${value} NOT BETWEEN ${low} AND ${high}`
  const bytes = integerBytes[from.name]
  if (bytes !== undefined) {
    if (bytes <= (integerBytes[to.name] ?? 0)) return undefined
    return { outcome: 'fails', what: `outside of ${low} to ${high}`, condition: outside }
  }
  if (from.name === 'real' || from.name === 'double precision') return roundedToInteger(outside)
  if (from.name === 'numeric') {
    const digits = numericDigits(from)
    if (digits === undefined || digits.scale > 0) return roundedToInteger(outside)
    // one digit less than the limit has always fits
    if (digits.whole < high.length) return undefined
    return { outcome: 'fails', what: `outside of ${low} to ${high}`, condition: outside }
  }
  return parsed(from, to.name, (value) => `${value} !~ '^\\s*[-+]?\\d+\\s*$'`)
}

function roundedToInteger(outside: (value: string) => string): TypeLoss {
  return {
    outcome: 'changes',
    what: 'decimals are rounded away',
    condition: (value) => `${value} <> trunc(${value}) OR ${outside(value)}`,
  }
}

function toNumeric(from: TypeText, to: TypeText): TypeLoss | undefined {
  const digits = numericDigits(to)
  if (from.name === 'real' || from.name === 'double precision') {
    const kept = from.name === 'real' ? 6 : 15
    const rounded = (value: string): string =>
      digits === undefined ? `${value}::numeric` : `round(${value}::numeric, ${digits.scale})`
    return {
      outcome: 'changes',
      what: `only ${kept} significant digits are kept`,
      condition: (value) => `${value}::text::numeric <> ${rounded(value)}`,
    }
  }
  const bytes = integerBytes[from.name]
  if (digits === undefined && (bytes !== undefined || from.name === 'numeric')) return undefined
  if (digits !== undefined && bytes !== undefined) {
    const fits = (integerLimits[from.name]?.[1].length ?? 0) <= digits.whole
    return fits ? undefined : { outcome: 'fails', ...tooLarge(digits) }
  }
  if (digits !== undefined && from.name === 'numeric') return fewerDigits(numericDigits(from), digits)
  return parsed(
    from,
    'numeric',
    (value) => `${value} !~ '^\\s*[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?\\s*$'`,
  )
}

interface Digits {
  readonly whole: number
  readonly scale: number
}

function fewerDigits(from: Digits | undefined, to: Digits): TypeLoss | undefined {
  const large = tooLarge(to)
  const isShorter = from === undefined || from.whole > to.whole
  if (from !== undefined && from.scale <= to.scale)
    return isShorter ? { outcome: 'fails', ...large } : undefined
  const rounds = (value: string): string => `${value} <> round(${value}, ${to.scale})`
  return {
    outcome: 'changes',
    what: to.scale === 0 ? 'decimals are rounded away' : `decimals are rounded to ${to.scale}`,
    condition: (value) => (isShorter ? `${rounds(value)} OR ${large.condition(value)}` : rounds(value)),
  }
}

function tooLarge({ whole, scale }: Digits): Required<Pick<TypeLoss, 'what' | 'condition'>> {
  const limit = whole < 0 ? `1e${whole}` : `1${'0'.repeat(whole)}`
  return {
    what: `${limit} or more`,
    condition: (value) => `abs(round(${value}, ${scale})) >= ${limit}`,
  }
}

function toFloat(from: TypeText, to: TypeText): TypeLoss | undefined {
  const isReal = to.name === 'real'
  const bytes = integerBytes[from.name]
  if (bytes !== undefined) {
    if (bytes < (isReal ? 4 : 8)) return undefined
    const exact = isReal ? '16777216' : '9007199254740992'
    return {
      outcome: 'changes',
      what: `numbers beyond ${exact} are rounded`,
      condition: (value) => `${value} NOT BETWEEN -${exact} AND ${exact}`,
    }
  }
  if (from.name === 'numeric')
    return {
      outcome: 'changes',
      what: `digits behind the ${isReal ? '6th' : '15th'} are rounded`,
      condition: (value) => `${value}::${to.name}::text::numeric <> ${value}`,
    }
  if (from.name === 'double precision' && isReal)
    return {
      outcome: 'changes',
      what: 'digits behind the 6th are rounded',
      condition: (value) =>
        `CASE WHEN abs(${value}) <= 3.4e38 THEN ${value}::real <> ${value} ELSE ${value} NOT IN ('NaN', 'Infinity', '-Infinity') END`,
    }
  return parsed(
    from,
    to.name,
    (value) => `${value} !~ '^\\s*[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?\\s*$'`,
  )
}

function toTimestamp(from: TypeText, to: TypeText): TypeLoss | undefined {
  const [before = 6] = from.modifiers
  const [after = 6] = to.modifiers
  const rounds = from.name.startsWith('timestamp') && after < before
  if (rounds)
    return {
      outcome: 'changes',
      what:
        after === 0 ? 'fractions of a second are rounded away' : `seconds are rounded to ${after} decimals`,
      condition: (value) => `${value} <> ${value}::${from.name.replace('timestamp', `timestamp(${after})`)}`,
    }
  return isText(from.name) ? { outcome: 'parses', what: to.name } : undefined
}

function toDate(from: TypeText): TypeLoss | undefined {
  if (from.name.startsWith('timestamp'))
    return {
      outcome: 'changes',
      what: 'the time of day is thrown away',
      condition: (value) => `${value} <> date_trunc('day', ${value})`,
    }
  return isText(from.name) ? { outcome: 'parses', what: 'date' } : undefined
}

function toTime(from: TypeText, to: TypeText): TypeLoss | undefined {
  if (from.name.startsWith('timestamp'))
    return {
      outcome: 'changes',
      what: 'the date is thrown away',
      condition: (value) => `${value} IS NOT NULL`,
    }
  if (from.name === 'time with time zone')
    return {
      outcome: 'changes',
      what: 'the offset from UTC is thrown away',
      condition: (value) => `extract(timezone FROM ${value}) <> 0`,
    }
  const [before = 6] = from.modifiers
  const [after = 6] = to.modifiers
  if (from.name !== to.name || after >= before) return undefined
  return {
    outcome: 'changes',
    what: after === 0 ? 'fractions of a second are rounded away' : `seconds are rounded to ${after} decimals`,
    condition: (value) => `${value} <> ${value}::time(${after})`,
  }
}

function toJsonb(from: TypeText): TypeLoss | undefined {
  if (from.name === 'json')
    return {
      outcome: 'changes',
      what: 'of keys that one object has twice only the last is kept, and a \\u0000 stops the change',
      condition: (value) =>
        `strpos(${value}::text, '\\u0000') > 0 OR json_typeof(${value}) = 'object' AND ` +
        `(SELECT count(*) > count(DISTINCT key) FROM json_each(CASE json_typeof(${value}) WHEN 'object' THEN ${value} END) AS pair)`,
      isMinor: true,
    }
  return isText(from.name) ? { outcome: 'parses', what: 'jsonb' } : undefined
}

function toBoolean(from: TypeText): TypeLoss | undefined {
  if (from.name === 'integer')
    return {
      outcome: 'changes',
      what: 'every number but 0 becomes true',
      condition: (value) => `${value} NOT IN (0, 1)`,
      isMinor: true,
    }
  const words =
    "'t', 'tr', 'tru', 'true', 'f', 'fa', 'fal', 'fals', 'false', 'y', 'ye', 'yes', 'n', 'no', 'on', 'of', 'off', '1', '0'"
  return parsed(from, 'boolean', (value) => `lower(btrim(${value})) NOT IN (${words})`)
}

function toCidr(from: TypeText): TypeLoss | undefined {
  if (from.name === 'inet')
    return {
      outcome: 'changes',
      what: 'the host behind the netmask is thrown away',
      condition: (value) => `host(${value}) <> host(network(${value}))`,
    }
  return isText(from.name) ? { outcome: 'parses', what: 'cidr' } : undefined
}

function parsed(from: TypeText, type: string, condition: (value: string) => string): TypeLoss | undefined {
  return isText(from.name) ? { outcome: 'parses', what: type, condition } : undefined
}

/** As {@link typeLoss}; knows the labels of enums where the schema is known. */
export function typeLossIn(
  schema: SchemaCatalogs | undefined,
  { from, to }: { readonly from: string; readonly to: string },
  how: 'assignment' | 'cast',
): TypeLoss | undefined {
  const after = labelsOf(schema?.after, to)
  return after === undefined
    ? typeLoss(from, to, how)
    : enumLoss(from, labelsOf(schema?.before, from), to, after)
}

function labelsOf(catalog: SchemaCatalog | undefined, type: string): readonly string[] | undefined {
  const wanted = displayKey(type)
  return catalog?.types?.find((one) => displayName(one) === wanted || quoteName(one) === wanted)?.labels
}

/** Between text or an enum with labels (`before`), and an enum (`after`). */
function enumLoss(
  from: string,
  before: readonly string[] | undefined,
  type: string,
  after: readonly string[],
): TypeLoss | undefined {
  const list = (labels: readonly string[]): string => labels.map(quoteLiteral).join(', ')
  if (before !== undefined) {
    const missing = before.filter((label) => !after.includes(label))
    if (missing.length === 0) return undefined
    return {
      outcome: 'fails',
      what: list(missing),
      condition: (value) => `${value}::text IN (${list(missing)})`,
    }
  }
  return after.length === 0
    ? undefined
    : parsed(readTypeText(from), type, (value) => `${value} NOT IN (${list(after)})`)
}
