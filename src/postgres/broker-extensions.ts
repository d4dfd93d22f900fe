import { refuse, textList, type BrokerFunction } from './broker-function.ts'
import { brokeredExtensions } from './extensions.ts'

const requireAllowedExtension = (name: string) => `
  if ${name} <> all (${textList(brokeredExtensions)})
     and not exists (select from pg_extension where extname = ${name} and extowner = session_user::regrole) then
    ${refuse('permission denied for extension %I', name)}
  end if;`

/** CREATE, DROP, ALTER and COMMENT ON EXTENSION for the extensions of the allow-list. */
export const extensionFunctions: readonly BrokerFunction[] = [
  {
    name: 'create_extension',
    // creation_schema: current_schema() of the session, which the pinned search path hides from us.
    parameters: 'name text, creation_schema text, schema text, version text, missing_only bool, cascade bool',
    declare: 'wanted text; fixed_schema text; wrapper name;',
    body: `
      for wanted in
        with recursive needed (extension) as (
          select create_extension.name collate "C"
          union
          select unnest(v.requires)::text collate "C" from needed n
            join pg_available_extensions a on a.name = n.extension
            join pg_available_extension_versions v on v.name = a.name and v.version = a.default_version
        ) select extension from needed
      loop
        if wanted <> all (${textList(brokeredExtensions)}) and not exists (
             select from pg_available_extension_versions v where v.name = wanted and v.trusted)
           and not exists (select from pg_extension where extname = wanted) then
          ${refuse('permission denied to create extension %I', 'wanted')}
        end if;
      end loop;
      select v.schema into fixed_schema from pg_available_extension_versions v
        join pg_available_extensions a on a.name = v.name and a.default_version = v.version
       where v.name = create_extension.name;
      execute format('create extension %s%I%s%s%s',
        case when missing_only then 'if not exists ' else '' end, create_extension.name,
        case when schema is not null then format(' schema %I', schema)
             when fixed_schema is null and creation_schema is not null
               then format(' schema %I', creation_schema)
             else '' end,
        case when version is not null then format(' version %L', version) else '' end,
        case when cascade then ' cascade' else '' end);
      for wrapper in
        select w.fdwname from pg_foreign_data_wrapper w
          join pg_depend d on d.classid = 'pg_foreign_data_wrapper'::regclass and d.objid = w.oid
          join pg_extension e on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid
         where e.extname = create_extension.name and d.deptype = 'e'
      loop
        execute format('grant usage on foreign data wrapper %I to %I with grant option', wrapper, session_user);
      end loop;`,
  },
  {
    name: 'drop_extensions',
    parameters: 'names text[], missing_ok bool, cascade bool',
    declare: 'name text;',
    body: `
      foreach name in array names loop ${requireAllowedExtension('name')} end loop;
      execute format('drop extension %s%s%s', case when missing_ok then 'if exists ' else '' end,
        (select string_agg(quote_ident(one), ', ') from unnest(names) one),
        case when cascade then ' cascade' else '' end);`,
  },
  {
    name: 'update_extension',
    parameters: 'name text, version text',
    body: `
      ${requireAllowedExtension('name')}
      execute format('alter extension %I update%s', name,
        case when version is not null then format(' to %L', version) else '' end);`,
  },
  {
    name: 'move_extension',
    parameters: 'name text, schema text',
    body: `
      ${requireAllowedExtension('name')}
      execute format('alter extension %I set schema %I', name, schema);`,
  },
  {
    name: 'comment_on_extension',
    parameters: 'name text, comment text',
    body: `execute format('comment on extension %I is %L', name, comment);`,
  },
]
