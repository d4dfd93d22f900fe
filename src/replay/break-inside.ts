/**
 * Breaks a statement off that commits in its middle: what is CONCURRENTLY waits for others' transactions behind its
 * first commit (index.c: DefineIndex, WaitForLockers), and code with COMMIT goes on behind that.
 */
import type { CallStmt, DropStmt } from '@pgsql/types'
import type { Client } from 'pg'
import type { Statement } from '../core/model.ts'
import { nameWords } from '../sql/ast.ts'
import { brokenOffAtCommit } from '../sql/interrupted-code.ts'
import { quoteIdent, quoteLiteral } from '../sql/quote.ts'
import { commandFor } from './commands.ts'
import type { ReplaySession } from './session.ts'

/** `killed`: its backend is terminated; `lock timeout`: it gives up waiting. */
export type Breaking = 'killed' | 'lock timeout'

/** At this long the statement has passed where it was to wait, or waits for something else. */
const longestWaitMs = 3000
const pollMs = 5

/**
 * Runs the statement in the session until it has committed something, and no further. False where it came to its end, or
 * nobody knows how to stop it. `holder`: a connection to the same database that may lock its tables, idle before and after.
 */
export async function breakInside(
  session: ReplaySession,
  holder: Client,
  statement: Statement,
  how: Breaking,
): Promise<boolean> {
  if (statement.tag === 'DoStmt') return breakCode(session, statement, brokenOffAtCommit(statement.sql))
  if (statement.tag === 'CallStmt') return breakCall(session, statement)
  const table = await tableOf(session, statement)
  return table !== undefined && breakWaiting(session, holder, { statement, table, how })
}

async function breakCode(
  session: ReplaySession,
  statement: Statement,
  sql: string | undefined,
): Promise<boolean> {
  if (sql === undefined) return false
  const [result] = await session.run([commandFor(statement, sql)], true)
  return result?.error?.code === queryCanceled
}

const queryCanceled = '57014'

/** The procedure breaks off for this one call. */
async function breakCall(session: ReplaySession, statement: Statement): Promise<boolean> {
  const { funccall } = statement.node as CallStmt
  const name = (funccall?.funcname ?? []).flatMap((node) => nameWords(node)).map(quoteIdent)
  const definition = await firstValue(
    session,
    `select pg_catalog.pg_get_functiondef(pg_catalog.to_regproc(${quoteLiteral(name.join('.'))}))`,
  )
  const breaking = definition === undefined ? undefined : brokenOffAtCommit(definition)
  if (definition === undefined || breaking === undefined) return false
  const [, called] = [
    await session.run([{ sql: breaking }], true),
    await session.run([commandFor(statement)], true),
  ]
  await session.run([{ sql: definition }], true)
  return called[0]?.error?.code === queryCanceled
}

interface Waiting {
  readonly statement: Statement
  /** As SQL. */
  readonly table: string
  readonly how: Breaking
}

async function breakWaiting(
  session: ReplaySession,
  holder: Client,
  { statement, table, how }: Waiting,
): Promise<boolean> {
  const { processId } = session.wire
  if (how === 'lock timeout') await session.run([{ sql: "set lock_timeout = '50ms'" }], true)
  await holder.query('begin')
  try {
    // what writers hold: the statement may begin, and has to wait for this transaction
    if (!(await holdAsWriter(holder, table))) return false
    let isDone = false
    const running = session.run([commandFor(statement)], true).finally(() => {
      isDone = true
    })
    // seen below, also where the wait for it comes later
    running.catch(() => undefined)
    const until = performance.now() + longestWaitMs
    while (!isDone && how === 'killed' && !(await waitsForLock(holder, processId))) {
      if (performance.now() > until) break
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
    if (!isDone && how === 'killed')
      await holder.query('select pg_catalog.pg_terminate_backend($1)', [processId])
    const [result] = await running
    return result?.error !== undefined
  } finally {
    await holder.query('rollback')
  }
}

/** Locks a table as writers do. False where another role's is out of reach, on a server where nobody is superuser. */
export async function holdAsWriter(holder: Client, table: string): Promise<boolean> {
  try {
    await holder.query(`lock table only ${table} in row exclusive mode`)
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === '42501') return false
    throw error
  }
}

/** Does this backend wait for a lock? */
export async function waitsForLock(client: Client, processId: number): Promise<boolean> {
  const { rows } = await client.query<{ waits: boolean }>(
    'select exists (select from pg_catalog.pg_locks where pid = $1 and not granted) as waits',
    [processId],
  )
  return rows[0]?.waits === true
}

/** The table whose writers it waits for, as the session finds it. */
function tableOf(session: ReplaySession, { tag, node }: Statement): Promise<string | undefined> {
  const relation = node?.['relation'] as { schemaname?: string; relname?: string } | undefined
  const words =
    tag === 'DropStmt'
      ? nameWords((node as DropStmt).objects?.[0])
      : [relation?.schemaname ?? '', relation?.relname ?? ''].filter((word) => word !== '')
  if (words.length === 0) return Promise.resolve(undefined)
  return firstValue(
    session,
    `select pg_catalog.format('%I.%I', s.nspname, t.relname) from pg_catalog.pg_class c
     left join pg_catalog.pg_index i on i.indexrelid = c.oid
     join pg_catalog.pg_class t on t.oid = coalesce(i.indrelid, c.oid)
     join pg_catalog.pg_namespace s on s.oid = t.relnamespace
     where c.oid = pg_catalog.to_regclass(${quoteLiteral(words.map(quoteIdent).join('.'))})`,
  )
}

async function firstValue(session: ReplaySession, sql: string): Promise<string | undefined> {
  const [result] = await session.run([{ sql }], true)
  return result?.rows[0]?.[0] ?? undefined
}
