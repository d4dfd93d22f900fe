import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import { extensionFunctions } from './broker-extensions.ts'
import type { BrokerFunction } from './broker-function.ts'
import { eventTriggerFunctions, publicationFunctions } from './broker-objects.ts'
import { alterOwnerFunctions } from './broker-owner.ts'
import { toolSchema } from './event-triggers.ts'
import { harmlessParameters } from './roles.ts'

/**
 * Functions that do for the migrator what Postgres reserves to superusers but real migrations contain.
 *
 * They run as their owner, the superuser, so each does one fixed kind of command, quotes every name, pins its
 * search path, and refuses everybody but sessions that logged in as the migrator (whatever role they SET).
 * Event triggers are created but never enabled: their function would run with the rights of whoever runs
 * DDL, ours included. Not brokered at all, because a wrong definition corrupts the server's memory or runs
 * programs: operator classes, base types, casts without function, C functions, languages.
 */
export async function installBroker(admin: Client, migrator: string): Promise<void> {
  const functions = [
    ...extensionFunctions,
    ...eventTriggerFunctions,
    ...publicationFunctions,
    ...alterOwnerFunctions,
  ]
  const statements = [
    `create schema if not exists ${toolSchema}`,
    `grant usage on schema ${toolSchema} to public`,
    ...functions.map((definition) => functionSql(definition, migrator)),
    setParameterSql(migrator),
  ]
  await admin.query(statements.join(';\n'))
}

/** Only the migrator's own sessions: EXECUTE itself must be public, because migrations SET ROLE. */
function guard(migrator: string): string {
  return `if session_user operator(pg_catalog.<>) ${escapeLiteral(migrator)}::pg_catalog.name then
      raise insufficient_privilege using message = 'only the migrator may use the broker';
    end if;`
}

function functionSql({ name, parameters, declare, body }: BrokerFunction, migrator: string): string {
  const source = `declare ${declare ?? ''} begin ${guard(migrator)} ${body} end`
  return `create or replace function ${toolSchema}.${escapeIdentifier(name)}(${parameters}) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as ${escapeLiteral(source)}`
}

/**
 * Without a SET clause: Postgres would undo a SET LOCAL with it when the function ends. So every name in the
 * body is qualified.
 */
function setParameterSql(migrator: string): string {
  const source = `begin
    ${guard(migrator)}
    if name operator(pg_catalog.<>) all (array[${harmlessParameters.map(escapeLiteral).join(', ')}]) then
      raise insufficient_privilege using message =
        pg_catalog.format('permission denied to set parameter "%s"', name);
    end if;
    perform pg_catalog.set_config(name, value, local);
  end`
  return `create or replace function ${toolSchema}.set_parameter(name pg_catalog.text, value pg_catalog.text,
      local pg_catalog.bool) returns pg_catalog.void
    language plpgsql security definer as ${escapeLiteral(source)}`
}
