import { refuse, type BrokerFunction } from './broker-function.ts'
import { toolSchema } from './event-triggers.ts'

const requireForeignEventTrigger = (name: string) => `
  if ${name} like '${toolSchema}\\_%' then ${refuse('event trigger %I belongs to the rehearsal', name)} end if;`

/** Event triggers exist, can be altered, commented on and dropped, but never fire. */
export const eventTriggerFunctions: readonly BrokerFunction[] = [
  {
    name: 'create_event_trigger',
    parameters: 'name text, event text, tags text[], function regprocedure',
    body: `
      ${requireForeignEventTrigger('name')}
      execute format('create event trigger %I on %I%s execute function %s', name, event,
        case when tags is not null then
          (select format(' when tag in (%s)', string_agg(quote_literal(tag), ', ')) from unnest(tags) tag)
        else '' end, function);
      execute format('alter event trigger %I disable', name);
      raise notice 'event trigger % is created, but does not fire during the rehearsal', quote_ident(name);`,
  },
  {
    name: 'alter_event_trigger',
    parameters: 'name text, new_name text',
    body: `
      ${requireForeignEventTrigger('name')}
      if not exists (select from pg_event_trigger where evtname = name) then
        raise undefined_object using message = format('event trigger "%s" does not exist', name);
      end if;
      if new_name is not null then
        ${requireForeignEventTrigger('new_name')}
        execute format('alter event trigger %I rename to %I', name, new_name);
      end if;`,
  },
  {
    name: 'drop_event_triggers',
    parameters: 'names text[], missing_ok bool, cascade bool',
    declare: 'name text;',
    body: `
      foreach name in array names loop
        ${requireForeignEventTrigger('name')}
        execute format('drop event trigger %s%I%s', case when missing_ok then 'if exists ' else '' end, name,
          case when cascade then ' cascade' else '' end);
      end loop;`,
  },
  {
    name: 'comment_on_event_trigger',
    parameters: 'name text, comment text',
    body: `
      ${requireForeignEventTrigger('name')}
      execute format('comment on event trigger %I is %L', name, comment);`,
  },
]

const publicationOptions = `
  (select string_agg(format('%I', o.key) || coalesce(' = ' || quote_literal(o.value), ''), ', ')
     from json_to_recordset(options) as o (key text, value text))`

const requireOurPublication = (name: string) => `
  if exists (select from pg_publication p where p.pubname = ${name}
              and p.pubowner not in (session_user::regrole, current_user::regrole)
              and not pg_has_role(session_user, p.pubowner, 'USAGE')) then
    ${refuse('must be owner of publication %I', name)}
  end if;`

/** Publications for all tables or whole schemas. */
export const publicationFunctions: readonly BrokerFunction[] = [
  {
    // Its owner must stay a superuser: FOR ALL TABLES and FOR TABLES IN SCHEMA ask for one.
    name: 'create_publication',
    parameters: 'name text, schemas text[], options json',
    body: `
      execute format('create publication %I for %s%s', name,
        coalesce((select 'tables in schema ' || string_agg(quote_ident(s), ', ') from unnest(schemas) s),
          'all tables'),
        coalesce(' with (' || ${publicationOptions} || ')', ''));`,
  },
  {
    name: 'alter_publication',
    parameters: 'name text, new_name text, options json',
    body: `
      ${requireOurPublication('name')}
      if options is not null then
        execute format('alter publication %I set (%s)', name, ${publicationOptions});
      end if;
      if new_name is not null then execute format('alter publication %I rename to %I', name, new_name); end if;`,
  },
  {
    name: 'drop_publications',
    parameters: 'names text[], missing_ok bool, cascade bool',
    declare: 'name text;',
    body: `
      foreach name in array names loop
        ${requireOurPublication('name')}
        execute format('drop publication %s%I%s', case when missing_ok then 'if exists ' else '' end, name,
          case when cascade then ' cascade' else '' end);
      end loop;`,
  },
  {
    name: 'comment_on_publication',
    parameters: 'name text, comment text',
    body: `
      ${requireOurPublication('name')}
      execute format('comment on publication %I is %L', name, comment);`,
  },
]
