/** Catalogue queries: schemas, extensions, publications and what else belongs to the database as a whole. */
import {
  comment,
  grantDifferences,
  grants,
  isNotFromExtension,
  isUserSchema,
  sortedList,
} from './catalog-fragments.ts'

/** Schemas. */
export const schemaQuery = `select 'schema' as kind, quote_ident(n.nspname) as identity,
  pg_get_userbyid(n.nspowner)::text as owner, ${grants('n.nspacl', `'n'`, 'n.nspowner')} as grants,
  ${comment('pg_namespace', 'n.oid')} as comment
from pg_namespace n where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_namespace', 'n.oid')}`

/** Extensions other than those of our own schema; their version stands for everything they brought. */
export const extensionQuery = `select 'extension' as kind, quote_ident(e.extname) as identity,
  'version ' || e.extversion as version, quote_ident(n.nspname) as schema, ${comment('pg_extension', 'e.oid')} as comment
from pg_extension e join pg_namespace n on n.oid = e.extnamespace where n.nspname <> 'pgrehearse'`

/** Extended statistics: what is to be collected, not what was. Their columns are kept in the table's order, hence sorted. */
export const statisticsQuery = `select 'statistics' as kind, format('%I.%I', n.nspname, s.stxname) as identity,
  s.stxrelid::regclass::text as "table",
  (select array_agg(item order by item) from (
    select quote_ident(a.attname) as item from pg_attribute a where a.attrelid = s.stxrelid and a.attnum = any (s.stxkeys::int2[])
    union all select unnest(pg_get_statisticsobjdef_expressions(s.oid))) items) as "on",
  (select array_agg(kind order by kind) from (select case letter when 'd' then 'ndistinct' when 'f' then 'dependencies'
    when 'm' then 'mcv' else 'expressions' end as kind from unnest(s.stxkind) letter) kinds) as kinds,
  case when s.stxstattarget >= 0 then s.stxstattarget::text end as "statistics target",
  pg_get_userbyid(s.stxowner)::text as owner, ${comment('pg_statistic_ext', 's.oid')} as comment
from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_statistic_ext', 's.oid')}`

/** Event triggers, except those that call functions of our own schema. */
export const eventTriggerQuery = `select 'event trigger' as kind, quote_ident(e.evtname) as identity,
  e.evtevent::text as event, e.evtfoid::regprocedure::text as function, ${sortedList('e.evttags')} as tags,
  case e.evtenabled when 'O' then 'enabled' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end as enabled,
  pg_get_userbyid(e.evtowner)::text as owner, ${comment('pg_event_trigger', 'e.oid')} as comment
from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid join pg_namespace n on n.oid = p.pronamespace
where n.nspname <> 'pgrehearse' and ${isNotFromExtension('pg_event_trigger', 'e.oid')}`

/** Publications and what they publish. Column lists, row filters and schemas came in 15, generated columns in 18. */
export function publicationQuery(major: number): string {
  const tables =
    major >= 15
      ? `select format('table %s%s%s', r.prrelid::regclass, ' (' || (select string_agg(quote_ident(a.attname), ', ' order by a.attname)
          from pg_attribute a where a.attrelid = r.prrelid and a.attnum = any (r.prattrs::int2[])) || ')',
        ' where ' || pg_get_expr(r.prqual, r.prrelid)) as member from pg_publication_rel r where r.prpubid = p.oid
        union all select format('schema %s', r.pnnspid::regnamespace) from pg_publication_namespace r where r.pnpubid = p.oid`
      : `select format('table %s', r.prrelid::regclass) as member from pg_publication_rel r where r.prpubid = p.oid`
  return `select 'publication' as kind, quote_ident(p.pubname) as identity,
  case when p.puballtables then 'all tables' end as scope,
  (select array_agg(member order by member) from (${tables}) members) as members,
  concat_ws(', ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
    case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end) as operations,
  case when p.pubviaroot then 'yes' else 'no' end as "via root",
  nullif(to_jsonb(p) ->> 'pubgencols', 'n') as "generated columns",
  pg_get_userbyid(p.pubowner)::text as owner, ${comment('pg_publication', 'p.oid')} as comment
from pg_publication p where ${isNotFromExtension('pg_publication', 'p.oid')}`
}

/** Subscriptions of this database, without their connection string: it may hold a password and superusers alone read it. */
export const subscriptionQuery = `select 'subscription' as kind, quote_ident(s.subname) as identity,
  (select array_agg(item order by item) from unnest(s.subpublications) item) as publications,
  case when s.subenabled then 'enabled' else 'disabled' end as enabled, s.subslotname::text as slot,
  pg_get_userbyid(s.subowner)::text as owner
from pg_subscription s where s.subdbid = (select oid from pg_database where datname = current_database())`

const defaultAclTypes = `case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
  when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end`

/**
 * ALTER DEFAULT PRIVILEGES. Without a schema the entry is the whole acl and is compared with the built-in default;
 * with one it only adds (catalog/pg_default_acl.h).
 */
export const defaultPrivilegesQuery = `select * from (select 'default privileges' as kind,
  format('for role %I%s on %s', pg_get_userbyid(d.defaclrole), ' in schema ' || quote_ident(n.nspname), ${defaultAclTypes}) as identity,
  ${grantDifferences(
    'd.defaclacl',
    `case when d.defaclnamespace = 0 then acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole) end`,
    'd.defaclrole',
  )} as grants
from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace) entries where grants is not null`

/** Foreign-data wrappers. */
export const foreignWrapperQuery = `select 'foreign-data wrapper' as kind, quote_ident(w.fdwname) as identity,
  nullif(w.fdwhandler, 0)::regproc::text as handler, nullif(w.fdwvalidator, 0)::regproc::text as validator,
  ${sortedList('w.fdwoptions')} as options, pg_get_userbyid(w.fdwowner)::text as owner,
  ${grants('w.fdwacl', `'F'`, 'w.fdwowner')} as grants, ${comment('pg_foreign_data_wrapper', 'w.oid')} as comment
from pg_foreign_data_wrapper w where ${isNotFromExtension('pg_foreign_data_wrapper', 'w.oid')}`

/** Foreign servers. */
export const foreignServerQuery = `select 'foreign server' as kind, quote_ident(s.srvname) as identity,
  (select quote_ident(w.fdwname) from pg_foreign_data_wrapper w where w.oid = s.srvfdw) as wrapper,
  s.srvtype as type, s.srvversion as version, ${sortedList('s.srvoptions')} as options,
  pg_get_userbyid(s.srvowner)::text as owner, ${grants('s.srvacl', `'S'`, 's.srvowner')} as grants,
  ${comment('pg_foreign_server', 's.oid')} as comment
from pg_foreign_server s where ${isNotFromExtension('pg_foreign_server', 's.oid')}`

/** User mappings: who is mapped and by which options, never their values. */
export const userMappingQuery = `select 'user mapping' as kind,
  format('for %s server %I', case u.umuser when 0 then 'PUBLIC' else quote_ident(u.usename) end, u.srvname) as identity,
  (select array_agg(split_part(item, '=', 1) order by item) from unnest(u.umoptions) item) as "option names"
from pg_user_mappings u`
