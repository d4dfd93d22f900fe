import { ToolError } from '../core/errors.ts'
import type { Report } from '../core/model.ts'
import type { Database } from '../databases.ts'
import { hasQueries } from '../reporters/words.ts'
import type { CommandContext } from './context.ts'
import { targetOf, writeReports, type FormatTarget } from './formats.ts'
import { describeError } from './print-error.ts'

/**
 * Runs a check for each database and writes the reports of each, so that what fails for one loses nothing of the others.
 * Gives the exit code: the gravest.
 *
 * Where there are several, files get the database's name (see targetOf()), also those of databases for which there was
 * nothing to do: a review that is done for each closes what is mended. On standard output these are one line together.
 * Databases that no configuration names, and for which there is nothing to do, are not spoken of: when one is left, its
 * reports are those of a repository with one database.
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
  const done: Done[] = []
  for (const database of databases) {
    try {
      const report = await checkOne(database)
      done.push({ database, report, isQuiet: isQuiet(report) })
      exitCode = Math.max(exitCode, report.exitCode)
    } catch (error) {
      context.signal.throwIfAborted()
      if (!(error instanceof ToolError)) throw error
      exitCode = Math.max(exitCode, await tellError(error, database, context))
    }
  }
  await (databases.some(({ isDetected }) => isDetected) ? writeDetected : writeNamed)(done, targets, context)
  return exitCode
}

interface Done {
  readonly database: Database
  readonly report: Report
  readonly isQuiet: boolean
}

type Write = (
  done: readonly Done[],
  targets: readonly FormatTarget[],
  context: CommandContext,
) => Promise<void>

const writeNamed: Write = async (done, targets, context) => {
  for (const { database, report, isQuiet: quiet } of done) {
    const written = quiet ? targets.filter(({ file }) => file !== undefined) : targets
    await writeReports(
      report,
      written.map((target) => targetOf(target, database.name ?? '')),
      context,
    )
  }
  const quiet = done.filter((one) => one.isQuiet).map(({ database }) => database.name)
  if (quiet.length > 0) await context.out.write(`Nothing is under review in ${quiet.join(', ')}.\n`)
}

const writeDetected: Write = async (done, targets, context) => {
  const loud = done.filter((one) => !one.isQuiet)
  const spoken = loud.length > 0 ? loud : done.slice(0, 1)
  for (const one of done) {
    const { database, report } = one
    const isAlone = spoken.length === 1
    const ofAll = targets.filter(({ file }) => file?.includes('{database}') === true)
    const others = targets.filter((target) => !ofAll.includes(target))
    const own = isAlone ? others : others.map((target) => targetOf(target, database.name ?? ''))
    const named = ofAll.map((target) => targetOf(target, database.name ?? ''))
    await writeReports(report, spoken.includes(one) ? [...own, ...named] : named, context)
  }
}

async function tellError(
  error: ToolError,
  { name = '' }: Database,
  context: CommandContext,
): Promise<number> {
  const options = { color: context.err.color, debug: context.debug, version: context.version }
  const { text, exitCode } = describeError(error, options)
  await context.err.write(`${name}: ${text}`)
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
