import type { Migration, Statement } from '../core/model.ts'
import { commandFor } from './commands.ts'
import type { ReplaySession } from './session.ts'
import type { WireError } from './wire.ts'
import { beginMessage, beginScript, endMessage, endScript, isPipelined } from './wrapping.ts'

/** Where a script stopped, and why. */
export interface ScriptError {
  readonly statement: Statement
  readonly error: WireError
}

export interface ScriptRun {
  /** Index of the first statement; absent: the first of the script. */
  readonly from?: number
  /** Index of the statement before which it is left as it is; absent: it runs to its end. */
  readonly to?: number
  /** The SQL to run instead of a statement, or why it must not run here at all. */
  readonly prepare: (statement: Statement) => { readonly sql: string } | { readonly refused: string }
}

/** Runs a script as its tool does, unmeasured, to its first error. */
export async function runScript(
  session: ReplaySession,
  migration: Migration,
  { from = 0, to = migration.statements.length, prepare }: ScriptRun,
): Promise<ScriptError | undefined> {
  const [first] = migration.statements
  const last = migration.statements.at(-1)
  if (first === undefined || last === undefined) return undefined
  const failed = (statement: Statement, error: WireError | undefined): ScriptError | undefined =>
    error === undefined ? undefined : { statement, error }
  let stop = from === 0 ? failed(first, await beginScript(session, migration)) : undefined
  for (const statement of migration.statements.slice(from, to)) {
    stop ??= failed(statement, await beginMessage(session, migration, statement))
    if (stop !== undefined) return stop
    const prepared = prepare(statement)
    const [result] =
      'refused' in prepared
        ? []
        : await session.run([commandFor(statement, prepared.sql)], !isPipelined(migration, statement))
    stop = failed(statement, result?.error)
    // the first error of a message counts; its Sync has to be sent all the same
    const error = await endMessage(session, migration, statement)
    stop ??= failed(statement, error)
    if (stop !== undefined) return stop
  }
  return to < migration.statements.length
    ? undefined
    : failed(last, await endScript(session, migration, true))
}
