/** Catalogue queries: constraints and indexes. */
import { comment, isNotFromExtension, isUserSchema } from './catalog-fragments.ts'

/** Facts of an index `i` (pg_index) with its pg_class row `ic`; null-safe for constraints without one. */
const indexFacts = `
  case when i.indexrelid is null then null when not i.indislive or not i.indisready then 'not ready'
    when i.indisvalid then 'valid' else 'invalid' end as valid,
  case when i.indisclustered then 'clustered on' end as clustered,
  case when i.indisreplident then 'replica identity' end as "replica identity",
  (select t.spcname::text from pg_tablespace t where t.oid = ic.reltablespace) as tablespace,
  (select array_agg(format('column %s: %s', a.attnum, a.attstattarget) order by a.attnum)
    from pg_attribute a where a.attrelid = i.indexrelid and a.attstattarget >= 0) as "statistics targets",
  (select h.inhparent::regclass::text from pg_inherits h where h.inhrelid = i.indexrelid) as "partition of"`

/** pg_get_constraintdef() ends with the attributes that ALTER CONSTRAINT and VALIDATE change; they are facts of their own. */
const definition = `regexp_replace(pg_get_constraintdef(con.oid),
  '( DEFERRABLE)?( INITIALLY DEFERRED)?( NOT ENFORCED)?( NOT VALID)?$', '')`

/** `conenforced` exists since 18. */
const state = `
  case when con.condeferred then 'deferrable initially deferred' when con.condeferrable then 'deferrable' else 'not deferrable' end as deferrable,
  case when con.convalidated then 'validated' else 'not valid' end as validated,
  case when to_jsonb(con) ->> 'conenforced' = 'false' then 'not enforced' else 'enforced' end as enforced`

/**
 * Table constraints; for primary keys, unique and exclusion constraints with the facts of their index. Foreign keys
 * that partitioning made (conparentid) follow from their parent's, as pg_dump has it. NOT NULL belongs to the column,
 * constraint triggers to the triggers. A foreign key whose triggers were switched off is not checked any more.
 */
export const constraintQuery = `select 'constraint' as kind, format('%I.%I.%I', n.nspname, c.relname, con.conname) as identity,
  ${definition} as definition,${state},
  case when con.connoinherit and con.contype = 'c' then 'no' else 'yes' end as inheritable,
  case when con.coninhcount > 0 and con.contype = 'c' and not c.relispartition
    then case when con.conislocal then 'inherited and local' else 'inherited' end end as inheritance,
  case when con.contype = 'f' then (select array_agg(distinct case t.tgenabled when 'D' then 'disabled' when 'R' then 'replica'
      else 'always' end) from pg_trigger t where t.tgconstraint = con.oid and t.tgenabled <> 'O') end as triggers,
  pg_get_indexdef(i.indexrelid) as "index definition",${indexFacts},
  ${comment('pg_constraint', 'con.oid')} as comment,
  ${comment('pg_class', 'i.indexrelid')} as "index comment"
from pg_constraint con
join pg_class c on c.oid = con.conrelid
join pg_namespace n on n.oid = c.relnamespace
left join pg_index i on i.indexrelid = con.conindid and con.contype in ('p', 'u', 'x')
left join pg_class ic on ic.oid = i.indexrelid
where con.contype in ('c', 'f', 'p', 'u', 'x') and not (con.contype = 'f' and con.conparentid <> 0)
  and ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_class', 'c.oid')}`

/** CHECK constraints of domains. */
export const domainConstraintQuery = `select 'domain constraint' as kind,
  format('%I.%I.%I', n.nspname, t.typname, con.conname) as identity,
  ${definition} as definition,
  case when con.convalidated then 'validated' else 'not valid' end as validated,
  ${comment('pg_constraint', 'con.oid')} as comment
from pg_constraint con join pg_type t on t.oid = con.contypid join pg_namespace n on n.oid = t.typnamespace
where con.contype = 'c' and ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_type', 't.oid')}`

/** Indexes that stand for themselves; those of a constraint are told with it. */
export const indexQuery = `select 'index' as kind, format('%I.%I', n.nspname, ic.relname) as identity,
  'on ' || i.indrelid::regclass::text as "table",
  pg_get_indexdef(i.indexrelid) as definition,${indexFacts},
  ${comment('pg_class', 'i.indexrelid')} as comment
from pg_index i
join pg_class ic on ic.oid = i.indexrelid
join pg_namespace n on n.oid = ic.relnamespace
where not exists (select from pg_constraint con where con.conindid = i.indexrelid and con.contype in ('p', 'u', 'x'))
  and ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_class', 'i.indrelid')}
  and ${isNotFromExtension('pg_class', 'i.indexrelid')}`
