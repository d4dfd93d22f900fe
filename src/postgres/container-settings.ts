import { setTimeout as sleep } from 'node:timers/promises'
import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import { serverSettings } from './settings.ts'

const pollIntervalMs = 20
const reloadTimeoutMs = 5_000

/**
 * Gives a server in a container the replay's settings, as far as they can be changed while it runs, so that receipts
 * are as repeatable as on the embedded server. In SQL, because the command of an image is its own business. What only
 * a start can change is by default as we need it (wal_level, max_locks_per_transaction).
 */
export async function applyReplaySettings(admin: Client, major: number): Promise<void> {
  const wanted = serverSettings(major)
  const { rows } = await admin.query<{ name: string }>(
    `select name from pg_catalog.pg_settings
      where name = any ($1) and context not in ('internal', 'postmaster') order by name`,
    [Object.keys(wanted)],
  )
  for (const { name } of rows) {
    const value = escapeLiteral(String(wanted[name]))
    await admin.query(`alter system set ${escapeIdentifier(name)} = ${value}`)
  }
  await admin.query('select pg_catalog.pg_reload_conf()')
  await reloaded(admin)
}

/** A reload is a signal: sessions that begin before the server has read its files have the old settings. */
async function reloaded(admin: Client): Promise<void> {
  const deadline = performance.now() + reloadTimeoutMs
  for (;;) {
    const { rows } = await admin.query<{ value: string }>(
      `select pg_catalog.current_setting('full_page_writes') as value`,
    )
    // where the image's own command line says otherwise, that wins, and receipts are a little less repeatable
    if (rows[0]?.value === 'off' || performance.now() > deadline) return
    await sleep(pollIntervalMs)
  }
}
