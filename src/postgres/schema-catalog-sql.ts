/**
 * The SQL behind `SchemaCatalog` (core/schema-catalog.ts): one query per catalogue, each with one JSON array of plain
 * rows, in ids and column numbers where the reader can put names in their place. Written for `search_path = pg_catalog`,
 * under which the deparse functions qualify every name.
 */
import { comment, isNotFromExtension, isUserSchema, sortedList } from './catalog-fragments.ts'

/** Rows by catalogue, as the queries of {@link schemaCatalogQueries} give them, in this order. */
export const catalogRowKinds = [
  'tables',
  'columns',
  'constraints',
  'indexes',
  'triggers',
  'policies',
  'parents',
  'routines',
  'sequences',
  'types',
  'extensions',
  'schemas',
  'publications',
] as const

export type CatalogRowKind = (typeof catalogRowKinds)[number]

const isUserRelation = `${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_class', 'c.oid')}`
const hasColumns = `c.relkind in ('r', 'p', 'f', 'v', 'm')`

/** Rights of everybody but the owner, those that come by default included (EXECUTE on functions to PUBLIC). */
function rights(acl: string, fallback: string, owner: string): string {
  return `(select json_agg(json_build_object('grantee', grantee, 'privileges', privileges) order by grantee) from (
    select case x.grantee when 0 then 'PUBLIC' else pg_get_userbyid(x.grantee)::text end as grantee,
      array_agg(distinct x.privilege_type order by x.privilege_type) as privileges
    from aclexplode(coalesce(${acl}, ${fallback})) x where x.grantee <> ${owner} group by x.grantee) rights)`
}

/** The same where nothing is granted by default: without looking at those that have no acl. */
function grantsOnly(acl: string, owner: string): string {
  return `case when ${acl} is not null then ${rights(acl, `'{}'::aclitem[]`, owner)} end`
}

function rows(item: string, from: string): string {
  return `select coalesce(json_agg(${item}), '[]')::text as items from ${from}`
}

const tableRows = rows(
  `json_build_object('id', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'relkind', c.relkind,
    'persistence', c.relpersistence, 'options', ${sortedList('c.reloptions')}, 'owner', pg_get_userbyid(c.relowner)::text,
    'rowSecurity', c.relrowsecurity, 'forced', c.relforcerowsecurity, 'replicaIdentity', c.relreplident,
    'definition', case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
    'grants', ${grantsOnly('c.relacl', 'c.relowner')}, 'comment', ${comment('pg_class', 'c.oid')})`,
  `pg_class c join pg_namespace n on n.oid = c.relnamespace where ${hasColumns} and ${isUserRelation}`,
)

const columnRows = rows(
  `json_build_object('table', c.oid::int8, 'name', a.attname, 'number', a.attnum,
    'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
    'collation', case when a.attcollation not in (0, t.typcollation) then
      (select co.collname from pg_collation co where co.oid = a.attcollation) end,
    'default', case when a.atthasdef then (select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d
      where d.adrelid = a.attrelid and d.adnum = a.attnum) end,
    'identity', a.attidentity, 'generated', a.attgenerated, 'isLocal', a.attislocal,
    'grants', ${grantsOnly('a.attacl', 'c.relowner')},
    'comment', ${comment('pg_class', 'c.oid', 'a.attnum')}) order by a.attrelid, a.attnum`,
  `pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
    where a.attnum > 0 and not a.attisdropped and ${hasColumns} and ${isUserRelation}`,
)

/**
 * `conenforced` exists since 18. Where a foreign key points to a partitioned table, it has copies on its own table that
 * point to each partition (addFkRecurseReferenced, tablecmds.c): these are left out.
 */
const constraintRows = (major: number): string =>
  rows(
    `json_build_object('table', con.conrelid::int8, 'name', con.conname, 'contype', con.contype, 'columns', con.conkey,
    'isValidated', con.convalidated, 'isEnforced', ${major >= 18 ? 'con.conenforced' : 'true'},
    'isInherited', con.coninhcount > 0, 'definition', case when con.contype <> 'n' then pg_get_constraintdef(con.oid) end, 'isDeferrable', con.condeferrable,
    'index', case when con.contype in ('p', 'u', 'x') then con.conindid::int8 end,
    'referenced', nullif(con.confrelid, 0)::int8, 'referencedColumns', con.confkey,
    'onDelete', con.confdeltype, 'onUpdate', con.confupdtype,
    'comment', ${comment('pg_constraint', 'con.oid')}) order by con.conrelid, con.oid`,
    `pg_constraint con join pg_class c on c.oid = con.conrelid join pg_namespace n on n.oid = c.relnamespace
    where con.contype in ('p', 'u', 'x', 'c', 'f', 'n') and ${isUserRelation}
      and not (con.contype = 'f' and con.conparentid <> 0
        and (select parent.conrelid from pg_constraint parent where parent.oid = con.conparentid) = con.conrelid)`,
  )

/**
 * Looked up one by one: a join reads all of pg_opclass and pg_collation for each index.
 * Told are operator classes other than the type's default ones, and collations other than the column's own, by place.
 */
const indexRows = (major: number): string =>
  rows(
    `json_build_object('id', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'table', i.indrelid::int8,
    'method', am.amname, 'isUnique', i.indisunique, 'isValid', i.indisvalid, 'keyCount', i.indnkeyatts,
    'columns', i.indkey::text, 'options', i.indoption::text, 'isOrderable', am.amname = 'btree',
    'operatorClasses', (select json_object_agg(k.place, oc.opcname) from unnest(i.indclass::oid[]) with ordinality k(oid, place),
      lateral (select o.opcname, o.opcdefault from pg_opclass o where o.oid = k.oid offset 0) oc where not oc.opcdefault),
    'collations', (select json_object_agg(k.place, (select co.collname from pg_collation co where co.oid = k.oid))
      from unnest(i.indcollation::oid[]) with ordinality k(oid, place) where k.oid <> 0 and k.oid <> coalesce(
        (select ka.attcollation from pg_attribute ka where ka.attrelid = i.indrelid and ka.attnum = i.indkey[k.place - 1]), 100)),
    'expressions', case when i.indexprs is not null then (select json_object_agg(k.place, pg_get_indexdef(i.indexrelid, k.place::int, false))
      from unnest(string_to_array(i.indkey::text, ' ')::int[]) with ordinality k(number, place) where k.number = 0) end,
    'predicate', pg_get_expr(i.indpred, i.indrelid),
    'nullsNotDistinct', ${major >= 15 ? 'i.indnullsnotdistinct' : 'false'}, 'isReplicaIdentity', i.indisreplident,
    'parent', (select format('%s.%s', pn.nspname, pc.relname) from pg_inherits h join pg_class pc on pc.oid = h.inhparent
      join pg_namespace pn on pn.oid = pc.relnamespace where h.inhrelid = c.oid),
    'definition', case when not i.indisprimary then pg_get_indexdef(c.oid) end) order by i.indrelid, c.oid`,
    `pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_am am on am.oid = c.relam
    where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_class', 'i.indrelid')}`,
  )

/**
 * Copies that a partitioned table's trigger has on its partitions are internal ones up to 14 (CloneRowTriggersToPartition);
 * those of foreign keys and deferrable keys are told only where they do not fire as they should.
 */
const triggerRows = rows(
  `json_build_object('table', t.tgrelid::int8, 'name', t.tgname, 'enabled', t.tgenabled,
    'function', (select format('%s.%s', fn.nspname, p.proname) from pg_proc p join pg_namespace fn on fn.oid = p.pronamespace
      where p.oid = t.tgfoid),
    'definition', case when not t.tgisinternal then pg_get_triggerdef(t.oid) end, 'isInherited', t.tgparentid <> 0,
    'constraint', con.conname, 'contype', con.contype) order by t.tgrelid, t.tgname`,
  `pg_trigger t left join pg_constraint con on con.oid = t.tgconstraint join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where (not t.tgisinternal or t.tgconstraint = 0 or t.tgenabled <> 'O') and ${isUserRelation}`,
)

const policyRows = rows(
  `json_build_object('table', p.polrelid::int8, 'name', p.polname, 'isPermissive', p.polpermissive, 'command', p.polcmd,
    'roles', (select array_agg(case role when 0 then 'PUBLIC' else pg_get_userbyid(role)::text end order by role) from unnest(p.polroles) role),
    'using', pg_get_expr(p.polqual, p.polrelid), 'withCheck', pg_get_expr(p.polwithcheck, p.polrelid))
    order by p.polrelid, p.polname`,
  `pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace where ${isUserRelation}`,
)

const parentRows = rows(
  `json_build_object('table', c.oid::int8, 'parent', format('%s.%s', pn.nspname, pc.relname), 'isPartition', c.relispartition)
    order by c.oid, h.inhseqno`,
  `pg_inherits h join pg_class c on c.oid = h.inhrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class pc on pc.oid = h.inhparent join pg_namespace pn on pn.oid = pc.relnamespace
    where c.relkind in ('r', 'p', 'f') and ${isUserRelation}`,
)

/** Constructor functions of range types hang on their type. */
const routineRows = rows(
  `json_build_object('id', p.oid::int8, 'schema', n.nspname, 'name', p.proname, 'prokind', p.prokind,
    'arguments', (select coalesce(json_agg(format_type(k.oid, null) order by k.place), '[]')
      from unnest(p.proargtypes::oid[]) with ordinality k(oid, place)),
    'defaults', p.pronargdefaults, 'isVariadic', p.provariadic <> 0, 'returns', pg_get_function_result(p.oid),
    'language', (select l.lanname from pg_language l where l.oid = p.prolang), 'isSecurityDefiner', p.prosecdef,
    'config', ${sortedList('p.proconfig')}, 'provolatile', p.provolatile, 'isStrict', p.proisstrict,
    'body', coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), 'owner', pg_get_userbyid(p.proowner)::text,
    'grants', ${rights('p.proacl', `acldefault('f', p.proowner)`, 'p.proowner')},
    'comment', ${comment('pg_proc', 'p.oid')}) order by p.oid`,
  `pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_proc', 'p.oid')}
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i')`,
)

/**
 * `drawers` are the columns whose default takes from the sequence. Gathered for all at once: asked for one by one, they
 * take a second for 2000 sequences.
 */
const sequenceRows = rows(
  `json_build_object('id', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'type', format_type(s.seqtypid, null),
    'increment', s.seqincrement::text, 'cycles', s.seqcycle,
    'owner', case when o.objid is not null then
      json_build_object('table', o.refobjid::int8, 'column', o.refobjsubid, 'isIdentity', o.deptype = 'i') end,
    'drawers', drawn.by) order by c.oid`,
  `pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_depend o on o.classid = 'pg_class'::regclass and o.objid = c.oid and o.refclassid = 'pg_class'::regclass
      and o.deptype in ('a', 'i') and o.refobjsubid > 0
    left join (select d.refobjid, json_agg(json_build_object('table', ad.adrelid::int8, 'column', ad.adnum)) as by
      from pg_depend d join pg_attrdef ad on ad.oid = d.objid
      where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjsubid = 0
      group by d.refobjid) drawn on drawn.refobjid = c.oid
    where ${isUserRelation}`,
)

const typeRows = rows(
  `json_build_object('id', t.oid::int8, 'schema', n.nspname, 'name', t.typname, 'typtype', t.typtype,
    'labels', case when t.typtype = 'e' then (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e
      where e.enumtypid = t.oid) end) order by t.oid`,
  `pg_type t join pg_namespace n on n.oid = t.typnamespace
    where (t.typtype in ('e', 'd', 'r')
      or t.typtype = 'c' and exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
      and ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_type', 't.oid')}`,
)

const extensionRows = rows(
  `json_build_object('name', e.extname, 'schema', n.nspname, 'version', e.extversion) order by e.extname`,
  `pg_extension e join pg_namespace n on n.oid = e.extnamespace where n.nspname <> 'pgrehearse'`,
)

const schemaRows = rows(
  `json_build_object('name', n.nspname, 'owner', pg_get_userbyid(n.nspowner)::text,
    'grants', ${grantsOnly('n.nspacl', 'n.nspowner')}) order by n.nspname`,
  `pg_namespace n where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_namespace', 'n.oid')}`,
)

/** The view lists the tables of published schemas and of `FOR ALL TABLES` too. */
const publicationRows = rows(
  `json_build_object('name', p.pubname, 'allTables', p.puballtables, 'insert', p.pubinsert, 'update', p.pubupdate,
    'delete', p.pubdelete, 'truncate', p.pubtruncate,
    'tables', (select coalesce(json_agg(format('%s.%s', t.schemaname, t.tablename) order by t.schemaname, t.tablename), '[]')
      from pg_publication_tables t where t.pubname = p.pubname)) order by p.pubname`,
  `pg_publication p where ${isNotFromExtension('pg_publication', 'p.oid')}`,
)

/**
 * The queries for a server of this major version, in the order of {@link catalogRowKinds}; each gives one row with one
 * text `items`.
 */
export function schemaCatalogQueries(major: number): readonly string[] {
  const queries: Readonly<Record<CatalogRowKind, string>> = {
    tables: tableRows,
    columns: columnRows,
    constraints: constraintRows(major),
    indexes: indexRows(major),
    triggers: triggerRows,
    policies: policyRows,
    parents: parentRows,
    routines: routineRows,
    sequences: sequenceRows,
    types: typeRows,
    extensions: extensionRows,
    schemas: schemaRows,
    publications: publicationRows,
  }
  return catalogRowKinds.map((kind) => queries[kind])
}
