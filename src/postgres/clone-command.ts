import { randomBytes } from 'node:crypto'
import { StringDecoder } from 'node:string_decoder'
import { LineSplitter } from './line-splitter.ts'
import { startReaper, type Reaper } from './reaper.ts'
import { runCommand, statusText, type EndedCommand } from './run-command.ts'

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

/** How a command of a clone ended. */
interface ShellOutcome {
  /** Undefined: a signal ended it, or we did, or it could not be started. */
  readonly exitCode: number | undefined
  /** Completes `the command …`: `ended with exit code 3`, `took longer than 900 s and was ended`. */
  readonly says: string
  /** The last of its standard output. */
  readonly stdout: string
  /** Absent: it could not be started. */
  readonly ran?: EndedCommand
}

/** Of a shell, one of whose programs SIGKILL has ended: somebody else did that, out of memory, say. */
const killedStatus = 128 + 9

/** More of its standard output is a log, and an address stands at its end. */
const mostCharacters = 1024 ** 2

class CloneRun {
  readonly #commands: CloneCommands
  readonly #circumstances: CloneCircumstances
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #reaper: Reaper
  #url: string | undefined
  #created: EndedCommand | undefined
  #destroyed: Promise<string | undefined> | undefined

  constructor(commands: CloneCommands, circumstances: CloneCircumstances) {
    this.#commands = commands
    this.#circumstances = circumstances
    const { PGREHEARSE_CLONE_URL: _, ...env } = circumstances.env
    this.#env = { ...env, PGREHEARSE_CLONE_ID: `pgrehearse-${randomBytes(6).toString('hex')}` }
    const { destroy } = commands
    this.#reaper = startReaper({ clone: { destroy, cwd: circumstances.cwd, env: this.#env } })
  }

  async create(): Promise<ShellOutcome> {
    const { timeoutMs, signal } = this.#circumstances
    const outcome = await this.#run('create', this.#env, timeoutMs, signal)
    this.#created = outcome.ran
    // a tunnel, which `destroy` may need as well
    outcome.ran?.keep()
    this.#url = urlIn(outcome.stdout)
    if (this.#url !== undefined) this.#reaper.url(this.#url)
    return outcome
  }

  created(url: string): CreatedClone {
    const destroy = (): Promise<string | undefined> => this.destroy()
    const forgetUrl = (): void => {
      this.#url = undefined
      this.#reaper.url()
    }
    return { url, destroy, forgetUrl, [Symbol.asyncDispose]: async () => void (await destroy()) }
  }

  destroy(): Promise<string | undefined> {
    this.#destroyed ??= this.#destroy()
    return this.#destroyed
  }

  async #destroy(): Promise<string | undefined> {
    try {
      if (this.#commands.destroy === undefined) return undefined
      const env = { ...this.#env, ...(this.#url === undefined ? {} : { PGREHEARSE_CLONE_URL: this.#url }) }
      const first = await this.#runDestroy(env)
      const { exitCode, says } = first.isKilled ? await this.#runDestroy(env) : first
      return exitCode === 0 ? undefined : `server.destroy ${says}`
    } finally {
      await this.#created?.[Symbol.asyncDispose]()
      await this.#reaper.release()
    }
  }

  async #runDestroy(
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<ShellOutcome & { readonly isKilled: boolean }> {
    const outcome = await this.#run('destroy', env, destroyTimeoutMs)
    await outcome.ran?.[Symbol.asyncDispose]()
    const { signal, code, tooLong } = outcome.ran?.end ?? {}
    return { ...outcome, isKilled: tooLong === false && (signal === 'SIGKILL' || code === killedStatus) }
  }

  /** Never throws: what went wrong is in the outcome. */
  async #run(
    which: 'create' | 'destroy',
    env: Readonly<Record<string, string | undefined>>,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<ShellOutcome> {
    const { cwd } = this.#circumstances
    const reaper = this.#reaper
    const lines = new LineSplitter()
    const decoder = new StringDecoder('utf8')
    let stdout = ''
    const onOutput = (chunk: Buffer, stream: 'stdout' | 'stderr'): void => {
      if (stream === 'stdout') stdout = (stdout + decoder.write(chunk)).slice(-mostCharacters)
      else for (const line of lines.push(chunk)) this.#log(which, line)
    }
    const run = this.#commands[which] ?? ''
    const more = signal === undefined ? {} : { signal }
    try {
      const ran = await runCommand({ run, cwd, env, timeoutMs, onOutput, reaper, ...more })
      const last = lines.end()
      if (last !== '') this.#log(which, last)
      const { code, tooLong } = ran.end
      const isOurs = tooLong || signal?.aborted === true
      const exitCode = isOurs ? undefined : (code ?? undefined)
      return { exitCode, says: saysOf(ran, timeoutMs, signal), stdout, ran }
    } catch (error) {
      if (signal?.aborted === true) return { exitCode: undefined, says: 'was not started', stdout }
      return { exitCode: undefined, says: `could not be started (${(error as Error).message})`, stdout }
    }
  }

  #log(which: 'create' | 'destroy', line: string): void {
    this.#circumstances.log(`server.${which}: ${withoutPasswords(line, passwordsOf(this.#url))}`)
  }
}

function saysOf({ end }: EndedCommand, timeoutMs: number, signal: AbortSignal | undefined): string {
  if (end.tooLong) return `took longer than ${timeoutMs / 1000} s and was ended`
  if (signal?.aborted === true) return 'was ended, because the run was'
  return end.code === null
    ? `was ended by ${end.signal ?? 'a signal'}`
    : `ended with exit code ${statusText(end.code)}`
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
