import type { TypeName } from '@pgsql/types'
import { literalText, words } from './ast.ts'

/** The type of a column, by internal name (`int4`, `varchar`), with its modifiers as numbers. */
export interface ColumnType {
  /** '' for built-in types and for types that no file creates (extensions). */
  readonly schema: string
  readonly name: string
  /** As written: varchar(20) has [20], numeric(10,2) has [10, 2]. */
  readonly modifiers: readonly number[]
  readonly isArray: boolean
}

const serialTypes: Readonly<Record<string, string>> = {
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
  smallserial: 'int2',
  serial2: 'int2',
}

/** Is it serial, bigserial or smallserial: an integer with a sequence, NOT NULL and DEFAULT nextval()? */
export function isSerial(typeName: TypeName | undefined): boolean {
  const names = words(typeName?.names)
  return names.length === 1 && serialTypes[names[0] ?? ''] !== undefined
}

/** Reads a type name; `findSchema` says in which schema the files created a type, if they did. */
export function readColumnType(
  typeName: TypeName | undefined,
  findSchema: (name: { schema: string | undefined; name: string }) => string | undefined,
): ColumnType {
  const names = words(typeName?.names)
  const written = names.at(-1) ?? 'unknown'
  const schema = names.at(-2)
  const name = (schema === undefined ? serialTypes[written] : undefined) ?? written
  const modifiers: number[] = []
  for (const modifier of typeName?.typmods ?? []) modifiers.push(Number(literalText(modifier) ?? -1))
  return {
    schema: schema === 'pg_catalog' ? '' : (findSchema({ schema, name }) ?? schema ?? ''),
    name,
    modifiers,
    isArray: (typeName?.arrayBounds?.length ?? 0) > 0,
  }
}

/** Same type with the same modifiers? */
export function sameType(a: ColumnType, b: ColumnType): boolean {
  return formatType(a) === formatType(b)
}

/** As format_type() prints it with `public` on the search path (format_type.c). */
export function formatType(type: ColumnType): string {
  return formatElement(type) + (type.isArray ? '[]' : '')
}

function formatElement({ schema, name, modifiers }: ColumnType): string {
  if (schema !== '' && schema !== 'public') return `${schema}.${name}`
  if (schema === 'public') return name
  const list = modifiers.length === 0 ? '' : `(${modifiers.join(',')})`
  switch (name) {
    case 'numeric':
      return modifiers.length === 1 ? `numeric(${modifiers[0]},0)` : `numeric${list}`
    case 'bpchar':
      return list === '' ? 'bpchar' : `character${list}`
    case 'bit':
      return `bit${list === '' ? '(1)' : list}`
    case 'timestamp':
    case 'time':
      return `${name}${list} without time zone`
    case 'timestamptz':
      return `timestamp${list} with time zone`
    case 'timetz':
      return `time${list} with time zone`
    case 'interval':
      return formatInterval(modifiers)
    case 'char':
      return '"char"'
    default:
      return (longNames[name] ?? name) + list
  }
}

const longNames: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  varchar: 'character varying',
  varbit: 'bit varying',
}

/** INTERVAL_MASK() bits of timestamp.h. */
const intervalFields: Readonly<Record<number, string>> = {
  2: 'month',
  4: 'year',
  6: 'year to month',
  8: 'day',
  1024: 'hour',
  2048: 'minute',
  4096: 'second',
  1032: 'day to hour',
  3080: 'day to minute',
  7176: 'day to second',
  3072: 'hour to minute',
  7168: 'hour to second',
  6144: 'minute to second',
}

/** INTERVAL_FULL_RANGE: no fields were named. */
export const allIntervalFields = 0x7fff

function formatInterval(modifiers: readonly number[]): string {
  const [fields = allIntervalFields, precision] = modifiers
  const named = intervalFields[fields]
  return `interval${named === undefined ? '' : ` ${named}`}${precision === undefined ? '' : `(${precision})`}`
}
