import type { Migration } from '../core/model.ts'
import type { ReplaySession } from './session.ts'
import type { WireError } from './wire.ts'

/** Do its statements travel in one pipeline, with a single Sync at its end? */
export function isPipeline({ transaction, statements }: Migration): boolean {
  return transaction.mode === 'simple query' && statements.length > 1
}

/** Begins the transaction that the script's tool begins, if any. */
export async function beginScript(
  session: ReplaySession,
  migration: Migration,
): Promise<WireError | undefined> {
  const { mode } = migration.transaction
  if (migration.statements.length === 0) return undefined
  // a first command that needs no snapshot makes the server see a pipeline: what must not run in a
  // transaction block is refused as it is in a simple Query of several statements
  if (isPipeline(migration)) return errorOf(session, 'show server_version', false)
  if (mode === 'file' || (mode === 'run' && session.wire.status === 'I')) {
    return errorOf(session, 'begin', true)
  }
  return undefined
}

/** Commits it. `endsRun`: the script is the last of those that share one transaction (mode `run`). */
export async function endScript(
  session: ReplaySession,
  migration: Migration,
  endsRun: boolean,
): Promise<WireError | undefined> {
  const { mode } = migration.transaction
  if (migration.statements.length === 0 || (mode === 'run' && !endsRun)) return undefined
  if (isPipeline(migration)) {
    const [result] = await session.run([], true)
    return result?.error
  }
  if ((mode === 'file' || mode === 'run') && session.wire.status !== 'I') {
    return errorOf(session, 'commit', true)
  }
  return undefined
}

async function errorOf(session: ReplaySession, sql: string, sync: boolean): Promise<WireError | undefined> {
  const [result] = await session.run([{ sql }], sync)
  return result?.error
}
