/** Pieces of SQL that the catalogue queries share. Arguments are our own SQL, never user input. */

/** Is this schema the users'? Names that begin with pg_ are reserved; `pgrehearse` is ours. */
export function isUserSchema(nspname: string): string {
  return `(${nspname} !~ '^pg_' and ${nspname} not in ('information_schema', 'pgrehearse'))`
}

/** False for members of extensions. */
export function isNotFromExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend extension_member where extension_member.deptype = 'e'
    and extension_member.classid = '${catalog}'::regclass and extension_member.objid = ${oid})`
}

/** Objects that initdb made have smaller ids (FirstNormalObjectId, access/transam.h). */
export function isNotBuiltIn(oid: string): string {
  return `${oid} >= 16384`
}

/** The object's comment. */
export function comment(catalog: string, oid: string, column = '0'): string {
  return `(select de.description from pg_description de where de.objoid = ${oid}
    and de.classoid = '${catalog}'::regclass and de.objsubid = ${column})`
}

/** A text[] of sorted `name=value` settings; null when there are none. */
export function sortedList(textArray: string): string {
  return `(select array_agg(item order by item) from unnest(${textArray}) item)`
}

/**
 * Privileges that differ from what the owner and PUBLIC have by default, as sorted lines such as
 * `SELECT to app`, `SELECT to app with grant option`, `no EXECUTE to PUBLIC`. The owner is called `owner`,
 * so that a change of owner is one difference and not two. Null when all is default, which is also what an
 * explicit acl that equals the default gives (GRANT followed by REVOKE leaves one behind).
 * @param type object type as acldefault() takes it
 */
export function grants(acl: string, type: string, owner: string): string {
  return `case when ${acl} is not null then ${grantDifferences(acl, `acldefault(${type}, ${owner})`, owner)} end`
}

/** Like {@link grants}, against any default. */
export function grantDifferences(acl: string, defaults: string, owner: string): string {
  const grantee = `case x.grantee when 0 then 'PUBLIC' when ${owner} then 'owner' else quote_ident(pg_get_userbyid(x.grantee)) end`
  return `(select array_agg(line order by line) from (
    select x.privilege_type || ' to ' || ${grantee}
      || case when x.is_grantable then ' with grant option' else '' end
      || case when x.grantor <> ${owner} then ' by ' || quote_ident(pg_get_userbyid(x.grantor)) else '' end as line
    from (select * from aclexplode(${acl}) except select * from aclexplode(${defaults})) x
    union all
    select 'no ' || x.privilege_type || ' to ' || ${grantee}
    from (select grantee, privilege_type from aclexplode(${defaults})
      except select grantee, privilege_type from aclexplode(${acl})) x) lines)`
}
