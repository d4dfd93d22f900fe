/** Catalogue queries: types, collations, text search. */
import { comment, grants, isNotFromExtension, isUserSchema } from './catalog-fragments.ts'

/** Attributes of a composite type in their order: `'(1,2)'::pair` depends on it. */
const attributes = `(select array_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
    case when a.attcollation <> at.typcollation and a.attcollation <> 0 then ' collate ' || a.attcollation::regcollation::text end) order by a.attnum)
  from pg_attribute a join pg_type at on at.oid = a.atttypid
  where a.attrelid = nullif(t.typrelid, 0) and a.attnum > 0 and not a.attisdropped)`

const rangeFacts = `(select array[format('subtype %s', format_type(r.rngsubtype, null)),
    format('operator class %I', oc.opcname), format('collation %s', nullif(r.rngcollation, 0)::regcollation),
    format('canonical %s', nullif(r.rngcanonical::oid, 0)::regproc), format('difference %s', nullif(r.rngsubdiff::oid, 0)::regproc),
    format('multirange %s', format_type(r.rngmultitypid, null))]
  from pg_range r join pg_opclass oc on oc.oid = r.rngsubopc where r.rngtypid = t.oid)`

const baseFacts = `array[format('input %s', t.typinput), format('output %s', t.typoutput),
  format('length %s alignment %s storage %s by value %s', t.typlen, t.typalign, t.typstorage, t.typbyval),
  format('category %s preferred %s delimiter %s', t.typcategory, t.typispreferred, t.typdelim)]`

/**
 * Enums, domains, composite, range and base types. Row types of tables, array types and multiranges come with
 * their owners and are left out.
 */
export const typeQuery = `select
  case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite type' when 'r' then 'range type' else 'type' end as kind,
  format('%I.%I', n.nspname, t.typname) as identity,
  case when t.typtype = 'e' then (select array_agg(quote_literal(e.enumlabel) order by e.enumsortorder)
    from pg_enum e where e.enumtypid = t.oid) end as labels,
  case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end as type,
  case when t.typtype = 'd' and t.typcollation not in (0, (select b.typcollation from pg_type b where b.oid = t.typbasetype))
    then 'collate ' || t.typcollation::regcollation::text end as collation,
  case when t.typtype = 'd' and t.typnotnull then 'not null' end as "not null",
  case when t.typtype = 'd' then 'default ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) end as "default",
  ${attributes} as attributes,
  ${rangeFacts} as range,
  case when t.typtype = 'b' then ${baseFacts} end as definition,
  pg_get_userbyid(t.typowner)::text as owner, ${grants('t.typacl', `'T'`, 't.typowner')} as grants,
  ${comment('pg_type', 't.oid')} as comment
from pg_type t join pg_namespace n on n.oid = t.typnamespace
where t.typtype in ('e', 'd', 'c', 'r', 'b')
  and (t.typrelid = 0 or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
  and not exists (select from pg_type element where element.typarray = t.oid)
  and ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_type', 't.oid')}`

/** Collations. The columns for the locale changed names in 15 and 17, hence jsonb; versions are the machine's. */
export const collationQuery = `select 'collation' as kind, format('%I.%I', n.nspname, c.collname) as identity,
  c.collprovider::text as provider,
  coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', c.collcollate) as locale, c.collctype as ctype,
  to_jsonb(c) ->> 'collicurules' as rules,
  case when c.collisdeterministic then 'deterministic' else 'nondeterministic' end as deterministic,
  pg_get_userbyid(c.collowner)::text as owner, ${comment('pg_collation', 'c.oid')} as comment
from pg_collation c join pg_namespace n on n.oid = c.collnamespace
where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_collation', 'c.oid')}`

/** Text search configurations with their mappings. */
export const textSearchConfigurationQuery = `select 'text search configuration' as kind,
  format('%I.%I', n.nspname, c.cfgname) as identity,
  (select format('%I.%I', pn.nspname, p.prsname) from pg_ts_parser p join pg_namespace pn on pn.oid = p.prsnamespace
    where p.oid = c.cfgparser) as parser,
  (select array_agg(line order by line) from (select format('%s: %s', token.alias,
      string_agg(m.mapdict::regdictionary::text, ', ' order by m.mapseqno)) as line
    from pg_ts_config_map m join ts_token_type(c.cfgparser) token on token.tokid = m.maptokentype
    where m.mapcfg = c.oid group by token.alias) mappings) as mappings,
  pg_get_userbyid(c.cfgowner)::text as owner, ${comment('pg_ts_config', 'c.oid')} as comment
from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace
where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_ts_config', 'c.oid')}`

/** Text search dictionaries. */
export const textSearchDictionaryQuery = `select 'text search dictionary' as kind,
  format('%I.%I', n.nspname, d.dictname) as identity,
  (select format('%I.%I', tn.nspname, t.tmplname) from pg_ts_template t join pg_namespace tn on tn.oid = t.tmplnamespace
    where t.oid = d.dicttemplate) as template,
  d.dictinitoption as options, pg_get_userbyid(d.dictowner)::text as owner, ${comment('pg_ts_dict', 'd.oid')} as comment
from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace
where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_ts_dict', 'd.oid')}`
