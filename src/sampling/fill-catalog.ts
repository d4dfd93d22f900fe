import type { Client, QueryResult } from 'pg'
import { pinSearchPath, restoreSearchPath } from '../postgres/catalog.ts'
import {
  byTable,
  readPartitionBounds,
  readSeedCatalog,
  type SeedCatalog,
  type SeedColumn,
  type SeedForeignKey,
} from '../replay/seed-catalog.ts'

/** A CHECK of one relation. */
export interface FillCheck {
  readonly name: string
  readonly expression: string
}

/** A unique or exclusion index of a table that rows are made for. */
export interface FillKey {
  readonly name: string
  /** Names of the plain columns. */
  readonly columns: readonly string[]
  /** The expressions among its columns, and its predicate. */
  readonly expressions: readonly string[]
  readonly predicate: string | null
  readonly exclusion: boolean
  readonly primary: boolean
  readonly nullsDistinct: boolean
}

/** A relation into which rows go by one INSERT: a table, a leaf, or the root of hash partitions. */
export interface FillTarget {
  readonly oid: number
  /** Qualified and quoted. */
  readonly name: string
  readonly schema: string
  readonly relation: string
  /** The partition's bounds as an expression. */
  readonly bound: string | null
  readonly isDefault: boolean
  readonly columns: readonly SeedColumn[]
  /** By column: the expression of a generated column. */
  readonly generated: ReadonlyMap<string, string>
  readonly checks: readonly FillCheck[]
  /** What holds the rows: itself, or its hash partitions. */
  readonly leaves: readonly number[]
}

/** An ordinary or partitioned table, or a single partition that was asked for by name. */
export interface FillableTable {
  readonly oid: number
  readonly name: string
  readonly schema: string
  readonly relation: string
  readonly columns: readonly SeedColumn[]
  readonly foreignKeys: readonly SeedForeignKey[]
  readonly keys: readonly FillKey[]
  readonly targets: readonly FillTarget[]
  readonly partitioned: boolean
  /** Columns that some index holds. */
  readonly indexed: ReadonlySet<string>
}

export interface FillCatalog {
  readonly seed: SeedCatalog
  /** By object id; partitions are among them. */
  readonly tables: ReadonlyMap<number, FillableTable>
  /** Sequences that give a column its default, by table. */
  readonly sequences: ReadonlyMap<number, readonly { readonly column: string; readonly sequence: number }[]>
}

interface RelationItem {
  readonly oid: number
  readonly name: string
  readonly schema: string
  readonly relation: string
  readonly parent: number
  readonly strategy: string | null
  readonly isDefault: boolean
}

type CheckItem = FillCheck & { readonly table: number }
type KeyItem = Omit<FillKey, 'nullsDistinct'> & {
  readonly table: number
  readonly nullsDistinct: boolean | null
}
type GeneratedItem = { readonly table: number; readonly column: string; readonly expression: string }
type SequenceItem = { readonly table: number; readonly column: string; readonly sequence: number }

const isTable = `c.relkind in ('r', 'p') and c.relpersistence <> 't'
  and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'`

const relationQuery = `select json_build_object('oid', c.oid::int8, 'name', c.oid::regclass::text, 'schema', n.nspname,
  'relation', c.relname, 'strategy', p.partstrat,
  'parent', case when c.relispartition then (select i.inhparent::int8 from pg_inherits i where i.inhrelid = c.oid) else 0 end,
  'isDefault', coalesce(pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', false)) as item
from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_partitioned_table p on p.partrelid = c.oid
where ${isTable} order by c.oid`

const checkQuery = `select json_build_object('table', c.oid::int8, 'name', con.conname,
  'expression', pg_get_expr(con.conbin, con.conrelid)) as item
from pg_constraint con join pg_class c on c.oid = con.conrelid join pg_namespace n on n.oid = c.relnamespace
where con.contype = 'c' and coalesce(to_jsonb(con) ->> 'conenforced', 'true') = 'true' and ${isTable} order by c.oid, con.conname`

const keyQuery = `select json_build_object('table', c.oid::int8, 'name', ic.relname, 'exclusion', i.indisexclusion, 'primary', i.indisprimary,
  'columns', (select coalesce(json_agg(a.attname order by k.place), '[]') from unnest((string_to_array(i.indkey::text, ' ')::int[])[1:i.indnkeyatts])
    with ordinality k(number, place) join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number and k.number > 0),
  'expressions', (select coalesce(json_agg(pg_get_indexdef(i.indexrelid, k.place::int, false) order by k.place), '[]')
    from unnest((string_to_array(i.indkey::text, ' ')::int[])[1:i.indnkeyatts]) with ordinality k(number, place) where k.number = 0),
  'predicate', pg_get_expr(i.indpred, i.indrelid),
  'nullsDistinct', coalesce(to_jsonb(i) ->> 'indnullsnotdistinct', 'false') = 'false') as item
from pg_index i join pg_class c on c.oid = i.indrelid join pg_class ic on ic.oid = i.indexrelid
join pg_namespace n on n.oid = c.relnamespace
where (i.indisunique or i.indisexclusion) and i.indislive and ${isTable} order by not i.indisprimary, i.indnkeyatts, i.indexrelid`

const generatedQuery = `select json_build_object('table', c.oid::int8, 'column', a.attname, 'expression', pg_get_expr(d.adbin, d.adrelid)) as item
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attgenerated <> '' and not a.attisdropped and ${isTable}`

const indexedQuery = `select distinct jsonb_build_object('table', c.oid::int8, 'column', a.attname) as item
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey) where ${isTable}`

/** Of serial columns and identities, and of any DEFAULT that names a sequence. */
const sequenceQuery = `select json_build_object('table', c.oid::int8, 'column', a.attname, 'sequence', s.oid::int8) as item
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
left join pg_attrdef ad on ad.adrelid = c.oid and ad.adnum = a.attnum
join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = ad.oid and d.refclassid = 'pg_class'::regclass
  or d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.refobjsubid = a.attnum and d.deptype = 'i'
join pg_class s on s.relkind = 'S' and s.oid in (d.refobjid, d.objid) where ${isTable}`

/** Reads everything that filling has to know. `migrator`: a session of the migrating role in the same database. */
export async function readFillCatalog(admin: Client, migrator: Client): Promise<FillCatalog> {
  const seed = await readSeedCatalog(admin, migrator)
  const queries = [relationQuery, checkQuery, keyQuery, generatedQuery, sequenceQuery, indexedQuery]
  const answer = await admin.query([pinSearchPath, ...queries, restoreSearchPath].join(';\n'))
  // A simple Query of several statements gives one result per statement, which @types/pg does not know.
  const results = (answer as unknown as readonly QueryResult<{ item: unknown }>[]).slice(1, -1)
  const items = <T>(index: number): readonly T[] => (results[index]?.rows ?? []).map(({ item }) => item as T)
  const relations = items<RelationItem>(0)
  const hasPartitions = relations.some(({ parent }) => parent !== 0)
  const assembly = new Assembly(seed, relations, {
    bounds: hasPartitions ? await readPartitionBounds(migrator) : new Map<number, string>(),
    checks: byTable(items<CheckItem>(1)),
    keys: byTable(items<KeyItem>(2)),
    generated: byTable(items<GeneratedItem>(3)),
    indexed: byTable(items<SequenceItem>(5)),
  })
  return {
    seed,
    tables: new Map(relations.map((relation) => [relation.oid, assembly.table(relation)])),
    sequences: byTable(items<SequenceItem>(4)),
  }
}

interface Parts {
  readonly bounds: ReadonlyMap<number, string>
  readonly checks: ReadonlyMap<number, readonly CheckItem[]>
  readonly keys: ReadonlyMap<number, readonly KeyItem[]>
  readonly generated: ReadonlyMap<number, readonly GeneratedItem[]>
  readonly indexed: ReadonlyMap<number, readonly { readonly column: string }[]>
}

class Assembly {
  private readonly relations: readonly RelationItem[]
  private readonly parts: Parts
  private readonly children: ReadonlyMap<number, readonly RelationItem[]>
  private readonly columns = new Map<number, readonly SeedColumn[]>()
  private readonly foreignKeys = new Map<number, readonly SeedForeignKey[]>()

  constructor(seed: SeedCatalog, relations: readonly RelationItem[], parts: Parts) {
    this.relations = relations
    this.parts = parts
    this.children = byTable(relations.map((item) => ({ ...item, table: item.parent })))
    for (const table of seed.tables) {
      this.columns.set(table.oid, table.columns)
      this.foreignKeys.set(table.oid, table.foreignKeys)
      for (const target of table.targets) this.columns.set(target.oid, target.columns)
    }
  }

  table(item: RelationItem): FillableTable {
    const { oid, name, schema, relation, strategy } = item
    const targets = this.targets(item)
    const own = this.parts.keys.get(oid) ?? []
    // Partitions may have keys of their own; those of the same columns are the root's.
    const more = strategy === null ? [] : targets.flatMap((target) => this.parts.keys.get(target.oid) ?? [])
    const keys = [...own, ...more.filter((key) => !own.some((other) => sameKey(key, other)))]
    const root = this.rootOf(item)
    return {
      oid,
      name,
      schema,
      relation,
      columns: this.columns.get(oid) ?? targets[0]?.columns ?? [],
      foreignKeys: this.keysOfRoot(oid, root.oid),
      keys: keys.map((key) => ({ ...key, nullsDistinct: key.nullsDistinct ?? true })),
      targets,
      partitioned: strategy !== null,
      indexed: new Set((this.parts.indexed.get(oid) ?? []).map(({ column }) => column)),
    }
  }

  /** A partition's foreign keys are its root's, whose columns may have other numbers. */
  private keysOfRoot(oid: number, root: number): readonly SeedForeignKey[] {
    const keys = this.foreignKeys.get(root) ?? []
    if (oid === root) return keys
    const name = (number: number): string | undefined =>
      this.columns.get(root)?.find((column) => column.number === number)?.name
    const own = (number: number): number =>
      this.columns.get(oid)?.find((column) => column.name === name(number))?.number ?? 0
    return keys.map((key) => ({ ...key, columns: key.columns.map(own) }))
  }

  private rootOf(item: RelationItem): RelationItem {
    const parent = this.relations.find(({ oid }) => oid === item.parent)
    return parent === undefined ? item : this.rootOf(parent)
  }

  /** Down to leaves; hash partitions are filled through their parent, which knows where a row goes. */
  private targets(item: RelationItem): readonly FillTarget[] {
    const children = this.children.get(item.oid) ?? []
    const throughParent = item.strategy === 'h' && children.every(({ strategy }) => strategy === null)
    if (item.strategy !== null && !throughParent) return children.flatMap((child) => this.targets(child))
    if (item.strategy !== null && children.length === 0) return []
    const columns = this.columns.get(item.oid) ?? this.columns.get(children[0]?.oid ?? 0) ?? []
    return [
      {
        oid: item.oid,
        name: item.name,
        schema: item.schema,
        relation: item.relation,
        bound: this.parts.bounds.get(item.oid) ?? null,
        isDefault: item.isDefault,
        columns,
        generated: new Map(
          (this.parts.generated.get(item.oid) ?? []).map(({ column, expression }) => [column, expression]),
        ),
        checks: this.parts.checks.get(item.oid) ?? [],
        leaves: throughParent ? children.map(({ oid }) => oid) : [item.oid],
      },
    ]
  }
}

function sameKey(a: KeyItem, b: KeyItem): boolean {
  const text = ({ columns, expressions, predicate }: KeyItem): string =>
    JSON.stringify([columns, expressions, predicate])
  return text(a) === text(b)
}
