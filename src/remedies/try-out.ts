/** Tries out what could stand in the place of the migrations under review: predicted first, then replayed. */
import type { CheckOptions } from '../check-options.ts'
import type { Finding, MigrationResult, Statement } from '../core/model.ts'
import { scriptKey } from '../core/script-name.ts'
import type { MigrationScript, ReviewSet } from '../core/source.ts'
import { judgeRun, type JudgedRun, type Scripts } from '../judge-run.ts'
import type { Alternatives } from '../replay/alternatives.ts'
import { diffSchema, type SchemaDifference } from '../replay/fingerprint.ts'
import type { Rehearsal } from '../rehearsal/rehearse.ts'
import { parseScript, type ParsedScript } from '../sql/parse.ts'
import type { PlacesComparison } from '../suggest/objection.ts'
import { layOutTransactions } from '../sql/transactions.ts'

/** The run whose findings are to be mended. */
export interface MendedRun {
  readonly options: CheckOptions
  readonly reviewSet: ReviewSet
  readonly scripts: Scripts
  readonly rehearsal: Rehearsal
  readonly alternatives: Alternatives
  /** What the run itself has taken so far, in milliseconds. */
  readonly elapsedMs: number
}

/** What an alternative comes to. */
export interface Outcome {
  readonly judged: JudgedRun
  /** From the schema that the review itself leaves to that of the alternative. */
  readonly difference: SchemaDifference
}

/** It could not be tried, or it fails: a clause. */
export interface NoOutcome {
  /** `fails`: its own mistake; `unknown`: it could not be rehearsed here. */
  readonly kind: 'fails' | 'unknown'
  readonly why: string
}

const leastBudgetMs = 10_000
const mostBudgetMs = 60_000

/** Half of the time of the run on a slow machine; elsewhere ten replays of a few files take less than the least. */
export function budgetMs(elapsedMs: number): number {
  return Math.round(Math.min(mostBudgetMs, Math.max(leastBudgetMs, elapsedMs / 2)))
}

const begun = new WeakMap<MendedRun, Promise<TryOut>>()

export class TryOut {
  readonly run: MendedRun
  /** The run itself, measured. */
  readonly before: JudgedRun
  /** Those that tell one statement of several, of house style, and of transactions as a whole. */
  readonly about: Pick<PlacesComparison, 'secondaryRules' | 'styleRules' | 'transactionRules'>
  private predicted: Promise<JudgedRun> | undefined

  private constructor(run: MendedRun, before: JudgedRun, about: TryOut['about']) {
    this.run = run
    this.before = before
    this.about = about
  }

  /** One per run: remedies and suggestions are compared with the same judgement. */
  static begin(run: MendedRun): Promise<TryOut> {
    const known = begun.get(run) ?? TryOut.judge(run)
    begun.set(run, known)
    return known
  }

  private static async judge(run: MendedRun): Promise<TryOut> {
    const { options, reviewSet, scripts, rehearsal } = run
    const { rules } = await import('../../rules/index.ts')
    const all = [...(options.config.customRules ?? []), ...rules]
    const before = await judgeRun(options, reviewSet, scripts, rehearsal)
    return new TryOut(run, before, {
      secondaryRules: new Set(all.filter(({ secondary }) => secondary === true).map(({ id }) => id)),
      styleRules: new Set(all.filter(({ preset }) => preset === 'strict').map(({ id }) => id)),
      transactionRules: new Set(all.filter((rule) => rule.transaction !== undefined).map(({ id }) => id)),
    })
  }

  /** The run itself by prediction alone, to compare predictions with. */
  foreseenBefore(): Promise<JudgedRun> {
    this.predicted ??= this.foresee(this.run.scripts)
    return this.predicted
  }

  /** What prediction alone says of these. */
  foresee(scripts: Scripts): Promise<JudgedRun> {
    const { options, reviewSet, rehearsal } = this.run
    return judgeRun(options, reviewSet, scripts, { migrations: [], server: rehearsal.server })
  }

  /** Replays these in the place of those under review. */
  async replay(scripts: Scripts, signal: AbortSignal): Promise<Outcome | NoOutcome> {
    signal.throwIfAborted()
    const { alternatives, rehearsal, options, reviewSet } = this.run
    const replayed = await alternatives.replay(scripts.review, signal)
    const failed = replayed.migrations.find(({ outcome }) => outcome !== 'rehearsed')
    if (failed !== undefined)
      return failed.outcome === 'failed'
        ? { kind: 'fails', why: `${failed.migration.file} fails with it: ${errorOf(failed)}` }
        : { kind: 'unknown', why: `${failed.migration.file} could not be rehearsed with it` }
    if (replayed.limits.length > rehearsal.limits.length)
      return { kind: 'unknown', why: 'less of it can be rehearsed' }
    const judged = await judgeRun(options, reviewSet, scripts, {
      migrations: replayed.migrations,
      server: rehearsal.server,
      ...(replayed.catalogs === undefined ? {} : { schema: replayed.catalogs }),
    })
    return { judged, difference: diffSchema(await alternatives.schema(), replayed.schema) }
  }

  /** The run with some scripts replaced by others, by scriptKey(), and `later` ones behind all. */
  scriptsWith(
    changed: ReadonlyMap<string, readonly MigrationScript[]>,
    later: readonly MigrationScript[] = [],
  ): Scripts {
    const { scripts, reviewSet } = this.run
    const parsed = [
      ...scripts.parsed.flatMap((one): readonly ParsedScript[] => {
        const instead = changed.get(scriptKey(one.script))
        return instead === undefined ? [one] : instead.map(parseScript)
      }),
      ...later.map(parseScript),
    ]
    return { ...scripts, parsed, review: layOutTransactions(parsed, reviewSet.sharesSession) }
  }
}

/** The migration and statement that the finding is about; undefined where that is none of the run. */
export function resultOf({ span }: Finding, { results }: JudgedRun): MigrationResult | undefined {
  const isHere = ({ span: { start } }: Statement): boolean => start.offset === span.start.offset
  return results.find(({ migration }) => migration.file === span.file && migration.statements.some(isHere))
}

function errorOf({ statements }: Rehearsal['migrations'][number]): string {
  const errors = statements.flatMap(({ effects }) => effects.filter((effect) => effect.kind === 'error'))
  return errors[0]?.message ?? 'it could not be rehearsed'
}
