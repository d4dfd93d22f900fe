import type { Limit, Migration, Statement } from '../core/model.ts'
import { transactionCommand } from '../sql/transactions.ts'
import { commandFor, readsStdin } from './commands.ts'
import type { ReplaySession } from './session.ts'
import type { WireCommand, WireError } from './wire.ts'

export interface HistoryOptions {
  readonly sharesSession: boolean
  /** The SQL to run instead of a statement, or why it must not run here at all. */
  readonly prepare: (statement: Statement) => { readonly sql: string } | { readonly refused: string }
  readonly progress?: (done: number, total: number) => void
}

/**
 * Applies migrations that production already has: fast, in their own transactions, unmeasured.
 *
 * They did succeed once, so a failing step says something about our server, not about the step. It is listed, and
 * the rest of the file is still applied, statement by statement, so that what follows stands on as much of the
 * schema as possible.
 */
export async function applyHistory(
  session: ReplaySession,
  migrations: readonly Migration[],
  options: HistoryOptions,
): Promise<readonly Limit[]> {
  const limits: Limit[] = []
  for (const [index, migration] of migrations.entries()) {
    options.progress?.(index, migrations.length)
    limits.push(...(await applyOne(session, migration, options)))
    await leave(session, options.sharesSession)
  }
  return limits
}

/** Between files: no open transaction; a fresh session where the tool reconnects. */
async function leave(session: ReplaySession, sharesSession: boolean): Promise<void> {
  if (!sharesSession || session.wire.isLost) await session.renew()
  else if (session.wire.status !== 'I') await session.run([{ sql: 'rollback' }], true)
}

async function applyOne(
  session: ReplaySession,
  migration: Migration,
  options: HistoryOptions,
): Promise<readonly Limit[]> {
  const steps: Step[] = []
  const limits: Limit[] = []
  for (const statement of migration.statements) {
    const prepared = options.prepare(statement)
    if ('refused' in prepared) limits.push(historyLimit(migration, statement, prepared.refused))
    else steps.push({ statement, command: commandFor(statement, prepared.sql) })
  }
  for (const message of messages(migration, steps))
    limits.push(...(await applyMessage(session, migration, message)))
  return limits
}

/** In mode `simple query` each part of the script is a transaction of its own, where the script says nothing else. */
function messages({ transaction }: Migration, steps: readonly Step[]): readonly (readonly Step[])[] {
  if (transaction.mode !== 'simple query' || steps.some(isTransactionCommand)) return [steps]
  const parts = new Map<number, Step[]>()
  for (const step of steps) {
    const { part = 0 } = step.statement
    const before = parts.get(part)
    if (before === undefined) parts.set(part, [step])
    else before.push(step)
  }
  return [...parts.values()]
}

function isTransactionCommand({ statement }: Step): boolean {
  return transactionCommand(statement.tag, statement.node) !== 'none'
}

async function applyMessage(
  session: ReplaySession,
  migration: Migration,
  steps: readonly Step[],
): Promise<readonly Limit[]> {
  const autocommits = !steps.some(isTransactionCommand)
  const wraps = autocommits && migration.transaction.mode !== 'statement' && steps.length > 1
  if (!wraps && autocommits) return applyOneByOne(session, migration, steps)
  if (await applyAsWritten(session, steps, wraps)) return []
  if (session.wire.status !== 'I') await session.run([{ sql: 'rollback' }], true)
  return applyOneByOne(session, migration, steps)
}

interface Step {
  readonly statement: Statement
  readonly command: WireCommand
}

/**
 * All statements in few round trips, in a wrapper's BEGIN and COMMIT or with the file's own. False when one failed:
 * then the transaction is to be rolled back.
 */
async function applyAsWritten(
  session: ReplaySession,
  steps: readonly Step[],
  wrap: boolean,
): Promise<boolean> {
  if (!wrap) {
    for (const { command } of steps) if ((await firstError(session, [command])) !== undefined) return false
    return true
  }
  await session.run([{ sql: 'begin' }], true)
  for (const batch of batches(steps)) {
    const commands = batch.map(({ command }) => command)
    if ((await firstError(session, commands)) !== undefined) return false
  }
  return (await firstError(session, [{ sql: 'commit' }])) === undefined
}

const batchSize = 200

/** COPY travels alone: nothing may stand behind it on the wire while it waits for data. */
function batches(steps: readonly Step[]): readonly (readonly Step[])[] {
  const result: Step[][] = []
  let open: Step[] = []
  for (const step of steps) {
    const alone = readsStdin(step.statement)
    if (open.length > 0 && (alone || open.length >= batchSize)) {
      result.push(open)
      open = []
    }
    open.push(step)
    if (alone) {
      result.push(open)
      open = []
    }
  }
  if (open.length > 0) result.push(open)
  return result
}

async function firstError(
  session: ReplaySession,
  commands: readonly WireCommand[],
): Promise<WireError | undefined> {
  const results = await session.run(commands, true)
  return results.find(({ error }) => error !== undefined)?.error
}

/** Each statement for itself; after a failed attempt, what exists already was applied before the failure. */
async function applyOneByOne(
  session: ReplaySession,
  migration: Migration,
  steps: readonly Step[],
): Promise<readonly Limit[]> {
  const limits: Limit[] = []
  for (const { statement, command } of steps) {
    if (transactionCommand(statement.tag, statement.node) !== 'none') continue
    const error = await firstError(session, [command])
    if (session.wire.isLost) {
      return [...limits, historyLimit(migration, statement, error?.message ?? 'the connection was lost')]
    }
    if (error !== undefined && !alreadyDone.has(error.code)) {
      limits.push(historyLimit(migration, statement, `${error.message} (SQLSTATE ${error.code})`))
    }
  }
  return limits
}

/** duplicate table, object, column, schema, function, database, alias; unique violation of a row inserted twice. */
const alreadyDone: ReadonlySet<string> = new Set([
  '42P07',
  '42710',
  '42701',
  '42P06',
  '42723',
  '42P04',
  '23505',
])

function historyLimit(migration: Migration, statement: Statement, why: string): Limit {
  return {
    code: 'history-step-failed',
    message: `A step of the history did not replay here: ${why}.`,
    hint: 'Everything that does not build on it is judged all the same. A server that has what it needs can be given by --server-url.',
    span: { ...statement.span, file: migration.file },
  }
}
