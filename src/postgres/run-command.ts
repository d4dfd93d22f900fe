import { spawn, type ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { CommandProcesses } from './command-processes.ts'
import { signalGroup } from './process-group.ts'
import type { Reaper } from './reaper.ts'

/** A command of the user's. */
export interface CommandRequest {
  /** Program and arguments, run without a shell; or a string for `sh -c`. */
  readonly run: readonly string[] | string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds; then it is ended. */
  readonly timeoutMs: number
  /** Ends it when aborted; absent: only the time does. */
  readonly signal?: AbortSignal
  /** Its time is over when this is aborted; absent: only behind `timeoutMs`. */
  readonly inVain?: AbortSignal
  /** Handed what it prints, as it comes. */
  readonly onOutput: (chunk: Buffer, stream: 'stdout' | 'stderr') => void
  /** Ends it when our process is killed. */
  readonly reaper: Reaper
}

/** How a command ended. */
export interface CommandEnd {
  /** Exit status; null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** We ended it, for its time was over. */
  readonly tooLong: boolean
}

/** The status as it is, with the signal that a shell means by it: it ends as a program of it was ended. */
export function statusText(code: number | null): string {
  const signal = killing.find((name) => code === 128 + constants.signals[name])
  return signal === undefined ? String(code ?? '') : `${code} (${signal})`
}

const killing = ['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGABRT', 'SIGBUS'] as const

/** A command that has ended. Dispose it to end what it has left in the background. */
export interface EndedCommand extends AsyncDisposable {
  readonly end: CommandEnd
  /** Leaves its processes in the background until it is disposed of, also when ours is killed. */
  keep(): void
}

/**
 * Runs a command to its end. Its standard input is empty. Throws the signal's reason when that is aborted before it
 * begins, and node's error (ENOENT) when there is no such program; aborted later, it is ended as when its time is over.
 */
export async function runCommand(request: CommandRequest): Promise<EndedCommand> {
  const { reaper, timeoutMs, signal, inVain } = request
  signal?.throwIfAborted()
  const processes = new CommandProcesses((process) => reaper.seen(processes.word, process))
  reaper.running(processes.word)
  const givingUp = new AbortController()
  let tooLong = false
  const end = (): void => void processes.end().then(() => givingUp.abort())
  const endLate = (): void => {
    tooLong = true
    end()
  }
  const timer = setTimeout(endLate, timeoutMs)
  inVain?.addEventListener('abort', endLate, { once: true })
  signal?.addEventListener('abort', end, { once: true })
  try {
    const child = start(request, processes)
    if (child.pid !== undefined) {
      reaper.running(processes.word, child.pid)
      processes.watch(child.pid)
    }
    const how = await ended(child, givingUp.signal)
    return endedCommand({ ...how, tooLong }, child, processes, reaper)
  } catch (error) {
    reaper.over()
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
    inVain?.removeEventListener('abort', endLate)
  }
}

function start({ run, cwd, env, onOutput }: CommandRequest, processes: CommandProcesses): ChildProcess {
  const [program = '', ...args] = typeof run === 'string' ? ['/bin/sh', '-c', run] : run
  const child = spawn(program, args, {
    cwd,
    env: processes.marked(env) as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => onOutput(chunk, name))
    child[name].on('error', () => undefined)
  }
  return child
}

/**
 * What it started in the background may keep its pipes open: they are not waited for.
 * @param givenUp it has been ended, and nothing of it should be there any more
 */
function ended(child: ChildProcess, givenUp: AbortSignal): Promise<Omit<CommandEnd, 'tooLong'>> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    const after = (end: Omit<CommandEnd, 'tooLong'>): void => {
      const done = (): void => resolve(end)
      const patience = setTimeout(done, outputGraceMs)
      child.once('close', () => {
        clearTimeout(patience)
        done()
      })
    }
    child.once('exit', (code, signal) => after({ code, signal }))
    givenUp.addEventListener('abort', () => after({ code: null, signal: 'SIGKILL' }), { once: true })
  })
}

/** What is on its way through the pipes when it has ended. */
const outputGraceMs = 1000

function endedCommand(
  end: CommandEnd,
  child: ChildProcess,
  processes: CommandProcesses,
  reaper: Reaper,
): EndedCommand {
  let isKept = false
  // a tunnel that it left in the background may go on writing, which must not keep us
  for (const stream of [child.stdout, child.stderr])
    (stream as unknown as { unref?(): void } | null)?.unref?.()
  return {
    end,
    keep: () => {
      processes.rest()
      if (!processes.isLeft()) return
      isKept = true
      if (!signalGroup(child.pid, 0)) reaper.running(processes.word)
      reaper.over('kept')
    },
    [Symbol.asyncDispose]: async () => {
      await processes.end()
      for (const stream of [child.stdout, child.stderr]) stream?.destroy()
      if (!isKept) reaper.over()
    },
  }
}
