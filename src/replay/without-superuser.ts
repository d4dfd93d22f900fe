/** What a rehearsal misses on a server whose user is no superuser: managed services, a role of the team's. */
import type { Client } from 'pg'
import type { Limit, Migration, Statement } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { isNameOfRole } from '../postgres/roles.ts'
import { mayNeedGates } from './gate-pass.ts'
import { mayRunCode } from './gate-plan.ts'
import { namedRoles } from './roles.ts'

/** The migrations of a run, and roles that production has besides those that they name. */
export interface NeedsOfRun {
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  readonly roles: readonly string[]
}

/**
 * One limit that names what these migrations would need a superuser for, without what is said of the statements
 * themselves (what they may not do, tables that stayed empty). None where nothing is missing.
 * @param admin connected to the server, after the roles were created as far as they can be
 */
export async function withoutSuperuser(
  server: Pick<PostgresServer, 'hasSuperuser' | 'migrator'>,
  needs: NeedsOfRun,
  admin: Client,
): Promise<readonly Limit[]> {
  if (server.hasSuperuser) return []
  const { history, review, roles } = needs
  const absent = await absentRoles(admin, [...roles, ...namedRoles([...history, ...review])])
  const own = ownRoutines([...history, ...review])
  const runsCode = review.some(({ statements }) =>
    statements.some((statement) => runsOwnCode(statement, own)),
  )
  const missing = [
    ...(runsCode
      ? [
          'what code in them does to other objects than tables, views, indexes and sequences (no event triggers)',
        ]
      : []),
    ...(mayNeedGates(history, review)
      ? ['locks that code takes and gives back before it ends (no gate pass)']
      : []),
    ...(absent.length === 0
      ? []
      : [
          `whatever needs ${absent.length === 1 ? 'the role' : 'the roles'} ${absent.join(', ')} (no CREATEROLE)`,
        ]),
  ]
  if (missing.length === 0) return []
  const hint =
    absent.length === 0
      ? 'Give a user that is a superuser, or leave out --server-url: the throwaway server misses nothing of it.'
      : `Create the roles there, run ALTER ROLE ${admin.escapeIdentifier(server.migrator)} CREATEROLE, or leave out --server-url: the throwaway server misses nothing of it.`
  const message = `The user ${server.migrator} of the server is no superuser. So these were not measured: ${missing.join('; ')}.`
  return [{ code: 'no-superuser', message, hint }]
}

const creation = /\bcreate\s+(?:or\s+replace\s+)?(?:function|procedure)\s+(?:[\w$]+\s*\.\s*)?"?([\w$]+)/gi

/** Names of functions that the migrations create: those of Postgres change no object. */
function ownRoutines(migrations: readonly Migration[]): ReadonlySet<string> {
  const names = migrations.flatMap(({ text }) => [...text.matchAll(creation)].map(([, name = '']) => name))
  return new Set(names.map((name) => name.toLowerCase()))
}

function runsOwnCode(statement: Statement, own: ReadonlySet<string>): boolean {
  if (!mayRunCode(statement)) return false
  if (statement.tag === 'DoStmt' || statement.tag === 'CallStmt' || statement.tag === 'Unparsed') return true
  const called = [...statement.sql.matchAll(/([\w$]+)"?\s*\(/g)].map(([, name = '']) => name.toLowerCase())
  return called.some((name) => own.has(name))
}

async function absentRoles(admin: Client, names: readonly string[]): Promise<readonly string[]> {
  const real = [...new Set(names)].filter(isNameOfRole)
  if (real.length === 0) return []
  const { rows } = await admin.query<{ name: string }>(
    `select name from pg_catalog.unnest($1::pg_catalog.text[]) as name
      where not exists (select from pg_catalog.pg_roles where rolname = name) order by 1`,
    [real],
  )
  return rows.map(({ name }) => name)
}
