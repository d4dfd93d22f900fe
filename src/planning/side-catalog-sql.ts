/** What of the catalogue planning needs; asked with search_path=pg_catalog. */

const isPlanned = `c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

export const tablesSql = `
select c.oid, n.nspname as schema, c.relname as name,
       case c.relkind when 'p' then 'partitioned table' when 'm' then 'materialized view' else 'table' end as kind,
       pg_relation_filepath(c.oid) as path, c.relfilenode as filenode,
       case when c.relispartition then (select i.inhparent from pg_inherits i where i.inhrelid = c.oid) end as "partitionOf",
       coalesce((select json_agg(json_build_object('name', k.conname, 'columns',
          (select json_agg(a.attname order by o.place) from unnest(k.conkey) with ordinality o(attnum, place)
             join pg_attribute a on a.attrelid = c.oid and a.attnum = o.attnum)) order by k.conname)
          from pg_constraint k where k.conrelid = c.oid and k.contype = 'f'), '[]') as "foreignKeys"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where ${isPlanned}
 order by n.nspname collate "C", c.relname collate "C"`

/** The names of operator classes are those of the default ones, too: LIKE needs text_pattern_ops where collations are not C. */
export const indexesSql = `
select x.oid, i.indrelid as table, xn.nspname as schema, x.relname as name, am.amname as method,
       x.relkind = 'I' as "isPartitioned", i.indisunique as unique,
       i.indisunique or exists (select from pg_constraint con where con.conindid = x.oid and con.contype in ('p', 'u', 'x')) as enforces,
       i.indisvalid as valid, pg_relation_filepath(x.oid) as path, x.relfilenode as filenode,
       i.indkey::int2[] as attnums,
       (select json_agg(json_strip_nulls(json_build_object(
          'column', a.attname, 'expression', case when i.indkey[k - 1] = 0 then pg_get_indexdef(x.oid, k, true) end,
          'operatorClass', o.opcname)) order by k)
          from generate_series(1, i.indnkeyatts) k
          left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k - 1] and i.indkey[k - 1] <> 0
          left join pg_opclass o on o.oid = i.indclass[k - 1]) as keys,
       pg_get_expr(i.indpred, i.indrelid, true) as predicate,
       pg_get_indexdef(x.oid) as definition
  from pg_index i join pg_class x on x.oid = i.indexrelid join pg_namespace xn on xn.oid = x.relnamespace
  join pg_am am on am.oid = x.relam
  join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
 where ${isPlanned}
 order by xn.nspname collate "C", x.relname collate "C"`

/** Of tables all columns, of indexes those that are expressions. */
export const columnsSql = `
select a.attrelid as relation, a.attnum, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
       a.atttypid as "typeOid", a.attnotnull as "notNull", a.attcollation as collation
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
 where a.attnum > 0 and not a.attisdropped
   and (${isPlanned}
     or c.relkind in ('i', 'I') and n.nspname !~ '^pg_'
        and exists (select from pg_index i where i.indexrelid = c.oid and i.indkey[a.attnum - 1] = 0))
 order by a.attrelid, a.attnum`

/**
 * A superuser reads the values of statistics by the types' input functions. None of these may call what a migration
 * made: a domain checks, a range makes canonical, a composite type has domains in it. So domains are read as what they
 * are made of, and of types that are not Postgres' own only enums and those of extensions whose input is built in.
 */
export const typesSql = `
with recursive resolved as (
  select t.oid as type, t.oid as base, t.typtype, t.typbasetype from pg_type t where t.oid = any($1::oid[])
  union all
  select r.type, t.oid, t.typtype, t.typbasetype from resolved r join pg_type t on t.oid = r.typbasetype
   where r.typtype = 'd'
)
select r.type, b.oid as base, b.typlen as length, eq.amopopr as equals, lt.amopopr as less,
       b.typcategory = 'S' as "isText",
       b.oid not in ('numeric'::regtype, 'float4'::regtype, 'float8'::regtype, 'jsonb'::regtype) as deduplicates,
       b.oid < 16384 or b.typtype = 'e'
         or (b.typelem <> 0 and b.typlen = -1 and exists (select from pg_type e where e.oid = b.typelem
              and (e.oid < 16384 or e.typtype = 'e') and e.typarray = b.oid))
         or (b.typtype = 'b' and b.typelem = 0 and exists (select from pg_proc p join pg_language l on l.oid = p.prolang
              where p.oid = b.typinput and l.lanname = 'internal')) as "isTrusted"
  from resolved r join pg_type b on b.oid = r.base
  left join lateral (
    select o.opcfamily, o.opcintype from pg_opclass o join pg_am am on am.oid = o.opcmethod and am.amname = 'btree'
     where o.opcdefault
       and (o.opcintype = b.oid
         or o.opcintype = case b.typtype when 'e' then 'anyenum'::regtype when 'r' then 'anyrange'::regtype
              when 'm' then to_regtype('anymultirange') when 'c' then 'record'::regtype end
         or (o.opcintype = 'anyarray'::regtype and exists (select from pg_type e where e.typarray = b.oid))
         or exists (select from pg_cast k where k.castsource = b.oid and k.casttarget = o.opcintype
                     and k.castmethod = 'b' and k.castcontext = 'i'))
     order by o.opcintype = b.oid desc, (select t.typispreferred from pg_type t where t.oid = o.opcintype) desc
     limit 1) c on true
  left join pg_amop eq on eq.amopfamily = c.opcfamily and eq.amoplefttype = c.opcintype
       and eq.amoprighttype = c.opcintype and eq.amopstrategy = 3 and eq.amoppurpose = 's'
  left join pg_amop lt on lt.amopfamily = c.opcfamily and lt.amoplefttype = c.opcintype
       and lt.amoprighttype = c.opcintype and lt.amopstrategy = 1 and lt.amoppurpose = 's'
 where r.typtype <> 'd'`
