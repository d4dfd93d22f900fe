/** Catalogue queries: functions, procedures, aggregates, operators and casts. */
import {
  comment,
  grants,
  isNotBuiltIn,
  isNotFromExtension,
  isUserSchema,
  sortedList,
} from './catalog-fragments.ts'

/** Constructor functions of range types hang on their type. */
const isNotTypeConstructor = `not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass
  and d.objid = p.oid and d.deptype = 'i')`

const isUserRoutine = `${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_proc', 'p.oid')} and ${isNotTypeConstructor}`

const signature = `
  pg_get_function_arguments(p.oid) as arguments,
  pg_get_function_result(p.oid) as returns`

const planning = `
  case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
  case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end as parallel`

const ownership = `
  pg_get_userbyid(p.proowner)::text as owner, ${grants('p.proacl', `'f'`, 'p.proowner')} as grants,
  ${comment('pg_proc', 'p.oid')} as comment`

/** Functions and procedures. The body of a BEGIN ATOMIC function is deparsed, so its names are qualified. */
export const routineQuery = `select
  case p.prokind when 'p' then 'procedure' when 'w' then 'window function' else 'function' end as kind,
  p.oid::regprocedure::text as identity,${signature},
  (select l.lanname::text from pg_language l where l.oid = p.prolang) as language,
  coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body, p.probin as library,${planning},
  case when p.prosecdef then 'definer' else 'invoker' end as security,
  case when p.proisstrict then 'strict' else 'called on null input' end as strict,
  case when p.proleakproof then 'leakproof' else 'not leakproof' end as leakproof,
  ${sortedList('p.proconfig')} as config,
  p.procost::text as cost, nullif(p.prorows, 0)::text as rows, nullif(p.prosupport::oid, 0)::regproc::text as support,
  (select array_agg(format_type(ty, null) order by format_type(ty, null)) from unnest(p.protrftypes) ty) as transforms,${ownership}
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.prokind <> 'a' and ${isUserRoutine}`

/** Aggregates, with the functions that make them. */
export const aggregateQuery = `select 'aggregate' as kind, p.oid::regprocedure::text as identity,${signature},
  (select array_agg(part order by part) from unnest(array[
    'transition ' || a.aggtransfn::text, 'state ' || format_type(a.aggtranstype, null), 'initial ' || a.agginitval,
    'final ' || nullif(a.aggfinalfn::oid, 0)::regproc, 'combine ' || nullif(a.aggcombinefn::oid, 0)::regproc,
    'serialize ' || nullif(a.aggserialfn::oid, 0)::regproc, 'deserialize ' || nullif(a.aggdeserialfn::oid, 0)::regproc,
    'moving transition ' || nullif(a.aggmtransfn::oid, 0)::regproc, 'moving inverse ' || nullif(a.aggminvtransfn::oid, 0)::regproc,
    'moving state ' || format_type(nullif(a.aggmtranstype, 0), null), 'moving initial ' || a.aggminitval,
    'moving final ' || nullif(a.aggmfinalfn::oid, 0)::regproc,
    'sort operator ' || nullif(a.aggsortop, 0)::regoperator, 'kind ' || a.aggkind::text,
    'final modify ' || a.aggfinalmodify::text, 'state size ' || nullif(a.aggtransspace, 0)]) part where part is not null) as definition,${planning},${ownership}
from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid join pg_namespace n on n.oid = p.pronamespace
where ${isUserRoutine}`

/** Operators. */
export const operatorQuery = `select 'operator' as kind, o.oid::regoperator::text as identity,
  o.oprcode::text as function, nullif(o.oprcom, 0)::regoperator::text as commutator,
  nullif(o.oprnegate, 0)::regoperator::text as negator, nullif(o.oprrest::oid, 0)::regproc::text as restrict,
  nullif(o.oprjoin::oid, 0)::regproc::text as "join",
  concat_ws(', ', case when o.oprcanhash then 'hashes' end, case when o.oprcanmerge then 'merges' end) as strategies,
  pg_get_userbyid(o.oprowner)::text as owner, ${comment('pg_operator', 'o.oid')} as comment
from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_operator', 'o.oid')}`

/** Operator classes with the operators and support functions of their family for the class's own type. */
export const operatorClassQuery = `select 'operator class' as kind,
  format('%I.%I using %I', n.nspname, oc.opcname, am.amname) as identity,
  format_type(oc.opcintype, null) as type, case when oc.opcdefault then 'default' end as "default",
  (select format('%I.%I', fn.nspname, f.opfname) from pg_opfamily f join pg_namespace fn on fn.oid = f.opfnamespace
    where f.oid = oc.opcfamily) as family,
  case when oc.opckeytype <> 0 then format_type(oc.opckeytype, null) end as storage,
  (select array_agg(format('%s %s %s', o.amopstrategy, o.amopopr::regoperator, o.amoppurpose) order by o.amopstrategy, o.amopopr::regoperator::text)
    from pg_amop o where o.amopfamily = oc.opcfamily and o.amoplefttype = oc.opcintype) as operators,
  (select array_agg(format('%s %s', s.amprocnum, s.amproc::oid::regprocedure) order by s.amprocnum, s.amproc::oid::regprocedure::text)
    from pg_amproc s where s.amprocfamily = oc.opcfamily and s.amproclefttype = oc.opcintype) as functions,
  pg_get_userbyid(oc.opcowner)::text as owner, ${comment('pg_opclass', 'oc.oid')} as comment
from pg_opclass oc join pg_namespace n on n.oid = oc.opcnamespace join pg_am am on am.oid = oc.opcmethod
where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_opclass', 'oc.oid')}`

/** Casts that somebody created; they live in no schema. */
export const castQuery = `select 'cast' as kind, format('%s as %s', format_type(c.castsource, null), format_type(c.casttarget, null)) as identity,
  case c.castmethod when 'f' then c.castfunc::regprocedure::text when 'i' then 'through text' else 'binary coercible' end as method,
  case c.castcontext when 'e' then 'explicit' when 'a' then 'in assignments' else 'implicit' end as context,
  ${comment('pg_cast', 'c.oid')} as comment
from pg_cast c where ${isNotBuiltIn('c.oid')} and ${isNotFromExtension('pg_cast', 'c.oid')}`
