import { Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../config/duration.ts'
import type { BaselineFlags } from './commands/baseline.ts'
import type { CalibrateFlags } from './commands/calibrate.ts'
import type { CheckFlags } from './commands/check.ts'
import type { FixFlags } from './commands/fix.ts'
import type { QueriesFlags } from './commands/queries.ts'
import type { RulesOptions } from './commands/rules.ts'
import type { SnapshotFlags } from './commands/snapshot.ts'
import {
  addConfigOptions,
  addServerOptions,
  databaseOption,
  failOnOption,
  formatOption,
  imageOption,
  parseServerUrl,
  policyOption,
  withOption,
} from './common-options.ts'
import type { CommandContext } from './context.ts'
import type { GitLabFlags } from './doctor-gitlab.ts'
import {
  checkReviewOptions,
  postingOptions,
  refuseLonelyOptions,
  serverOptions,
  type ReviewFlags,
} from './review-options.ts'

/** Flags that every command understands. */
export interface GlobalFlags {
  readonly color?: boolean
  readonly debug?: boolean
}

export interface ProgramOptions {
  readonly version: string
  /** Built when a command runs, because it depends on the global flags. */
  readonly context: (flags: GlobalFlags) => CommandContext
  readonly writeOut: (text: string) => void
  /** Called once, with the exit code of the command that ran. */
  readonly done: (exitCode: number) => void
}

/**
 * The command line. Every command imports its work when it runs; `check` is the default.
 * Errors of usage are thrown as CommanderError.
 */
export function createProgram(options: ProgramOptions): Command {
  const program = new Command('pgrehearse')
    .description('Rehearses new migrations on a throwaway Postgres and says what they would do.')
    .version(options.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--color', 'use colours also where no terminal is')
    .option('--no-color', 'use no colours')
    .option('--debug', 'print stack traces and timings')
    .exitOverride()
    .configureOutput({ writeOut: options.writeOut, outputError: () => {} })
  const run = async (work: (context: CommandContext) => Promise<number>): Promise<void> =>
    options.done(await work(options.context(program.opts<GlobalFlags>())))
  addCheck(program, run)
  addLint(program, run)
  addRun(program, run)
  addFix(program, run)
  addQueries(program, run)
  addReview(program, run)
  addCatalogueCommands(program, run)
  addSetupCommands(program, run)
  addSnapshot(program, run)
  addCalibrate(program, run)
  addBaseline(program, run)
  program.addHelpText('after', () => checkOptionsHelp(program) + helpAfter)
  return program
}

type Run = (work: (context: CommandContext) => Promise<number>) => Promise<void>

function addCheck(program: Command, run: Run): void {
  const command = program
    .command('check', { isDefault: true })
    .description('rehearse the migrations under review on a throwaway server (default)')
    .argument('[paths...]', 'migration files or folders to judge; default: what is new in git')
  addServerOptions(
    addReviewOptions(command)
      .option('--no-replay', 'judge by prediction only, as lint does')
      .option('--require-rehearsal', 'exit with 1 when a migration could not be rehearsed'),
  )
    .addOption(
      new Option(
        '--budget <duration>',
        'time for the whole run; what does not fit is predicted (default: 20s for samples, no limit on replay)',
      ).argParser(parseBudget),
    )
    .option('--no-prove', 'do not replay the SQL of fixes before it is offered')
    .option('--no-clone', 'create no clone of production, though the configuration has a command for one')
    .option('--no-down', 'do not take back what is under review by its way down')
    .option('--no-retry', 'do not try failures in the middle of what is not one transaction')
    .addOption(withOption())
    .option('--suggestions', 'try out fixes in place, and offer those that hold (default: in merge requests)')
    .option('--no-suggestions', 'try out no fixes')
  for (const option of checkReviewOptions()) command.addOption(option)
  command.action((paths: string[], flags: CheckFlags & ReviewFlags & { readonly review?: 'gitlab' }) =>
    run(async (context) => {
      if (flags.review !== undefined) {
        const { runCheckAndReview } = await import('./review-one-job.ts')
        return runCheckAndReview(command, flags, context)
      }
      refuseLonelyOptions(command)
      const { runCheck } = await import('./commands/check.ts')
      return runCheck(paths, flags, context)
    }),
  )
}

function addQueries(program: Command, run: Run): void {
  const command = program
    .command('queries')
    .description('say what the migrations under review do to the application’s queries, and nothing else')
    .option('--base <ref>', 'what production runs: this git revision')
    .option('--all', 'judge every query, not only those that are new or changed')
    .option('--snapshot <file>', 'sizes and activity of production, as snapshot writes them')
    .addOption(databaseOption())
    .addOption(policyOption())
    .addOption(failOnOption())
    .addOption(formatOption())
  addConfigOptions(addServerOptions(command)).action((flags: QueriesFlags) =>
    run(async (context) => {
      const { runQueries } = await import('./commands/queries.ts')
      return runQueries(flags, context)
    }),
  )
}

function addReview(program: Command, run: Run): void {
  const command = program
    .command('review')
    .description('post the report of another job on the GitLab merge request, and be the gate')
    .argument('<report>', 'what check wrote with --format json:<report>')
    .addOption(failOnOption())
    .option('--require-rehearsal', 'exit with 1 when a migration could not be rehearsed')
    .addOption(formatOption())
    .option('--no-config', 'do not read the configuration of the target branch')
  for (const option of postingOptions()) command.addOption(option)
  command.action((report: string, flags: ReviewFlags) =>
    run(async (context) => {
      const { runReview } = await import('./commands/review.ts')
      return runReview(report, flags, context)
    }),
  )
}

function addLint(program: Command, run: Run): void {
  const command = program
    .command('lint')
    .description('judge by prediction, without a server (check --no-replay)')
    .argument('[paths...]', 'migration files or folders to judge; default: what is new in git')
  addReviewOptions(command).action((paths: string[], flags: CheckFlags) =>
    run(async (context) => {
      const { runCheck } = await import('./commands/check.ts')
      return runCheck(paths, { ...flags, replay: false }, context)
    }),
  )
}

function addRun(program: Command, run: Run): void {
  const command = program
    .command('run')
    .description('rehearse what a command does to a database: any migration tool, in any language')
    .argument('<command...>', 'the command, behind --; it finds the throwaway server in DATABASE_URL and PG*')
    .option('--history <command>', 'what makes the history first, for a shell; default: an empty database')
    .option('--base <ref>', 'make the history by the command in this git revision; judge what is new since')
    .option('--down <command>', 'what takes back what the command did, for a shell: tried on a copy')
    .option('--no-down', 'do not take it back, though the configuration has a command for that')
    .option('--snapshot <file>', 'sizes and activity of production, as snapshot writes them')
    .option('--require-rehearsal', 'exit with 1 when a migration could not be rehearsed')
    .option('--no-prove', 'do not replay the SQL of fixes before it is offered')
    .addOption(databaseOption())
    .addOption(policyOption())
    .addOption(failOnOption())
    .addOption(formatOption())
  addConfigOptions(addServerOptions(command)).action((words: string[], flags: CheckFlags) =>
    run(async (context) => {
      const { runRun } = await import('./commands/run.ts')
      return runRun(words, flags, context)
    }),
  )
}

function addFix(program: Command, run: Run): void {
  const command = program
    .command('fix')
    .description('write the remedies that were proven into the migrations under review')
    .argument('[paths...]', 'mend only what is found in these files or folders')
    .option('--dry-run', 'show what would be written')
    .addOption(
      new Option('--rule <id>', 'mend only what this rule finds (repeatable)').argParser(
        (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
      ),
    )
    .option('--base <ref>', 'judge what is new since this git revision')
    .addOption(new Option('--all', 'judge every migration; only new ones are written').conflicts('base'))
    .option('--snapshot <file>', 'sizes and activity of production, as snapshot writes them')
    .addOption(databaseOption())
    .addOption(policyOption())
    .addOption(failOnOption())
  addConfigOptions(addServerOptions(command)).action((paths: string[], flags: FixFlags) =>
    run(async (context) => {
      const { runFixCommand } = await import('./commands/fix.ts')
      return runFixCommand(paths, flags, context)
    }),
  )
}

/** What `check` and `lint` have in common. */
function addReviewOptions(command: Command): Command {
  return addConfigOptions(
    command
      .option('--base <ref>', 'judge what is new since this git revision')
      .addOption(new Option('--all', 'judge every migration').conflicts(['base', 'staged']))
      .option('--staged', 'judge what the next git commit changes, as the index holds it')
      .option('--snapshot <file>', 'sizes and activity of production, as snapshot writes them')
      .addOption(databaseOption())
      .addOption(policyOption())
      .addOption(failOnOption())
      .addOption(formatOption()),
  )
}

function addCatalogueCommands(program: Command, run: Run): void {
  program
    .command('explain')
    .description('print the page of a rule')
    .argument('<rule>', 'id of the rule, e.g. require-concurrent-index')
    .action((rule: string) =>
      run(async (context) => {
        const { runExplain } = await import('./commands/explain.ts')
        return runExplain(rule, context)
      }),
    )
  program
    .command('rules')
    .description('list all rules')
    .addOption(new Option('--format <name>', 'how to list them').choices(['text', 'json']).default('text'))
    .addOption(
      new Option('--preset <name>', 'only those of this set').choices(['recommended', 'strict', 'security']),
    )
    .action((options: RulesOptions) =>
      run(async (context) => {
        const { runRules } = await import('./commands/rules.ts')
        return runRules(options, context)
      }),
    )
}

function addSetupCommands(program: Command, run: Run): void {
  program
    .command('init')
    .description('write a commented configuration and a GitLab CI job; nothing is overwritten')
    .option('--dry-run', 'print what would be written')
    .action(({ dryRun }: { dryRun?: boolean }) =>
      run(async (context) => {
        const { runInit } = await import('./commands/init.ts')
        return runInit({ dryRun: dryRun ?? false }, context)
      }),
    )
  const doctor = program.command('doctor').description('say what works on this machine and what does not')
  for (const option of serverOptions()) doctor.addOption(option)
  doctor.addOption(imageOption())
  addConfigOptions(doctor).action((flags: Pick<CheckFlags, 'config' | 'image'> & GitLabFlags) =>
    run(async (context) => {
      const { runDoctor } = await import('./commands/doctor.ts')
      return runDoctor(flags, context)
    }),
  )
}

function addSnapshot(program: Command, run: Run): void {
  program
    .command('snapshot')
    .description('write the statistics of production into one file: sizes, rates, settings; read-only')
    .option(
      '--from <url>',
      'database to read, production or a replica; or a file that the script wrote (default: PGREHEARSE_SNAPSHOT_URL)',
    )
    .option('--out <file>', 'write here, `-` is standard output (default: pgrehearse-snapshot.json)')
    .option(
      '--with-values [columns]',
      'also read values of all columns, or of these: orders.status,billing.plans.name; they are data',
    )
    .option('--print-sql', 'print a script for psql that does the same, and ask no database')
    .action((flags: SnapshotFlags) =>
      run(async (context) => {
        const { runSnapshot } = await import('./commands/snapshot.ts')
        return runSnapshot(flags, context)
      }),
    )
}

function addCalibrate(program: Command, run: Run): void {
  program
    .command('calibrate')
    .description('measure how fast a machine is, for production.hardware of the configuration')
    .addOption(
      new Option(
        '--server-url <url>',
        'measure this server, which gets a few seconds of load, instead of this machine',
      ).argParser(parseServerUrl),
    )
    .addOption(
      new Option('--format <name>', 'how to print the rates').choices(['text', 'json']).default('text'),
    )
    .action((flags: CalibrateFlags) =>
      run(async (context) => {
        const { runCalibrate } = await import('./commands/calibrate.ts')
        return runCalibrate(flags, context)
      }),
    )
}

function addBaseline(program: Command, run: Run): void {
  const command = program
    .command('baseline')
    .description('accept what is found today, with a reason, in a file to be reviewed')
    .argument('[paths...]', 'migration files or folders whose findings are accepted; default: everything')
    .option(
      '--reason <text>',
      `why new findings are accepted (default: "accepted when pgrehearse was adopted")`,
    )
    .option('--prune', 'remove entries whose finding is gone')
    .option('--out <file>', 'write here, `-` is standard output (default: the configured baseline)')
    .option('--base <ref>', 'accept what is found in what is new since this git revision')
    .addOption(new Option('--all', 'accept what is found anywhere (default)').conflicts('base'))
    .option('--snapshot <file>', 'sizes and activity of production, as snapshot writes them')
    .addOption(databaseOption())
  addServerOptions(command)
    .option('--config <file>', 'read this configuration')
    .action((paths: string[], flags: BaselineFlags) =>
      run(async (context) => {
        const { runBaseline } = await import('./commands/baseline.ts')
        return runBaseline(paths, flags, context)
      }),
    )
}

/** Milliseconds. */
function parseBudget(value: string): number {
  const ms = parseDuration(value)
  if (ms !== undefined && ms > 0) return ms
  throw new InvalidArgumentError('Expected a duration such as 3s, 500ms or 1min.')
}

/** `pgrehearse --help` shows the options of the default command: they are what most people look for. */
function checkOptionsHelp(program: Command): string {
  const check = program.commands.find((command) => command.name() === 'check')
  if (check === undefined) return ''
  const help = check.createHelp()
  const terms = help
    .visibleOptions(check)
    .filter((option) => option.long !== '--help')
    .map((option) => ({
      term: help.optionTerm(option),
      description: help.optionDescription(option),
    }))
  const width = Math.max(...terms.map(({ term }) => term.length))
  const lines = terms.map(({ term, description }) => help.formatItem(term, width, description, help))
  return `\nOptions of check:\n${lines.join('\n')}\n`
}

const helpAfter = `
Exit codes:
  0    nothing at or above --fail-on
  1    findings, or with --require-rehearsal a migration that could not be rehearsed
  2    usage, configuration, or a base revision that cannot be had
  3    no server could be started or reached; with --review-failure=error a review that could not be posted
  70   a bug in pgrehearse
  130, 143   interrupted (SIGINT, SIGTERM)

Examples:
  pgrehearse                              what is new in this branch or merge request
  pgrehearse db/migrations/V7__x.sql      this file, on top of the others
  pgrehearse --base origin/main --format codequality:gl-code-quality-report.json
  pgrehearse lint --all                   every migration, without a server
  pgrehearse review report.json           the gate of a merge request, and its review
`
