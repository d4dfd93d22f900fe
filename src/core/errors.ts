/**
 * Errors that end a run, each a sentence for the user with the way out and an exit code.
 * Anything else that escapes is our bug (exit 70).
 */
export abstract class ToolError extends Error {
  abstract readonly exitCode: number
  /** What to do about it. */
  readonly hint: string | undefined

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = new.target.name
    this.hint = options.hint
  }
}

/** Wrong arguments, or a base revision that cannot be had. */
export class UsageError extends ToolError {
  readonly exitCode = 2
}

/** The configuration file does not load or does not validate. */
export class ConfigError extends ToolError {
  readonly exitCode = 2
}

/** No Postgres could be started or reached, or the machine refuses us something (disk, permissions). */
export class EnvironmentError extends ToolError {
  readonly exitCode = 3
}
