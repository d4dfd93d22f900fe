import type { Client } from 'pg'
import type { Statement } from '../core/model.ts'
import { isNotFromExtension, isUserSchema } from '../postgres/catalog-fragments.ts'

type StatementText = Pick<Statement, 'tag' | 'node' | 'sql'>

/** What to gate for a statement. */
export interface GatePlan {
  /** Object ids of the tables. */
  readonly tables: readonly number[]
  /** Tables that the statement may reach as well and that are too many to gate. */
  readonly leftOut: number
}

/** Gates are connections: two or three per table, of the server's 100. */
const mostTables = 24

/**
 * Can locks of the statement be gone before it ends, as far as its own text says? True for a DO block with an
 * exception handler (its subtransaction gives locks back when it fails) or with COMMIT or ROLLBACK, and for every
 * CALL. Functions that a query calls are not looked at: {@link planGate} does.
 */
export function needsGate(statement: StatementText): boolean {
  if (statement.tag === 'CallStmt') return true
  if (statement.tag === 'DoStmt') return hidesLocks(statement.sql)
  return statement.tag === 'Unparsed' && /^\s*(do|call)\b/i.test(statement.sql) && hidesLocks(statement.sql)
}

/**
 * Looks up the routines that the statement calls, and those that they call, and says which tables to gate; undefined
 * when none of the code can give locks back early. Calls are found by name: one that is built at run time
 * (EXECUTE) is missed, as are triggers; a routine of the same name in another schema only costs time.
 * @param client sees the committed schema that the statement will meet
 */
export async function planGate(client: Client, statement: StatementText): Promise<GatePlan | undefined> {
  if (!mayRunCode(statement)) return undefined
  const bodies = await calledBodies(client, statement.sql)
  const isBlock = statement.tag === 'DoStmt' || statement.tag === 'Unparsed'
  const texts = isBlock ? [statement.sql, ...bodies] : bodies
  if (!texts.some(hidesLocks)) return undefined
  return chooseTables(client, [statement.sql, ...bodies])
}

/**
 * Is there, in any of the scripts, code that can give locks back early? Routines come from them, so where there is
 * none, no statement has to be looked at.
 */
export function mayHideLocks(texts: Iterable<string>): boolean {
  for (const text of texts) if (hidesLocks(text)) return true
  return false
}

/** An exception handler, or transaction control; RAISE EXCEPTION is neither. `subtransaction` is PL/Tcl's and PL/Python's. */
function hidesLocks(body: string): boolean {
  return /\bexception\s+when\b|\b(?:commit|rollback)\s*(?:;|\(|and\b)|\bsubtransaction\b/i.test(body)
}

/** Does the statement run code of its own or call routines? */
export function mayRunCode({ tag, node, sql }: StatementText): boolean {
  if (tag === 'DoStmt' || tag === 'CallStmt' || tag === 'Unparsed') return true
  return node !== undefined && /\w"?\s*\(/.test(sql) && dataStatements.has(tag)
}

/** Statements whose expressions call functions while they run; DDL is read from pg_locks well enough. */
const dataStatements: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'ExecuteStmt',
  'CreateTableAsStmt',
  'CopyStmt',
])

const routinesSql = `select p.proname::text as name, coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) as body
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where p.prokind in ('f', 'p') and ${isUserSchema('n.nspname')} and ${isNotFromExtension('pg_catalog.pg_proc', 'p.oid')}`

/** Bodies of the users' routines that the text calls, directly or through others. */
async function calledBodies(client: Client, sql: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; body: string }>(routinesSql)
  const byName = new Map<string, string[]>()
  for (const { name, body } of rows) byName.set(name, [...(byName.get(name) ?? []), body])
  const bodies: string[] = []
  const open = [sql]
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    for (const name of calledNames(text)) {
      const found = byName.get(name) ?? []
      byName.delete(name)
      bodies.push(...found)
      open.push(...found)
    }
  }
  return bodies
}

/** Names before a parenthesis, folded as Postgres does. */
function calledNames(text: string): ReadonlySet<string> {
  const names = [...text.matchAll(/("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\s*\(/gu)].map(([, name = '']) =>
    name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase(),
  )
  return new Set(names)
}

interface TableRow {
  readonly oid: string
  readonly name: string
  readonly neighbours: readonly string[]
}

/** Neighbours: both ends of foreign keys, parents and children, partitions. */
const tablesSql = `select c.oid::int8::text as oid, c.relname::text as name, array(
    select con.confrelid::int8::text from pg_catalog.pg_constraint con where con.conrelid = c.oid and con.contype = 'f'
    union select con.conrelid::int8::text from pg_catalog.pg_constraint con where con.confrelid = c.oid and con.contype = 'f'
    union select i.inhparent::int8::text from pg_catalog.pg_inherits i where i.inhrelid = c.oid
    union select i.inhrelid::int8::text from pg_catalog.pg_inherits i where i.inhparent = c.oid) as neighbours
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${isUserSchema('n.nspname')} order by c.oid`

/** All tables when they are few; else those that the texts name, and their neighbours. */
async function chooseTables(client: Client, texts: readonly string[]): Promise<GatePlan> {
  const { rows } = await client.query<TableRow>(tablesSql)
  if (rows.length <= mostTables) return { tables: rows.map(({ oid }) => Number(oid)), leftOut: 0 }
  const words = new Set(texts.flatMap((text) => text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? []))
  const named = rows.filter(({ name }) => words.has(name.toLowerCase()))
  // A block that names no table builds the names itself: then any table may be meant.
  const chosen = new Set((named.length === 0 ? rows : named).map(({ oid }) => oid))
  for (const neighbour of named.flatMap(({ neighbours }) => neighbours)) chosen.add(neighbour)
  const tables = [...chosen].slice(0, mostTables).map(Number)
  return { tables, leftOut: chosen.size - tables.length }
}
