import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import { dropDatabase } from './databases.ts'

/** Sessions, databases and roles of a run are marked with its id, so that the next run knows what is dead. */
export function runMark(runId: string): string {
  return `pgrehearse run ${runId}`
}

export function markDatabaseSql(name: string, runId: string): string {
  return `comment on database ${escapeIdentifier(name)} is ${escapeLiteral(runMark(runId))}`
}

export function markRoleSql(name: string, runId: string): string {
  return `comment on role ${escapeIdentifier(name)} is ${escapeLiteral(runMark(runId))}`
}

/** Marks whose run has no session any more: it was killed before it could clean up. */
const deadMark = `
  mark like 'pgrehearse run %'
  and not exists (select from pg_catalog.pg_stat_activity where application_name = mark)`

/** Drops databases and roles of runs that were killed. What cannot be dropped is left for another time. */
export async function removeDeadRuns(admin: Client): Promise<void> {
  const databases = await admin.query<{ name: string }>(
    `select datname as name from pg_catalog.pg_database,
            lateral (select pg_catalog.shobj_description(oid, 'pg_database') as mark) marked
      where datname like 'pgrehearse\\_%' and ${deadMark}`,
  )
  for (const { name } of databases.rows) await dropDatabase(admin, name).catch(() => undefined)
  const roles = await admin.query<{ name: string }>(
    `select rolname as name from pg_catalog.pg_roles,
            lateral (select pg_catalog.shobj_description(oid, 'pg_authid') as mark) marked
      where ${deadMark}`,
  )
  await dropRoles(
    admin,
    roles.rows.map((role) => role.name),
  )
}

/**
 * Drops roles after the databases that held their objects. One that something elsewhere depends on (another
 * run on the same server uses it) stays.
 */
export async function dropRoles(admin: Client, names: readonly string[]): Promise<void> {
  let left = [...names]
  // A role that granted a membership goes only after it: as often as one more can be dropped.
  for (let before = Infinity; left.length > 0 && left.length < before;) {
    before = left.length
    const kept: string[] = []
    for (const name of left) if (!(await dropRole(admin, name))) kept.push(name)
    left = kept
  }
}

async function dropRole(admin: Client, name: string): Promise<boolean> {
  const role = escapeIdentifier(name)
  try {
    // Takes back what it was granted on shared objects, such as SET on parameters.
    await admin.query(`drop owned by ${role}`)
    await admin.query(`drop role ${role}`)
    return true
  } catch (error) {
    return (error as { code?: string }).code === '42704' // somebody else dropped it
  }
}
