/**
 * Catalogue queries for seeding: which tables there are and what a row of each must look like. Each gives one
 * JSON document per row (column `item`), so that arrays and null come as they are. Written for
 * `search_path = pg_catalog`.
 */
import { isNotFromExtension, isUserSchema } from './catalog-fragments.ts'

const isUserTable = `c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${isUserSchema('n.nspname')}
  and ${isNotFromExtension('pg_class', 'c.oid')}`

/** Fires even under session_replication_role = replica. */
const alwaysFires = `(exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgenabled in ('R', 'A') and t.tgtype & 4 <> 0)
  or exists (select from pg_rewrite r where r.ev_class = c.oid and r.ev_type = '3' and r.ev_enabled in ('R', 'A')))`

/** Fires in an ordinary session: INSERT triggers of users (tgtype bit 4) and INSERT rules. */
const fires = `(exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype & 4 <> 0)
  or exists (select from pg_rewrite r where r.ev_class = c.oid and r.ev_type = '3' and r.ev_enabled in ('O', 'A')))`

/** Tables and partitions. `root` is the topmost partitioned table, or the table itself. */
export const seedTableQuery = `select json_build_object('oid', c.oid::int8, 'name', c.oid::regclass::text,
  'partitioned', c.relkind = 'p', 'root', case when c.relispartition then pg_partition_root(c.oid)::oid::int8 else c.oid::int8 end,
  'isDefault', coalesce(pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', false),
  'alwaysFires', ${alwaysFires}, 'fires', ${fires}) as item
from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${isUserTable} order by c.oid`

/**
 * Bounds of partitions as expressions. Never for a superuser: Postgres folds the expressions of the partition key to
 * read them (RelationBuildPartitionKey(), partcache.c), which runs functions of migrations that call themselves
 * IMMUTABLE.
 */
export const partitionBoundsQuery = `select c.oid::int8::text as oid, pg_get_partition_constraintdef(c.oid) as bound
from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relispartition and ${isUserTable}`

/** Columns in the order of the table. */
export const seedColumnQuery = `select json_build_object('table', c.oid::int8, 'number', a.attnum, 'name', a.attname,
  'type', a.atttypid::int8, 'typmod', a.atttypmod, 'notNull', a.attnotnull, 'generated', a.attgenerated <> '',
  'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end) as item
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where ${isUserTable} order by c.oid, a.attnum`

/** CHECK and foreign key constraints. Copies of a partitioned table's foreign keys follow from the original. */
export const seedConstraintQuery = `select json_build_object('table', c.oid::int8, 'name', con.conname, 'type', con.contype,
  'columns', con.conkey, 'expression', case when con.contype = 'c' then pg_get_expr(con.conbin, con.conrelid) end,
  'parent', con.confrelid::int8, 'parentName', nullif(con.confrelid, 0)::regclass::text,
  'parentOnly', (select p.relkind = 'r' from pg_class p where p.oid = con.confrelid),
  'parentColumns', con.confkey, 'parentNames', (select json_agg(a.attname order by k.place)
    from unnest(con.confkey) with ordinality k(number, place) join pg_attribute a on a.attrelid = con.confrelid and a.attnum = k.number),
  'matchFull', con.confmatchtype = 'f',
  'period', coalesce(to_jsonb(con) ->> 'conperiod' = 'true', false)) as item
from pg_constraint con join pg_class c on c.oid = con.conrelid join pg_namespace n on n.oid = c.relnamespace
where con.contype in ('c', 'f') and not (con.contype = 'f' and con.conparentid <> 0) and ${isUserTable}
order by c.oid, con.conname`

/**
 * Unique and exclusion indexes. `columns` holds 0 for an expression. Deferrable ones are checked by a trigger,
 * which session_replication_role = replica switches off.
 */
export const seedKeyQuery = `select json_build_object('table', c.oid::int8, 'columns', (string_to_array(i.indkey::text, ' ')::int[])[1:i.indnkeyatts],
  'partial', i.indpred is not null, 'exclusion', i.indisexclusion, 'deferrable', not i.indimmediate) as item
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
where (i.indisunique or i.indisexclusion) and ${isUserTable} order by i.indexrelid`

/** Types: built-in ones that have no rows of their own and all of the users', with what a literal needs to know. */
export const seedTypeQuery = `select json_build_object('oid', t.oid::int8, 'name', t.typname, 'sql', format_type(t.oid, -1),
  'kind', t.typtype, 'category', t.typcategory, 'base', t.typbasetype::int8, 'typmod', t.typtypmod, 'notNull', t.typnotnull,
  'element', element.oid::int8,
  'subtype', (select r.rngsubtype::int8 from pg_range r where r.rngtypid = t.oid),
  'multirangeOf', (select r.rngsubtype::int8 from pg_range r where r.rngmultitypid = t.oid),
  'labels', (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
  'attributes', (select json_agg(json_build_object('type', a.atttypid::int8, 'typmod', a.atttypmod) order by a.attnum) from pg_attribute a
    where a.attrelid = nullif(t.typrelid, 0) and a.attnum > 0 and not a.attisdropped),
  'checks', (select json_agg(pg_get_expr(con.conbin, 0) order by con.conname) from pg_constraint con
    where con.contypid = t.oid and con.contype = 'c')) as item
from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_type element on element.typarray = t.oid
where t.typtype in ('b', 'd', 'e', 'r', 'm', 'c') and n.nspname !~ '^pg_t'
  and (t.typrelid = 0 or ${isUserSchema('n.nspname')})`

/** May this role write to every table we would seed, and is it exempt from their row security? */
export const seedPowersQuery = `select r.rolsuper or coalesce(bool_and(
  has_table_privilege(r.oid, c.oid, 'SELECT') and has_table_privilege(r.oid, c.oid, 'INSERT')
  and has_table_privilege(r.oid, c.oid, 'UPDATE') and has_table_privilege(r.oid, c.oid, 'DELETE')
  and has_schema_privilege(r.oid, n.oid, 'USAGE')
  and (r.rolbypassrls or not c.relrowsecurity or not c.relforcerowsecurity and pg_has_role(r.oid, c.relowner, 'USAGE'))
  ), true) as enough
from pg_roles r left join (pg_class c join pg_namespace n on n.oid = c.relnamespace) on ${isUserTable}
where r.rolname = $1 group by r.oid, r.rolsuper, r.rolbypassrls`
