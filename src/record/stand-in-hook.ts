/** What runs in the place of a statement that a command sends, where it could not run as it is. */
import type { Statement } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import type { ProxiedSession, Replacement } from '../proxy/model.ts'
import { namedRoles } from '../replay/roles.ts'
import { standIn } from '../replay/stand-in.ts'
import { parseStatement } from '../sql/parse.ts'

export interface StandInHookOptions {
  readonly server: PostgresServer
  /** The database that the command is told of. */
  readonly database: string
  /** Told what was left out, a sentence. */
  readonly limited: (message: string) => void
  /** Scripts have run on this server before. */
  readonly again: boolean
}

export type StandInHook = (session: ProxiedSession, sql: string) => Promise<Replacement | undefined>

/** Roles that a statement names are there when it runs. The parser has to be loaded. */
export function standInHook({ server, database, limited, again }: StandInHookOptions): StandInHook {
  return async (session, sql) => {
    if (!mayNeedHelp(sql)) return undefined
    const statement = statementOf(sql)
    const kept = ofTheWholeDatabase(statement, database)
    if (kept !== undefined) {
      limited(kept.says)
      return kept.replacement
    }
    if (session.database !== database) return undefined
    await server.ensureRoles(namedRoles([{ ...emptyMigration, statements: [statement] }]))
    const standing = standIn(server, statement, again)
    if ('refused' in standing) {
      limited(standing.refused)
      return { sql: nothing, tag: commandTag(statement) }
    }
    return standing.sql === sql || standing.sql === statement.sql
      ? undefined
      : { sql: standing.sql, tag: commandTag(statement) }
  }
}

const nothing = 'do $$begin end$$'

/** Most statements need none, and parsing takes time. */
function mayNeedHelp(sql: string): boolean {
  return /\b(?:role|user|group|grant|revoke|owned?|owner|authorization|policy|privileges|extension|database|tablespace|system|subscription|publication|replication|event\s+trigger|language|cast|collation|server|foreign|wrapper|set|session_replication_role|leakproof|function|operator|type|aggregate|conversion|transform|method|vacuum|copy)\b/i.test(
    sql,
  )
}

const emptyMigration = {
  file: '',
  source: '',
  version: null,
  title: '',
  transaction: { mode: 'statement', why: '' },
  text: '',
} as const

function statementOf(sql: string): Statement {
  const at = { line: 1, column: 1, offset: 0 }
  const bare = sql.trim().replace(/[\s;]+$/, '')
  return {
    sql: bare,
    span: { file: '', start: at, end: at },
    ...parseStatement(bare),
    index: 0,
    transaction: 0,
    inTransactionBlock: false,
  }
}

/** Tools that begin with a new database get the one that is prepared for them. */
function ofTheWholeDatabase(
  { tag, node }: Statement,
  database: string,
): { readonly replacement: Replacement; readonly says: string } | undefined {
  if ((tag !== 'DropdbStmt' && tag !== 'CreatedbStmt') || node?.['dbname'] !== database) return undefined
  const command = tag === 'DropdbStmt' ? 'DROP DATABASE' : 'CREATE DATABASE'
  return {
    replacement: { sql: nothing, tag: command },
    says: `${command} of the database under rehearsal was left out: it was prepared for the command.`,
  }
}

/** As the server would print it (cmdtaglist.h), as far as stand-ins need it. */
function commandTag({ sql, tag }: Statement): string {
  const words = sql
    .replace(/^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/, '')
    .toUpperCase()
    .split(/[\s(]+/)
  const [first = '', second = '', third = ''] = words
  if (first === 'GRANT' || first === 'REVOKE') return tag === 'GrantRoleStmt' ? `${first} ROLE` : first
  if (first === 'SET' || first === 'COMMENT' || first === 'COPY' || first === 'VACUUM' || first === 'DO')
    return first
  const kind = second === 'OR' ? (words[3] ?? '') : second
  if (kind === 'USER' && third !== 'MAPPING') return `${first} ROLE`
  if (kind === 'GROUP') return `${first} ROLE`
  if (kind === 'EVENT' || kind === 'FOREIGN' || kind === 'DEFAULT' || kind === 'USER') {
    return `${first} ${kind} ${second === 'OR' ? (words[4] ?? '') : third}`
  }
  return `${first} ${kind === 'TRUSTED' || kind === 'PROCEDURAL' ? 'LANGUAGE' : kind}`
}
