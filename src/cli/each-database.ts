import { ToolError } from '../core/errors.ts'
import type { Report } from '../core/model.ts'
import type { Database } from '../databases.ts'
import { hasQueries } from '../reporters/words.ts'
import type { CommandContext } from './context.ts'
import { targetOf, writeReports, type FormatTarget } from './formats.ts'
import { describeError } from './print-error.ts'

/**
 * Runs a check for each database and writes the reports of each as soon as there are some, so that what fails for one
 * loses nothing of the others. Gives the exit code: the gravest.
 *
 * Where there are several, files get the database's name (see targetOf()), also those of databases for which there was
 * nothing to do: a review that is done for each closes what is mended. On standard output these are one line together.
 */
export async function checkEach(
  databases: readonly Database[],
  checkOne: (database: Database) => Promise<Report>,
  targets: readonly FormatTarget[],
  context: CommandContext,
): Promise<number> {
  const [only, ...others] = databases
  if (only !== undefined && others.length === 0) return checkAndWrite(only, checkOne, targets, context)
  let exitCode = 0
  const quiet: string[] = []
  for (const database of databases) {
    try {
      const report = await checkOne(database)
      const written = isQuiet(report) ? targets.filter(({ file }) => file !== undefined) : targets
      if (isQuiet(report)) quiet.push(database.name ?? '')
      await writeReports(
        report,
        written.map((target) => targetOf(target, database.name ?? '')),
        context,
      )
      exitCode = Math.max(exitCode, report.exitCode)
    } catch (error) {
      context.signal.throwIfAborted()
      if (!(error instanceof ToolError)) throw error
      const options = { color: context.err.color, debug: context.debug, version: context.version }
      const { text, exitCode: code } = describeError(error, options)
      await context.err.write(`${database.name ?? ''}: ${text}`)
      exitCode = Math.max(exitCode, code)
    }
  }
  if (quiet.length > 0) await context.out.write(`Nothing is under review in ${quiet.join(', ')}.\n`)
  return exitCode
}

async function checkAndWrite(
  database: Database,
  checkOne: (database: Database) => Promise<Report>,
  targets: readonly FormatTarget[],
  context: CommandContext,
): Promise<number> {
  const report = await checkOne(database)
  const { name } = database
  await writeReports(
    report,
    name === undefined ? targets : targets.map((target) => targetOf(target, name)),
    context,
  )
  return report.exitCode
}

function isQuiet(report: Report): boolean {
  const { migrations, findings, notChecked } = report
  return migrations.length + findings.length + notChecked.length === 0 && !hasQueries(report)
}
