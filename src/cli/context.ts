/** What a command may use of the process; handed in, so that commands stay functions. */
export interface CommandContext {
  /** Absolute. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted on SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal
  /** Reports and other results: standard output. */
  readonly out: Stream
  /** Progress, hints and errors: standard error. */
  readonly err: Stream
  /** `--debug`: stack traces and timings. */
  readonly debug: boolean
  readonly version: string
}

export interface Stream {
  readonly write: (text: string) => Promise<void>
  readonly isTerminal: boolean
  readonly color: boolean
  /** Columns to fill. */
  readonly width: number
}

/** Lines longer than this are hard to read, however wide the window is. */
const widestLine = 110

/** Columns to fill on a stream that says it has `columns`; files and pipes say nothing. */
export function usableWidth(columns: number | undefined): number {
  return columns === undefined || columns <= 0 ? 100 : Math.min(columns, widestLine)
}

/**
 * Colours: on a terminal or by FORCE_COLOR or `--color`, not with `--no-color`, and never with NO_COLOR.
 * @see https://no-color.org and https://force-color.org
 */
export function wantsColor(
  isTerminal: boolean,
  env: CommandContext['env'],
  flag: boolean | undefined,
): boolean {
  if (env['NO_COLOR'] || flag === false) return false
  if (flag === true) return true
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  return isTerminal && env['TERM'] !== 'dumb'
}
