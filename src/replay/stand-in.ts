import { deparseSync } from 'pgsql-parser'
import { escapeLiteral } from 'pg'
import type { AstNode, Statement } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { brokered, isClusterWide } from './broker.ts'
import { onStubs } from './stub-statements.ts'

/** The SQL to run in a statement's place, or why it must not run at all. */
export type StandIn = { readonly sql: string } | { readonly refused: string }

/**
 * What runs on this server in a statement's place: itself, where the migrator may and nobody else is harmed.
 * @param again the scripts have run on this server before, so that what belongs to the whole server may be there
 */
export function standIn(server: PostgresServer, written: Statement, again: boolean): StandIn {
  const statement = onStubs(server.stubs ?? [], written)
  if ('refused' in statement) return statement
  if (server.kind === 'existing' && isClusterWide(statement, server.foreignRoles)) {
    return {
      refused: 'A statement that changes the whole server is not run on a server that was given to us.',
    }
  }
  if (!server.migratorIsSuperuser) {
    const refused = refusals[statement.tag]
    if (refused !== undefined) return { refused }
  }
  const standing =
    server.kind === 'existing' ? undefined : (ofThisDatabase(statement) ?? withoutTablespace(statement))
  const role = server.migratorIsSuperuser ? undefined : ordinaryRole(statement)
  // roles belong to the whole server: a second attempt finds those of the first
  if (statement.tag === 'CreateRoleStmt' && again) return { sql: unlessItExists(role ?? statement.sql) }
  const detour = server.hasSuperuser && !server.migratorIsSuperuser ? brokered(statement) : undefined
  return { sql: standing ?? role ?? detour ?? statement.sql }
}

/** Superusers' statements about what stands beside the database, and whose place nothing can take. */
const refusals: Readonly<Record<string, string>> = {
  AlterSystemStmt:
    'ALTER SYSTEM changes the configuration of a whole server and touches no table; it is left out here.',
  CreateSubscriptionStmt: 'A subscription connects to another server; it is left out here.',
  AlterSubscriptionStmt: 'A subscription connects to another server; it is left out here.',
  DropSubscriptionStmt: 'A subscription connects to another server; it is left out here.',
  CreateTableSpaceStmt: 'A tablespace is a folder of production’s server; it is left out here.',
  AlterTableSpaceOptionsStmt: 'A tablespace is a folder of production’s server; it is left out here.',
  DropTableSpaceStmt: 'A tablespace is a folder of production’s server; it is left out here.',
}

function unlessItExists(sql: string): string {
  return `do ${escapeLiteral(`begin execute ${escapeLiteral(sql)}; exception when duplicate_object then null; end`)}`
}

interface DefElem {
  readonly DefElem?: { readonly defname?: string }
}

/** What only a superuser may give to a role, in pg_authid's terms. */
const superuserOptions: ReadonlySet<string> = new Set(['superuser', 'isreplication', 'bypassrls'])

/** CREATE ROLE and ALTER ROLE without SUPERUSER, REPLICATION and BYPASSRLS; undefined where they say nothing of that. */
function ordinaryRole({ tag, node }: Statement): string | undefined {
  if ((tag !== 'CreateRoleStmt' && tag !== 'AlterRoleStmt') || node === undefined) return undefined
  const options = (node['options'] ?? []) as readonly DefElem[]
  const allowed = options.filter(({ DefElem }) => !superuserOptions.has(DefElem?.defname ?? ''))
  if (allowed.length === options.length) return undefined
  // ALTER ROLE without options does nothing, and may
  return deparse({ [tag]: { ...node, options: allowed } })
}

function deparse(tree: AstNode): string {
  return deparseSync(tree as Parameters<typeof deparseSync>[0])
}

const databaseName =
  /^((?:alter|comment\s+on|(?:grant|revoke)\b[\s\S]*?\bon)\s+database\s+)("(?:[^"]|"")+"|[\w$\u0080-\uffff]+)(?!\s*,)/i

/** Settings, rights and comments of production's database, which has another name here. */
function ofThisDatabase({ tag, node, sql }: Statement): string | undefined {
  const kind = node?.['objtype']
  const isAbout =
    tag === 'AlterDatabaseSetStmt' ||
    ((tag === 'GrantStmt' || tag === 'CommentStmt') && kind === 'OBJECT_DATABASE')
  if (!isAbout || !databaseName.test(sql)) return undefined
  const format = sql.replaceAll('%', '%%').replace(databaseName, (_, before: string) => `${before}%I`)
  const body = `begin execute pg_catalog.format(${escapeLiteral(format)}, pg_catalog.current_database()); end`
  return `do ${escapeLiteral(body)}`
}

const tablespaceClause = /\b(?:using\s+index\s+)?tablespace\s+("(?:[^"]|"")+"|[\w$\u0080-\uffff]+)/gi

/** Where a table's files lie in production changes nothing of what a statement does; that place is not here. */
function withoutTablespace({ tag, node, sql }: Statement): string | undefined {
  if (tag !== 'CreateStmt' && tag !== 'IndexStmt' && tag !== 'CreateTableAsStmt') return undefined
  const into = node?.['into'] as { tableSpaceName?: unknown } | undefined
  const named = node?.['tablespacename'] ?? node?.['tableSpace'] ?? into?.tableSpaceName
  const ofKey = tag === 'CreateStmt' && /\busing\s+index\s+tablespace\b/i.test(sql)
  return named === undefined && !ofKey ? undefined : sql.replaceAll(tablespaceClause, '')
}
