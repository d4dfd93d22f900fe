import type { Statement } from '../core/model.ts'
import type {
  CommandEvent,
  DdlEvent,
  DropEvent,
  EventColumn,
  RewriteEvent,
} from '../postgres/event-triggers.ts'
import {
  relationKind,
  type KnownRelation,
  type RelationCatalog,
  type RelationStructure,
} from './relations.ts'
import type { ProbeReading } from './probe.ts'
import { runsCode } from './scans.ts'
import type { WireResult } from './wire.ts'

/**
 * What event triggers would say of relations, where only a superuser could create those: the session's own catalogue
 * is read behind every statement, for the relations that it holds locks on and those that are new, and compared with
 * what was known of them. Other objects (functions, types, triggers, policies) are not looked at.
 */
export class CatalogWatch {
  private readonly catalog: RelationCatalog
  /** Indexes that the last statement has made anew in the place of others. */
  private replaced: readonly KnownRelation[] = []
  /** Runs in the script's session, in the same round trip as the probe. */
  readonly sql: string

  /** `catalog`: read with the structure of its relations. */
  constructor(catalog: RelationCatalog) {
    this.catalog = catalog
    this.sql = watchSql(catalog.newestOid)
  }

  /**
   * The events of one statement. What it drops itself is known from the statement; what code drops is not.
   * @param answer of {@link sql}
   * @param reading of the probe before it
   */
  eventsOf(
    { tag }: Pick<Statement, 'tag'>,
    answer: WireResult | undefined,
    reading: ProbeReading | undefined,
  ): readonly DdlEvent[] {
    if (answer?.tag === undefined) return []
    const rows = answer.rows.flatMap(([text]) =>
      text === null || text === undefined ? [] : [JSON.parse(text) as WatchedRelation],
    )
    for (const index of this.replaced) this.catalog.remember(index)
    this.replaced = tag === 'ReindexStmt' ? [] : rows.flatMap((row) => this.replacementOf(row))
    const replaced = new Set(this.replaced.map(({ oid }) => oid))
    const names = new Map(rows.map(({ oid, schema, name }) => [oid, `${schema}.${name}`]))
    const events = rows
      .filter(({ oid }) => !replaced.has(oid))
      .toSorted(tablesFirst)
      .flatMap((row) => this.changesOf(row, names))
    if (!runsCode.has(tag)) return events.filter(({ event }) => event !== 'drop')
    const locked = [...(reading?.relations.values() ?? [])].filter(({ modes }) => modes.length > 0)
    return [...events, ...locked.flatMap(({ oid }) => (names.has(oid) ? [] : this.dropOf(oid)))]
  }

  /**
   * ALTER COLUMN TYPE makes indexes anew (ATPostAlterTypeParse, tablecmds.c), of which event triggers are not told. From
   * the next statement on they are known.
   */
  private replacementOf({
    oid,
    schema,
    name,
    relkind,
    structure,
  }: WatchedRelation): readonly KnownRelation[] {
    if (relkind !== 'i' && relkind !== 'I') return []
    const known = this.catalog.findQualified(`${schema}.${name}`)
    if (known === undefined || known.oid === oid || this.catalog.get(oid) !== undefined) return []
    return [{ ...known, oid, structure, filenode: undefined }]
  }

  private changesOf(now: WatchedRelation, names: ReadonlyMap<number, string>): readonly DdlEvent[] {
    const known = this.catalog.get(now.oid)
    const command = this.commandOf(now, known, names)
    if (known === undefined) return [command]
    const { structure } = known
    const isRenamed = known.relation.name !== now.name || known.relation.schema !== now.schema
    if (!isRenamed && structure?.signature === now.structure.signature) return []
    const drops = [...known.columns.values()]
      .filter(({ attnum }) => now.columns.every((column) => column.attnum !== attnum || column.dropped))
      .map(({ attnum, name }) => dropEvent(known, { attnum, name }))
    return [...rewriteOf(known, now), ...drops, command]
  }

  private commandOf(
    now: WatchedRelation,
    known: KnownRelation | undefined,
    names: ReadonlyMap<number, string>,
  ): CommandEvent {
    const { oid, relkind, schema, name, columns, tableOid } = now
    const table = tableOid === null ? undefined : (names.get(tableOid) ?? this.nameOf(tableOid))
    const kind = (nouns[relkind] ?? 'table').toUpperCase()
    return {
      event: 'command',
      classid: 'pg_class',
      objid: oid,
      objsubid: 0,
      commandTag: `${known === undefined ? 'CREATE' : 'ALTER'} ${kind}`,
      objectType: relationKind(relkind),
      schema,
      identity: `${schema}.${name}`,
      names: [schema, name],
      inExtension: false,
      relation: { schema, name, relkind, columns, structure: now.structure },
      table: relkind === 'i' || relkind === 'I' ? (table ?? null) : null,
    }
  }

  private nameOf(oid: number): string | undefined {
    const known = this.catalog.get(oid)
    return known === undefined ? undefined : `${known.relation.schema}.${known.relation.name}`
  }

  /** What goes with its table is part of that. */
  private dropOf(oid: number): readonly DropEvent[] {
    const known = this.catalog.get(oid)
    if (known === undefined || known.tableOid !== undefined) return []
    return [dropEvent(known)]
  }
}

/** What is known of an index begins with its table. */
function tablesFirst(a: WatchedRelation, b: WatchedRelation): number {
  return Number(a.tableOid !== null) - Number(b.tableOid !== null) || a.oid - b.oid
}

/** What {@link CatalogWatch.sql} says of a relation. */
interface WatchedRelation {
  readonly oid: number
  readonly relkind: string
  readonly schema: string
  readonly name: string
  readonly tableOid: number | null
  readonly structure: RelationStructure
  readonly columns: readonly EventColumn[]
}

/** pg_class.relkind as commands call it. */
const nouns: Readonly<Record<string, string>> = {
  i: 'index',
  I: 'index',
  S: 'sequence',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
}

function dropEvent(
  { oid, relation }: KnownRelation,
  column?: { readonly attnum: number; readonly name: string },
): DropEvent {
  const names = [relation.schema, relation.name, ...(column === undefined ? [] : [column.name])]
  return {
    event: 'drop',
    classid: 'pg_class',
    objid: oid,
    objsubid: column?.attnum ?? 0,
    original: true,
    normal: false,
    temporary: false,
    objectType: column === undefined ? relation.kind : 'table column',
    schema: relation.schema,
    name: column === undefined ? relation.name : null,
    identity: names.join('.'),
    names,
  }
}

/** Bits of AT_REWRITE_* in event_trigger.h, by what is another than before; that the file is new, the probe tells. */
function rewriteOf({ structure, columns }: KnownRelation, now: WatchedRelation): readonly RewriteEvent[] {
  if (structure === undefined) return []
  const isRetyped = now.columns.some(({ attnum, type, dropped }) => {
    const before = columns.get(attnum)
    return before !== undefined && !dropped && before.type !== type
  })
  const isWider = now.columns.some(({ attnum, dropped }) => !columns.has(attnum) && !dropped)
  const reason =
    (structure.persistence === now.structure.persistence ? 0 : 1) |
    (isWider ? 2 : 0) |
    (isRetyped ? 4 : 0) |
    (structure.accessMethod === now.structure.accessMethod ? 0 : 8)
  return reason === 0 ? [] : [{ event: 'rewrite', oid: now.oid, reason }]
}

// Every operator is qualified, as in the probe: search_path is the script's to change.
const eq = 'operator(pg_catalog.=)'

/**
 * JSON of what DDL changes of a relation `c`. Within a transaction xmin stays the same, and each version of a row has a
 * place (ctid) of its own. Its own row of pg_class is left out: TRUNCATE and GRANT change that too.
 */
export const structureJson = `pg_catalog.json_build_object(
  'persistence', c.relpersistence, 'accessMethod', c.relam::pg_catalog.text,
  'signature', pg_catalog.md5(pg_catalog.concat_ws(' ', c.relpersistence, c.relam, c.relkind, c.relreplident,
    c.relrowsecurity, c.relforcerowsecurity, c.relispartition, c.reloptions,
    (select pg_catalog.string_agg(pg_catalog.concat(a.xmin::pg_catalog.text, a.ctid::pg_catalog.text), ','
      order by a.attnum) from pg_catalog.pg_attribute a
      where a.attrelid ${eq} c.oid and a.attnum operator(pg_catalog.>) 0::pg_catalog.int2),
    (select pg_catalog.string_agg(pg_catalog.concat(k.oid, k.xmin::pg_catalog.text, k.ctid::pg_catalog.text), ',' order by k.oid)
      from pg_catalog.pg_constraint k where k.conrelid ${eq} c.oid))))`

// format_type() leaves out the schemas in search_path, and elsewhere none but pg_catalog is in it.
const typeName = `case when tn.nspname ${eq} 'pg_catalog'::pg_catalog.name or pg_catalog.starts_with(
        pg_catalog.format_type(a.atttypid, a.atttypmod), pg_catalog.concat(pg_catalog.quote_ident(tn.nspname), '.'))
      then pg_catalog.format_type(a.atttypid, a.atttypmod)
      else pg_catalog.concat(pg_catalog.quote_ident(tn.nspname), '.', pg_catalog.format_type(a.atttypid, a.atttypmod)) end`

function watchSql(newestOid: number): string {
  return `select pg_catalog.json_build_object('oid', c.oid::pg_catalog.int8, 'relkind', c.relkind, 'schema', n.nspname,
  'name', c.relname, 'tableOid', coalesce(i.indrelid, owned.refobjid)::pg_catalog.int8, 'structure', ${structureJson},
  'columns', case when c.relkind ${eq} any ('{r,p,f,v,m}'::pg_catalog."char"[]) then coalesce((
    select pg_catalog.json_agg(pg_catalog.json_build_object('attnum', a.attnum, 'name', a.attname,
      'type', ${typeName}, 'notNull', a.attnotnull, 'hasDefault', a.atthasdef,
      'identity', a.attidentity, 'generated', a.attgenerated, 'dropped', a.attisdropped) order by a.attnum)
    from pg_catalog.pg_attribute a
    left join pg_catalog.pg_type t on t.oid ${eq} a.atttypid
    left join pg_catalog.pg_namespace tn on tn.oid ${eq} t.typnamespace
    where a.attrelid ${eq} c.oid and a.attnum operator(pg_catalog.>) 0::pg_catalog.int2), '[]') else '[]' end)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid ${eq} c.relnamespace
left join pg_catalog.pg_index i on i.indexrelid ${eq} c.oid
left join pg_catalog.pg_depend owned on c.relkind ${eq} 'S'::pg_catalog."char" and owned.classid ${eq} 1259::pg_catalog.oid
  and owned.objid ${eq} c.oid and owned.refclassid ${eq} 1259::pg_catalog.oid
  and owned.refobjsubid operator(pg_catalog.>) 0 and owned.deptype ${eq} any ('{a,i}'::pg_catalog."char"[])
where c.relpersistence operator(pg_catalog.<>) 't'::pg_catalog."char"
  and n.nspname operator(pg_catalog.<>) all ('{pgrehearse,pg_toast}'::pg_catalog.name[])
  and c.oid operator(pg_catalog.>=) 16384::pg_catalog.oid
  and (c.oid operator(pg_catalog.>) ${newestOid}::pg_catalog.oid or c.oid ${eq} any (
    select l.relation from pg_catalog.pg_lock_status() l
    where l.pid ${eq} pg_catalog.pg_backend_pid() and l.locktype ${eq} 'relation'))`
}
