/**
 * What decides about locks besides the query itself, read with `search_path = pg_catalog`: all other names come out
 * qualified then. Every statement gives one row per object.
 */

/** Of users, not temporary, no TOAST. */
const isOurs = `c.oid >= 16384 and c.relpersistence <> 't'
  and c.relnamespace not in (select oid from pg_namespace where nspname in ('pgrehearse', 'pg_toast'))`

export const relationsSql = `
select c.oid::int8 as oid, c.relkind, n.nspname as schema, c.relname as name, c.relispartition as is_partition,
  c.relrowsecurity as row_security, i.indrelid::int8 as table_oid,
  case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition,
  case when i.indexprs is not null then pg_get_expr(i.indexprs, i.indrelid) end as index_expressions,
  case when i.indpred is not null then pg_get_expr(i.indpred, i.indrelid) end as index_predicate,
  p.partattrs::int2[] as key_columns,
  case when p.partexprs is not null then pg_get_expr(p.partexprs, p.partrelid) end as key_expressions
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_index i on i.indexrelid = c.oid
left join pg_partitioned_table p on p.partrelid = c.oid
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I') and ${isOurs}
order by c.oid`

export const columnsSql = `
select a.attrelid::int8 as oid, a.attnum::int as number, a.attname as name, a.attgenerated <> '' as generated,
  pg_get_expr(d.adbin, d.adrelid) as default_expression, nullif(a.attidentity, '') as identity,
  case when t.typtype = 'd' then t.oid::int8 end as domain_oid, t.typdefault is not null as type_fills
from pg_attribute a
join pg_class c on c.oid = a.attrelid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_type t on t.oid = a.atttypid
where c.relkind in ('r', 'p', 'v', 'f') and a.attnum > 0 and not a.attisdropped and ${isOurs}
order by a.attrelid, a.attnum`

/** Sequences of identity and serial columns. */
export const sequencesSql = `
select d.objid::int8 as sequence_oid, d.refobjid::int8 as oid, d.refobjsubid::int as number
from pg_depend d join pg_class c on c.oid = d.objid and c.relkind = 'S'
where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
  and d.deptype in ('a', 'i')`

export const inheritsSql = `
select inhrelid::int8 as child, inhparent::int8 as parent from pg_inherits order by inhparent, inhseqno`

/** Those that fire in an ordinary session. */
export const triggersSql = `
select t.tgrelid::int8 as oid, t.tgname as name, t.tgtype::int as type, t.tgisinternal as internal,
  t.tgfoid::int8 as function_oid, p.proname as function_name, t.tgconstraint::int8 as constraint_oid,
  (select array_agg(a.attname::text) from pg_attribute a where a.attrelid = t.tgrelid and a.attnum = any (t.tgattr))
    as columns,
  case when t.tgqual is not null then pg_get_triggerdef(t.oid) end as definition
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
join pg_proc p on p.oid = t.tgfoid
where t.tgenabled in ('O', 'A') and ${isOurs}
order by t.tgrelid, t.tgname`

/** Checks, and what foreign keys refer to. `set_columns`: of ON DELETE SET NULL (…), since 15. */
export function constraintsSql(major: number): string {
  const setColumns = major >= 15 ? 'o.confdelsetcols::int2[]' : 'null::int2[]'
  return `
select o.oid::int8 as oid, o.conparentid::int8 as parent_oid, o.conname as name, o.contype as type, o.conrelid::int8 as table_oid,
  o.contypid::int8 as type_oid, o.confrelid::int8 as referenced_oid, o.conkey::int2[] as columns,
  o.confkey::int2[] as referenced_columns, o.confmatchtype = 'f' as match_full, ${setColumns} as set_columns,
  case when o.contype = 'c' then pg_get_expr(o.conbin, o.conrelid) end as expression
from pg_constraint o
where o.contype in ('c', 'f') and o.oid >= 16384`
}

/** SQL and PL/pgSQL with their text; of aggregates the functions that they are made of. */
export const functionsSql = `
select p.oid::int8 as oid, n.nspname as schema, p.proname as name, p.pronargs::int as arguments,
  p.pronargdefaults::int as defaults, p.provariadic <> 0 as variadic, l.lanname as language,
  case when l.lanname in ('sql', 'plpgsql') and p.prokind <> 'a' then pg_get_functiondef(p.oid) end as definition,
  p.prosrc as source, p.proconfig as settings,
  (select array_remove(array[g.aggtransfn::int8, g.aggfinalfn::int8], 0) from pg_aggregate g where g.aggfnoid = p.oid)
    as parts
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
join pg_language l on l.oid = p.prolang
where p.oid >= 16384 and n.nspname not in ('pgrehearse', 'pg_catalog', 'information_schema')
  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
order by p.oid`

/** CREATE RULE; what makes a view a view is not among them. */
export const rulesSql = `
select r.ev_class::int8 as oid, r.rulename as name, r.ev_type as event, r.is_instead as instead,
  r.ev_qual::text <> '<>' as conditional, pg_get_ruledef(r.oid) as definition
from pg_rewrite r join pg_class c on c.oid = r.ev_class
where r.rulename <> '_RETURN' and r.ev_enabled in ('O', 'A') and ${isOurs}
order by r.ev_class, r.rulename`

export const policiesSql = `
select p.polrelid::int8 as oid, p.polname as name, p.polcmd as command,
  pg_get_expr(p.polqual, p.polrelid) as condition, pg_get_expr(p.polwithcheck, p.polrelid) as check
from pg_policy p order by p.polrelid, p.polname`
