import type { Client } from 'pg'
import { lockStrength } from '../core/locks.ts'
import type { Limit, LockEffect, Migration, Statement } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { transactionCommand } from '../sql/transactions.ts'
import { readsStdin } from './commands.ts'
import { gateLocks, type GateLock, type GateResult } from './gate.ts'
import { mayHideLocks, mayRunCode, planGate } from './gate-plan.ts'
import type { RelationCatalog } from './relations.ts'
import { partOf } from './wrapping.ts'

export interface GateContext {
  readonly server: PostgresServer
  /** The seeded schema before the first migration under review; nobody is ever connected to it. */
  readonly pristine: string
  readonly review: readonly Migration[]
  readonly prepare: (statement: Statement) => { readonly sql: string } | { readonly refused: string }
  readonly timeoutMs: number
  readonly time: GateTime
  readonly signal: AbortSignal
}

/** Every pass brings a copy to its statement: where many share a long transaction, that is most of the whole run. */
const maxTotalMs = 60_000

/** The time of all gate passes of a run. */
export class GateTime {
  private leftMs: number
  private isTold = false

  constructor(totalMs = maxTotalMs) {
    this.leftMs = totalMs
  }

  get isUp(): boolean {
    return this.leftMs <= 0
  }

  spend(ms: number): void {
    this.leftMs -= ms
  }

  /** What is not seen from here on; once. */
  limits({ span }: Statement): readonly Limit[] {
    if (this.isTold) return []
    this.isTold = true
    const message =
      'From here on it was not looked for locks that a block of code gives back before it ends: that had taken a minute.'
    return [{ code: 'gate-incomplete', message, hint: stillHeld, span }]
  }
}

export interface GatedLocks {
  /** By index of the statement. */
  readonly byStatement: ReadonlyMap<number, readonly LockEffect[]>
  readonly limits: readonly Limit[]
}

/** Might any of the migrations run code whose locks are gone before it ends? Then a pristine copy is worth its time. */
export function mayNeedGates(history: readonly Migration[], review: readonly Migration[]): boolean {
  return (
    review.some(({ statements }) => statements.some(mayRunCode)) &&
    mayHideLocks([...history, ...review].map(({ text }) => text))
  )
}

/**
 * A second pass over the statements of one migration that can give locks back before they end (exception blocks,
 * COMMIT in procedures): each on a copy of its own, brought to the point just before it, through gates.
 * @param planner connected to the database in its state before the migration
 */
export async function gateMigration(
  context: GateContext,
  index: number,
  planner: Client,
  catalog: RelationCatalog,
): Promise<GatedLocks> {
  const byStatement = new Map<number, readonly LockEffect[]>()
  const limits: Limit[] = []
  const statements = context.review[index]?.statements ?? []
  for (const statement of statements) {
    const plan = mayRunCode(statement)
      ? await planGate(planner, withNewRoutines(statement, statements))
      : undefined
    // nobody else can use what the run itself created, and its oid is another one in the copy
    const tables = plan?.tables.filter((oid) => catalog.existed(oid)) ?? []
    if (plan === undefined || tables.length === 0) continue
    if (context.time.isUp) {
      limits.push(...context.time.limits(statement))
      continue
    }
    const begin = performance.now()
    try {
      const result = await gateStatement(context, index, statement, tables)
      byStatement.set(statement.index, lockEffects(result, catalog))
      if (plan.leftOut > 0)
        limits.push(incomplete(statement, `${plan.leftOut} tables it may reach were too many to watch`))
      if (!result.complete) limits.push(incomplete(statement, result.why ?? 'it was cut short'))
    } catch (error) {
      context.signal.throwIfAborted()
      limits.push(incomplete(statement, error instanceof Error ? error.message : String(error)))
    } finally {
      context.time.spend(performance.now() - begin)
    }
  }
  return { byStatement, limits }
}

/** Routines that the migration itself created are not in the catalogue yet: their text stands for them. */
function withNewRoutines(
  statement: Statement,
  statements: readonly Statement[],
): Pick<Statement, 'tag' | 'node' | 'sql'> {
  const created = statements.filter(
    ({ tag, index }) => tag === 'CreateFunctionStmt' && index < statement.index,
  )
  if (created.length === 0) return statement
  return {
    tag: 'DoStmt',
    node: statement.node,
    sql: [...created, statement].map(({ sql }) => sql).join('\n'),
  }
}

async function gateStatement(
  { server, pristine, review, prepare, timeoutMs, signal }: GateContext,
  index: number,
  statement: Statement,
  tables: readonly number[],
): Promise<GateResult> {
  const prepared = prepare(statement)
  if ('refused' in prepared) throw new Error(prepared.refused)
  const database = await server.createDatabase({ template: pristine })
  try {
    const prelude = (client: Client): Promise<void> => bring(client, review, index, statement, prepare)
    return await gateLocks({ server, database, prelude, statement: prepared.sql, tables, timeoutMs, signal })
  } finally {
    await server.dropDatabase(database)
  }
}

/** Runs what comes before the statement, in its transactions. */
async function bring(
  client: Client,
  review: readonly Migration[],
  index: number,
  statement: Statement,
  prepare: GateContext['prepare'],
): Promise<void> {
  for (const [at, migration] of review.slice(0, index + 1).entries()) {
    const before = migration.statements.filter((one) => at < index || one.index < statement.index)
    const wraps = wrapsInBlock(migration) && !(at === index && !statement.inTransactionBlock)
    if (wraps) await client.query('begin')
    for (const [position, one] of before.entries()) {
      if (wraps && position > 0 && startsMessage(migration, one)) await client.query('commit; begin')
      await runEarlier(client, one, prepare)
    }
    if (wraps && at < index) await client.query('commit')
    else if (wraps && startsMessage(migration, statement)) await client.query('commit; begin')
  }
}

async function runEarlier(
  client: Client,
  statement: Statement,
  prepare: GateContext['prepare'],
): Promise<void> {
  if (readsStdin(statement)) throw new Error('a COPY … FROM STDIN comes before it')
  const prepared = prepare(statement)
  if ('sql' in prepared) await client.query(prepared.sql)
}

/** Is it the first of a message, which is a transaction of its own? */
function startsMessage({ transaction, statements }: Migration, statement: Statement): boolean {
  return transaction.mode === 'simple query' && partOf(statements, statement)[0] === statement
}

/** The tool's own BEGIN, where the file does not manage its transactions itself. */
function wrapsInBlock({ transaction, statements }: Migration): boolean {
  if (transaction.mode === 'statement' || statements.length < 2) return transaction.mode === 'file'
  return !statements.some(({ tag, node }) => transactionCommand(tag, node) !== 'none')
}

/** The strongest mode asked for on each relation that the run knows. */
function lockEffects({ requests, held }: GateResult, catalog: RelationCatalog): readonly LockEffect[] {
  const strongest = new Map<number, GateLock>()
  for (const lock of [...requests, ...held]) {
    const known = strongest.get(lock.oid)
    if (known === undefined || lockStrength(lock.mode) > lockStrength(known.mode))
      strongest.set(lock.oid, lock)
  }
  return [...strongest.values()].flatMap(({ oid, mode }) => {
    const relation = catalog.get(oid)?.relation
    // weaker ones hinder nobody but DDL, and pg_locks shows those that stay
    const isWeak = lockStrength(mode) < lockStrength('ShareUpdateExclusiveLock')
    return relation === undefined || isWeak ? [] : [{ kind: 'lock', relation, mode, until: 'statement' }]
  })
}

const stillHeld = 'Locks that it still holds at its end are in the report all the same.'

function incomplete(statement: Statement, why: string): Limit {
  return {
    code: 'gate-incomplete',
    message: `Locks that this statement gives back before it ends could not all be seen: ${why}.`,
    hint: stillHeld,
    span: statement.span,
  }
}
