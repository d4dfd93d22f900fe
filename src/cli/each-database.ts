import pc from 'picocolors'
import { ToolError } from '../core/errors.ts'
import type { Report } from '../core/model.ts'
import type { Database } from '../databases.ts'
import { hasQueries } from '../reporters/words.ts'
import type { CommandContext } from './context.ts'
import { writeReports, writeReportsOfAll, type FormatTarget } from './formats.ts'
import { describeError } from './print-error.ts'

/**
 * Runs a check for each database and writes the reports, so that what fails for one loses nothing of the others. Gives the
 * exit code: the gravest.
 *
 * Files hold also the databases for which there was nothing to do: a review that is done for each closes what is
 * mended. Below a terminal report these are one line together, or none where no configuration names them, and the last
 * line names those that fail.
 */
export async function checkEach(
  databases: readonly Database[],
  checkOne: (database: Database) => Promise<Report>,
  targets: readonly FormatTarget[],
  context: CommandContext,
): Promise<number> {
  const [only, ...others] = databases
  if (only !== undefined && others.length === 0) {
    const report = await checkOne(only)
    await writeReports(report, targets, context)
    return report.exitCode
  }
  let exitCode = 0
  const reports: Report[] = []
  const failures: { readonly database: Database; readonly error: ToolError }[] = []
  for (const database of databases) {
    try {
      const report = await checkOne(database)
      reports.push(report)
      exitCode = Math.max(exitCode, report.exitCode)
    } catch (error) {
      context.signal.throwIfAborted()
      if (!(error instanceof ToolError)) throw error
      failures.push({ database, error })
    }
  }
  const [first] = failures
  // no base, no git: that is no database's own
  if (first !== undefined && failures.length === databases.length && areAlike(failures)) throw first.error
  for (const { database, error } of failures)
    exitCode = Math.max(exitCode, await tellError(error, database, context))
  const spoken = spokenOf(reports)
  if (reports.length > 0) await writeReportsOfAll(reports, spoken, targets, context)
  if (!isForReaders(targets)) return exitCode
  const quiet = reports.filter((report) => !spoken.includes(report))
  if (databases.every(({ isDetected }) => isDetected !== true)) await tellQuiet(quiet, context)
  const failing = [
    ...reports.filter((report) => report.exitCode !== 0).map(({ database = '' }) => database),
    ...failures.map(({ database: { name = '' } }) => name),
  ]
  if (spoken.length + failures.length > 1) await tellFailing(failing, exitCode, context)
  return exitCode
}

/** Does the terminal report stand on standard output? Any other there is read by programs. */
export function isForReaders(targets: readonly FormatTarget[]): boolean {
  return targets.some(({ name, file }) => name === 'terminal' && file === undefined)
}

async function tellQuiet(quiet: readonly Report[], context: CommandContext): Promise<void> {
  if (quiet.length === 0) return
  await context.out.write(`Nothing is under review in ${quiet.map(({ database }) => database).join(', ')}.\n`)
}

/** The last line of the log: the last report may well be of a database that passes. */
export async function tellFailing(
  failing: readonly string[],
  exitCode: number,
  { out }: CommandContext,
): Promise<void> {
  if (failing.length === 0) return
  const { bold, red } = pc.createColors(out.color)
  await out.write(`\n${bold(red(`✗ Failed in ${failing.join(', ')} (exit code ${exitCode}).`))}\n`)
}

/** Those that people are to read; where there is nothing to say of any, one of them says so. */
export function spokenOf(reports: readonly Report[]): readonly Report[] {
  const loud = reports.filter((report) => !isQuiet(report))
  return loud.length > 0 ? loud : reports.slice(0, 1)
}

function isQuiet(report: Report): boolean {
  const { migrations, findings, notChecked } = report
  return migrations.length + findings.length + notChecked.length === 0 && !hasQueries(report)
}

function areAlike(failures: readonly { readonly error: ToolError }[]): boolean {
  return new Set(failures.map(({ error }) => error.message)).size === 1
}

/** Says on standard error what happened to one of several databases; gives the exit code. */
export async function tellError(
  error: ToolError,
  { name = '' }: Database,
  context: CommandContext,
): Promise<number> {
  const options = { color: context.err.color, debug: context.debug, version: context.version }
  const { text, exitCode } = describeError(error, options)
  await context.err.write(`${name}: ${text}`)
  return exitCode
}
