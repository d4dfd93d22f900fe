/** Reads a `SchemaCatalog` from a server. */
import type { Client, QueryResult } from 'pg'
import type {
  CatalogPublication,
  CatalogRoutine,
  CatalogSequence,
  CatalogTable,
  CatalogType,
  SchemaCatalog,
} from '../core/model.ts'
import { pinSearchPath, restoreSearchPath } from '../postgres/catalog.ts'
import { catalogRowKinds, schemaCatalogQueries } from '../postgres/schema-catalog-sql.ts'
import type { CatalogRows, PublicationRow, RoutineRow, SequenceRow, TypeRow } from './schema-catalog-rows.ts'
import { catalogTables, columnNames, given } from './schema-catalog-tables.ts'
import { sequencesBehind, type Behind } from './sequences-behind.ts'

/**
 * The schema of the database the client is connected to, in one round trip and one for where its sequences stand.
 * @param major of the server, e.g. 14
 */
export async function readSchemaCatalog(client: Client, major: number): Promise<SchemaCatalog> {
  const answer = await client.query(
    [pinSearchPath, ...schemaCatalogQueries(major), restoreSearchPath].join(';\n'),
  )
  // A simple Query of several statements gives one result per statement, which @types/pg does not know.
  const results = answer as unknown as readonly QueryResult<{ readonly items: string }>[]
  const lists = results.slice(1, -1).map(({ rows }) => JSON.parse(rows[0]?.items ?? '[]') as unknown)
  const rows = Object.fromEntries(
    catalogRowKinds.map((kind, at) => [kind, lists[at]]),
  ) as unknown as CatalogRows
  const tables = catalogTables(rows)
  return { ...others(rows), tables, sequences: await sequences(client, rows, tables) }
}

function others(rows: CatalogRows): Omit<SchemaCatalog, 'tables' | 'sequences'> {
  return {
    routines: rows.routines.map(catalogRoutine),
    types: rows.types.map(catalogType),
    extensions: rows.extensions,
    schemas: rows.schemas.map(({ name, owner, grants }) => ({ name, owner, grants: grants ?? [] })),
    publications: rows.publications.map(catalogPublication),
  }
}

async function sequences(
  client: Client,
  rows: CatalogRows,
  tables: readonly CatalogTable[],
): Promise<readonly CatalogSequence[]> {
  const behind = await sequencesBehind(client, rows.sequences, tables)
  const names = columnNames(rows.columns)
  const fullNames = new Map(tables.map(({ id, schema, name }) => [id, `${schema}.${name}`]))
  return rows.sequences.map((row) => catalogSequence(row, behind.get(row.id), names, fullNames))
}

function catalogSequence(
  { id, schema, name, type, owner }: SequenceRow,
  behind: Behind | undefined,
  names: ReturnType<typeof columnNames>,
  fullNames: ReadonlyMap<number, string>,
): CatalogSequence {
  const table = owner === null ? undefined : fullNames.get(owner.table)
  const column = owner === null ? undefined : names(owner.table, [owner.column])[0]
  return {
    id,
    schema,
    name,
    type,
    ...(table === undefined || column === undefined ? {} : { ownedBy: { table, column } }),
    ...(behind === undefined ? {} : { behind }),
  }
}

function catalogRoutine(row: RoutineRow): CatalogRoutine {
  const { prokind, provolatile, config, grants, returns, body, comment, ...rest } = row
  return {
    ...rest,
    kind: routineKinds[prokind] ?? 'function',
    volatility: provolatile === 'i' ? 'immutable' : provolatile === 's' ? 'stable' : 'volatile',
    config: config ?? [],
    grants: grants ?? [],
    ...given('returns', returns),
    ...given('body', body),
    ...given('comment', comment),
  }
}

const routineKinds: Readonly<Record<string, CatalogRoutine['kind']>> = {
  f: 'function',
  p: 'procedure',
  a: 'aggregate',
  w: 'window function',
}

function catalogType({ id, schema, name, typtype, labels }: TypeRow): CatalogType {
  return {
    id,
    schema,
    name,
    kind: typeKinds[typtype] ?? 'composite',
    ...(labels === null ? {} : { labels }),
  }
}

const typeKinds: Readonly<Record<string, CatalogType['kind']>> = {
  e: 'enum',
  d: 'domain',
  c: 'composite',
  r: 'range',
}

function catalogPublication(row: PublicationRow): CatalogPublication {
  const { name, allTables, tables } = row
  return { name, allTables, publishes: operations.filter((operation) => row[operation]), tables }
}

const operations = ['insert', 'update', 'delete', 'truncate'] as const
