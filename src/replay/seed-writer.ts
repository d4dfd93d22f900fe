import { escapeIdentifier, type Client } from 'pg'
import { seedPowersQuery } from '../postgres/catalog-seeding.ts'
import { endLate, terminateSql, type Lateness } from './end-late.ts'

/** The session that writes the rows. */
export interface SeedWriter extends AsyncDisposable {
  readonly client: Client
  /** Under session_replication_role = replica no trigger fires and no foreign key is checked. */
  readonly replica: boolean
  /** Was the session ended because its code went on after its time? */
  readonly isEnded: boolean
}

/**
 * Opens a session of the migrating role for seeding.
 *
 * INSERT evaluates CHECKs, index expressions, generated columns and domains, which are the migrations' own code:
 * it must not run as a superuser. So the migrator writes, and the administrator lends it for that time what it
 * lacks: the replica setting as a default of the database (PG 14 cannot grant it), and where tables belong to
 * somebody else, the predefined roles that read and write all data, and BYPASSRLS.
 *
 * @param timeoutMs of one statement
 * @param lateness when the session is ended, whatever its code catches
 */
export async function openSeedWriter(
  admin: Client,
  connectMigrator: () => Promise<Client>,
  timeoutMs: number,
  lateness: Lateness,
): Promise<SeedWriter> {
  const client = await connectWithoutTriggers(admin, connectMigrator)
  const watch = endLate(client, lateness, (processId) => admin.query(terminateSql, [processId]))
  try {
    await client.query(
      `set statement_timeout = ${timeoutMs}; set lock_timeout = ${timeoutMs}; set idle_in_transaction_session_timeout = 0`,
    )
    const replica = await turnTriggersOff(client)
    const giveBack = await lendPowers(admin, client)
    return {
      client,
      replica,
      get isEnded() {
        return watch.ended
      },
      async [Symbol.asyncDispose]() {
        watch[Symbol.dispose]()
        await client.end().catch(() => undefined)
        await giveBack()
      },
    }
  } catch (error) {
    watch[Symbol.dispose]()
    await client.end().catch(() => undefined)
    lateness.signal?.throwIfAborted()
    throw error
  }
}

async function connectWithoutTriggers(
  admin: Client,
  connectMigrator: () => Promise<Client>,
): Promise<Client> {
  const { rows } = await admin.query<{ database: string; superuser: boolean }>(
    `select pg_catalog.current_database()::text as database, r.rolsuper as superuser
     from pg_catalog.pg_roles r where r.rolname = session_user`,
  )
  const { database = '', superuser = false } = rows[0] ?? {}
  if (!superuser) return connectMigrator()
  const name = escapeIdentifier(database)
  await admin.query(`alter database ${name} set session_replication_role = replica`)
  try {
    return await connectMigrator()
  } finally {
    await admin.query(`alter database ${name} reset session_replication_role`)
  }
}

/** True when the session is in replica mode, be it by the database's default or because it may set it itself. */
async function turnTriggersOff(client: Client): Promise<boolean> {
  await client.query('set session_replication_role = replica').catch(() => undefined)
  const { rows } = await client.query<{ mode: string }>(
    `select pg_catalog.current_setting('session_replication_role') as mode`,
  )
  return rows[0]?.mode === 'replica'
}

/** Returns how to take the powers back. Without the right to lend any, tables out of reach are told one by one. */
async function lendPowers(admin: Client, client: Client): Promise<() => Promise<void>> {
  const { rows } = await client.query<{ role: string }>('select session_user::text as role')
  const role = rows[0]?.role ?? ''
  const enough = await admin.query<{ enough: boolean }>(seedPowersQuery, [role])
  if (enough.rows[0]?.enough === true) return async () => undefined
  const name = escapeIdentifier(role)
  try {
    await admin.query(`grant pg_read_all_data, pg_write_all_data to ${name}; alter role ${name} bypassrls`)
  } catch {
    return async () => undefined
  }
  return async () => {
    await admin.query(
      `revoke pg_read_all_data, pg_write_all_data from ${name}; alter role ${name} nobypassrls`,
    )
  }
}
