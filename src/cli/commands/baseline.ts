import path from 'node:path'
import { renderBaseline } from '../../config/baseline-file.ts'
import type { Config } from '../../config/schema.ts'
import type { BaselineEntry } from '../../core/baseline.ts'
import { UsageError } from '../../core/errors.ts'
import { groupBy } from '../../core/groups.ts'
import type { Finding } from '../../core/model.ts'
import { databasesOf, type Database } from '../../databases.ts'
import { updateBaseline, type UpdatedBaseline } from '../../judge/baseline.ts'
import { printableLine } from '../../reporters/printable.ts'
import { count } from '../../reporters/words.ts'
import { askGit } from '../../review/git.ts'
import { baselineFile, baselineOnDisk } from '../baseline-input.ts'
import type { CommandContext } from '../context.ts'
import { decideConfig, type DecidedConfig } from '../decide-config.ts'
import { writeFileAtomically } from '../formats.ts'
import {
  checkDatabase,
  checkOptions,
  refuseMissingPaths,
  type CheckFlags,
  type RehearsalFlags,
} from './check.ts'

/** The options as commander hands them over. */
export type BaselineFlags = RehearsalFlags & {
  readonly reason?: string
  /** `-` is standard output. */
  readonly out?: string
  readonly prune?: boolean
}

const firstReason = 'accepted when pgrehearse was adopted'

/**
 * `baseline`: accepts what is found today. What was accepted before keeps its reason; the branch's own configuration and
 * baseline count, whatever `policy` says, because they are what is written.
 */
export async function runBaseline(
  paths: readonly string[],
  flags: BaselineFlags,
  context: CommandContext,
): Promise<number> {
  if (flags.all === true && paths.length > 0) {
    throw new UsageError('Paths and --all contradict each other.', {
      hint: 'Paths judge what they name; --all judges every migration.',
    })
  }
  refuseMissingPaths(paths, context.cwd)
  const all = flags.all ?? (paths.length === 0 && flags.base === undefined)
  // nobody reads its remedies, and all that a check finds can be accepted
  const check: CheckFlags = { ...flags, all, prove: false, trials: true }
  const decided = await decideConfig({ ...flags, policy: 'branch' }, context)
  const { root } = decided
  const loaded: DecidedConfig = { ...decided, baselineOf: (config) => baselineOnDisk(root, config, true) }
  const request = checkOptions(paths, check, loaded, context, () => {})
  const databases = await databasesOf({ ...request, only: flags.database ?? [] })
  const byFile = groupBy(databases, ({ config }) => baselineFile(config))
  if (flags.out !== undefined && byFile.size > 1) {
    throw new UsageError('The databases of this repository have several baselines; --out names one file.', {
      hint: 'Leave out --out, or choose a database with --database.',
    })
  }
  for (const [file, own] of byFile) {
    const findings: Finding[] = []
    for (const database of own) {
      findings.push(...(await findingsOf(database, check, loaded, context)))
    }
    context.signal.throwIfAborted()
    await writeBaseline(file, findings, own, { flags, all, loaded }, context)
  }
  return 0
}

/** On an empty database no query has run yet: those are judged on what the history makes of it. */
async function findingsOf(
  database: Database,
  check: CheckFlags,
  loaded: DecidedConfig,
  context: CommandContext,
): Promise<readonly Finding[]> {
  const report = await checkDatabase(database, check, loaded, context)
  if (check.all !== true || report.queries === undefined) return report.findings
  const flags: CheckFlags = { ...check, all: false, trials: false, queriesOnly: true, everyQuery: true }
  const asked = await checkDatabase(database, flags, loaded, context)
  const isAboutQueries = ({ query, ruleId }: Finding): boolean =>
    query !== undefined || ruleId === 'needless-baseline-entry'
  return [...report.findings, ...asked.findings.filter(isAboutQueries)]
}

interface Circumstances {
  readonly flags: BaselineFlags
  readonly all: boolean
  readonly loaded: DecidedConfig
}

async function writeBaseline(
  file: string,
  findings: readonly Finding[],
  [database]: readonly Database[],
  { flags, all, loaded }: Circumstances,
  context: CommandContext,
): Promise<void> {
  const { baseline } = database === undefined ? {} : await loaded.baselineOf(database.config)
  const isFirst = baseline === undefined
  const author = await authorOf(loaded.root, context)
  const acceptance: Pick<BaselineEntry, 'reason' | 'author' | 'date' | 'run'> = {
    reason: reasonOf(flags.reason) ?? firstReason,
    ...(author === undefined ? {} : { author }),
    date: new Date().toISOString().slice(0, 10),
    run: all ? 'all' : 'review',
  }
  const updated = updateBaseline({ findings, baseline, acceptance, prune: flags.prune ?? false })
  if (!isFirst && updated.added > 0 && flags.reason === undefined) {
    throw new UsageError(
      `${count(updated.added, 'finding')} ${updated.added === 1 ? 'is' : 'are'} not in ${file} yet, and it is not said why to accept ${updated.added === 1 ? 'it' : 'them'}.`,
      { hint: 'Say it with --reason "…". `pgrehearse check --all` shows what was found.' },
    )
  }
  const text = await renderBaseline(updated.entries)
  if (flags.out === '-') {
    await context.out.write(text)
    return
  }
  const target = flags.out ?? path.relative(context.cwd, path.resolve(loaded.root, file))
  const isNeeded = updated.entries.length > 0 || !isFirst
  if (isNeeded) await writeFileAtomically(path.resolve(context.cwd, target), text, target)
  await context.out.write(describe(isNeeded ? target : undefined, updated, loaded.config))
}

/** @throws {UsageError} when it says nothing */
function reasonOf(said: string | undefined): string | undefined {
  const reason = said === undefined ? undefined : printableLine(said).trim()
  if (reason !== '') return reason
  throw new UsageError('--reason says nothing.', { hint: 'Write why the findings are accepted.' })
}

/** The name alone: addresses do not belong into a file that everybody reads. */
async function authorOf(root: string, { env }: CommandContext): Promise<string | undefined> {
  const configured = await askGit({ cwd: root, env }, ['config', '--get', 'user.name']).catch(() => undefined)
  const name = printableLine(configured || (env['GITLAB_USER_NAME'] ?? ''))
    .trim()
    .slice(0, 200)
  return name === '' ? undefined : name
}

function describe(target: string | undefined, updated: UpdatedBaseline, { policy }: Config): string {
  const { entries, added, dropped, needless, refused } = updated
  const once = policy === 'target-branch' ? 'once the target branch has it, ' : ''
  const changes = [`${added} new`, ...(dropped > 0 ? [`${dropped} removed`] : [])].join(', ')
  const lines = [
    target === undefined
      ? 'Nothing was found that a baseline could accept; none is written.'
      : `Wrote ${printableLine(target)}: ${count(entries.length, 'accepted finding')} (${changes}).`,
    ...(needless > 0
      ? [`${count(needless, 'entry', 'entries')} no longer match: --prune removes them.`]
      : []),
    ...refused.map(
      ({ ruleId, span, message }) =>
        `Not accepted: ${printableLine(span.file)}:${span.start.line} ${ruleId}: ${printableLine(message)}`,
    ),
    ...(target === undefined
      ? []
      : [`Review the file and commit it: ${once}what it lists no longer fails \`pgrehearse check\`.`]),
  ]
  return `${lines.join('\n')}\n`
}
