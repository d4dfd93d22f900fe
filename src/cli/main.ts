import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CommanderError } from 'commander'
import { UsageError } from '../core/errors.ts'
import { usableWidth, wantsColor, type CommandContext, type Stream } from './context.ts'
import { endingSignals, Interrupted, signalExitCode, type EndingSignal } from './exit.ts'
import { describeError } from './print-error.ts'
import { createProgram, type GlobalFlags } from './program.ts'

/** Milliseconds that whatever still keeps the process alive gets after the command is done. */
const graceAfterWork = 3000

const version = readVersion()
const interruption = new AbortController()

// Read by hand because errors of the command line itself need them too.
const options = process.argv.slice(2, process.argv.includes('--') ? process.argv.indexOf('--') : undefined)
const globalFlags: GlobalFlags = {
  ...(options.includes('--no-color') ? { color: false } : options.includes('--color') ? { color: true } : {}),
  debug: options.includes('--debug'),
}

handleSignals()
handleLostErrors()
process.exitCode = await main()
await Promise.all([flush(process.stdout), flush(process.stderr)])
// A forgotten handle would otherwise keep a CI job alive until its time limit. Costs nothing when there is none.
setTimeout(() => process.exit(), graceAfterWork).unref()

async function main(): Promise<number> {
  let exitCode = 0
  try {
    const program = createProgram({
      version,
      context: () => createContext(globalFlags),
      writeOut: (text) => process.stdout.write(text),
      done: (code) => {
        exitCode = code
      },
    })
    await program.parseAsync()
    interruption.signal.throwIfAborted()
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    return report(interruption.signal.aborted ? interruption.signal.reason : asUsageError(error))
  }
}

/** Prints the error and gives its exit code. */
function report(error: unknown): number {
  const color = wantsColor(process.stderr.isTTY, process.env, globalFlags.color)
  const { text, exitCode } = describeError(error, { color, debug: globalFlags.debug ?? false, version })
  process.stderr.write(text)
  return exitCode
}

/** commander's `error: unknown option '--bas'\n(Did you mean --base?)` as one of our own errors. */
function asUsageError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error
  const [sentence = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  // what stands before -- is ours: a command's own options are none that we know
  const isRun = process.argv[2] === 'run' && !process.argv.includes('--')
  const help = isRun
    ? 'The command stands behind --, as in `pgrehearse run -- npx knex migrate:latest`.'
    : 'Run `pgrehearse --help` for commands and options.'
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? help
  return new UsageError(`${sentence.charAt(0).toUpperCase()}${sentence.slice(1).replace(/\.?$/, '.')}`, {
    hint,
  })
}

function createContext(flags: GlobalFlags): CommandContext {
  return {
    cwd: process.cwd(),
    env: process.env,
    signal: interruption.signal,
    out: createStream(process.stdout, flags),
    err: createStream(process.stderr, flags),
    debug: flags.debug ?? false,
    version,
  }
}

function createStream(stream: NodeJS.WriteStream, flags: GlobalFlags): Stream {
  return {
    // Resolves also when nobody reads any more (| head); that is handled below.
    write: (text) => new Promise((resolve) => stream.write(text, () => resolve())),
    isTerminal: stream.isTTY,
    color: wantsColor(stream.isTTY, process.env, flags.color),
    width: usableWidth(stream.columns),
  }
}

/** The first signal stops the run in good order, the second at once. */
function handleSignals(): void {
  let received: EndingSignal | undefined
  for (const signal of endingSignals) {
    process.on(signal, () => {
      if (received !== undefined) process.exit(signalExitCode(received))
      received = signal
      interruption.abort(new Interrupted(signal))
    })
  }
}

/** Errors that reach no `catch` would end Node with exit code 1, which means findings. */
function handleLostErrors(): void {
  const lost = (error: unknown): void => process.exit(report(error))
  process.on('uncaughtException', lost)
  process.on('unhandledRejection', lost)
  process.on('exit', (code) => {
    // Node's code for "nothing left to do, and still waiting".
    if (code === 13) process.exitCode = report(new Error('The command waits for something that never comes.'))
  })
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader has seen enough: the rest is not wanted, and the exit code stays what it was.
      if (error.code !== 'EPIPE') lost(error)
    })
  }
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}

function readVersion(): string {
  const manifest = fileURLToPath(import.meta.resolve('#pkg/package.json'))
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
