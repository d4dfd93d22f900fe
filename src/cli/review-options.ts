import { InvalidArgumentError, Option, type Command } from 'commander'
import { UsageError } from '../core/errors.ts'
import type { FailOn } from '../core/model.ts'
import type { AllowBy } from '../gitlab/model.ts'

/** The options of the review, as commander hands them over. */
export interface ReviewFlags {
  readonly failOn?: FailOn
  readonly requireRehearsal?: boolean
  readonly dryRun?: boolean
  readonly reviewFailure?: 'warn' | 'error'
  /** Name of the variable that holds the token. */
  readonly tokenEnv?: string
  readonly gitlabUrl?: string
  readonly reviewName?: string
  readonly maxThreads?: number
  readonly allowBy?: AllowBy
  readonly format?: readonly string[]
  /** False for `--no-config`: the configuration of the target branch is not read. */
  readonly config?: string | boolean
}

/** `check --review gitlab` and what goes with it. */
export function checkReviewOptions(): readonly Option[] {
  const review = new Option('--review <where>', 'post a review on the merge request; see docs/gitlab.md')
  return [review.choices(['gitlab']).conflicts(['staged', 'budget']), ...postingOptions()]
}

/**
 * @throws {UsageError} when `check` is to post nothing, and is told how
 */
export function refuseLonelyOptions(command: Command): void {
  const lonely = postingOptions().find(
    (option) => command.getOptionValue(option.attributeName()) !== undefined,
  )
  if (lonely === undefined) return
  throw new UsageError(`${lonely.long ?? ''} is about the review, and check posts none.`, {
    hint: 'Add --review gitlab.',
  })
}

/** The options that `review`, and `check --review`, have of their own. */
export function postingOptions(): readonly Option[] {
  return [
    new Option('--dry-run', 'print what the review would do, and send nothing'),
    new Option(
      '--review-failure <how>',
      'what a review that could not be posted does: warn, or exit with 3 (default: warn)',
    ).choices(['warn', 'error']),
    ...serverOptions(),
    new Option('--review-name <name>', 'tells several reviews of one merge request apart').argParser(
      parseName,
    ),
    new Option('--max-threads <number>', 'open at most this many threads (default: 20)').argParser(
      parseThreads,
    ),
    new Option('--allow-by <who>', 'who may accept a finding by a comment (default: developer)').choices([
      'developer',
      'maintainer',
      'not-the-author',
    ]),
  ]
}

/** Which server, and whose token: what `doctor` looks at, too. */
export function serverOptions(): readonly Option[] {
  return [
    new Option(
      '--token-env <name>',
      'variable that holds the token (default: PGREHEARSE_GITLAB_TOKEN, else GITLAB_TOKEN)',
    ),
    new Option('--gitlab-url <url>', 'address of the GitLab server (default: CI_API_V4_URL)'),
  ]
}

function parseName(value: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,31}$/.test(value)) return value
  throw new InvalidArgumentError('Expected at most 32 lower-case letters, digits and hyphens.')
}

function parseThreads(value: string): number {
  if (/^\d{1,3}$/.test(value) && Number(value) <= 100) return Number(value)
  throw new InvalidArgumentError('Expected a number from 0 to 100.')
}

/**
 * The arguments of a command without some options and their values, and without the name of the command itself, for
 * another run of it. `command` knows which options take a value; what stands behind `--` is left alone.
 */
export function withoutOptions(
  args: readonly string[],
  command: Command,
  left: readonly Option[],
): readonly string[] {
  const all = [...command.options, ...(command.parent?.options ?? [])]
  const kept: string[] = []
  let isNameDue = true
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? ''
    if (argument === '--') return [...kept, ...args.slice(index)]
    if (!argument.startsWith('-')) {
      if (!(isNameDue && argument === command.name())) kept.push(argument)
      isNameDue = false
      continue
    }
    const name = argument.split('=', 1)[0]
    const option = all.find(({ long }) => name === long)
    const hasValueBehind = option?.required === true && !argument.includes('=')
    const own = hasValueBehind ? args.slice(index, index + 2) : [argument]
    index += own.length - 1
    if (!left.some(({ long }) => long !== undefined && long === option?.long)) kept.push(...own)
  }
  return kept
}
