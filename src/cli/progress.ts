import type { CommandContext } from './context.ts'

/** Tells what a run is doing. Always on standard error: standard output belongs to reports. */
export interface Progress {
  readonly update: (message: string) => void
  /** Clears the line. Nothing is shown afterwards. */
  readonly stop: () => void
}

/** Milliseconds before the spinner appears; a run that is done by then shows none. */
const spinnerDelay = 200

/**
 * A spinner on a terminal, one line per phase elsewhere, lines with times with `--debug`.
 * `quiet` leaves out the lines: `lint` is done before anybody has read them.
 */
export function startProgress(context: CommandContext, quiet: boolean): Progress {
  if (context.debug) return timedLines(context)
  if (context.err.isTerminal && !context.env['CI']) return spinner()
  const update = (message: string): void => {
    if (!quiet) void context.err.write(`${message}\n`)
  }
  return { update, stop: () => {} }
}

function timedLines({ err }: CommandContext): Progress {
  const started = performance.now()
  const line = (message: string): void => {
    void err.write(`[${(performance.now() - started).toFixed(0).padStart(6)} ms] ${message}\n`)
  }
  return { update: line, stop: () => {} }
}

function spinner(): Progress {
  let text = ''
  let stopped = false
  let clear = (): void => {}
  let setText: (message: string) => void = () => {}
  const show = async (): Promise<void> => {
    const { default: yoctoSpinner } = await import('yocto-spinner')
    if (stopped) return
    const shown = yoctoSpinner({ text, handleSignals: false }).start()
    setText = (message) => {
      shown.text = message
    }
    clear = () => void shown.stop()
  }
  const timer = setTimeout(() => void show(), spinnerDelay)
  return {
    update: (message) => {
      text = message
      setText(message)
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
      clear()
    },
  }
}
