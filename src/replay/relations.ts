import type { Client } from 'pg'
import type { ColumnFacts, Relation, RelationKind } from '../core/model.ts'

/** A relation known before the first migration under review, or learnt from an event since. */
export interface KnownRelation {
  readonly oid: number
  readonly relation: Relation
  readonly filenode: number | undefined
  readonly columns: ReadonlyMap<number, KnownColumn>
  /** For an index or owned sequence: the oid of its table. */
  readonly tableOid: number | undefined
  /** Read where there are no event triggers. */
  readonly structure?: RelationStructure
}

/** What tells whether DDL has changed a relation. */
export interface RelationStructure {
  /** pg_class.relpersistence */
  readonly persistence: string
  /** pg_class.relam */
  readonly accessMethod: string
  /** Another after every change of its columns, constraints and options. */
  readonly signature: string
}

export interface KnownColumn extends ColumnFacts {
  readonly attnum: number
  /** Added by a migration under review. */
  readonly addedInRun?: boolean
}

const kinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned table',
  i: 'index',
  I: 'partitioned index',
  S: 'sequence',
  t: 'toast table',
  v: 'view',
  m: 'materialized view',
  c: 'composite type',
  f: 'foreign table',
}

/** pg_class.relkind in words. */
export function relationKind(relkind: string): RelationKind {
  return kinds[relkind] ?? 'table'
}

const relationsSql = (structure: string): string => `
select ${structure}::text as structure, c.oid::int8 as oid, c.relkind::text as relkind, n.nspname, c.relname,
  pg_catalog.pg_relation_filenode(c.oid)::int8 as filenode,
  coalesce(i.indrelid, owned.refobjid)::int8 as table_oid,
  k.partstrat::text as strategy, ka.attname as key_column
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_index i on i.indexrelid = c.oid
left join pg_catalog.pg_partitioned_table k on k.partrelid = c.oid and k.partnatts = 1
left join pg_catalog.pg_attribute ka on ka.attrelid = c.oid and ka.attnum = k.partattrs[0] and ka.attnum > 0
left join pg_catalog.pg_depend owned on c.relkind = 'S' and owned.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
  and owned.objid = c.oid and owned.refclassid = owned.classid and owned.refobjsubid > 0 and owned.deptype in ('a', 'i')
where c.oid >= 16384 and n.nspname not in ('pgrehearse', 'pg_toast')`

const columnsSql = `
select a.attrelid::int8 as oid, a.attnum::int as attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
  a.attnotnull, (a.atthasdef or a.attidentity <> '' or a.attgenerated <> '') as filled
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
where c.oid >= 16384 and c.relkind in ('r', 'p', 'f', 'v', 'm') and a.attnum > 0 and not a.attisdropped`

const cataloguesOfParts = [
  'pg_class',
  'pg_type',
  'pg_proc',
  'pg_constraint',
  'pg_trigger',
  'pg_attrdef',
  'pg_policy',
  'pg_rewrite',
  'pg_namespace',
  'pg_statistic_ext',
  'pg_publication_rel',
]

const newestOidSql = `select greatest(${cataloguesOfParts
  .map((name) => `(select max(oid)::int8 from pg_catalog.${name})`)
  .join(', ')}) as oid`

interface RelationRow {
  structure: string | null
  oid: string
  relkind: string
  nspname: string
  relname: string
  filenode: string | null
  strategy: string | null
  key_column: string | null
  table_oid: string | null
}

interface ColumnRow {
  oid: string
  attnum: number
  attname: string
  type: string
  attnotnull: boolean
  filled: boolean
}

/** Relations by oid: oids survive renames and rewrites, so names can be told for any moment of the run. */
export class RelationCatalog {
  private readonly byOid: Map<number, KnownRelation>
  /** Of all objects when it was read first. */
  readonly newestOid: number
  private readonly structure: string

  private constructor(byOid: Map<number, KnownRelation>, newestOid: number, structure: string) {
    this.byOid = byOid
    this.newestOid = newestOid
    this.structure = structure
  }

  /**
   * Reads the whole catalogue once, before the first migration under review. TOAST goes with its table and is left out.
   * @param structure an expression for {@link RelationStructure} as JSON; absent: that is not needed
   */
  static async read(client: Client, structure = 'null'): Promise<RelationCatalog> {
    const newest = await client.query<{ oid: string }>(newestOidSql)
    const relations = await readRelations(client, structure)
    return new RelationCatalog(relations, Number(newest.rows[0]?.oid), structure)
  }

  /**
   * Reads everything anew after migrations under review ran, or were rolled back, unobserved. What was not known
   * before counts as made by the run.
   */
  async refresh(client: Client): Promise<void> {
    const current = await readRelations(client, this.structure)
    const refreshed = [...current.values()].map((now) => sinceBefore(now, this.byOid.get(now.oid)))
    this.byOid.clear()
    for (const known of refreshed) this.byOid.set(known.oid, known)
  }

  get(oid: number): KnownRelation | undefined {
    return this.byOid.get(oid)
  }

  /** Did the relation exist before the first migration under review? */
  existed(oid: number): boolean {
    return this.byOid.get(oid)?.relation.existedBefore ?? false
  }

  /**
   * Was the object of any catalogue there before the first migration under review? Oids count upwards within a
   * cluster (GetNewObjectId, varsup.c), and throwaway clusters do not live to see them wrap around.
   */
  isOlder(oid: number): boolean {
    return oid <= this.newestOid
  }

  /** Remembers what an event or a probe told about a relation. */
  remember(known: KnownRelation): void {
    this.byOid.set(known.oid, known)
  }

  /** Remembers the file a relation has now. */
  rememberFilenode(oid: number, filenode: number | undefined): void {
    const known = this.byOid.get(oid)
    if (known !== undefined && known.filenode !== filenode) this.byOid.set(oid, { ...known, filenode })
  }

  /** By `schema.name`, as of now. */
  findQualified(name: string): KnownRelation | undefined {
    for (const known of this.byOid.values()) {
      if (`${known.relation.schema}.${known.relation.name}` === name) return known
    }
    return undefined
  }

  /** A copy to go back to when a transaction rolls back. */
  snapshot(): ReadonlyMap<number, KnownRelation> {
    return new Map(this.byOid)
  }

  restore(snapshot: ReadonlyMap<number, KnownRelation>): void {
    this.byOid.clear()
    for (const [oid, known] of snapshot) this.byOid.set(oid, known)
  }
}

async function readRelations(client: Client, structure: string): Promise<Map<number, KnownRelation>> {
  const relations = await client.query<RelationRow>(relationsSql(structure))
  const columns = columnsByRelation((await client.query<ColumnRow>(columnsSql)).rows)
  const names = new Map(relations.rows.map((row) => [row.oid, `${row.nspname}.${row.relname}`]))
  const byOid = new Map<number, KnownRelation>()
  for (const row of relations.rows) {
    const table = row.table_oid === null ? undefined : names.get(row.table_oid)
    byOid.set(Number(row.oid), {
      oid: Number(row.oid),
      relation: {
        kind: relationKind(row.relkind),
        schema: row.nspname,
        name: row.relname,
        existedBefore: true,
        ...(table === undefined ? {} : { table }),
        ...partitionKey(row),
      },
      filenode: row.filenode === null ? undefined : Number(row.filenode),
      columns: columns.get(Number(row.oid)) ?? new Map(),
      tableOid: row.table_oid === null ? undefined : Number(row.table_oid),
      ...(row.structure === null ? {} : { structure: JSON.parse(row.structure) as RelationStructure }),
    })
  }
  return byOid
}

function partitionKey({ strategy, key_column: column }: RelationRow): Pick<Relation, 'partitionKey'> {
  if (column === null || (strategy !== 'r' && strategy !== 'l')) return {}
  return { partitionKey: { strategy: strategy === 'r' ? 'range' : 'list', column } }
}

function columnsByRelation(
  rows: readonly ColumnRow[],
): ReadonlyMap<number, ReadonlyMap<number, KnownColumn>> {
  const byOid = new Map<number, Map<number, KnownColumn>>()
  for (const row of rows) {
    const oid = Number(row.oid)
    const known = byOid.get(oid) ?? new Map<number, KnownColumn>()
    byOid.set(oid, known)
    known.set(row.attnum, {
      attnum: row.attnum,
      name: row.attname,
      type: row.type,
      notNull: row.attnotnull,
      filled: row.filled,
    })
  }
  return byOid
}

/** A relation as it is now, with what was known of its age. */
function sinceBefore(now: KnownRelation, before: KnownRelation | undefined): KnownRelation {
  const columns = [...now.columns].map(([attnum, column]): [number, KnownColumn] => {
    const known = before?.columns.get(attnum)
    return [
      attnum,
      known === undefined || known.addedInRun === true ? { ...column, addedInRun: true } : column,
    ]
  })
  const existedBefore = before?.relation.existedBefore ?? false
  return { ...now, relation: { ...now.relation, existedBefore }, columns: new Map(columns) }
}
