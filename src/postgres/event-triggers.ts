import { escapeLiteral, type Client } from 'pg'

/** One column as pg_attribute has it after a command; dropped ones keep their place. */
export interface EventColumn {
  readonly attnum: number
  readonly name: string
  /** As format_type() prints it. */
  readonly type: string
  readonly notNull: boolean
  readonly hasDefault: boolean
  /** pg_attribute.attidentity: `a` always, `d` by default, empty for none. */
  readonly identity: string
  /** pg_attribute.attgenerated: `s` stored, `v` virtual (PG 18+), empty for none. */
  readonly generated: string
  readonly dropped: boolean
}

/** A relation as a command left it. */
export interface EventRelation {
  readonly schema: string
  readonly name: string
  /** pg_class.relkind */
  readonly relkind: string
  /** Empty for indexes and sequences, and for members of an extension. */
  readonly columns: readonly EventColumn[]
  /** Set where the catalogue was looked at in the place of event triggers (src/replay/catalog-watch.ts). */
  readonly structure?: {
    readonly persistence: string
    readonly accessMethod: string
    readonly signature: string
  }
}

/**
 * A row of pg_event_trigger_ddl_commands(). GRANT and REVOKE name no object: everything but the tag and the
 * type is null there.
 */
export interface CommandEvent {
  readonly event: 'command'
  /** Catalogue of the object, e.g. `pg_class`, `pg_constraint`. */
  readonly classid: string | null
  readonly objid: number | null
  readonly objsubid: number | null
  /** e.g. `ALTER TABLE`; for one statement of several commands each has its own. */
  readonly commandTag: string
  readonly objectType: string
  readonly schema: string | null
  readonly identity: string | null
  /** The name's parts, as pg_identify_object_as_address() gives them: schema, name, column … */
  readonly names: readonly string[] | null
  readonly inExtension: boolean
  readonly relation: EventRelation | null
  /** For an index, constraint, trigger, policy, rule or column default: the table it hangs on, `schema.name`. */
  readonly table: string | null
}

/** A row of pg_event_trigger_dropped_objects(); toast tables and the row types of tables are left out. */
export interface DropEvent {
  readonly event: 'drop'
  readonly classid: string
  readonly objid: number
  readonly objsubid: number
  /** Named by the command itself. */
  readonly original: boolean
  /** Reached through a normal dependency, so only because of CASCADE. */
  readonly normal: boolean
  readonly temporary: boolean
  readonly objectType: string
  readonly schema: string | null
  readonly name: string | null
  readonly identity: string
  readonly names: readonly string[]
}

/** A table is about to be rewritten by ALTER TABLE or ALTER TYPE (not by CLUSTER or VACUUM FULL). */
export interface RewriteEvent {
  readonly event: 'rewrite'
  readonly oid: number
  /** Bits of AT_REWRITE_* in event_trigger.h: 1 persistence, 2 default, 4 column type, 8 access method. */
  readonly reason: number
}

export type DdlEvent = CommandEvent | DropEvent | RewriteEvent

/** Schema that holds everything we install in a database under rehearsal. */
export const toolSchema = 'pgrehearse'

/**
 * What every function of ours is created with. Settings of the session under rehearsal must not reach it:
 * neither the search path, nor how identifiers are printed.
 */
const pinned = `security definer set search_path = pg_catalog, pg_temp set quote_all_identifiers = off
  set plan_cache_mode = force_generic_plan`

// Base 64, because the session may have any client_encoding and a character that it lacks would turn the
// message into an error.
const report = (marker: string, payload: string) =>
  `raise info '%', ${escapeLiteral(`${marker} `)} || encode(convert_to((${payload})::text, 'UTF8'), 'base64');`

const columnsQuery = `
  select json_agg(json_build_object(
           'attnum', attnum, 'name', attname, 'type', format_type(atttypid, atttypmod),
           'notNull', attnotnull, 'hasDefault', atthasdef, 'identity', attidentity,
           'generated', attgenerated, 'dropped', attisdropped) order by attnum)
    from pg_attribute where attrelid = command.objid and attnum > 0`

const commandPayload = `json_build_object(
    'event', 'command', 'classid', command.classid::regclass::text, 'objid', command.objid::int8,
    'objsubid', command.objsubid, 'commandTag', command.command_tag, 'objectType', command.object_type,
    'schema', command.schema_name, 'identity', command.object_identity,
    'names', (pg_identify_object_as_address(command.classid, command.objid, command.objsubid)).object_names,
    'inExtension', command.in_extension, 'relation', relation, 'table', holder)`

/** Catalogues whose objects hang on a table, with the column that says on which. */
const holders = {
  pg_constraint: 'conrelid',
  pg_trigger: 'tgrelid',
  pg_policy: 'polrelid',
  pg_rewrite: 'ev_class',
  pg_attrdef: 'adrelid',
}

const holderQueries = Object.entries(holders)
  .map(
    ([catalogue, column]) => `
      elsif command.classid = '${catalogue}'::regclass then
        select ${column} into holder_id from ${catalogue} where oid = command.objid;`,
  )
  .join('')

const dropPayload = `json_build_object(
    'event', 'drop', 'classid', dropped.classid::regclass::text, 'objid', dropped.objid::int8,
    'objsubid', dropped.objsubid, 'original', dropped.original, 'normal', dropped.normal,
    'temporary', dropped.is_temporary, 'objectType', dropped.object_type, 'schema', dropped.schema_name,
    'name', dropped.object_name, 'identity', dropped.object_identity, 'names', dropped.address_names)`

const rewritePayload = `json_build_object(
    'event', 'rewrite', 'oid', pg_event_trigger_table_rewrite_oid()::int8,
    'reason', pg_event_trigger_table_rewrite_reason())`

/**
 * Small queries one after the other, because a single large one would open every catalogue it mentions for
 * each object: that doubled the time of an ALTER TABLE.
 */
function commandFunction(marker: string): string {
  return `
    declare command record; kind "char"; relation json; columns json; holder_id oid; holder text;
    begin
      for command in select classid, objid, objsubid, command_tag, object_type, schema_name, object_identity,
                            in_extension
                       from pg_event_trigger_ddl_commands() loop
        relation := null; columns := '[]'; holder_id := null; holder := null;
        if command.classid = 'pg_class'::regclass then
          select relkind into kind from pg_class where oid = command.objid;
          if kind in ('i', 'I') then
            select indrelid into holder_id from pg_index where indexrelid = command.objid;
          elsif kind <> 'S' and not command.in_extension then
            ${columnsQuery} into columns;
          end if;
          select json_build_object('schema', n.nspname, 'name', c.relname, 'relkind', kind,
                                   'columns', coalesce(columns, '[]'))
            into relation
            from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = command.objid;
        ${holderQueries}
        end if;
        if holder_id <> 0 then
          select n.nspname || '.' || c.relname into holder
            from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = holder_id;
        end if;
        ${report(marker, commandPayload)}
      end loop;
    end`
}

function dropFunction(marker: string): string {
  return `
    declare dropped record;
    begin
      for dropped in
        select * from pg_event_trigger_dropped_objects()
         where original or normal or object_type not in ('type', 'toast table') and schema_name <> 'pg_toast'
            or schema_name is null
      loop
        ${report(marker, dropPayload)}
      end loop;
    end`
}

const eventTriggers = [
  { event: 'ddl_command_end', body: commandFunction },
  { event: 'sql_drop', body: dropFunction },
  { event: 'table_rewrite', body: (marker: string) => `begin ${report(marker, rewritePayload)} end` },
] as const

/**
 * Makes every session of this database report its DDL as messages of level INFO, which reach the client
 * whatever client_min_messages says; decodeEvent() reads them. Needs a superuser connected to that database.
 *
 * Commands on shared objects (roles, databases, tablespaces) and on event triggers fire no event trigger.
 * The marker tells our messages from a migration's own; it is not a secret, since pg_proc shows it.
 */
export async function installEventTriggers(admin: Client, marker: string): Promise<void> {
  const statements = eventTriggers.flatMap(({ event, body }) => [
    `create or replace function ${toolSchema}.report_${event}() returns event_trigger language plpgsql
       ${pinned} as ${escapeLiteral(body(marker))}`,
    `drop event trigger if exists ${toolSchema}_${event}`,
    `create event trigger ${toolSchema}_${event} on ${event}
       execute function ${toolSchema}.report_${event}()`,
    // ALWAYS: dumps set session_replication_role = replica, which silences ordinary ones.
    `alter event trigger ${toolSchema}_${event} enable always`,
  ])
  await admin.query([`create schema if not exists ${toolSchema}`, ...statements].join(';\n'))
}

/** The event in a server message; undefined when the message is not one of ours. */
export function decodeEvent(marker: string, infoMessage: string): DdlEvent | undefined {
  if (!infoMessage.startsWith(`${marker} `)) return undefined
  const json = Buffer.from(infoMessage.slice(marker.length + 1), 'base64').toString('utf8')
  try {
    return JSON.parse(json) as DdlEvent
  } catch {
    return undefined // a migration printed our marker
  }
}
