/** Catalogue queries: tables, views, their columns, and sequences. */
import { comment, grants, isNotFromExtension, isUserSchema, sortedList } from './catalog-fragments.ts'

const isTable = `c.relkind in ('r', 'p')`
const isView = `c.relkind in ('v', 'm')`

/** For a partition: parent and bounds. For an inheritance child: its parents, sorted. */
const ancestry = `
  case when c.relispartition then (select format('%s %s%s', i.inhparent::regclass, pg_get_expr(c.relpartbound, c.oid),
      case when i.inhdetachpending then ' (detach pending)' end)
    from pg_inherits i where i.inhrelid = c.oid) end as "partition of",
  case when not c.relispartition then (select array_agg(i.inhparent::regclass::text order by i.inhparent::regclass::text)
    from pg_inherits i where i.inhrelid = c.oid) end as inherits`

/** A replica identity by index is named at the table, because the table is what subscribers see. */
const replicaIdentity = `case when ${isTable} then case c.relreplident when 'd' then 'default' when 'n' then 'nothing'
  when 'f' then 'full' else 'index ' || coalesce((select i.indexrelid::regclass::text from pg_index i
    where i.indrelid = c.oid and i.indisreplident), '(dropped)') end end`

/**
 * Tables, partitioned tables, views, materialized views, foreign tables. The order of columns counts for views
 * (it is the order of their output) and not for tables.
 */
export const relationQuery = `select
  case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
    when 'm' then 'materialized view' else 'foreign table' end as kind,
  format('%I.%I', n.nspname, c.relname) as identity,
  case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partition key",${ancestry},
  nullif(c.reloftype, 0)::regtype::text as "of type",
  case when c.relpersistence = 'u' then 'unlogged' else 'logged' end as persistence,
  (select am.amname from pg_am am where am.oid = c.relam) as "access method",
  (select t.spcname from pg_tablespace t where t.oid = c.reltablespace) as tablespace,
  ${sortedList('c.reloptions')} as "storage parameters",
  (select array_agg(item order by item) from pg_class toast, unnest(toast.reloptions) item
    where toast.oid = c.reltoastrelid) as "toast storage parameters",
  case when ${isTable} then case when c.relrowsecurity then 'enabled' else 'disabled' end end as "row security",
  case when ${isTable} then case when c.relforcerowsecurity then 'forced' else 'not forced' end end as "row security for the owner",
  ${replicaIdentity} as "replica identity",
  case when c.relkind = 'm' then case when c.relispopulated then 'yes' else 'no' end end as populated,
  case when ${isView} then (select array_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum)
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) end as columns,
  case when ${isView} then pg_get_viewdef(c.oid) end as definition,
  (select s.srvname::text from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver where f.ftrelid = c.oid) as server,
  (select ${sortedList('f.ftoptions')} from pg_foreign_table f where f.ftrelid = c.oid) as options,
  pg_get_userbyid(c.relowner)::text as owner,
  ${grants('c.relacl', `'r'`, 'c.relowner')} as grants,
  ${comment('pg_class', 'c.oid')} as comment
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_class', 'c.oid')}`

/**
 * NOT NULL is a constraint of its own since 18, with a name. A name that Postgres generated (`…_not_null`,
 * ChooseConstraintName in pg_constraint.c) does not count, because it stays behind when a column is renamed.
 */
const notNull = `case when a.attnotnull then 'not null' || coalesce((select
    case when con.convalidated then '' else ' not valid' end || case when con.connoinherit then ' no inherit' else '' end
    || case when con.conname ~ '_not_null[0-9]*$' then '' else format(' (constraint %I)', con.conname) end
  from pg_constraint con where con.conrelid = a.attrelid and con.contype = 'n' and con.conkey[1] = a.attnum), '') end`

const notNullComment = `(select ${comment('pg_constraint', 'con.oid')} from pg_constraint con
  where con.conrelid = a.attrelid and con.contype = 'n' and con.conkey[1] = a.attnum)`

/** Whether a column of a partition was declared there or inherited makes no difference: both go with the parent. */
const inheritance = `case when a.attinhcount > 0 and not c.relispartition
  then case when a.attislocal then 'inherited and local' else 'inherited' end end`

/** Columns of tables and foreign tables; of views only those that carry something of their own. */
export const columnQuery = `select 'column' as kind, format('%I.%I.%I', n.nspname, c.relname, a.attname) as identity,
  format_type(a.atttypid, a.atttypmod) as type,
  case when a.attcollation <> t.typcollation and a.attcollation <> 0 then 'collate ' || a.attcollation::regcollation::text end as collation,
  ${notNull} as "not null",
  case when a.attgenerated = '' then 'default ' || pg_get_expr(d.adbin, d.adrelid) end as "default",
  case a.attidentity when 'a' then 'generated always as identity' when 'd' then 'generated by default as identity' end as "identity column",
  case when a.attgenerated <> '' then format('generated always as (%s) %s', pg_get_expr(d.adbin, d.adrelid),
    case a.attgenerated when 's' then 'stored' else 'virtual' end) end as generated,
  ${inheritance} as inheritance,
  case when a.attstorage <> t.typstorage then case a.attstorage when 'p' then 'plain' when 'e' then 'external'
    when 'm' then 'main' else 'extended' end end as storage,
  case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end as compression,
  case when a.attstattarget >= 0 then a.attstattarget::text end as "statistics target",
  ${sortedList('a.attoptions')} as options,
  ${sortedList('a.attfdwoptions')} as "foreign options",
  ${grants('a.attacl', `'c'`, 'c.relowner')} as grants,
  ${comment('pg_class', 'c.oid', 'a.attnum')} as comment,
  ${notNullComment} as "not null comment"
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attnum > 0 and not a.attisdropped
  and (c.relkind in ('r', 'p', 'f') or c.relkind in ('v', 'm') and (a.attacl is not null or a.attoptions is not null
    or d.oid is not null or a.attstattarget >= 0 or a.attcompression <> '' or a.attstorage <> t.typstorage
    or ${comment('pg_class', 'c.oid', 'a.attnum')} is not null))
  and ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_class', 'c.oid')}`

/** Sequences with their options; where they stand does not count. */
export const sequenceQuery = `select 'sequence' as kind, format('%I.%I', n.nspname, c.relname) as identity,
  format_type(s.seqtypid, null) as type, s.seqstart::text as start, s.seqincrement::text as increment,
  s.seqmin::text as minimum, s.seqmax::text as maximum, s.seqcache::text as cache,
  case when s.seqcycle then 'cycle' else 'no cycle' end as cycle,
  (select format('%s.%I%s', d.refobjid::regclass, a.attname, case d.deptype when 'i' then ' (identity)' end)
    from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
      and d.deptype in ('a', 'i') and d.refobjsubid > 0) as "owned by",
  case when c.relpersistence = 'u' then 'unlogged' else 'logged' end as persistence,
  pg_get_userbyid(c.relowner)::text as owner, ${grants('c.relacl', `'s'`, 'c.relowner')} as grants,
  ${comment('pg_class', 'c.oid')} as comment
from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_class', 'c.oid')}`
