import { spawn, type ChildProcess } from 'node:child_process'
import { chown, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EnvironmentError } from '../core/errors.ts'
import type { Watchdog } from './cleanup.ts'
import { walSegmentBytes } from './control-file.ts'
import { otherServerHint, spawnIdentity, type OsUser } from './os-user.ts'
import { newPassword } from './roles.ts'
import type { Runtime } from './runtime.ts'
import type { WorkFolder } from './work-folder.ts'

/** Bootstrap superuser. Not `postgres`: migrations that name that role get an ordinary one. */
export const superuserName = 'pgrehearse_superuser'

const startTimeoutMs = 60_000
const stopTimeoutMs = 5_000
/** The checkpoint of a shutdown writes what the history filled, and nothing is flushed to disk. */
const shutDownTimeoutMs = 30_000
const pollIntervalMs = 3
const logLinesInErrors = 8

/** What the steps of starting share. */
export interface StartContext {
  readonly runtime: Runtime
  readonly user: OsUser
  readonly folder: WorkFolder
  readonly watchdog: Watchdog
}

/**
 * Creates the data folder and gives the superuser a random password, which is returned.
 * @throws EnvironmentError when initdb fails: a full disk, missing memory, …
 */
export async function initialize(context: StartContext): Promise<string> {
  const password = newPassword()
  const passwordFile = join(context.folder.dir, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 }).catch((cause: unknown) => {
    throw new EnvironmentError(
      `Nothing can be written to ${context.folder.dir}: ${(cause as Error).message}`,
      {
        hint: diskHint,
        cause,
      },
    )
  })
  if (context.user.dropped) await chown(passwordFile, context.user.uid, context.user.gid)
  try {
    const failure = await runInitdb(context, passwordFile, 'C.UTF-8')
    // glibc before 2.35 outside Debian, and old macOS, have no C.UTF-8.
    const second = failure?.includes('invalid locale name')
      ? await runInitdb(context, passwordFile, 'C')
      : failure
    if (second !== undefined) throw initdbFailed(context, second)
  } finally {
    await rm(passwordFile, { force: true })
  }
  return password
}

/** What initdb printed when it failed. */
async function runInitdb(
  { runtime, user, folder, watchdog }: StartContext,
  passwordFile: string,
  locale: string,
): Promise<string | undefined> {
  const child = spawn(
    join(runtime.bin, 'initdb'),
    [
      `--pgdata=${join(folder.dir, 'data')}`,
      `--username=${superuserName}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      `--locale=${locale}`,
      `--wal-segsize=${walSegmentBytes / 1024 ** 2}`,
      '--no-sync',
    ],
    {
      ...spawnIdentity(user),
      cwd: '/',
      env: { ...runtime.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  watchdog.guard(child.pid)
  const result = await ended(child)
  watchdog.guard(undefined)
  return result === 0 ? undefined : `${output.trim()}\n(${result})`
}

const killedBy = 'killed by '

/** The exit code, or how else it ended. */
async function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code ?? `${killedBy}${signal}`))
  })
}

function hintFor(end: string): string {
  return end.includes(killedBy) ? memoryHint : otherServerHint
}

const memoryHint =
  'Look whether the memory of this machine is full, and whether something ends its processes.'
const diskHint = 'Free some space (about 60 MB are needed) or set TMPDIR to a folder on another disk.'

function initdbFailed({ folder }: StartContext, output: string): EnvironmentError {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const isFull = /no space left|disk quota exceeded/i.test(output)
  const reason = lines.find((line) => /error|fatal|could not|cannot/i.test(line)) ?? lines.at(-1) ?? ''
  return isFull
    ? new EnvironmentError(`The disk is full: Postgres could not create its files in ${folder.dir}.`, {
        hint: diskHint,
      })
    : new EnvironmentError(`Postgres could not be set up in ${folder.dir}: ${reason.trim()}`, {
        hint: hintFor(output),
      })
}

/**
 * Starts the server and waits until it accepts connections.
 * @throws EnvironmentError with the last lines of its log when it dies or does not become ready.
 */
export async function startPostmaster(context: StartContext): Promise<ChildProcess> {
  const { runtime, user, folder } = context
  const data = join(folder.dir, 'data')
  await rm(join(data, 'postmaster.pid'), { force: true }) // of a server that was killed: it says "ready"
  const log = await open(join(folder.dir, 'log'), 'a', 0o600)
  const child = spawn(join(runtime.bin, 'postgres'), ['-D', data], {
    ...spawnIdentity(user),
    cwd: '/',
    env: { ...runtime.env },
    detached: true, // Ctrl-C in the terminal goes to us alone: we end the server
    stdio: ['ignore', log.fd, log.fd],
  })
  const exit = ended(child)
  child.unref()
  await log.close()
  const deadline = performance.now() + startTimeoutMs
  let exited: number | string | undefined
  do {
    if (await isReady(data)) return child
    exited = await Promise.race([exit, sleep(pollIntervalMs, undefined)])
  } while (exited === undefined && performance.now() < deadline)
  throw await startFailed(folder, exited)
}

/** Line 8 of postmaster.pid (LOCK_FILE_LINE_PM_STATUS in miscadmin.h). */
async function isReady(data: string): Promise<boolean> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')[7]?.trim() === 'ready'
}

async function startFailed(
  folder: WorkFolder,
  exited: number | string | undefined,
): Promise<EnvironmentError> {
  const log = await readFile(join(folder.dir, 'log'), 'utf8').catch(() => '')
  const lastLines = log.trim().split('\n').slice(-logLinesInErrors).join('\n')
  const isFull = /no space left|disk quota exceeded/i.test(log)
  const what =
    exited === undefined
      ? `Postgres did not become ready within ${startTimeoutMs / 1000} s.`
      : `Postgres ended while it started (${exited}).`
  return new EnvironmentError(`${what} Its log ends with:\n${lastLines}`, {
    hint: isFull ? diskHint : hintFor(String(exited)),
  })
}

/** Ends the server at once, without a checkpoint: its data is thrown away. */
export async function stopPostmaster(child: ChildProcess): Promise<void> {
  if (!(await endsWithin(child, 'SIGQUIT', stopTimeoutMs))) await endsWithin(child, 'SIGKILL')
}

/** Ends the server in good order, with a checkpoint, so that its data can be used again. Sessions are cut off. */
export async function shutDownPostmaster(child: ChildProcess): Promise<void> {
  if (!(await endsWithin(child, 'SIGINT', shutDownTimeoutMs))) await stopPostmaster(child)
}

async function endsWithin(child: ChildProcess, signal: NodeJS.Signals, timeoutMs?: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true
  child.ref()
  const exit = new Promise<true>((resolve) => child.once('exit', () => resolve(true)))
  child.kill(signal)
  if (timeoutMs === undefined) return exit
  return Promise.race([exit, sleep(timeoutMs, false as const, { ref: false })])
}
