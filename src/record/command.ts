import { LineSplitter } from '../postgres/line-splitter.ts'
import { startReaper } from '../postgres/reaper.ts'
import * as runner from '../postgres/run-command.ts'
import type { OutputLine } from './model.ts'

/** A command as somebody gave it. */
export interface Command extends Pick<runner.CommandRequest, 'run' | 'cwd' | 'env'> {
  /** Folders of ours that go when we are killed; absent: none. */
  readonly folders?: readonly string[]
}

export interface CommandOptions {
  /** Milliseconds; then it is ended. */
  readonly timeoutMs: number
  /** Ends it when aborted. */
  readonly signal: AbortSignal
  /** Its time is over when this is aborted; absent: only behind `timeoutMs`. */
  readonly inVain?: AbortSignal
  /** Milliseconds since the clock of the recording began. */
  readonly now: () => number
  /** Handed on what it prints, as it comes. */
  readonly onOutput: (chunk: Uint8Array) => void
}

export interface FinishedCommand {
  readonly end: runner.CommandEnd
  readonly output: readonly OutputLine[]
}

/** The command, as people write it. */
export function commandText(run: Command['run']): string {
  return typeof run === 'string'
    ? run
    : run.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
}

/**
 * Runs a command to its end. What it leaves in the background does not outlive it, nor us. Its standard input is empty.
 * Throws the signal's reason when that is aborted, and node's error (ENOENT) when there is no such program.
 */
export async function runCommand(command: Command, options: CommandOptions): Promise<FinishedCommand> {
  const { timeoutMs, signal, inVain } = options
  const reaper = startReaper(command.folders === undefined ? {} : { folders: command.folders })
  try {
    const lines = new Lines(options.now)
    const onOutput: runner.CommandRequest['onOutput'] = (chunk, stream) => {
      options.onOutput(chunk)
      lines.push(chunk, stream)
    }
    await using ran = await runner.runCommand({
      ...command,
      timeoutMs,
      signal,
      ...(inVain === undefined ? {} : { inVain }),
      onOutput,
      reaper,
    })
    signal.throwIfAborted()
    return { end: ran.end, output: lines.take() }
  } finally {
    await reaper.release()
  }
}

/** Lines of both streams with the times at which they came; the latest are kept. */
class Lines {
  readonly #now: () => number
  readonly #kept: OutputLine[] = []
  readonly #streams = { stdout: new LineSplitter(), stderr: new LineSplitter() }

  constructor(now: () => number) {
    this.#now = now
  }

  push(chunk: Uint8Array, stream: 'stdout' | 'stderr'): void {
    for (const line of this.#streams[stream].push(chunk)) this.#add(line)
  }

  take(): readonly OutputLine[] {
    for (const stream of Object.values(this.#streams)) {
      const line = stream.end()
      if (line !== '') this.#add(line)
    }
    return this.#kept
  }

  #add(text: string): void {
    this.#kept.push({ text: text.slice(0, longestLine), atMs: this.#now() })
    if (this.#kept.length > mostLines * 2) this.#kept.splice(0, mostLines)
  }
}

const longestLine = 2000
const mostLines = 5000
