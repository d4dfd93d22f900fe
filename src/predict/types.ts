import type { ColumnDef, Node } from '@pgsql/types'
import { as, columnPath, words } from '../sql/ast.ts'
import {
  allIntervalFields,
  formatType,
  readColumnType,
  sameType,
  type ColumnType,
} from '../sql/column-type.ts'
import type { Column, TypeRecord } from '../sql/schema-records.ts'
import { readType, type ChangeScope } from '../sql/schema-scope.ts'

/**
 * What changing a column's type costs, apart from the table lock.
 * - `nothing`: the stored bytes and the order of the values stay.
 * - `rebuild indexes`: the bytes stay, the order (operator class or collation) does not.
 * - `rewrite`: every row is computed anew.
 * - `unknown`: no file tells the old type, and the new one is often reached for free.
 */
export interface TypeChangeCost {
  readonly cost: 'nothing' | 'rebuild indexes' | 'rewrite' | 'unknown'
  /** Row of the lock model. */
  readonly source: string
}

/** ALTER COLUMN … TYPE, following ATColumnChangeRequiresRewrite() and the cast functions' support functions. */
export function typeChangeCost(
  scope: ChangeScope,
  column: Column | undefined,
  definition: ColumnDef,
  timeZone: string,
): TypeChangeCost {
  const to = readType(scope, definition.typeName)
  if (column === undefined) return costFromUnknown(to, timeZone, definition.raw_default !== undefined)
  const from = column.type
  const source = `type ${formatType(from)} -> ${formatType(to)}`
  if (!isTrivialUsing(scope, definition.raw_default, column, to)) {
    return { cost: 'rewrite', source: `${source} using an expression` }
  }
  const cost = costOf(scope, from, to, timeZone)
  const collation = words(definition.collClause?.collname).join('.') || undefined
  if (cost === 'nothing' && collation !== column.collation && isCollatable(to)) {
    return { cost: 'rebuild indexes', source: `${source} change collation` }
  }
  const zone = isTimestampPair(from, to) ? ` (tz=${timeZone})` : ''
  return { cost, source: source + zone }
}

/** USING c, or c cast to the new type: the same as no USING at all. */
function isTrivialUsing(
  scope: ChangeScope,
  using: Node | undefined,
  column: Column,
  to: ColumnType,
): boolean {
  if (using === undefined) return true
  const reference = as<{ fields?: Node[] }>(using, 'ColumnRef')
  if (reference !== undefined) return columnPath(reference).at(-1) === column.name
  const cast = as<{ arg?: Node; typeName?: ColumnDef['typeName'] }>(using, 'TypeCast')
  if (cast === undefined) return false
  const castTo = readColumnType(cast.typeName, (name) => scope.schema.type(name, scope.path)?.schema)
  return sameType(castTo, to) && isTrivialUsing(scope, cast.arg, column, to)
}

/** Old types that usually stand before these are free to leave; from others it is a rewrite. Nobody can say. */
const oftenFree: ReadonlySet<string> = new Set(['text', 'varchar', 'numeric', 'citext', 'varbit', 'inet'])

function costFromUnknown(to: ColumnType, timeZone: string, hasUsing: boolean): TypeChangeCost {
  const source = `type unknown -> ${formatType(to)}`
  if (!hasUsing && !to.isArray && oftenFree.has(to.name)) return { cost: 'unknown', source }
  const isTimestamp = to.name === 'timestamptz' || to.name === 'timestamp'
  if (isTimestamp && !hasUsing && to.modifiers.length === 0) {
    // from the other kind of timestamp, most likely
    return { cost: isUtc(timeZone) ? 'unknown' : 'rewrite', source: `${source} (tz=${timeZone})` }
  }
  return { cost: 'rewrite', source }
}

function costOf(
  scope: ChangeScope,
  from: ColumnType,
  to: ColumnType,
  timeZone: string,
): TypeChangeCost['cost'] {
  if (sameType(from, to)) return 'nothing'
  const [source, target] = [domainOf(scope, from), domainOf(scope, to)]
  if (target !== undefined && target.constraints.length > 0) return 'rewrite'
  if (source?.base !== undefined) return costOf(scope, source.base, to, timeZone)
  if (target?.base !== undefined) return costOf(scope, from, target.base, timeZone)
  if (from.isArray || to.isArray || from.schema !== '' || to.schema !== '') return 'rewrite'
  if (isTimestampPair(from, to)) return costBetweenTimestamps(to, timeZone)
  if (from.name === to.name) return keepsValues(from, to) ? 'nothing' : 'rewrite'
  return costBetweenNames(from, to)
}

function domainOf(scope: ChangeScope, type: ColumnType): TypeRecord | undefined {
  if (type.schema === '' || type.isArray) return undefined
  const found = scope.schema.type(type, scope.path)
  return found?.kind === 'domain' ? found : undefined
}

function isTimestampPair(from: ColumnType, to: ColumnType): boolean {
  return (
    `${from.name} ${to.name}` === 'timestamp timestamptz' ||
    `${from.name} ${to.name}` === 'timestamptz timestamp'
  )
}

function costBetweenTimestamps(to: ColumnType, timeZone: string): TypeChangeCost['cost'] {
  // PG 12+: TimestampTimestampTzRequiresRewrite(), unless a precision has to be applied too
  const [precision] = to.modifiers
  const keeps = precision === undefined || precision >= maximumPrecision
  return isUtc(timeZone) && keeps ? 'rebuild indexes' : 'rewrite'
}

/** Zones whose offset is always zero, the only ones under which both timestamp types have the same bytes. */
function isUtc(timeZone: string): boolean {
  return /^(etc\/)?(utc|gmt|uct|zulu|universal|greenwich|gmt[+-]?0)$|^[+-]?0+(:00)?$/i.test(timeZone.trim())
}

/** Binary-coercible pairs of pg_cast, and whether the new type sorts with the same operator class. */
const binaryCoercible: Readonly<Record<string, 'nothing' | 'rebuild indexes'>> = {
  'varchar text': 'nothing',
  'text varchar': 'nothing',
  'xml text': 'nothing',
  'xml varchar': 'nothing',
  'cidr inet': 'nothing',
  'bit varbit': 'rebuild indexes',
  'varbit bit': 'rebuild indexes',
  'int4 oid': 'rebuild indexes',
  'oid int4': 'rebuild indexes',
  'text citext': 'rebuild indexes',
  'varchar citext': 'rebuild indexes',
  'citext text': 'rebuild indexes',
  'citext varchar': 'rebuild indexes',
}

function costBetweenNames(from: ColumnType, to: ColumnType): TypeChangeCost['cost'] {
  const coercion = binaryCoercible[`${from.name} ${to.name}`] ?? oidAliasCoercion(from.name, to.name)
  if (coercion === undefined) return 'rewrite'
  // a length has to be checked row by row, unless the old type had one that fits
  const limit = to.modifiers[0]
  if (limit !== undefined && from.name !== to.name) {
    const fits = from.modifiers[0] !== undefined && from.name === 'bit' && from.modifiers[0] <= limit
    if (!fits) return 'rewrite'
  }
  return coercion
}

/** regclass and its kin are oids in other words. */
function oidAliasCoercion(from: string, to: string): 'nothing' | 'rebuild indexes' | undefined {
  const isAlias = (name: string) =>
    name === 'oid' ||
    /^reg(class|proc|procedure|type|role|namespace|oper|operator|config|dictionary|collation)$/.test(name)
  return isAlias(from) && isAlias(to) ? 'nothing' : undefined
}

const maximumPrecision = 6

/** Same type, other modifiers: can the old values stay as they are? (varchar_support and its kin) */
function keepsValues(from: ColumnType, to: ColumnType): boolean {
  switch (from.name) {
    case 'varchar':
    case 'varbit':
      return isAtLeast(to.modifiers[0], from.modifiers[0])
    case 'numeric':
      return keepsNumeric(from.modifiers, to.modifiers)
    case 'timestamp':
    case 'timestamptz':
    case 'time':
    case 'timetz':
      return keepsPrecision(from.modifiers[0], to.modifiers[0])
    case 'interval':
      return (
        (to.modifiers[0] ?? allIntervalFields) === allIntervalFields &&
        keepsPrecision(from.modifiers[1], to.modifiers[1])
      )
    default:
      return false
  }
}

/** No limit is more than any. */
function isAtLeast(limit: number | undefined, other: number | undefined): boolean {
  return limit === undefined || (other !== undefined && limit >= other)
}

function keepsPrecision(from: number | undefined, to: number | undefined): boolean {
  return to === undefined || to >= maximumPrecision || (from !== undefined && to >= from)
}

function keepsNumeric(from: readonly number[], to: readonly number[]): boolean {
  const [toPrecision, toScale = 0] = to
  const [fromPrecision, fromScale = 0] = from
  if (toPrecision === undefined) return true
  return fromPrecision !== undefined && toScale === fromScale && toPrecision >= fromPrecision
}

/** Types that sort by a collation. */
function isCollatable(type: ColumnType): boolean {
  return !type.isArray && ['text', 'varchar', 'bpchar', 'citext', 'name'].includes(type.name)
}
