import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { endGroup, runShell, type ShellOutcome } from './shell-command.ts'
import { endWatchdog, leaveBeside } from './watchdog-process.ts'

/** How a clone of production is had, and taken away again. */
export interface CloneCommands {
  /** Prints the URL of the clone on a line of its own, the last such line counts. */
  readonly create: string
  /** Has the URL in PGREHEARSE_CLONE_URL. Absent: the clone goes by itself. */
  readonly destroy?: string
}

export interface CloneCircumstances {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds for `create`. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** A line for the job's log alone; passwords are blotted out. */
  readonly log: (line: string) => void
}

/** A clone that was created, by its URL. */
export interface CreatedClone extends AsyncDisposable {
  readonly url: string
  /** Takes it away; a sentence where that failed. Once: a second call has the same answer. */
  destroy(): Promise<string | undefined>
  /** It names no clone: `destroy` must not be told of it. */
  forgetUrl(): void
}

/** Why there is none: completes `There is no clone of production, because …`. */
export interface NoClone {
  readonly why: string
  /** What went wrong with taking away what there may be. */
  readonly left: string | undefined
}

/** Milliseconds for `destroy`: an interrupted job is given about as long. */
const destroyTimeoutMs = 5 * 60_000

/** The last line that is nothing but the URL of a Postgres server. */
export function urlIn(stdout: string): string | undefined {
  const lines = stdout.split(/\r?\n/).map((line) => line.trim())
  return lines.findLast((line) => /^postgres(?:ql)?:\/\/[^\s"']+$/i.test(line))
}

/**
 * A line without passwords: those of URLs and of the assignments that scripts and tools print, and the clone's own
 * wherever it stands.
 */
export function withoutPasswords(line: string, passwords: readonly string[] = []): string {
  const known = passwords.filter((one) => one !== '').reduce((text, one) => text.replaceAll(one, '***'), line)
  return known
    .replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@'"]*):[^\s@'"]*@/gi, '$1:***@')
    .replaceAll(/((?:pass(?:word|wd)?|pgpassword|token|secret)["']?\s*[=:]\s*["']?)[^\s"',;&]+/gi, '$1***')
}

/**
 * Runs `create`. Whatever comes of it, `destroy` is run: here where there is no clone, by the caller's disposal where
 * there is one, and by a watchdog where our process is gone. @throws the signal's reason
 */
export async function createClone(
  commands: CloneCommands,
  circumstances: CloneCircumstances,
): Promise<CreatedClone | NoClone> {
  const run = new CloneRun(commands, circumstances)
  const outcome = await run.create()
  const url = outcome.exitCode === 0 ? urlIn(outcome.stdout) : undefined
  if (url !== undefined && !circumstances.signal.aborted) return run.created(url)
  const left = await run.destroy()
  circumstances.signal.throwIfAborted()
  const why =
    outcome.exitCode === 0
      ? 'server.create printed no line that is a postgresql:// URL'
      : `server.create ${outcome.says}`
  return { why, left }
}

class CloneRun {
  readonly #commands: CloneCommands
  readonly #circumstances: CloneCircumstances
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #watchdog: ChildProcess
  #url: string | undefined
  #left: number | undefined
  #destroyed: Promise<string | undefined> | undefined

  constructor(commands: CloneCommands, circumstances: CloneCircumstances) {
    this.#commands = commands
    this.#circumstances = circumstances
    const { PGREHEARSE_CLONE_URL: _, ...env } = circumstances.env
    this.#env = { ...env, PGREHEARSE_CLONE_ID: `pgrehearse-${randomBytes(6).toString('hex')}` }
    this.#watchdog = startWatchdog(commands, circumstances.cwd, this.#env)
  }

  async create(): Promise<ShellOutcome> {
    const { cwd, timeoutMs, signal } = this.#circumstances
    const outcome = await runShell({
      command: this.#commands.create,
      cwd,
      env: this.#env,
      timeoutMs,
      signal,
      onLine: (line) => this.#log('create', line),
      onStart: (group) => this.#tell(`group ${group}`),
    })
    this.#left = outcome.left
    this.#tell(`group ${outcome.left ?? ''}`)
    this.#url = urlIn(outcome.stdout)
    if (this.#url !== undefined) this.#tell(`url ${this.#url}`)
    return outcome
  }

  created(url: string): CreatedClone {
    const destroy = (): Promise<string | undefined> => this.destroy()
    const forgetUrl = (): void => {
      this.#url = undefined
      this.#tell('url')
    }
    return { url, destroy, forgetUrl, [Symbol.asyncDispose]: async () => void (await destroy()) }
  }

  destroy(): Promise<string | undefined> {
    this.#destroyed ??= this.#destroy()
    return this.#destroyed
  }

  async #destroy(): Promise<string | undefined> {
    const { destroy: command } = this.#commands
    try {
      if (command === undefined) return undefined
      const outcome = await runShell({
        command,
        cwd: this.#circumstances.cwd,
        env: { ...this.#env, ...(this.#url === undefined ? {} : { PGREHEARSE_CLONE_URL: this.#url }) },
        timeoutMs: destroyTimeoutMs,
        onLine: (line) => this.#log('destroy', line),
      })
      return outcome.exitCode === 0 ? undefined : `server.destroy ${outcome.says}`
    } finally {
      endGroup(this.#left)
      await endWatchdog(this.#watchdog)
    }
  }

  #tell(line: string): void {
    this.#watchdog.stdin?.write(`${line}\n`)
  }

  #log(which: 'create' | 'destroy', line: string): void {
    this.#circumstances.log(`server.${which}: ${withoutPasswords(line, passwordsOf(this.#url))}`)
  }
}

/** As it stands in the URL, and as it is meant. */
export function passwordsOf(url: string | undefined): readonly string[] {
  const written = /^[^:]+:\/\/[^:/@]*:([^@]*)@/.exec(url ?? '')?.[1]
  if (written === undefined) return []
  try {
    return [written, decodeURIComponent(written)]
  } catch {
    return [written]
  }
}

/**
 * Waits until our process is gone, which closes the pipe on its standard input, then ends what `create` is still doing
 * and runs `destroy`. The URL comes through the pipe: arguments are for everybody to see. `done`: nothing is left to do.
 * `kill` without `--`: dash takes that for a process, and ends nothing.
 */
const watchdogScript = `
trap '' INT TERM HUP
url= group=
while read -r word rest; do
  case $word in
    done) exit 0 ;;
    url) url=$rest ;;
    group) group=$rest ;;
  esac
done
case $group in ''|*[!0-9]*) ;; *)
  kill -TERM "-$group" 2>/dev/null
  sleep 1
  kill -KILL "-$group" 2>/dev/null ;;
esac
destroy=$PGREHEARSE_DESTROY
unset PGREHEARSE_DESTROY
if [ -z "$destroy" ]; then
  echo "pgrehearse was killed: the clone of production $PGREHEARSE_CLONE_ID is left, for server.destroy is not set" >&2
  exit 0
fi
if [ -n "$url" ]; then PGREHEARSE_CLONE_URL=$url; export PGREHEARSE_CLONE_URL; fi
limit=
command -v timeout >/dev/null 2>&1 && limit='timeout 300'
if $limit sh -c "$destroy" >/dev/null; then
  echo 'pgrehearse was killed: server.destroy has taken the clone of production away' >&2
else
  echo "pgrehearse was killed, and server.destroy failed: the clone of production $PGREHEARSE_CLONE_ID may be left" >&2
fi
`

/** In a session of its own, so that Ctrl-C in the terminal does not reach it. */
function startWatchdog(
  { destroy = '' }: CloneCommands,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): ChildProcess {
  const child = spawn('/bin/sh', ['-c', watchdogScript, 'pgrehearse-clone'], {
    cwd,
    env: { ...env, PGREHEARSE_DESTROY: destroy },
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  leaveBeside(child)
  return child
}
