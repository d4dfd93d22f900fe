/** Catalogue queries: triggers, rules and policies, which hang on a table. */
import { comment, isNotFromExtension, isUserSchema } from './catalog-fragments.ts'

const firing = (column: string): string =>
  `case ${column} when 'O' then 'enabled' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end`

/**
 * Triggers. Copies on partitions (tgparentid) follow from the parent's, unless they were switched on or off
 * on their own: that is what pg_dump looks at, too.
 */
export const triggerQuery = `select 'trigger' as kind, format('%I.%I.%I', n.nspname, c.relname, t.tgname) as identity,
  pg_get_triggerdef(t.oid) as definition, ${firing('t.tgenabled')} as enabled,
  ${comment('pg_trigger', 't.oid')} as comment
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
join pg_namespace n on n.oid = c.relnamespace
left join pg_trigger parent on parent.oid = t.tgparentid
where (t.tgparentid = 0 and not t.tgisinternal
    or t.tgparentid <> 0 and not parent.tgisinternal and t.tgenabled <> parent.tgenabled)
  and ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_trigger', 't.oid')} and ${isNotFromExtension('pg_class', 'c.oid')}`

/** Rewrite rules other than the one that makes a view a view. */
export const ruleQuery = `select 'rule' as kind, format('%I.%I.%I', n.nspname, c.relname, r.rulename) as identity,
  pg_get_ruledef(r.oid) as definition, ${firing('r.ev_enabled')} as enabled, ${comment('pg_rewrite', 'r.oid')} as comment
from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
where r.rulename <> '_RETURN' and ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_class', 'c.oid')}`

/** Row security policies. */
export const policyQuery = `select 'policy' as kind, format('%I.%I.%I', n.nspname, c.relname, p.polname) as identity,
  case when p.polpermissive then 'permissive' else 'restrictive' end as permissive,
  case p.polcmd when 'r' then 'for select' when 'a' then 'for insert' when 'w' then 'for update' when 'd' then 'for delete'
    else 'for all' end as command,
  (select array_agg(role order by role) from (select case member when 0 then 'PUBLIC'
    else quote_ident(pg_get_userbyid(member)) end as role from unnest(p.polroles) member) members) as roles,
  pg_get_expr(p.polqual, p.polrelid) as "using",
  pg_get_expr(p.polwithcheck, p.polrelid) as "with check",
  ${comment('pg_policy', 'p.oid')} as comment
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
where ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_class', 'c.oid')}`
