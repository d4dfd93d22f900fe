import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { signalGroup } from '../postgres/process-group.ts'
import { leaveBeside } from '../postgres/watchdog-process.ts'
import type { CommandEnd, OutputLine } from './model.ts'

/** A command as somebody gave it. */
export interface Command {
  /** Program and arguments, run without a shell; or a string for `sh -c`. */
  readonly run: readonly string[] | string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folders of ours that go when we are killed; absent: none. */
  readonly folders?: readonly string[]
}

export interface CommandOptions {
  /** Milliseconds; then it is ended. */
  readonly timeoutMs: number
  /** Ends it when aborted. */
  readonly signal: AbortSignal
  /** Milliseconds since the clock of the recording began. */
  readonly now: () => number
  /** Handed on what it prints, as it comes. */
  readonly onOutput: (chunk: Uint8Array) => void
}

export interface FinishedCommand {
  readonly end: CommandEnd
  readonly output: readonly OutputLine[]
}

/** The command, as people write it. */
export function commandText(run: Command['run']): string {
  return typeof run === 'string'
    ? run
    : run.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
}

/**
 * Runs a command to its end, in a process group of its own that does not survive it, nor us. Its standard input is empty.
 * Throws the signal's reason when that is aborted, and node's error (ENOENT) when there is no such program.
 */
export async function runCommand(command: Command, options: CommandOptions): Promise<FinishedCommand> {
  options.signal.throwIfAborted()
  const [program = '', ...args] =
    typeof command.run === 'string' ? ['/bin/sh', '-c', command.run] : command.run
  const reaper = startReaper(command.folders ?? [])
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: command.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  reaper.watch(child.pid)
  const lines = new Lines(options.now)
  for (const stream of [child.stdout, child.stderr]) lines.follow(stream, options.onOutput)
  let tooLong = false
  const late = setTimeout(() => {
    tooLong = true
    endGroup(child)
  }, options.timeoutMs)
  const abort = (): void => endGroup(child)
  options.signal.addEventListener('abort', abort, { once: true })
  try {
    const { code, signal } = await ended(child)
    options.signal.throwIfAborted()
    return { end: { code, signal, tooLong }, output: lines.take() }
  } finally {
    clearTimeout(late)
    options.signal.removeEventListener('abort', abort)
    await endRest(child)
    reaper.release()
  }
}

/** What it started in the background may keep its pipes open: they are not waited for. */
function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const done = (): void => resolve({ code, signal })
      const patience = setTimeout(done, outputGraceMs)
      child.once('close', () => {
        clearTimeout(patience)
        done()
      })
    })
  })
}

const outputGraceMs = 1000
/** From TERM to KILL. */
const endGraceMs = 3000

function endGroup(child: ChildProcess): void {
  signalGroup(child.pid, 'SIGTERM')
  setTimeout(() => signalGroup(child.pid, 'SIGKILL'), endGraceMs).unref()
}

/** What the command leaves in the background does not outlive it. */
async function endRest(child: ChildProcess): Promise<void> {
  child.stdout?.destroy()
  child.stderr?.destroy()
  if (!signalGroup(child.pid, 'SIGTERM')) return
  const until = performance.now() + endGraceMs
  while (performance.now() < until && signalGroup(child.pid, 0))
    await new Promise((resolve) => setTimeout(resolve, 20))
  signalGroup(child.pid, 'SIGKILL')
}

/** Ends the command's process group when our process dies without a chance to do it. */
interface Reaper {
  watch(processId: number | undefined): void
  release(): void
}

/** Without `--`: dash takes that for a process. */
const reaperScript = `
trap '' INT TERM HUP
group=
while read -r line; do
  [ "$line" = done ] && exit 0
  group=$line
done
case $group in ''|*[!0-9]*) group= ;; esac
if [ -n "$group" ] && kill -TERM "-$group" 2>/dev/null; then
  tries=0
  while kill -0 "-$group" 2>/dev/null && [ $tries -lt 40 ]; do sleep 0.05; tries=$((tries + 1)); done
  kill -KILL "-$group" 2>/dev/null
fi
[ $# -eq 0 ] || rm -rf -- "$@"
`

function startReaper(folders: readonly string[]): Reaper {
  const child = spawn('/bin/sh', ['-c', reaperScript, 'pgrehearse-reaper', ...folders], {
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // without a shell nobody looks after the command when we are killed; all else works
  leaveBeside(child)
  return {
    watch: (processId) => child.stdin.write(`${processId ?? ''}\n`),
    release: () => child.stdin.end('done\n'),
  }
}

/** Lines of both streams with the times at which they came; the latest are kept. */
class Lines {
  readonly #now: () => number
  readonly #kept: OutputLine[] = []
  readonly #unfinished: { text: string }[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  follow(stream: Readable, onOutput: (chunk: Uint8Array) => void): void {
    const rest = { text: '' }
    this.#unfinished.push(rest)
    stream.on('data', (chunk: Buffer) => {
      onOutput(chunk)
      const pieces = (rest.text + chunk.toString('utf8')).split(/\r?\n|\r/)
      rest.text = (pieces.pop() ?? '').slice(-longestLine)
      for (const piece of pieces) this.#add(piece)
    })
    stream.on('error', () => undefined)
  }

  take(): readonly OutputLine[] {
    for (const { text } of this.#unfinished) if (text !== '') this.#add(text)
    return this.#kept
  }

  #add(text: string): void {
    this.#kept.push({ text: text.slice(0, longestLine), atMs: this.#now() })
    if (this.#kept.length > mostLines * 2) this.#kept.splice(0, mostLines)
  }
}

const longestLine = 2000
const mostLines = 5000
