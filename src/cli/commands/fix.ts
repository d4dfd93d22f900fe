import path from 'node:path'
import pc from 'picocolors'
import { ToolError, UsageError } from '../../core/errors.ts'
import { nearest } from '../../core/suggest.ts'
import { databasesOf, type Database } from '../../databases.ts'
import { runFix, type FixChoice, type FixOutcome } from '../../fix-run.ts'
import { count } from '../../reporters/words.ts'
import { allRules } from '../catalogue.ts'
import type { CommandContext } from '../context.ts'
import { decideConfig, type DecidedConfig } from '../decide-config.ts'
import { tellError } from '../each-database.ts'
import { diffText, fixText, writtenText } from '../fix-text.ts'
import { startProgress } from '../progress.ts'
import { writeProjectFiles, type FileToWrite } from '../project-files.ts'
import { refuseSeveralVersions } from '../server-choice.ts'
import {
  checkOptions,
  databaseOptions,
  refuseMissingPaths,
  type CheckFlags,
  type RehearsalFlags,
} from './check.ts'

/** The options as commander hands them over. */
export type FixFlags = RehearsalFlags &
  Pick<CheckFlags, 'policy' | 'failOn'> & {
    /** Show, and write nothing. */
    readonly dryRun?: boolean
    /** Ids of rules: mend their findings only. */
    readonly rule?: readonly string[]
  }

/**
 * `fix`: writes the remedies that were proven into the migrations under review. First they are shown; they are written
 * only when a check of the files as they are to be finds what was mended no more, and nothing new.
 */
export async function runFixCommand(
  paths: readonly string[],
  flags: FixFlags,
  context: CommandContext,
): Promise<number> {
  if (flags.all && paths.length > 0) {
    throw new UsageError('Paths and --all contradict each other.', {
      hint: 'Paths mend what they name; --all judges every migration, and mends what is new.',
    })
  }
  refuseMissingPaths(paths, context.cwd)
  const rules = await knownRules(flags.rule ?? [])
  const loaded = await decideConfig(flags, context)
  const request = { ...checkOptions([], flags, loaded, context, () => {}), only: flags.database ?? [] }
  refuseSeveralVersions(request, '`pgrehearse fix`')
  const choice: FixChoice = { rules, isNamed: namedBy(paths, loaded.root, context.cwd) }
  const databases = await databasesOf(request)
  let exitCode = 0
  for (const database of databases) {
    try {
      exitCode = Math.max(exitCode, await fixDatabase(database, { flags, choice, loaded }, context))
    } catch (error) {
      context.signal.throwIfAborted()
      // what fails for one loses nothing of the others
      if (!(error instanceof ToolError) || databases.length === 1) throw error
      exitCode = Math.max(exitCode, await tellError(error, database, context))
    }
  }
  return exitCode
}

/** @throws {UsageError} for a rule that nobody knows */
async function knownRules(ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const known = (await allRules()).map(({ id }) => id)
  for (const id of ids) {
    // those of the configuration have a prefix of their own
    if (known.includes(id) || id.includes('/')) continue
    const suggestion = nearest(id, known)
    throw new UsageError(
      `There is no rule ${JSON.stringify(id)}.`,
      suggestion === undefined
        ? { hint: '`pgrehearse rules` lists them.' }
        : { hint: `Did you mean ${suggestion}?` },
    )
  }
  return new Set(ids)
}

function namedBy(paths: readonly string[], root: string, cwd: string): FixChoice['isNamed'] {
  const named = paths.map((name) => path.relative(root, path.resolve(cwd, name)).replaceAll(path.sep, '/'))
  return (file) =>
    named.length === 0 || named.some((one) => one === '' || file === one || file.startsWith(`${one}/`))
}

interface Request {
  readonly flags: FixFlags
  readonly choice: FixChoice
  readonly loaded: DecidedConfig
}

async function fixDatabase(
  database: Database,
  { flags, choice, loaded }: Request,
  context: CommandContext,
): Promise<number> {
  const progress = startProgress(context, false)
  const label = database.name === undefined ? '' : `${database.name}: `
  let outcome: FixOutcome
  let files: readonly FileToWrite[]
  try {
    const update = (message: string): void => progress.update(label + message)
    const options = await databaseOptions(database, [], flags, loaded, context, update)
    outcome = await runFix(options, choice)
    files = await outcome.files()
    context.signal.throwIfAborted()
  } finally {
    progress.stop()
  }
  const colors = pc.createColors(context.out.color)
  if (database.name !== undefined) await context.out.write(`${colors.bold(database.name)}\n`)
  if (files.length > 0) await context.out.write(diffText(files, colors))
  await context.out.write(fixText(outcome))
  if (files.length === 0) return outcome.report.exitCode
  if (flags.dryRun !== true) await writeProjectFiles(loaded.root, files)
  await context.out.write(writtenText(count(files.length, 'file'), flags.dryRun === true))
  return outcome.report.exitCode
}
