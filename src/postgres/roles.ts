import { randomBytes } from 'node:crypto'
import { escapeIdentifier, escapeLiteral, type Client } from 'pg'

/** Words that stand for a role without being one, and Postgres's own prefix. */
const reserved = /^(?:pg_.*|public|none|current_role|current_user|session_user|)$/

/** May a role have this name? */
export function isNameOfRole(name: string): boolean {
  return !reserved.test(name)
}

/** For whom roles are created, and where. */
export interface RoleContext {
  readonly migrator: string
  readonly major: number
  /** Make the migrator a member of ordinary roles that were there before: only on a server of our own. */
  readonly adoptExisting: boolean
  /** `admin` is the migrator itself: no superuser. */
  readonly migratorCreates?: boolean
}

/**
 * Creates the roles that do not exist, without login, and lets the migrator grant them, change to them and
 * give objects to them, as production's migrating user could.
 * @returns the names of the roles it created.
 */
export async function ensureRoles(
  admin: Client,
  names: readonly string[],
  context: RoleContext,
): Promise<readonly string[]> {
  const created: string[] = []
  for (const name of new Set(names)) {
    if (reserved.test(name) || name === context.migrator) continue
    const known = await admin.query<{ rolsuper: boolean }>(
      'select rolsuper from pg_catalog.pg_roles where rolname = $1',
      [name],
    )
    const role = known.rows[0]
    const isNew = role === undefined && (await createRole(admin, name))
    if (isNew) created.push(name)
    if (isNew || (context.adoptExisting && role?.rolsuper === false)) {
      await admin.query(membership(name, context))
    }
  }
  return created
}

/** False when somebody else created it in the meantime. */
async function createRole(admin: Client, name: string): Promise<boolean> {
  try {
    await admin.query(`create role ${escapeIdentifier(name)} nologin`)
    return true
  } catch (error) {
    if ((error as { code?: string }).code === '42710') return false
    throw error
  }
}

function membership(name: string, context: RoleContext): string {
  const grant = `grant ${escapeIdentifier(name)} to ${escapeIdentifier(context.migrator)}`
  if (context.major < 16) return `${grant} with admin option`
  // PG 16+: membership no longer implies SET ROLE or inheritance; each is an option of the grant. Whoever
  // creates a role administers it already, and must not grant that to itself.
  const admin = context.migratorCreates === true ? '' : 'admin true, '
  return `${grant} with ${admin}inherit true, set true`
}

/** Attributes of the role that runs migrations. */
export function migratorSql(
  migrator: string,
  password: string,
  attributes: { readonly superuser: boolean; readonly createDb: boolean; readonly createRole: boolean },
): string {
  const powers = [
    ...(attributes.superuser ? ['superuser'] : []),
    ...(attributes.createDb ? ['createdb'] : []),
    ...(attributes.createRole ? ['createrole'] : []),
  ].join(' ')
  return `create role ${escapeIdentifier(migrator)} login ${powers} password ${escapeLiteral(password)}`
}

/** 24 random bytes in hexadecimal. */
export function newPassword(): string {
  return randomBytes(24).toString('hex')
}

/** Gives a role another password. */
export function passwordSql(role: string, password: string): string {
  return `alter role ${escapeIdentifier(role)} password ${escapeLiteral(password)}`
}

/**
 * Settings that only a superuser may change but that dumps and migrations do change, without harm to what we
 * measure. PG 15+ can grant them; before, the broker sets them.
 */
export const harmlessParameters = [
  'session_replication_role',
  'lc_messages',
  'log_statement',
  'log_duration',
  'log_min_messages',
  'log_min_error_statement',
  'log_min_duration_statement',
  'log_lock_waits',
  'deadlock_timeout',
  'track_functions',
  'track_io_timing',
] as const

/** Lets the migrator change harmless superuser settings (PG 15+; SetPGVariable on PG 14 knows no grants). */
export function parameterGrantSql(migrator: string): string {
  return `grant set on parameter ${harmlessParameters.join(', ')} to ${escapeIdentifier(migrator)}`
}

/**
 * Before PG 16 a role with CREATEROLE may grant itself any ordinary role, also those that let it run programs
 * and read files as the server's user (docs of PG 15, "Predefined Roles"). The checks go by the roles' fixed
 * oids (pg_authid.dat), so giving those names other oids leaves roles that can be granted and do nothing.
 * Only for a server of our own; needs allow_system_table_mods.
 */
export const disarmFileRolesSql = `
  set allow_system_table_mods = on;
  update pg_catalog.pg_authid set oid = (oid::pg_catalog.int8 + 10000)::pg_catalog.oid
   where oid in (4569, 4570, 4571);
  reset allow_system_table_mods;`
