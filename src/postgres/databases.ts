import { randomBytes } from 'node:crypto'
import { escapeIdentifier, type Client } from 'pg'

const databasePrefix = 'pgrehearse_'

/** A name nobody else has: 48 random bits. */
export function uniqueName(prefix: string = databasePrefix): string {
  return `${prefix}${randomBytes(6).toString('hex')}`
}

/** What a new database is like. */
export interface DatabaseSpec {
  readonly owner: string
  readonly template?: string | undefined
  /** Clauses of CREATE DATABASE that {@link localeSql} gives; not together with a template. */
  readonly locale?: string | undefined
  /**
   * Copy files instead of writing WAL (PG 15+, CREATE DATABASE … STRATEGY): faster while nothing is flushed,
   * but it makes two checkpoints, which a shared server would feel.
   */
  readonly copyFiles: boolean
}

/** Creates a database with a unique name; connections to its template are ended first. */
export async function createDatabase(maintenance: Client, spec: DatabaseSpec): Promise<string> {
  const name = uniqueName()
  if (spec.template !== undefined) await endSessions(maintenance, spec.template)
  const from = spec.template ?? (spec.locale === undefined ? undefined : 'template0')
  const template = from === undefined ? '' : ` template ${escapeIdentifier(from)}`
  const strategy = spec.copyFiles ? ' strategy file_copy' : ''
  await maintenance.query(
    `create database ${escapeIdentifier(name)} owner ${escapeIdentifier(spec.owner)}${template}${strategy}${spec.locale ?? ''}`,
  )
  return name
}

/** Drops a database whether or not somebody is connected to it. */
export async function dropDatabase(maintenance: Client, name: string): Promise<void> {
  await maintenance.query(`drop database if exists ${escapeIdentifier(name)} with (force)`)
}

/** A template must have no connections; CREATE DATABASE itself waits for those that are on their way out. */
async function endSessions(maintenance: Client, database: string): Promise<void> {
  await maintenance.query(
    `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
      where datname = $1 and pid <> pg_catalog.pg_backend_pid()`,
    [database],
  )
}
