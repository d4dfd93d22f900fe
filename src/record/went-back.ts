/** How far a way down has gone, by what migration tools have written into their tables. */
import { escapeIdentifier, type Client } from 'pg'
import { versionTables } from './version-rows.ts'

/** Rows of the tables in which migration tools keep their books, each with the name of its table. */
export type VersionRows = ReadonlySet<string>

/**
 * - `as before`: exactly what was under review was taken back.
 * - `less far`, `further`: not all of it, or more than that.
 * - `elsewhere`: some other version.
 * - `unknown`: there are no books, or they are kept otherwise.
 */
export type WentBack = 'as before' | 'less far' | 'further' | 'elsewhere' | 'unknown'

/** `client` is a superuser, or the tables' owner. */
export async function readVersionRows(client: Client): Promise<VersionRows> {
  const found = new Set<string>()
  for (const table of await versionTables(client)) {
    if (saysNothing.test(table.name)) continue
    const name = `${escapeIdentifier(table.schema)}.${escapeIdentifier(table.name)}`
    const { rows } = await client.query<{ text: string }>(
      `select pg_catalog.to_jsonb(t)::text as text from ${name} t limit ${mostRows}`,
    )
    for (const { text } of rows) found.add(`${name} ${text}`)
  }
  return found
}

const mostRows = 50_000

/** Locks and settings: no versions. */
const saysNothing = /locks?$|^ar_internal_metadata$|^typeorm_metadata$/i

/**
 * How many versions the way up has written down; undefined where that cannot be told, because the one before was replaced
 * (Alembic, golang-migrate). A file of Liquibase has several.
 */
export function versionsAdded(before: VersionRows, left: VersionRows): number | undefined {
  if ([...before].some((row) => !left.has(row))) return undefined
  const perTable = new Map<string, number>()
  for (const row of left) {
    if (before.has(row)) continue
    const table = row.slice(0, row.indexOf(' {'))
    perTable.set(table, (perTable.get(table) ?? 0) + 1)
  }
  return Math.max(0, ...perTable.values()) || undefined
}

/** Compares the books before the way up, behind it, and behind the way down. */
export function wentBack(before: VersionRows, left: VersionRows, after: VersionRows): WentBack {
  if ([...left].every((row) => before.has(row)) && left.size === before.size) return 'unknown'
  const missing = [...before].filter((row) => !after.has(row))
  const more = [...after].filter((row) => !before.has(row))
  if (missing.length === 0 && more.length === 0) return 'as before'
  if (more.length === 0) return 'further'
  const isNew = more.some((row) => !left.has(row))
  if (missing.length > 0) return isNew ? 'elsewhere' : 'less far'
  // Flyway and old versions of goose write down that they went back
  return isNew ? 'unknown' : 'less far'
}
