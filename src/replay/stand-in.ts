import { escapeLiteral } from 'pg'
import type { Statement } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { brokered, isClusterWide } from './broker.ts'

/** The SQL to run in a statement's place, or why it must not run at all. */
export type StandIn = { readonly sql: string } | { readonly refused: string }

/**
 * What runs on this server in a statement's place: itself, where the migrator may and nobody else is harmed.
 * @param again the scripts have run on this server before, so that what belongs to the whole server may be there
 */
export function standIn(server: PostgresServer, statement: Statement, again: boolean): StandIn {
  if (server.kind === 'existing' && isClusterWide(statement, server.foreignRoles)) {
    return {
      refused: 'A statement that changes the whole server is not run on a server that was given to us.',
    }
  }
  if (statement.tag === 'AlterSystemStmt' && !server.migratorIsSuperuser) {
    return {
      refused:
        'ALTER SYSTEM changes the configuration of a whole server and touches no table; it is left out here.',
    }
  }
  // roles belong to the whole server: a second attempt finds those of the first
  if (again && statement.tag === 'CreateRoleStmt') return { sql: unlessItExists(statement.sql) }
  const detour = server.hasSuperuser && !server.migratorIsSuperuser ? brokered(statement) : undefined
  return { sql: detour ?? statement.sql }
}

function unlessItExists(sql: string): string {
  return `do ${escapeLiteral(`begin execute ${escapeLiteral(sql)}; exception when duplicate_object then null; end`)}`
}
