import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EnvironmentError } from '../core/errors.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import type { ProbeQueries } from '../proxy/model.ts'
import { startProxy } from '../proxy/start-proxy.ts'
import { allRelationsSql, probeSql } from '../replay/probe.ts'
import { loadParser, parseStatement } from '../sql/parse.ts'
import { canProbe } from '../replay/commands.ts'
import { commitsByItself } from '../replay/measure.ts'
import { commandText, runCommand, type Command } from './command.ts'
import { commandEnvironment } from './environment.ts'
import { interrupter, type Interruption } from './interruption.ts'
import { LockWait } from './lock-wait.ts'
import type { Recording } from './model.ts'
import { Recorder } from './recorder.ts'
import { standInHook } from './stand-in-hook.ts'
import { noWatchdog, watchStatements } from './watchdog.ts'

export interface RecordRequest {
  readonly server: PostgresServer
  /** The database that the command is led to. */
  readonly database: string
  /** Look what each statement does. */
  readonly measure: boolean
  readonly command: Command
  readonly timeoutMs: number
  /** Milliseconds after which a statement is cancelled; absent: whenever it ends. */
  readonly statementTimeoutMs?: number
  /** Scripts have run on this server before. */
  readonly again: boolean
  /** Names of environment variables that the command must not see. */
  readonly secrets?: readonly string[]
  /** Where it is made to fail; absent: nowhere. */
  readonly interruption?: Interruption
  /** End it as soon as it does nothing but wait for a lock of the tool's own, which a run before it has left. */
  readonly endsWaiting?: true
  /** Is this message one of our event triggers'? Absent: there are none. */
  readonly isOurs?: (message: string) => boolean
  readonly signal: AbortSignal
  readonly print: (chunk: Uint8Array) => void
}

/**
 * Runs a command against a database through the proxy and gives what it did there. Throws EnvironmentError when the
 * program cannot be started, and the signal's reason when that is aborted.
 */
export async function record(request: RecordRequest): Promise<Recording> {
  const { server, database, command, signal } = request
  await loadParser()
  const recorder = new Recorder(database)
  const limited = (message: string): void => recorder.limited(message)
  const hook = standInHook({ server, database, limited, again: request.again })
  const limitMs = request.statementTimeoutMs
  await using watchdog = limitMs === undefined ? noWatchdog : await watchStatements(server, database, limitMs)
  const { interruption } = request
  await using failure =
    interruption === undefined ? undefined : await interrupter(server, database, interruption)
  const wait = request.endsWaiting === true ? new LockWait() : undefined
  // the proxy's clock begins here as well: lines and statements are put in one order
  const begun = performance.now()
  await using proxy = await startProxy(server, {
    database,
    ...(request.measure ? { probe: probeFor(server.major) } : {}),
    listener: {
      connected: () => recorder.connected(),
      prepare: hook,
      statement: (session, statement) => {
        const isStopped = statement.error !== undefined && watchdog.hasStopped(session.processId)
        recorder.statement(session, statement, isStopped ? limitMs : undefined)
        failure?.statement(session, statement)
        wait?.statement(statement)
      },
      transactionEnded: (session, how) => recorder.transactionEnded(session, how),
      disconnected: (session) => {
        recorder.disconnected(session)
        failure?.disconnected(session)
      },
      ...(failure === undefined ? {} : { interrupt: failure.interrupt.bind(failure) }),
      limited,
    },
    ...(request.isOurs === undefined ? {} : { isOurs: request.isOurs }),
    signal,
  })
  await using folder = await certificateFolder(proxy.address.certificate)
  const env = commandEnvironment(command.env, proxy.address, folder.file, request.secrets)
  const finished = await runCommand(
    { ...command, env, folders: [...(command.folders ?? []), path.dirname(folder.file)] },
    {
      timeoutMs: request.timeoutMs,
      signal,
      ...(wait === undefined ? {} : { inVain: wait.seen }),
      now: () => performance.now() - begun,
      onOutput: request.print,
    },
  ).catch((error: unknown) => {
    throw notStarted(error, command) ?? error
  })
  await inTime(proxy.idle(), idleMs)
  return {
    command: commandText(command.run),
    ...finished,
    ...recorder.take(),
    connections: recorder.connections,
    ...(failure === undefined ? {} : { wasInterrupted: failure.hasHappened }),
    ...(wait?.seen.aborted === true && finished.end.tooLong ? { endedWaiting: true } : {}),
  }
}

/** What the server still has to answer when the command is gone. */
const idleMs = 10_000

async function inTime(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

function probeFor(major: number): ProbeQueries {
  return {
    sql: probeSql(major),
    // also behind what only reads: else its locks and scans were taken for those of the next statement
    isWanted: (sql) => canProbe(parseStatement(sql)),
    everyRelation: {
      sql: allRelationsSql,
      isWanted: (sql) => {
        if (!/\b(?:vacuum|cluster|reindex|concurrently)\b/i.test(sql)) return false
        const { tag, node } = parseStatement(sql)
        return commitsByItself({ tag, node })
      },
    },
  }
}

/** Holds the proxy's certificate, for clients that read it from a file. */
async function certificateFolder(certificate: string): Promise<AsyncDisposable & { readonly file: string }> {
  const dir = await mkdtemp(path.join(tmpdir(), 'pgrehearse-proxy-'))
  const file = path.join(dir, 'root.crt')
  await writeFile(file, certificate)
  return { file, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}

function notStarted(error: unknown, { run, cwd }: Command): EnvironmentError | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  if (code !== 'ENOENT' && code !== 'EACCES') return undefined
  const program = typeof run === 'string' ? '/bin/sh' : (run[0] ?? '')
  return new EnvironmentError(`The program ${JSON.stringify(program)} could not be started in ${cwd}.`, {
    hint: 'Is it installed on this machine, and on PATH?',
    cause: error,
  })
}
