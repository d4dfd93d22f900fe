/**
 * Constraints that the review adds are true of production's rows, or the review fails there. So that they are true of
 * synthetic rows too, they are there while tables are filled, and gone before the review runs.
 */
import type { AlterTableCmd, AlterTableStmt, IndexStmt, PartitionCmd, RangeVar } from '@pgsql/types'
import type { Client } from 'pg'
import { escapeIdentifier } from 'pg'
import { relationKey, unboundedWrites } from '../core/effects.ts'
import type { MigrationResult, Statement, StatementResult } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { connected } from '../replay/stage.ts'
import { allOf, as } from '../sql/ast.ts'
import { migratorSession } from './migrator-session.ts'

/** What takes them away again, in a copy of the database: statements for the migrator. */
export type Removal = readonly string[]

/**
 * Adds to an empty database what can be added of the review's keys, unique indexes, CHECKs and NOT NULLs. Those that
 * need a column of the review's own fail, and are left to the review.
 */
export async function addComingConstraints(
  place: Place,
  database: string,
  results: readonly MigrationResult[],
): Promise<Removal> {
  const statements = comingConstraints(results)
  const attachments = results.flatMap((result) => result.statements.flatMap(attachmentIn))
  if (statements.length + attachments.length === 0) return []
  const before = await objectsOf(place.server, database)
  await runAll(
    place,
    database,
    statements.map(({ sql }) => sql),
  )
  if (attachments.length > 0) await addBounds(place, database, attachments)
  const after = await objectsOf(place.server, database)
  return [...after].flatMap(([key, removal]) => (before.has(key) ? [] : [removal]))
}

/** Takes them away from a copy of that database. */
export async function removeComingConstraints(
  place: Place,
  database: string,
  removal: Removal,
): Promise<void> {
  // what was removed with something else is gone
  if (removal.length > 0) await runAll(place, database, removal)
}

export interface Place {
  readonly server: PostgresServer
  readonly signal: AbortSignal
}

/** Runs what can be run: it calls functions of the migrations, where their arguments are constants. */
async function runAll({ server, signal }: Place, database: string, texts: readonly string[]): Promise<void> {
  const endsAt = performance.now() + allTimeoutMs
  await using migrator = await migratorSession(server, database, { endsAt, signal })
  await migrator.client.query(`set statement_timeout = ${timeoutMs}`)
  for (const sql of texts) {
    if (performance.now() >= endsAt) return
    await migrator.client.query(sql).catch(() => undefined)
    signal.throwIfAborted()
  }
}

/** ATTACH PARTITION of a table, whose rows are within its bounds, or it fails. */
interface Attachment {
  readonly sql: string
  /** As the statement names it. */
  readonly child: string
}

function attachmentIn({ statement: { tag, node, sql } }: StatementResult): readonly Attachment[] {
  if (tag !== 'AlterTableStmt') return []
  const commands = allOf<AlterTableCmd>((node as AlterTableStmt).cmds, 'AlterTableCmd')
  return commands.flatMap(({ subtype, def }) => {
    const name: RangeVar | undefined = as<PartitionCmd>(def, 'PartitionCmd')?.name
    if (subtype !== 'AT_AttachPartition' || name?.relname === undefined) return []
    const child = [name.schemaname, name.relname].flatMap((part) => (part ? [escapeIdentifier(part)] : []))
    return [{ sql, child: child.join('.') }]
  })
}

/** A CHECK for what the bounds say, which the server puts into words once the partition is attached. */
async function addBounds(
  { server, signal }: Place,
  database: string,
  attachments: readonly Attachment[],
): Promise<void> {
  const endsAt = performance.now() + allTimeoutMs
  await using migrator = await migratorSession(server, database, { endsAt, signal })
  const { client } = migrator
  await client.query(`set statement_timeout = ${timeoutMs}`)
  for (const { sql, child } of attachments) {
    if (performance.now() >= endsAt) return
    await client.query('begin')
    const bounds = await client
      .query(sql)
      .then(() => client.query<{ sql: string | null }>(boundsSql, [child]))
      .catch(() => undefined)
    await client.query('rollback').catch(() => undefined)
    const check = bounds?.rows[0]?.sql ?? ''
    if (check !== '') await client.query(`alter table ${child} add check (${check})`).catch(() => undefined)
    signal.throwIfAborted()
  }
}

const boundsSql = `select pg_catalog.pg_get_partition_constraintdef($1::pg_catalog.regclass) as sql`

async function objectsOf(server: PostgresServer, database: string): Promise<ReadonlyMap<string, string>> {
  await using admin = await connected(server, database)
  return await readObjects(admin.client)
}

/** On empty tables they take milliseconds. */
const timeoutMs = 2000
const allTimeoutMs = 5000

/** Statements that add constraints and nothing else, in order. */
function comingConstraints(results: readonly MigrationResult[]): readonly Statement[] {
  const written = new Set<string>()
  const coming: Statement[] = []
  for (const result of results.flatMap(({ statements }) => statements)) {
    if (addsConstraint(result, written)) coming.push(result.statement)
    for (const { relation } of unboundedWrites(result.effects)) written.add(relationKey(relation))
  }
  return coming
}

/**
 * A NOT NULL or CHECK behind an UPDATE of the same table becomes true by it: were it true before, the UPDATE would
 * find nothing to do.
 */
function addsConstraint({ statement, effects }: StatementResult, written: ReadonlySet<string>): boolean {
  const { tag, node } = statement
  if (tag === 'IndexStmt') return (node as IndexStmt).unique === true
  if (tag !== 'AlterTableStmt') return false
  const commands = allOf<AlterTableCmd>((node as AlterTableStmt).cmds, 'AlterTableCmd')
  const isWritten = effects.some(
    (effect) => 'relation' in effect && written.has(relationKey(effect.relation)),
  )
  return (
    commands.length > 0 &&
    commands.every(({ subtype, def }) => {
      if (subtype === 'AT_SetNotNull') return !isWritten
      if (subtype !== 'AT_AddConstraint') return false
      const contype = (def as { Constraint?: { contype?: string } } | undefined)?.Constraint?.contype
      return keyTypes.has(contype ?? '') || !isWritten
    })
  )
}

const keyTypes: ReadonlySet<string> = new Set([
  'CONSTR_FOREIGN',
  'CONSTR_UNIQUE',
  'CONSTR_PRIMARY',
  'CONSTR_EXCLUSION',
])

/** Constraints before the indexes under them; NOT NULL last, because a primary key leaves it behind. */
const objectsSql = `select 1 as place, con.oid::text as id, n.nspname as schema, c.relname as name, con.conname as part
from pg_catalog.pg_constraint con join pg_catalog.pg_class c on c.oid = con.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where con.contype in ('f', 'p', 'u', 'x', 'c') and con.conparentid = 0 and con.coninhcount = 0 and c.oid >= 16384
union all
select 2, i.indexrelid::text, n.nspname, c.relname, null
from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where i.indisunique and c.oid >= 16384 and n.nspname !~ '^pg_toast' and not c.relispartition
  and not exists (select from pg_catalog.pg_constraint con where con.conindid = c.oid)
union all
select 3, a.attrelid::text || '.' || a.attnum::text, n.nspname, c.relname, a.attname
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where a.attnotnull and a.attnum > 0 and a.attinhcount = 0 and c.relkind in ('r', 'p') and c.oid >= 16384
order by place`

interface ObjectRow {
  readonly place: number
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly part: string | null
}

/** Each object with the statement that removes it. */
async function readObjects(client: Client): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<ObjectRow>(objectsSql)
  return new Map(rows.map((row) => [`${row.place} ${row.id}`, removalOf(row)]))
}

function removalOf({ place, schema, name, part }: ObjectRow): string {
  const relation = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
  if (place === 2) return `drop index ${relation}`
  const what = escapeIdentifier(part ?? '')
  return place === 1
    ? `alter table ${relation} drop constraint ${what} cascade`
    : `alter table ${relation} alter column ${what} drop not null`
}
