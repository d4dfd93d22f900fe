/** Breaks migrations off that are not one transaction, and runs them again as their tool would. */
import type { Migration, Remedy, ReportTrial, Statement } from '../core/model.ts'
import type { AfterFailure } from '../core/source.ts'
import { aboutMigration, type Blame, type TriedCut, type TriedMigration } from './judge-retry.ts'
import { summaryOf, told } from './tell-retry.ts'
import { tablesOf } from './written-tables.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import { RetryGround, type Interruption } from '../replay/retry-ground.ts'
import { step, stepOutsideTransaction } from '../sql/remedies.ts'
import { nonTransactionalForm } from '../sql/non-transactional.ts'
import { rerunnableForm } from '../sql/rerunnable-form.ts'
import type { TrialOutcome, TrialRun } from './trials.ts'
import { chosenCuts, isLone, type Cut } from '../trials/retry-cuts.ts'
import { changesIn, plannedCuts, type PlannedCut } from './wants-retry.ts'

/** All of them are applied once more, one after the other. */
const mostMigrations = 60

/** One migration after the other, each on copies of what stood before it. */
export async function tryRetry(run: TrialRun, signal: AbortSignal): Promise<TrialOutcome> {
  const { reviewSet, rehearsal, leftovers, options } = run
  const { planned, assumed } = plannedCuts(run)
  if (rehearsal.migrations.some(({ outcome }) => outcome !== 'rehearsed'))
    return said(
      'Failures in the middle were not tried, because the migrations do not come to their end here.',
    )
  const guessed = assumed === undefined ? nothing : said(assumed)
  const { whenFailed } = reviewSet
  if (planned.length === 0) return guessed
  if (whenFailed === undefined)
    return said('Failures in the middle were not tried: what runs these migrations again is not known.')
  if (leftovers.retry === undefined) return guessed
  if (rehearsal.migrations.length > mostMigrations)
    return said(
      `Failures in the middle were not tried: ${rehearsal.migrations.length} migrations are under review, and they are tried of ${mostMigrations} at most.`,
    )
  options.progress('Trying failures in the middle')
  const context = leftovers.retry
  const sessionOptions = { ...context.sessionOptions, signal }
  await using ground = new RetryGround({ ...context, sessionOptions })
  const trial = new RetryTrial(run, ground, whenFailed, planned)
  await trial.run()
  return { ...guessed, trials: [...guessed.trials, ...trial.trials], findings: trial.findings }
}

const nothing: TrialOutcome = { trials: [], findings: [], limits: [] }

function said(says: string): TrialOutcome {
  const trial: ReportTrial = { kind: 'retry', about: '', outcome: 'not tried', says, lines: [] }
  return { ...nothing, trials: [trial] }
}

class RetryTrial {
  readonly trials: ReportTrial[] = []
  readonly findings: TrialOutcome['findings'][number][] = []
  private readonly trialRun: TrialRun
  private readonly ground: RetryGround
  private readonly whenFailed: AfterFailure
  private readonly planned: readonly PlannedCut[]
  private readonly chosen: ReadonlySet<PlannedCut>

  constructor(
    trialRun: TrialRun,
    ground: RetryGround,
    whenFailed: AfterFailure,
    planned: readonly PlannedCut[],
  ) {
    this.trialRun = trialRun
    this.ground = ground
    this.whenFailed = whenFailed
    this.planned = planned
    this.chosen = new Set(chosenCuts(planned))
  }

  async run(): Promise<void> {
    const { migrations } = this.trialRun.rehearsal
    const last = Math.max(...[...this.chosen].map(({ index }) => index))
    let isSeeded = true
    for (const [index, replayed] of migrations.slice(0, last + 1).entries()) {
      let why = await this.tryAt(index, replayed)
      // a row of ours may be what it fails for
      if (why !== undefined && isSeeded) {
        isSeeded = false
        await this.ground.beginBare(migrations.slice(0, index).map(({ migration }) => migration))
        why = await this.tryAt(index, replayed)
      }
      if (why === undefined) continue
      // settings of earlier files are missing in a session of its own
      this.trials.push({
        kind: 'retry',
        about: aboutMigration(replayed.migration),
        outcome: 'not tried',
        says: `Not tried from here on: in a session of its own ${why}.`,
        lines: [],
      })
      return
    }
  }

  /** Why it cannot be tried, if so: a clause. */
  private async tryAt(index: number, replayed: ReplayedMigration): Promise<string | undefined> {
    const cuts = this.planned.filter((one) => one.index === index)
    const chosen = cuts.filter((one) => this.chosen.has(one)).map(({ cut }) => cut)
    const why =
      chosen.length === 0 ? undefined : await this.tryOne(replayed, chosen, cuts.length - chosen.length)
    if (why === undefined) await this.ground.pass(replayed.migration)
    return why
  }

  private async tryOne(
    replayed: ReplayedMigration,
    cuts: readonly Cut[],
    leftOut: number,
  ): Promise<string | undefined> {
    const { migration } = replayed
    const error = await this.ground.choose(migration, tablesOf(replayed))
    if (error !== undefined) return `${error.statement.span.file} fails (${error.error.message})`
    const tried: TriedCut[] = []
    for (const cut of cuts) {
      if (stopsBefore(cut, tried)) continue
      const aftermath = await this.ground.breakOff(this.interruption(cut))
      if (aftermath.kind === 'not comparable') return `it fails (${aftermath.message})`
      if (aftermath.kind !== 'not broken off') tried.push({ cut, aftermath })
    }
    const { whenFailed } = this
    const changes = changesIn(replayed)
    const lone = isLone(migration, changes)
    if (tried.length > 0)
      await this.tell(replayed, { migration, whenFailed, tried, leftOut, changes, isLone: lone })
    return undefined
  }

  private async tell(replayed: ReplayedMigration, of: TriedMigration): Promise<void> {
    const { trial, findings } = await told(this.trialRun, of, (blame) => this.remedyOf(replayed, blame))
    this.trials.push(trial)
    this.findings.push(...findings)
  }

  private interruption({ kind, statement }: Cut): Interruption {
    if (this.whenFailed.outcome !== 'goes on') return { kind, statement }
    return { kind, statement, from: kind === 'after' ? statement.index + 1 : statement.index }
  }

  /** The statement in a form that may run again, where a replay with it ends as it should. */
  private async remedyOf(replayed: ReplayedMigration, blame: Blame): Promise<Remedy> {
    const { migration } = replayed
    const { statement, shown } = blame
    const summary = summaryOf(blame)
    const form = rerunnableForm(statement, createdIndex(replayed, statement))
    if (form === undefined || shown.cut.statement.index < statement.index) return { summary, migrations: [] }
    const { changed, shift } = withStatement(migration, statement, form)
    const { kind, statement: last } = shown.cut
    const moved = changed.statements[last.index + shift] ?? last
    const aftermath = await this.ground.breakOff(this.interruption({ kind, statement: moved }), changed)
    if (aftermath.kind !== 'resumes') return { summary, migrations: [] }
    const isOutside = nonTransactionalForm(statement) !== undefined
    return {
      summary,
      migrations: isOutside ? form.map((sql) => stepOutsideTransaction(sql)) : [step(...form)],
      proof: {
        outcome: 'proven',
        says: 'Replayed: broken off at the same place and run again, it ends as it would have without, same schema.',
      },
    }
  }
}

/** The name that an index without one was given. */
function createdIndex({ statements }: ReplayedMigration, { index }: Statement): string | undefined {
  const effects = statements.find(({ statement }) => statement.index === index)?.effects ?? []
  for (const effect of effects)
    if (effect.kind === 'catalog' && effect.change.type === 'create' && effect.object.kind === 'index')
      return effect.object.name
  return undefined
}

/** Is it known that the next run does not get as far as the statement that broke off in its middle? */
function stopsBefore({ kind, statement }: Cut, tried: readonly TriedCut[]): boolean {
  return (
    kind === 'inside' &&
    tried.some(
      ({ cut, aftermath }) =>
        cut.kind === 'after' && cut.statement.index < statement.index && aftermath.kind === 'fails',
    )
  )
}

/** The migration with others in the place of one of its statements, each sent as that one was. */
function withStatement(
  migration: Migration,
  { index }: Statement,
  form: readonly string[],
): { readonly changed: Migration; readonly shift: number } {
  const firstPart = Math.max(0, ...migration.statements.map(({ part = 0 }) => part)) + 1
  const statements = migration.statements.flatMap((statement): readonly Statement[] =>
    statement.index === index
      ? form.map((sql, at) => ({
          ...statement,
          sql,
          // in one message with others they would be in one transaction
          ...(statement.inTransactionBlock ? {} : { part: firstPart + at }),
        }))
      : [statement],
  )
  return {
    changed: { ...migration, statements: statements.map((statement, at) => ({ ...statement, index: at })) },
    shift: form.length - 1,
  }
}
