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

const relationsSql = `
select c.oid::int8 as oid, c.relkind::text as relkind, n.nspname, c.relname,
  pg_catalog.pg_relation_filenode(c.oid)::int8 as filenode,
  coalesce(i.indrelid, owned.refobjid)::int8 as table_oid
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_index i on i.indexrelid = c.oid
left join pg_catalog.pg_depend owned on c.relkind = 'S' and owned.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
  and owned.objid = c.oid and owned.refclassid = owned.classid and owned.refobjsubid > 0 and owned.deptype in ('a', 'i')
where c.oid >= 16384 and n.nspname not in ('pgrehearse', 'pg_toast')`

const columnsSql = `
select a.attrelid::int8 as oid, a.attnum::int as attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
  a.attnotnull, (a.atthasdef or a.attidentity <> '' or a.attgenerated <> '') as filled
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
where c.oid >= 16384 and c.relkind in ('r', 'p', 'f', 'v', 'm') and a.attnum > 0 and not a.attisdropped`

interface RelationRow {
  oid: string
  relkind: string
  nspname: string
  relname: string
  filenode: string | null
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

  private constructor(byOid: Map<number, KnownRelation>) {
    this.byOid = byOid
  }

  /** Reads the whole catalogue once, before the first migration under review. TOAST goes with its table and is left out. */
  static async read(client: Client): Promise<RelationCatalog> {
    const relations = await client.query<RelationRow>(relationsSql)
    const columns = await client.query<ColumnRow>(columnsSql)
    const columnsByOid = new Map<number, Map<number, KnownColumn>>()
    for (const row of columns.rows) {
      const oid = Number(row.oid)
      const known = columnsByOid.get(oid) ?? new Map<number, KnownColumn>()
      columnsByOid.set(oid, known)
      known.set(row.attnum, {
        attnum: row.attnum,
        name: row.attname,
        type: row.type,
        notNull: row.attnotnull,
        filled: row.filled,
      })
    }
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
        },
        filenode: row.filenode === null ? undefined : Number(row.filenode),
        columns: columnsByOid.get(Number(row.oid)) ?? new Map(),
        tableOid: row.table_oid === null ? undefined : Number(row.table_oid),
      })
    }
    return new RelationCatalog(byOid)
  }

  get(oid: number): KnownRelation | undefined {
    return this.byOid.get(oid)
  }

  /** Did the relation exist before the first migration under review? */
  existed(oid: number): boolean {
    return this.byOid.get(oid)?.relation.existedBefore ?? false
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
