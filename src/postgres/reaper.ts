import { spawn } from 'node:child_process'
import { newWord, wordVariable } from './command-processes.ts'
import type { ProcessEntry } from './process-table.ts'
import { reaperScript } from './reaper-script.ts'
import { endWatchdog, leaveBeside } from './watchdog-process.ts'

/** Looks after commands when our process dies without a chance to do it: SIGKILL, out of memory, a crash. */
export interface Reaper {
  /** A command with this word runs, as the leader of this process group; it is ended first of all. */
  running(word: string, group?: number): void
  /** A process of a command was found. */
  seen(word: string, process: ProcessEntry): void
  /** What ran has ended. `'kept'`: it has left processes, which are ended last of all. */
  over(left?: 'kept'): void
  /** Of the clone, for `destroy`; absent: there is none. */
  url(url?: string): void
  /** Nothing is left to do. */
  release(): Promise<void>
}

/** What is to be done besides ending commands. */
export interface LastWill {
  /** Folders of ours that go. */
  readonly folders?: readonly string[]
  /** Takes a clone away. */
  readonly clone?: {
    /** Undefined: it is said that the clone is left. */
    readonly destroy: string | undefined
    readonly cwd: string
    /** With PGREHEARSE_CLONE_ID. */
    readonly env: Readonly<Record<string, string | undefined>>
  }
}

/** Starts the reaper in a session of its own, so that Ctrl-C in the terminal does not reach it. */
export function startReaper({ folders = [], clone }: LastWill): Reaper {
  const { [wordVariable]: _, ...env } = clone?.env ?? { PATH: '/usr/local/bin:/usr/bin:/bin' }
  // by which processes of `destroy` are known again
  const destroyWord = clone === undefined ? '' : newWord()
  const child = spawn('/bin/sh', ['-c', reaperScript, 'pgrehearse-reaper', destroyWord, ...folders], {
    cwd: clone?.cwd ?? '/',
    env: { ...env, ...(clone === undefined ? {} : { PGREHEARSE_DESTROY: clone.destroy ?? '' }) },
    detached: true,
    stdio: ['pipe', 'ignore', clone === undefined ? 'ignore' : 'inherit'],
  })
  // without a shell nobody looks after the command when we are killed; all else works
  leaveBeside(child)
  const tell = (...words: readonly (string | number)[]): void =>
    void child.stdin?.write(`${words.join(' ')}\n`)
  return {
    running: (word, group) => tell('running', word, group ?? ''),
    seen: (word, { id, start }) => tell('seen', word, id, start),
    over: (left) => tell(left ?? 'over'),
    url: (url = '') => tell('url', url),
    release: () => endWatchdog(child),
  }
}
