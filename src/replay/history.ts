import type { Migration, Statement } from '../core/model.ts'
import { transactionCommand } from '../sql/transactions.ts'
import { commandFor, readsStdin } from './commands.ts'
import { failedStep, type FailedStep } from './failed-step.ts'
import { mayLeaveTraces } from './session-effects.ts'
import type { ReplaySession } from './session.ts'
import { stubRefusal } from './stub-statements.ts'
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
 * They did succeed once, so a failing step says something about our server, not about the step. It is returned, and
 * the rest of the file is still applied, in its transactions where that goes, so that what follows stands on as much
 * of the schema as possible.
 */
export async function applyHistory(
  session: ReplaySession,
  migrations: readonly Migration[],
  options: HistoryOptions,
): Promise<readonly FailedStep[]> {
  const failed: FailedStep[] = []
  const leavesTraces = mayLeaveTraces(migrations)
  for (const [index, migration] of migrations.entries()) {
    options.progress?.(index, migrations.length)
    failed.push(...(await applyOne(session, migration, options)))
    const isLast = index === migrations.length - 1
    await leave(session, options.sharesSession || !(isLast || leavesTraces(migration)))
  }
  return failed
}

/** Between files: no open transaction; a fresh session where the tool reconnects. */
async function leave(session: ReplaySession, goesOn: boolean): Promise<void> {
  if (!goesOn || session.wire.isLost) await session.renew()
  else if (session.wire.status !== 'I') await session.run([{ sql: 'rollback' }], true)
}

async function applyOne(
  session: ReplaySession,
  migration: Migration,
  options: HistoryOptions,
): Promise<readonly FailedStep[]> {
  const steps: Step[] = []
  const failed: FailedStep[] = []
  for (const statement of migration.statements) {
    const prepared = options.prepare(statement)
    if ('refused' in prepared) failed.push(refusedStep(migration, statement, prepared.refused))
    else steps.push({ statement, command: commandFor(statement, prepared.sql) })
  }
  for (const message of messages(migration, steps))
    failed.push(...(await applyMessage(session, migration, message)))
  return failed
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
): Promise<readonly FailedStep[]> {
  const autocommits = !steps.some(isTransactionCommand)
  const wraps = autocommits && migration.transaction.mode !== 'statement' && steps.length > 1
  if (!wraps && autocommits) return applyEach(session, migration, steps)
  const error = await applyAsWritten(session, steps, wraps)
  if (error === undefined) return []
  await rollBack(session)
  if (!refusedInBlock.has(error.code)) {
    const failed = await applyWithSavepoints(session, migration, steps, wraps)
    if (failed !== undefined) return failed
    await rollBack(session)
  }
  return applyEach(session, migration, steps)
}

interface Step {
  readonly statement: Statement
  readonly command: WireCommand
}

/** active_sql_transaction, invalid_transaction_termination: without a block it may run. */
const refusedInBlock: ReadonlySet<string> = new Set(['25001', '2D000'])

async function rollBack(session: ReplaySession): Promise<void> {
  if (session.wire.status !== 'I' && !session.wire.isLost) await session.run([{ sql: 'rollback' }], true)
}

/**
 * All statements in few round trips, in a wrapper's BEGIN and COMMIT or with the file's own. The first error, when one
 * failed: then the transaction is to be rolled back.
 */
async function applyAsWritten(
  session: ReplaySession,
  steps: readonly Step[],
  wrap: boolean,
): Promise<WireError | undefined> {
  if (!wrap) {
    for (const { command } of steps) {
      const error = await firstError(session, [command])
      if (error !== undefined) return error
    }
    return undefined
  }
  await session.run([{ sql: 'begin' }], true)
  for (const batch of batches(steps)) {
    const error = await firstError(
      session,
      batch.map(({ command }) => command),
    )
    if (error !== undefined) return error
  }
  return firstError(session, [{ sql: 'commit' }])
}

/**
 * The same once more, without what fails. Undefined when the transaction itself cannot commit: then it is to be
 * rolled back.
 */
async function applyWithSavepoints(
  session: ReplaySession,
  migration: Migration,
  steps: readonly Step[],
  wrap: boolean,
): Promise<readonly FailedStep[] | undefined> {
  const failed: FailedStep[] = []
  if (wrap) await session.run([{ sql: 'begin' }], true)
  for (const step of steps) {
    const isGuarded = session.wire.status === 'T' && mayBeGuarded(step.statement)
    const error = isGuarded ? await guarded(session, step) : await firstError(session, [step.command])
    failed.push(...failedBy(session, migration, step, error))
    if (session.wire.isLost) return failed
    if (session.wire.status === 'E' && !isGuarded) return undefined
  }
  if (!wrap) return failed
  return (await firstError(session, [{ sql: 'commit' }])) === undefined ? failed : undefined
}

/** SET TRANSACTION must come before any savepoint; savepoints of the file itself must not be ours. */
function mayBeGuarded({ tag, node }: Statement): boolean {
  return tag !== 'TransactionStmt' && !(tag === 'VariableSetStmt' && node?.['kind'] === 'VAR_SET_MULTI')
}

async function guarded(session: ReplaySession, { statement, command }: Step): Promise<WireError | undefined> {
  const begin = { sql: 'savepoint pgrehearse_step' }
  const end = { sql: 'release savepoint pgrehearse_step' }
  if (readsStdin(statement)) await session.run([begin], true)
  const commands = readsStdin(statement) ? [command] : [begin, command, end]
  const error = await firstError(session, commands)
  if (error !== undefined && !session.wire.isLost) {
    await session.run([{ sql: 'rollback to savepoint pgrehearse_step' }], true)
  }
  return error
}

const batchSize = 200

/** COPY travels alone: nothing may stand behind it on the wire while it waits for data. */
function batches(
  steps: readonly Step[],
  travelsAlone: (statement: Statement) => boolean = readsStdin,
): readonly (readonly Step[])[] {
  const result: Step[][] = []
  let open: Step[] = []
  for (const step of steps) {
    const alone = travelsAlone(step.statement)
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

/** What is cancelled for its time must not take others with it that are on the wire already. */
function mayTakeLong(statement: Statement): boolean {
  return readsStdin(statement) || longTags.has(statement.tag)
}

const longTags: ReadonlySet<string> = new Set([
  'DoStmt',
  'CallStmt',
  'SelectStmt',
  'CopyStmt',
  'VacuumStmt',
  'RefreshMatViewStmt',
  'Unparsed',
])

async function firstError(
  session: ReplaySession,
  commands: readonly WireCommand[],
): Promise<WireError | undefined> {
  const results = await session.run(commands, true)
  return results.find(({ error }) => error !== undefined)?.error
}

/** Each statement for itself; after a failed attempt, what exists already was applied before the failure. */
async function applyEach(
  session: ReplaySession,
  migration: Migration,
  steps: readonly Step[],
): Promise<readonly FailedStep[]> {
  const failed: FailedStep[] = []
  const bare = steps.filter((step) => !isTransactionCommand(step))
  for (const batch of batches(bare, mayTakeLong)) {
    const commands = batch.map(({ command }) => command)
    const results = await session.run(commands, commands.length === 1 ? true : 'each')
    for (const [at, step] of batch.entries())
      failed.push(...failedBy(session, migration, step, results[at]?.error))
    if (session.wire.isLost) return failed
  }
  return failed
}

function failedBy(
  session: ReplaySession,
  migration: Migration,
  { statement }: Step,
  error: WireError | undefined,
): readonly FailedStep[] {
  if (error === undefined || alreadyDone.has(error.code)) return []
  const isCancelled = session.interruption === 'too long' && error.code === '57014'
  return [
    failedStep(migration, statement, {
      sqlstate: error.code,
      message: error.message,
      reason: isCancelled ? 'too long' : 'error',
    }),
  ]
}

/**
 * duplicate table, object, column, schema, function, database, alias; unique violation of a row inserted twice;
 * no_active_sql_transaction, of LOCK and SAVEPOINT where the block was left out.
 */
const alreadyDone: ReadonlySet<string> = new Set([
  '42P07',
  '42710',
  '42701',
  '42P06',
  '42723',
  '42P04',
  '23505',
  '25P01',
])

function refusedStep(migration: Migration, statement: Statement, why: string): FailedStep {
  const reason = stubRefusal.test(why) ? 'stand-in' : 'refused'
  return failedStep(migration, statement, { sqlstate: '', message: why, reason })
}
