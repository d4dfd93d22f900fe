import type { RangeVar } from '@pgsql/types'

/** A name as written: the schema is undefined when the search path decides. */
export interface QualifiedName {
  readonly schema: string | undefined
  readonly name: string
}

/** Schemas in the order in which unqualified names are looked up, without pg_catalog and pg_temp. */
export type SearchPath = readonly string[]

/** The default of search_path is `"$user", public`; no migration role has a schema of its own name. */
export const defaultSearchPath: SearchPath = ['public']

/** Where temporary relations live, whatever the backend calls its pg_temp_N. */
export const temporarySchema = 'pg_temp'

/** Name of a relation in FROM, in ALTER TABLE and the like. */
export function relationName(relation: RangeVar): QualifiedName {
  return { schema: relation.schemaname, name: relation.relname ?? '' }
}

/** Name from its words: `['a', 'b']` is a.b; a leading database name is dropped. */
export function nameFromWords(words: readonly string[]): QualifiedName {
  return { schema: words.at(-2), name: words.at(-1) ?? '' }
}

/**
 * The path from the values of SET search_path, or from the one string that set_config() takes.
 * An empty path stays empty: pg_dump writes qualified names only.
 */
export function parseSearchPath(values: readonly string[]): SearchPath {
  return values.filter((schema) => schema !== '' && schema !== '$user' && schema !== 'pg_catalog')
}

/** Splits the text form of a list of identifiers: `"$user", App` is ['$user', 'app']. */
export function splitIdentifierList(text: string): string[] {
  const identifiers: string[] = []
  for (const match of text.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)) {
    identifiers.push(match[1]?.replaceAll('""', '"') ?? (match[2] ?? '').toLowerCase())
  }
  return identifiers
}

/** Where an unqualified CREATE puts its object. */
export function creationSchema(path: SearchPath): string {
  return path[0] ?? 'public'
}

/** Does the name belong to the server's own catalogs, which no migration locks for others? */
export function isCatalogName(name: QualifiedName): boolean {
  if (name.schema === undefined) return name.name.startsWith('pg_')
  return name.schema === 'pg_catalog' || name.schema === 'information_schema' || name.schema === 'pg_toast'
}

const maximumNameBytes = 63
/** Of UTF-8, for one UTF-16 code unit. */
const maximumBytesPerUnit = 3

/**
 * The name Postgres gives to what nobody named, before it makes it unique: `orders_user_id_fkey`.
 * Shortens the longer of table and column until all fit into 63 bytes (makeObjectName, indexcmds.c).
 */
export function defaultObjectName(table: string, column: string | undefined, label: string): string {
  if ((table.length + (column?.length ?? 0) + label.length + 2) * maximumBytesPerUnit <= maximumNameBytes) {
    return column === undefined ? `${table}_${label}` : `${table}_${column}_${label}`
  }
  const room = maximumNameBytes - byteLength(label) - (column === undefined ? 1 : 2)
  let first = table
  let second = column ?? ''
  while (byteLength(first) + byteLength(second) > room) {
    if (byteLength(first) > byteLength(second)) first = first.slice(0, -1)
    else second = second.slice(0, -1)
  }
  return column === undefined ? `${first}_${label}` : `${first}_${second}_${label}`
}

/** Tries `label`, `label1`, `label2` … until the name is free (ChooseRelationName, ChooseConstraintName). */
export function chooseName(
  table: string,
  column: string | undefined,
  label: string,
  isTaken: (name: string) => boolean,
): string {
  for (let attempt = 0; ; attempt += 1) {
    const name = defaultObjectName(table, column, attempt === 0 ? label : `${label}${attempt}`)
    if (!isTaken(name)) return name
  }
}

function byteLength(text: string): number {
  return isAscii.test(text) ? text.length : encoder.encode(text).length
}

// oxlint-disable-next-line no-control-regex -- the range is the definition of ASCII
const isAscii = /^[\x00-\x7f]*$/
const encoder = new TextEncoder()
