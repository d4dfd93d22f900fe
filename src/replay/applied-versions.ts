import type { Client } from 'pg'
import type { Migration } from '../core/model.ts'

/** What a tool notes of a migration that has run. */
interface VersionTable {
  /** One column of text. */
  readonly sql: string
  /** It notes the last one only. */
  readonly lastOnly?: true
}

/** By source: the table as its tool makes it when nobody gives it another name. */
const tables: Readonly<Record<string, VersionTable>> = {
  dbmate: { sql: 'select version::text from schema_migrations' },
  diesel: { sql: 'select version::text from __diesel_schema_migrations' },
  flyway: { sql: 'select version::text from flyway_schema_history where success and version is not null' },
  'golang-migrate': { sql: 'select version::text from schema_migrations where not dirty', lastOnly: true },
  goose: { sql: 'select version_id::text from goose_db_version where is_applied' },
  'node-pg-migrate': { sql: 'select name::text from pgmigrations' },
  pop: { sql: 'select version::text from schema_migration' },
  prisma: {
    sql: 'select migration_name::text from _prisma_migrations where finished_at is not null and rolled_back_at is null',
  },
  refinery: { sql: 'select version::text from refinery_schema_history' },
  sqlx: { sql: 'select version::text from _sqlx_migrations where success' },
  supabase: { sql: 'select version::text from supabase_migrations.schema_migrations' },
}

/** Which migrations a database has by the books of their tool. */
export interface AppliedVersions {
  /** Undefined: the tool knows it by no version, or keeps no books that we know. */
  has(migration: Migration): boolean | undefined
}

/** Reads the tool's own table; a database without it, or a role that may not read it, gives undefined. */
export async function readAppliedVersions(
  client: Client,
  migrations: readonly Migration[],
): Promise<AppliedVersions | undefined> {
  const source = migrations.find(({ version }) => version !== null)?.source ?? ''
  const table = Object.hasOwn(tables, source) ? tables[source] : undefined
  if (table === undefined) return undefined
  try {
    const { rows } = await client.query<string[]>({ text: table.sql, rowMode: 'array' })
    const applied = new Set(rows.map(([version = '']) => normal(version)))
    if (applied.size === 0) return undefined
    return { has: (migration) => hasRun(migration, source, applied, table.lastOnly === true, migrations) }
  } catch {
    return undefined
  }
}

function hasRun(
  migration: Migration,
  source: string,
  applied: ReadonlySet<string>,
  lastOnly: boolean,
  all: readonly Migration[],
): boolean | undefined {
  if (migration.version === null || migration.source !== source) return undefined
  if (applied.has(normal(migration.version))) return true
  if (!lastOnly) return false
  const last = all.findIndex(({ version }) => version !== null && applied.has(normal(version)))
  // a version that is no file of ours: nobody knows what is before it
  return last === -1 ? undefined : all.indexOf(migration) < last
}

/** `V1_2_0` and `1.2` are one version for Flyway; leading zeros count for nobody who compares numbers. */
function normal(version: string): string {
  return version
    .replaceAll('_', '.')
    .replace(/(?:\.0+)+$/, '')
    .replace(/^0+(?=\d)/, '')
}
