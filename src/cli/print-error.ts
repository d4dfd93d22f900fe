import { inspect } from 'node:util'
import pc from 'picocolors'
import { ToolError } from '../core/errors.ts'
import { printable } from '../reporters/printable.ts'
import { exitCodes, Interrupted, signalExitCode } from './exit.ts'

export interface ErrorOptions {
  readonly color: boolean
  /** Add the stack trace even when the user can mend it. */
  readonly debug: boolean
  readonly version: string
}

/** An error as the user reads it on standard error, and the exit code that goes with it. */
export function describeError(error: unknown, options: ErrorOptions): { text: string; exitCode: number } {
  const colors = pc.createColors(options.color)
  if (error instanceof Interrupted) {
    return { text: `${colors.yellow(error.message)}\n`, exitCode: signalExitCode(error.signal) }
  }
  const stack = indent(stackOf(error))
  if (error instanceof ToolError) {
    const lines = [`${colors.red('error:')} ${printable(error.message)}`]
    if (error.hint !== undefined) lines.push(`${colors.cyan('hint:')}  ${printable(error.hint)}`)
    if (options.debug) lines.push('', colors.dim(printable(stack)))
    return { text: `${lines.join('\n')}\n`, exitCode: error.exitCode }
  }
  const platform = `${process.platform} ${process.arch}`
  const lines = [
    `${colors.red('error:')} This is a bug in pgrehearse, not in your migrations.`,
    '',
    printable(stack),
    '',
    `Please report it with these lines, the command, and the SQL if you may share it.`,
    `pgrehearse ${options.version}, Node ${process.versions.node}, ${platform}`,
  ]
  return { text: `${lines.join('\n')}\n`, exitCode: exitCodes.bug }
}

/** The trace, and those of the causes below it. */
function stackOf(error: unknown): string {
  const traces: string[] = []
  const seen = new Set<unknown>()
  for (let current = error; current !== undefined && !seen.has(current);) {
    seen.add(current)
    traces.push(current instanceof Error ? (current.stack ?? current.message) : inspect(current))
    current = current instanceof Error ? current.cause : undefined
  }
  return traces.join('\ncaused by: ')
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
