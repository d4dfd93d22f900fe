import type { Migration, Statement } from '../core/model.ts'
import type { ReplaySession } from './session.ts'
import type { WireError } from './wire.ts'

/** Does it travel in a pipeline with the others of its part, with a single Sync at the end of that? */
export function isPipelined({ transaction, statements }: Migration, statement: Statement): boolean {
  return transaction.mode === 'simple query' && partOf(statements, statement).length > 1
}

/** Does any of its statements travel in a pipeline? */
export function hasPipeline(migration: Migration): boolean {
  return migration.statements.some((statement) => isPipelined(migration, statement))
}

/** Begins the transaction that the script's tool begins, if any. */
export async function beginScript(
  session: ReplaySession,
  { transaction: { mode }, statements }: Migration,
): Promise<WireError | undefined> {
  if (statements.length === 0) return undefined
  if (mode === 'file' || (mode === 'run' && session.wire.status === 'I')) {
    return errorOf(session, 'begin', true)
  }
  return undefined
}

/** Commits it. `endsRun`: the script is the last of those that share one transaction (mode `run`). */
export async function endScript(
  session: ReplaySession,
  { transaction: { mode }, statements }: Migration,
  endsRun: boolean,
): Promise<WireError | undefined> {
  if (statements.length === 0 || (mode === 'run' && !endsRun)) return undefined
  if ((mode === 'file' || mode === 'run') && session.wire.status !== 'I') {
    return errorOf(session, 'commit', true)
  }
  return undefined
}

/**
 * Before the first statement of a pipeline, which stands for a simple Query of several statements: an implicit transaction
 * block, in which LOCK and SET LOCAL may come first and what must not run in a block is refused
 * (BeginImplicitTransactionBlock(), xact.c). From 18 on a pipeline is one from its second command on, so one that needs no
 * snapshot comes first; before, a block of our own takes its place, where the message has no transaction commands.
 */
export async function beginMessage(
  session: ReplaySession,
  migration: Migration,
  statement: Statement,
): Promise<WireError | undefined> {
  const isFirst = partOf(migration.statements, statement)[0] === statement
  if (!isFirst || !isPipelined(migration, statement)) return undefined
  if (ownBlock(session, migration, statement)) return errorOf(session, 'begin', true)
  return errorOf(session, 'show server_version', false)
}

function ownBlock({ serverMajor }: ReplaySession, { statements }: Migration, statement: Statement): boolean {
  return serverMajor < 18 && partOf(statements, statement).every(({ tag }) => tag !== 'TransactionStmt')
}

/** After the last statement of a pipeline: the Sync, or before 18 the COMMIT of our own block, that commits it. */
export async function endMessage(
  session: ReplaySession,
  migration: Migration,
  statement: Statement,
): Promise<WireError | undefined> {
  const isLast = partOf(migration.statements, statement).at(-1) === statement
  if (!isLast || !isPipelined(migration, statement)) return undefined
  if (ownBlock(session, migration, statement)) {
    return session.wire.status === 'I' || session.wire.isLost ? undefined : errorOf(session, 'commit', true)
  }
  const [result] = await session.run([], true)
  return result?.error
}

/** The statements that stand in the same part of their script. */
export function partOf(statements: readonly Statement[], { part = 0 }: Statement): readonly Statement[] {
  return statements.filter((other) => (other.part ?? 0) === part)
}

async function errorOf(session: ReplaySession, sql: string, sync: boolean): Promise<WireError | undefined> {
  const [result] = await session.run([{ sql }], sync)
  return result?.error
}
