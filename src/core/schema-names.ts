/** Names that the review gives, and which of them have to be quoted for ever. */
import { fullNameOf, tableChanges } from './schema-changes.ts'
import type { CatalogConstraint, CatalogTable, SchemaCatalogs } from './schema-catalog.ts'

/** A name that was not there before, or belonged to something else. */
export interface ReviewedName {
  readonly kind:
    | 'table'
    | 'column'
    | 'index'
    | 'primaryKey'
    | 'foreignKey'
    | 'unique'
    | 'check'
    | 'sequence'
    | 'trigger'
    | 'function'
  readonly schema: string
  readonly name: string
  /** Of what hangs on a table: `schema.name`. */
  readonly table?: string
  /** Postgres would have given this name by itself (ChooseConstraintName, indexcmds.c): its parts are judged already. */
  readonly isUsual?: boolean
}

/** In the order of the catalogue: what came down from a parent, and sequences of columns, left out. */
export function namesOfReview(schema: SchemaCatalogs): readonly ReviewedName[] {
  const { before, after } = schema
  const sequences = (after.sequences ?? []).filter(({ ownedBy }) => ownedBy === undefined)
  return [
    ...tableChanges(schema).flatMap(({ table, before: old, isNew }) =>
      namesOfTable(table, isNew ? undefined : old),
    ),
    ...newly(sequences, before.sequences ?? []).map(({ schema: of, name }) => ({
      kind: 'sequence' as const,
      schema: of,
      name,
    })),
    ...newly(after.routines ?? [], before.routines ?? []).map(({ schema: of, name }) => ({
      kind: 'function' as const,
      schema: of,
      name,
    })),
  ]
}

/** Those that are new or renamed. */
function newly<T extends { readonly id: number; readonly name: string }>(
  now: readonly T[],
  before: readonly T[],
): readonly T[] {
  const names = new Map(before.map(({ id, name }) => [id, name]))
  return now.filter(({ id, name }) => names.get(id) !== name)
}

function namesOfTable(table: CatalogTable, old: CatalogTable | undefined): readonly ReviewedName[] {
  const { schema, name, partitionOf } = table
  const on = { schema, table: fullNameOf(table) }
  const columns = table.columns.filter(
    ({ name: own, number, isLocal = true }) =>
      isLocal &&
      partitionOf === undefined &&
      old?.columns.find((column) => column.number === number)?.name !== own,
  )
  const isOld = (list: readonly { readonly name: string }[] | undefined, own: string): boolean =>
    list?.some((other) => other.name === own) === true
  return [
    ...(old?.name === name ? [] : [{ kind: 'table' as const, schema, name }]),
    ...columns.map((column) => ({ kind: 'column' as const, ...on, name: column.name })),
    ...newly(table.indexes, old?.indexes ?? [])
      .filter(({ constraint, partitionOf: parent }) => constraint === undefined && parent === undefined)
      .map((index) => ({
        kind: 'index' as const,
        ...on,
        name: index.name,
        isUsual: isUsualName(
          index.name,
          name,
          index.keys.map(({ column = 'expr' }) => column),
        ),
      })),
    ...table.constraints.flatMap((constraint) => {
      const kind = kinds[constraint.kind]
      const isKnown = kind === undefined || constraint.isInherited || isOld(old?.constraints, constraint.name)
      const isUsual = isUsualName(constraint.name, name, constraint.columns)
      return isKnown ? [] : [{ kind, ...on, name: constraint.name, isUsual }]
    }),
    ...(table.triggers ?? [])
      .filter((trigger) => trigger.constraint === undefined && trigger.isInherited !== true)
      .filter((trigger) => !isOld(old?.triggers, trigger.name))
      .map((trigger) => ({ kind: 'trigger' as const, ...on, name: trigger.name })),
  ]
}

const kinds: Readonly<Record<CatalogConstraint['kind'], ReviewedName['kind'] | undefined>> = {
  'primary key': 'primaryKey',
  'foreign key': 'foreignKey',
  unique: 'unique',
  exclusion: 'unique',
  check: 'check',
  // Postgres names them itself, from version 18 on
  'not null': undefined,
}

/** `orders_customer_id_fkey`, `orders_pkey`, `orders_check1` */
function isUsualName(own: string, table: string, columns: readonly string[]): boolean {
  const rest = own.startsWith(`${table}_`) ? own.slice(table.length + 1) : undefined
  if (rest === undefined) return false
  const end = rest.startsWith(`${columns.join('_')}_`) ? rest.slice(columns.join('_').length + 1) : rest
  return /^(?:pkey|fkey|key|check|excl|idx)\d*$/.test(end)
}

/** Does Postgres take the name as a table's or a column's only in double quotes? */
export function needsQuotes(name: string): boolean {
  return !/^[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*$/.test(name) || reservedWords.has(name)
}

/** Categories R and T of pg_get_keywords() in PostgreSQL 18: no names of tables, or of columns, without quotes. */
const reservedWords: ReadonlySet<string> = new Set(
  (
    'all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate ' +
    'collation column concurrently constraint create cross current_catalog current_date current_role ' +
    'current_schema current_time current_timestamp current_user default deferrable desc distinct do else end ' +
    'except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into ' +
    'is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on ' +
    'only or order outer overlaps placing primary references returning right select session_user similar some ' +
    'symmetric system_user table tablesample then to trailing true union unique user using variadic verbose ' +
    'when where window with'
  ).split(' '),
)
