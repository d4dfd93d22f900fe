import type { Client } from 'pg'
import type { FillSession } from './fill-session.ts'

/** Turns all CHECKs of some relations off by their count in pg_class, which is all that INSERT looks at, and on again. */
export class ConstraintSwitch {
  private readonly admin: Client
  private readonly oids: readonly number[]
  private counts: readonly { readonly oid: string; readonly relchecks: number }[] | undefined

  constructor(admin: Client, oids: readonly number[]) {
    this.admin = admin
    this.oids = oids
  }

  async off(): Promise<void> {
    if (this.counts !== undefined) return
    const { rows } = await this.admin.query<{ oid: string; relchecks: number }>(
      'select oid::text, relchecks::int4 from pg_catalog.pg_class where oid = any($1::oid[])',
      [this.oids],
    )
    this.counts = rows
    await this.admin.query('update pg_catalog.pg_class set relchecks = 0 where oid = any($1::oid[])', [
      this.oids,
    ])
  }

  async on(): Promise<void> {
    for (const { oid, relchecks } of this.counts ?? []) {
      await this.admin.query('update pg_catalog.pg_class set relchecks = $2 where oid = $1::oid', [
        oid,
        relchecks,
      ])
    }
    this.counts = undefined
  }
}

/**
 * Keeps triggers and rules that are ALWAYS or REPLICA from firing; undone by the returned function. By the catalogue
 * and not by ALTER TABLE, which would fire event triggers of migrations with our rights.
 */
export async function silenceTriggers(admin: Client, oids: readonly number[]): Promise<() => Promise<void>> {
  const { rows } = await admin.query<{ oid: string; mode: string; rule: boolean }>(
    `select oid::text, tgenabled as mode, false as rule from pg_catalog.pg_trigger where tgrelid = any($1::oid[]) and tgenabled in ('A', 'R')
     union all select oid::text, ev_enabled, true from pg_catalog.pg_rewrite
       where ev_class = any($1::oid[]) and ev_enabled in ('A', 'R') and ev_type = '3'`,
    [oids],
  )
  if (rows.length === 0) return async () => undefined
  const set = async (off: boolean): Promise<void> => {
    for (const { oid, mode, rule } of rows) {
      const sql = rule
        ? 'update pg_catalog.pg_rewrite set ev_enabled = $2 where oid = $1::oid'
        : 'update pg_catalog.pg_trigger set tgenabled = $2 where oid = $1::oid'
      await admin.query(sql, [oid, off ? 'D' : mode])
    }
    // Sessions read triggers and rules again when the row of pg_class changes.
    await admin.query('update pg_catalog.pg_class set relnatts = relnatts where oid = any($1::oid[])', [oids])
  }
  await set(true)
  return () => set(false)
}

/**
 * Indexes take no part in INSERT until REINDEX, which sets both flags again. Gives the indexes; when the transaction
 * with the INSERT and the REINDEX is rolled back, they still hold what they held, and {@link reviveIndexes} is right.
 */
export async function retireIndexes(admin: Client, oids: readonly number[]): Promise<readonly string[]> {
  const { rows } = await admin.query<{ oid: string }>(
    `update pg_catalog.pg_index set indisready = false, indisvalid = false
     where indrelid = any($1::oid[]) and indisvalid and indisready and indislive returning indexrelid::text as oid`,
    [oids],
  )
  return rows.map(({ oid }) => oid)
}

export async function reviveIndexes(admin: Client, indexes: readonly string[]): Promise<void> {
  await admin.query(
    'update pg_catalog.pg_index set indisready = true, indisvalid = true where indexrelid = any($1::oid[])',
    [indexes],
  )
}

/**
 * Removes what trials that were taken back left in the files of empty tables; those of roles that the migrator is no
 * member of stay as they are. Not for a superuser: VACUUM summarises the pages of BRIN indexes, which runs functions of
 * migrations (brinvacuumcleanup(), brin.c) that nothing would end.
 */
export async function forgetTrials(
  session: FillSession,
  oids: readonly number[],
  mostMs: number,
): Promise<void> {
  for (const name of await leafNames(session, oids))
    await session.try(`vacuum (index_cleanup on, truncate on) ${name}`, mostMs)
}

/** Names of relations, as SQL. */
export async function leafNames(session: FillSession, oids: readonly number[]): Promise<readonly string[]> {
  const { rows } = await session.client.query<{ name: string }>(
    `select pg_catalog.format('%I.%I', n.nspname, c.relname) as name from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = any($1::oid[])`,
    [oids],
  )
  return rows.map(({ name }) => name)
}

/** Relations of these that have an index that is not in use. */
export async function brokenIndexes(admin: Client, oids: readonly number[]): Promise<readonly number[]> {
  const { rows } = await admin.query<{ oid: string }>(
    `select distinct i.indrelid::text as oid from pg_catalog.pg_index i
     where i.indrelid = any($1::oid[]) and not (i.indisready and i.indisvalid and i.indislive)`,
    [oids],
  )
  return rows.map(({ oid }) => Number(oid))
}

/**
 * The next number of a sequence comes after this one. The number was read by the migrating role: max() over a type of
 * a migration may run its casts.
 */
export async function advanceSequence(admin: Client, sequence: number, highest: bigint): Promise<void> {
  await admin.query(
    `select pg_catalog.setval(seqrelid::pg_catalog.regclass, least(seqmax, $2::int8)) from pg_catalog.pg_sequence
     where seqrelid = $1::oid and $2::int8 >= seqmin and seqincrement > 0`,
    [sequence, String(highest)],
  )
}
