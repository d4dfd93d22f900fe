/** The part of a check that differs where a command takes the place of files: what is under review, and its rehearsal. */
import type { CheckOptions } from '../check-options.ts'
import type { Limit, Migration, Report, Statement } from '../core/model.ts'
import type { Production } from '../core/production.ts'
import { changesCode } from '../core/query-model.ts'
import type { ReviewSet } from '../core/source.ts'
import { readScripts, type Scripts } from '../judge-run.ts'
import { workOnRehearsal, type RehearsedWork, type ServerWork } from '../rehearsal/on-server.ts'
import { readCode } from '../query-files.ts'
import type { RecordedRun } from './record-command.ts'
import { commandsOf, decideRecorded } from './review.ts'
import { withRealPlaces } from '../record/real-places.ts'
import { reviewRequest, type Work } from '../under-review.ts'

/** What judging goes on with. */
export interface RecordedWork {
  readonly work: Work
  readonly scripts: Scripts
  readonly onServer: ServerWork
  /** See judgeRun(). */
  readonly isOwn: (statement: Statement) => boolean
  /** What runs on a clone of production: never the command. */
  readonly forClone: { readonly scripts: Scripts; readonly notReplayable?: string }
  /** See ReportParts.place. */
  readonly place: (report: Report) => Report
}

/** Runs the commands and rehearses what they do. Throws as rehearseCommand() does. */
export async function recordWork(
  options: CheckOptions,
  production: Production | undefined,
): Promise<RecordedWork> {
  const commands = commandsOf(options)
  if (commands === undefined) throw new Error('There is no command to record.')
  const review = await decideRecorded(options, commands)
  const isIdle = review.underReview.length === 0 && commands.everything !== true
  const stand = { ...review.reviewSet, underReview: [] }
  const readQueries = (): ReturnType<typeof readCode> =>
    readCode(options, reviewRequest(options), stand, production)
  if (isIdle || !options.replay || options.budget !== undefined || options.staged === true)
    return withoutCommand(review.reviewSet, isIdle ? await queriesLeft(readQueries) : [notRun(options)])
  const { rehearseCommand } = await import('./record-command.ts')
  const code = await readQueries()
  let run: RecordedRun | undefined
  const recorded = (): RehearsedWork & { readonly run: RecordedRun } => {
    if (run === undefined) throw new Error('The rehearsal ended without a recording.')
    const { reviewSet, scripts, byCommand } = run
    return { run, scripts, byCommand, work: { reviewSet, ...(code === undefined ? {} : { code }) } }
  }
  const onServer = await workOnRehearsal(
    options,
    production,
    (afterwards) =>
      rehearseCommand(
        options,
        commands,
        review,
        (result) => {
          run = result
        },
        afterwards,
      ),
    recorded,
  )
  const { work, scripts, run: result } = recorded()
  return {
    work,
    scripts,
    onServer,
    isOwn: (statement) => result.own.has(statement),
    forClone: {
      scripts: { ...scripts, review: withoutBooks(scripts.review, result.books) },
      ...(result.unread === undefined ? {} : { notReplayable: `${result.unread} could not be read` }),
    },
    place: (report) => withRealPlaces(report, result.real),
  }
}

/** Numbers of rows in the tool's books are those of the throwaway database. */
export function withoutBooks(
  review: readonly Migration[],
  books: ReadonlySet<Statement>,
): readonly Migration[] {
  return review.flatMap((migration) => {
    const statements = migration.statements.filter((statement) => !books.has(statement))
    return statements.length === 0 ? [] : [{ ...migration, statements }]
  })
}

async function withoutCommand(reviewSet: ReviewSet, limits: readonly Limit[]): Promise<RecordedWork> {
  const scripts = await readScripts(reviewSet, false)
  return {
    work: { reviewSet: { ...reviewSet, notChecked: [...reviewSet.notChecked, ...limits] } },
    scripts,
    forClone: { scripts },
    onServer: { suggestions: new Map(), proven: new Map(), trials: [], trialFindings: [], limits: [] },
    isOwn: () => false,
    place: (report) => report,
  }
}

/** Nothing is run for code alone: making the schema takes the command. */
async function queriesLeft(read: () => ReturnType<typeof readCode>): Promise<readonly Limit[]> {
  const code = await read()
  if (code === undefined || !changesCode(code.queries)) return []
  return [
    {
      code: 'queries-not-checked',
      message:
        'The application’s queries are new or changed and were not checked: no migration is new, so `migrations.migrate` was not run.',
      hint: 'They are checked together with a new migration.',
    },
  ]
}

function notRun({ replay, staged }: CheckOptions): Limit {
  const why = !replay ? 'without a server' : staged === true ? 'with --staged' : 'with --budget'
  return {
    code: 'command-not-run',
    message: `What the migrations under review do is not known ${why}: they are code, and \`migrations.migrate\` was not run.`,
    hint: 'Run `pgrehearse check`, which runs the command on a throwaway server.',
  }
}
