import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { signalGroup } from './process-group.ts'

/** A command of the configuration, as `sh -c` takes it. */
export interface ShellCommand {
  readonly command: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds until it is ended. */
  readonly timeoutMs: number
  /** Ends it; absent: only the time does. */
  readonly signal?: AbortSignal
  /** A line of its standard error, as it comes. */
  readonly onLine: (line: string) => void
  /** Told the process group when it has begun. */
  readonly onStart?: (processGroup: number) => void
}

/** How it ended. */
export interface ShellOutcome {
  /** Undefined: a signal ended it, or it could not be started. */
  readonly exitCode: number | undefined
  /** Completes `the command …`: `ended with exit code 3`, `took longer than 900 s and was ended`. */
  readonly says: string
  /** The last of its standard output. */
  readonly stdout: string
  /** Its process group while processes of it are left: what it has put into the background. */
  readonly left: number | undefined
}

/** More is a log, and an address stands at its end. */
const mostBytes = 1024 ** 2

/** What is on its way through the pipes when it has ended. */
const drainMs = 300

/** Between asking a command to end and ending it. */
const graceMs = 5000

/** Runs a command in a process group of its own. Never throws: what went wrong is in the outcome. */
export async function runShell(shell: ShellCommand): Promise<ShellOutcome> {
  const { command, cwd, env, timeoutMs, signal } = shell
  if (signal?.aborted === true)
    return { exitCode: undefined, says: 'was not started', stdout: '', left: undefined }
  const child = spawn('/bin/sh', ['-c', command], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = collect(child, shell)
  if (child.pid !== undefined) shell.onStart?.(child.pid)
  let ended: string | undefined
  const end = (why: string): void => {
    ended ??= why
    endGroup(child.pid, 'SIGTERM')
    setTimeout(() => endGroup(isRunning(child) ? child.pid : undefined, 'SIGKILL'), graceMs).unref()
  }
  const timer = setTimeout(() => end(`took longer than ${timeoutMs / 1000} s and was ended`), timeoutMs)
  const abort = (): void => end('was ended, because the run was')
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const says = await endOf(child)
    await Promise.race([output.closed, new Promise((resolve) => setTimeout(resolve, drainMs))])
    release(child)
    return {
      exitCode: ended === undefined ? (child.exitCode ?? undefined) : undefined,
      says: ended ?? says,
      stdout: output.text(),
      left: signalGroup(child.pid, 0) ? child.pid : undefined,
    }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** Ends what is left of a process group. */
export function endGroup(processGroup: number | undefined, how: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): void {
  signalGroup(processGroup, how)
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`))
    child.once('exit', (code, signal) =>
      resolve(code === null ? `was ended by ${signal ?? 'a signal'}` : `ended with exit code ${code}`),
    )
  })
}

function collect(
  { stdout, stderr }: ChildProcess,
  { onLine }: ShellCommand,
): { readonly text: () => string; readonly closed: Promise<unknown> } {
  let text = ''
  stdout?.setEncoding('utf8')
  stdout?.on('data', (chunk: string) => {
    text = (text + chunk).slice(-mostBytes)
  })
  if (stderr !== null) createInterface({ input: stderr, crlfDelay: Infinity }).on('line', onLine)
  const closed = [stdout, stderr].map((stream) => new Promise((resolve) => stream?.once('close', resolve)))
  return { text: () => text, closed: Promise.all(closed) }
}

/** A tunnel that it left in the background may go on writing, which must not keep us. */
function release({ stdout, stderr }: ChildProcess): void {
  for (const stream of [stdout, stderr]) (stream as unknown as { unref?(): void } | null)?.unref?.()
}
