import type { BrokerFunction } from './broker-function.ts'

/** Catalogues whose objects can be given away, with the column of the owner. */
const ownerColumns: Readonly<Record<string, string>> = {
  pg_class: 'relowner',
  pg_namespace: 'nspowner',
  pg_type: 'typowner',
  pg_proc: 'proowner',
  pg_operator: 'oprowner',
  pg_collation: 'collowner',
  pg_conversion: 'conowner',
  pg_statistic_ext: 'stxowner',
  pg_ts_config: 'cfgowner',
  pg_ts_dict: 'dictowner',
  pg_foreign_server: 'srvowner',
  pg_publication: 'pubowner',
}

const currentOwner = Object.entries(ownerColumns)
  .map(
    ([catalogue, column]) =>
      `when '${catalogue}'::regclass then (select ${column} from ${catalogue} where oid = object)`,
  )
  .join('\n')

/** Rights of a role that whoever gives an object to it could gain: a definer function runs as its owner. */
const isPowerful = `
  exists (
    select from pg_roles power
     where pg_has_role(receiver, power.oid, 'MEMBER')
       and (power.rolsuper or power.rolreplication or power.rolbypassrls or power.rolname like 'pg\\_%'
            or power.rolcreaterole and not (select rolcreaterole from pg_roles where rolname = session_user)))
  and not pg_has_role(session_user, receiver, 'MEMBER')`

/**
 * OWNER TO a role that may not create in the object's schema, which superusers may do. The object must belong
 * to the migrator. Ownership never goes to a more powerful role: then the object stays where it is, though
 * the command runs and takes its locks, and a notice says so (dumps: OWNER TO postgres).
 */
export const alterOwnerFunctions: readonly BrokerFunction[] = [
  {
    name: 'alter_owner',
    parameters: 'catalogue regclass, object oid, new_owner text',
    declare: 'kind text; identity text; owner oid; receiver oid; migrator name := session_user;',
    body: `
      if object is null then
        raise notice 'relation does not exist, skipping'; -- ALTER TABLE IF EXISTS
        return;
      end if;
      owner := case catalogue ${currentOwner} end;
      if owner is null then
        raise undefined_object using message = 'this object has no owner that could be changed';
      end if;
      select i.type, i.identity into kind, identity from pg_identify_object(catalogue, object, 0) i;
      if not pg_has_role(migrator, owner, 'USAGE') then
        raise insufficient_privilege using message = format('must be owner of %s %s', kind, identity);
      end if;
      receiver := (select oid from pg_roles where rolname = new_owner);
      if receiver is null then
        raise undefined_object using message = format('role "%s" does not exist', new_owner);
      end if;
      if ${isPowerful} then
        raise notice '% % keeps its owner during the rehearsal: % has more rights than the migrator',
          kind, identity, quote_ident(new_owner);
        receiver := owner;
      end if;
      execute format('alter %s %s owner to %I',
        case kind when 'statistics object' then 'statistics' else kind end, identity,
        (select rolname from pg_roles where oid = receiver));
      -- Before PG 16 CREATE ROLE does not make its creator a member, who then could not touch the object again.
      if current_setting('server_version_num')::int < 160000
         and (select rolcreaterole from pg_roles where rolname = migrator)
         and not pg_has_role(migrator, receiver, 'MEMBER') then
        execute format('grant %I to %I', new_owner, migrator);
      end if;`,
  },
]
