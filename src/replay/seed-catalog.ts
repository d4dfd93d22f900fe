import type { Client, QueryResult } from 'pg'
import { pinSearchPath, restoreSearchPath } from '../postgres/catalog.ts'
import {
  partitionBoundsQuery,
  seedColumnQuery,
  seedConstraintQuery,
  seedKeyQuery,
  seedTableQuery,
  seedTypeQuery,
} from '../postgres/catalog-seeding.ts'
import { isLostConnection, isServerError } from './seed-solve.ts'

export interface SeedType {
  readonly oid: number
  readonly name: string
  /** Without modifier, e.g. `character varying`, `bpchar`, `app.mood`. */
  readonly sql: string
  /** pg_type.typtype: b, d, e, r, m, c */
  readonly kind: string
  readonly category: string
  readonly base: number
  readonly typmod: number
  readonly notNull: boolean
  /** Element type, for true arrays. */
  readonly element: number | null
  readonly subtype: number | null
  readonly multirangeOf: number | null
  readonly labels: readonly string[] | null
  readonly attributes: readonly { readonly type: number; readonly typmod: number }[] | null
  readonly checks: readonly string[] | null
  /** Which of the guesses for an unknown type its input function takes, once that was tried. */
  readonly formats?: readonly number[]
}

export interface SeedColumn {
  readonly table: number
  readonly number: number
  readonly name: string
  readonly type: number
  readonly typmod: number
  readonly notNull: boolean
  readonly generated: boolean
  readonly default: string | null
}

export interface SeedForeignKey {
  readonly name: string
  readonly columns: readonly number[]
  readonly parent: number
  readonly parentName: string
  /** An ordinary parent is looked up with ONLY, as Postgres does. */
  readonly parentOnly: boolean
  readonly parentColumns: readonly number[]
  readonly parentNames: readonly string[]
  readonly matchFull: boolean
  /** Temporal foreign key (PG 18): the last column is contained, not equal. */
  readonly period: boolean
}

export interface SeedKey {
  /** 0 for an expression. */
  readonly columns: readonly number[]
  readonly partial: boolean
  readonly exclusion: boolean
  readonly deferrable: boolean
}

/** Where rows are inserted: an ordinary table, or a leaf of a partitioned one. */
export interface SeedTarget {
  readonly oid: number
  /** Qualified and quoted. */
  readonly name: string
  /** The partition's bounds as an expression. */
  readonly bound: string | null
  readonly isDefault: boolean
  readonly columns: readonly SeedColumn[]
  readonly checks: readonly string[]
  readonly keys: readonly SeedKey[]
  /** Something fires on INSERT: even in replica mode, or in an ordinary session. */
  readonly alwaysFires: boolean
  readonly fires: boolean
}

/** An ordinary table, or a partitioned one with all its leaves. */
export interface SeedTable {
  readonly oid: number
  /** Place among the tables, in the order in which they were created. */
  readonly ordinal: number
  readonly name: string
  readonly partitioned: boolean
  readonly columns: readonly SeedColumn[]
  readonly foreignKeys: readonly SeedForeignKey[]
  readonly keys: readonly SeedKey[]
  /** The table itself, or its leaves, the DEFAULT one first. */
  readonly targets: readonly SeedTarget[]
}

export interface SeedCatalog {
  readonly tables: readonly SeedTable[]
  readonly types: ReadonlyMap<number, SeedType>
}

interface TableItem {
  readonly oid: number
  readonly name: string
  readonly partitioned: boolean
  readonly root: number
  readonly isDefault: boolean
  readonly alwaysFires: boolean
  readonly fires: boolean
}

type ConstraintItem = SeedForeignKey & {
  readonly table: number
  readonly type: 'c' | 'f'
  readonly expression: string
}

/** Reads everything that seeding has to know. `migrator`: a session of the migrating role in the same database. */
export async function readSeedCatalog(admin: Client, migrator: Client): Promise<SeedCatalog> {
  const queries = [seedTableQuery, seedColumnQuery, seedConstraintQuery, seedKeyQuery, seedTypeQuery]
  const answer = await admin.query([pinSearchPath, ...queries, restoreSearchPath].join(';\n'))
  // A simple Query of several statements gives one result per statement, which @types/pg does not know.
  const results = (answer as unknown as readonly QueryResult<{ item: unknown }>[]).slice(1, -1)
  const items = <T>(index: number): readonly T[] => (results[index]?.rows ?? []).map(({ item }) => item as T)
  const constraints = items<ConstraintItem>(2)
  const parts = {
    columns: byTable(items<SeedColumn>(1)),
    checks: byTable(constraints.filter(({ type }) => type === 'c')),
    foreignKeys: byTable(constraints.filter(({ type }) => type === 'f')),
    keys: byTable(items<SeedKey & { table: number }>(3)),
  }
  const tables = items<TableItem>(0)
  const hasPartitions = tables.some(({ oid, root }) => oid !== root)
  const bounds = hasPartitions ? await readPartitionBounds(migrator) : new Map<number, string>()
  return {
    tables: seedTables(tables, { ...parts, bounds }),
    types: new Map(items<SeedType>(4).map((type) => [type.oid, type])),
  }
}

/**
 * The bounds of partitions as expressions, by object id. None at all when reading one of them fails: the server then
 * tells which rows do not fit.
 * @param migrator the migrating role; see {@link partitionBoundsQuery}
 */
export async function readPartitionBounds(migrator: Client): Promise<ReadonlyMap<number, string>> {
  try {
    const sql = [pinSearchPath, partitionBoundsQuery, restoreSearchPath].join(';\n')
    const answer = await migrator.query(sql)
    const results = answer as unknown as readonly QueryResult<{ oid: string; bound: string | null }>[]
    const rows = results[1]?.rows ?? []
    return new Map(rows.flatMap(({ oid, bound }) => (bound === null ? [] : [[Number(oid), bound] as const])))
  } catch (error) {
    // what follows will find a lost connection, too
    if (!isServerError(error) && !isLostConnection(error)) throw error
    return new Map()
  }
}

interface TableParts {
  readonly bounds: ReadonlyMap<number, string>
  readonly columns: ReadonlyMap<number, readonly SeedColumn[]>
  readonly checks: ReadonlyMap<number, readonly ConstraintItem[]>
  readonly foreignKeys: ReadonlyMap<number, readonly SeedForeignKey[]>
  readonly keys: ReadonlyMap<number, readonly SeedKey[]>
}

function seedTables(items: readonly TableItem[], parts: TableParts): readonly SeedTable[] {
  const leaves = new Map<number, SeedTarget[]>()
  for (const item of items) {
    if (item.partitioned) continue
    const list = leaves.get(item.root) ?? []
    list.push(seedTarget(item, parts))
    leaves.set(item.root, list)
  }
  return items
    .filter(({ oid, root }) => oid === root)
    .map(({ oid, name, partitioned }, ordinal) => ({
      oid,
      ordinal,
      name,
      partitioned,
      columns: parts.columns.get(oid) ?? [],
      foreignKeys: parts.foreignKeys.get(oid) ?? [],
      keys: parts.keys.get(oid) ?? [],
      targets: (leaves.get(oid) ?? []).toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault)),
    }))
}

function seedTarget(item: TableItem, parts: TableParts): SeedTarget {
  const { oid, name, isDefault, alwaysFires, fires } = item
  return {
    oid,
    name,
    bound: parts.bounds.get(oid) ?? null,
    isDefault,
    alwaysFires,
    fires,
    columns: parts.columns.get(oid) ?? [],
    checks: (parts.checks.get(oid) ?? []).map(({ expression }) => expression),
    keys: parts.keys.get(oid) ?? [],
  }
}

/** Items by the table that they belong to. */
export function byTable<T extends { readonly table: number }>(
  items: readonly T[],
): ReadonlyMap<number, readonly T[]> {
  const map = new Map<number, T[]>()
  for (const item of items) {
    const list = map.get(item.table)
    if (list === undefined) map.set(item.table, [item])
    else list.push(item)
  }
  return map
}
