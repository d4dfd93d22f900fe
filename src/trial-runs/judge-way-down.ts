/** What a replay of the way up, the way down and the way up again says about each migration. */
import type { Finding, ReportTrial, Statement } from '../core/model.ts'
import { blockingLocks, existingRewrites, existingScans, strongestPerRelation } from '../core/effects.ts'
import { displayName } from '../core/locks.ts'
import { acceptFindings } from '../judge/allows.ts'
import type { ReplayedAlternative } from '../replay/alternatives.ts'
import { diffSchema, type SchemaSnapshot } from '../replay/fingerprint.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import { schemaDifferenceLines } from '../replay/schema-diff-text.ts'
import { describeEffect } from '../reporters/effects.ts'
import type { ParsedScript } from '../sql/parse.ts'
import { readAllowComments, type AllowComment } from '../sql/suppressions.ts'
import { downDifferences } from '../trials/way-down-differences.ts'
import { destroyedRows } from '../trials/way-down-losses.ts'
import type { DownFailure, WayBack, WayDownPlan } from '../trials/way-down-plan.ts'
import { alikeLines } from '../trials/alike-lines.ts'
import { aboutScript } from '../trials/way-down-words.ts'
import { downBlocksUp, downFails, downLeavesDifferences, withoutOtherDatabases } from './way-down-findings.ts'

/** What is said of one migration. */
export interface JudgedWayDown {
  readonly up: ParsedScript
  readonly trial: ReportTrial
  readonly findings: readonly Finding[]
}

interface Circumstances {
  /** The schema that the migrations under review began with. */
  readonly before: SchemaSnapshot
  /** ISO date, UTC: what `until` of an allow comment is compared with. */
  readonly today: string
}

/** In the order of going back. `replayed` holds all ways up, the ways down of the plan, and their ways up again. */
export function judgeWayDown(
  plan: WayDownPlan,
  replayed: ReplayedAlternative,
  circumstances: Circumstances,
): readonly JudgedWayDown[] {
  const judge = new WayDownJudge(plan, replayed, circumstances)
  const judged = plan.back.map((one, at) => judge.judge(one, at))
  const [latest, ...others] = judged
  const lines = judged.some(({ findings }) => findings.length > 0) ? [] : judge.appliedAgain()
  if (latest === undefined || lines.length === 0) return judged
  return [{ ...latest, trial: { ...latest.trial, lines: [...latest.trial.lines, ...lines] } }, ...others]
}

/** Further lines of differences say no more. */
const mostLines = 20

class WayDownJudge {
  private readonly plan: WayDownPlan
  private readonly replayed: ReplayedAlternative
  private readonly circumstances: Circumstances
  /** How many ways up there are. */
  private readonly ups: number

  constructor(plan: WayDownPlan, replayed: ReplayedAlternative, circumstances: Circumstances) {
    this.plan = plan
    this.replayed = replayed
    this.circumstances = circumstances
    this.ups = plan.back.length + plan.left.length
  }

  judge(way: WayBack, at: number): JudgedWayDown {
    const why = this.whyNotTried(at)
    if (why !== undefined) return { up: way.up, trial: trialOf(way, 'not tried', why), findings: [] }
    const down = this.replayed.migrations[this.ups + at]
    const failed = down === undefined ? undefined : failureOf(down)
    return down === undefined || failed !== undefined
      ? this.accepted(way, this.failed(way, down, failed))
      : this.accepted(way, this.wentBack(way, at, down))
  }

  /** Where the second way up ends with another schema than the first, through no fault of a way down. */
  appliedAgain(): readonly string[] {
    const { migrations, schema } = this.replayed
    if (migrations.length < this.ups + 2 * this.plan.back.length) return []
    if (migrations.some(({ outcome }) => outcome !== 'rehearsed')) return []
    const lines = schemaDifferenceLines(diffSchema(this.schema(this.ups - 1), schema))
    return lines.slice(0, mostLines).map((line) => `applied again: ${line}`)
  }

  /** A clause with a capital; undefined where it was tried. */
  private whyNotTried(at: number): string | undefined {
    const { migrations } = this.replayed
    if (migrations.slice(0, this.ups).some(({ outcome }) => outcome !== 'rehearsed'))
      return 'Its way down was not tried, because the way up did not come to its end a second time.'
    const before = this.plan.back.slice(0, at).findIndex((_, index) => !this.isDone(index))
    if (before >= 0) {
      const name = this.plan.back[before]?.up.script.file ?? ''
      return `Its way down was not tried, because that of ${name} comes before it and did not come to its end.`
    }
    const down = migrations[this.ups + at]
    if (down === undefined) return 'Its way down was not tried.'
    if (down.outcome === 'rehearsed') return undefined
    const failure = failureOf(down)
    if (failure !== undefined && isRefusal(failure))
      return `Its way down says itself that there is none: ${failure.error.message}.`
    if (failure !== undefined && isAboutServer(failure))
      return `Its way down could not be rehearsed here, because other copies of the database use the role on this server (${failure.error.message}).`
    if (failure !== undefined) return undefined
    return `Its way down could not be rehearsed here${this.limitOf(down)}.`
  }

  private isDone(at: number): boolean {
    return this.replayed.migrations[this.ups + at]?.outcome === 'rehearsed'
  }

  private limitOf({ migration }: ReplayedMigration): string {
    const limit = this.limitsOf(migration.statements).find(({ code }) => code === 'not-rehearsed')
    return limit === undefined ? '' : `: ${limit.message.replace(/\.$/, '')}`
  }

  private limitsOf(statements: readonly Statement[]): ReplayedAlternative['limits'] {
    return this.replayed.limits.filter(({ span }) =>
      statements.some((one) => one.span.file === span?.file && one.span.start.offset === span.start.offset),
    )
  }

  private failed(
    way: WayBack,
    down: ReplayedMigration | undefined,
    failure: DownFailure | undefined,
  ): Omit<JudgedWayDown, 'up'> {
    if (down === undefined || failure === undefined)
      return { trial: trialOf(way, 'not tried', 'Its way down was not tried.'), findings: [] }
    const { statement } = failure
    const says = `Its way down fails in line ${statement.span.start.line} of ${statement.span.file}.`
    return {
      trial: trialOf(way, 'finding', says, this.costs(down, this.schema(this.ups - 1))),
      findings: [downFails(way, down, failure)],
    }
  }

  private wentBack(way: WayBack, at: number, down: ReplayedMigration): Omit<JudgedWayDown, 'up'> {
    const beforeDown = this.schema(this.ups + at - 1)
    const { wrong, accepted } = downDifferences({
      beforeUp: way.index === 0 ? this.circumstances.before : this.schema(way.index - 1),
      afterUp: this.schema(way.index),
      beforeDown,
      afterDown: this.schema(this.ups + at),
    })
    const again = this.again(at)
    const blocked = again?.outcome === 'failed' ? failureOf(again) : undefined
    // what it leaves is the reason
    const isCause = !wrong.equal
    const findings = [
      ...(isCause ? [downLeavesDifferences(way, wrong, blocked)] : []),
      ...(blocked === undefined || isCause ? [] : [downBlocksUp(way, blocked)]),
    ]
    const lines = [
      ...schemaDifferenceLines(wrong).slice(0, mostLines),
      ...schemaDifferenceLines(accepted)
        .slice(0, mostLines)
        .map((line) => `${line} (no mistake)`),
      ...this.costs(down, beforeDown),
    ]
    const says = outcomeOf(!wrong.equal, blocked !== undefined, again?.outcome === 'rehearsed')
    return { trial: trialOf(way, findings.length === 0 ? 'holds' : 'finding', says, lines), findings }
  }

  /** Its second way up, which comes in the opposite order. */
  private again(at: number): ReplayedMigration | undefined {
    const { length } = this.plan.back
    return this.replayed.migrations[this.ups + length + (length - 1 - at)]
  }

  private schema(at: number): SchemaSnapshot {
    return this.replayed.schemas?.[at] ?? this.circumstances.before
  }

  /** What the way down locks, rewrites, reads and destroys. */
  private costs({ statements, migration }: ReplayedMigration, before: SchemaSnapshot): readonly string[] {
    const effects = statements.flatMap((one) => one.effects)
    const work = [
      ...strongestPerRelation(blockingLocks(effects)),
      ...existingRewrites(effects),
      ...existingScans(effects, 'validate', 'build index'),
    ]
    const depends = this.limitsOf(migration.statements).filter(({ code }) => code === 'depends-on-data')
    return [
      ...new Set([
        ...destroyedRows(statements, before),
        ...alikeLines(
          work.flatMap((effect) => {
            const text = describeEffect(effect)
            return text === undefined ? [] : [{ text, name: displayName(effect.relation) }]
          }),
        ),
        ...depends.map(({ span, message }) => `line ${span?.start.line ?? 1}: ${message}`),
      ]),
    ]
  }

  /** Lets allow comments in the way down accept what is found in it. */
  private accepted(way: WayBack, judged: Omit<JudgedWayDown, 'up'>): JudgedWayDown {
    const own = judged.findings.filter(({ ruleId }) => inWayDown.has(ruleId))
    const allows = readAllowComments(way.down).allows.filter(({ rule }) => inWayDown.has(rule))
    const { findings, aboutAllows } = acceptFindings<AllowComment, { readonly finding: Finding }>(
      own.map((finding) => ({ finding })),
      allows,
      {
        today: this.circumstances.today,
        knownRules: [...inWayDown],
        concerns: ({ rule, statementOffset }, { finding: { ruleId, span } }) =>
          rule === ruleId &&
          (rule === 'down-leaves-differences' || isWithin(way, statementOffset, span.start.offset)),
        whyNeedless: ({ rule }) => `the way down below it has no finding of ${rule}`,
      },
    )
    const others = judged.findings.filter(({ ruleId }) => !inWayDown.has(ruleId))
    return {
      up: way.up,
      trial: judged.trial,
      findings: [...findings.map(({ finding }) => finding), ...others, ...aboutAllows],
    }
  }
}

/** Findings that stand in the way down, and not in a migration under review. */
const inWayDown: ReadonlySet<string> = new Set(['down-fails', 'down-leaves-differences'])

/** Does the statement that begins at `offset` hold the place? */
function isWithin({ down }: WayBack, offset: number | undefined, place: number): boolean {
  return down.statements.some(
    ({ span: { start, end } }) => start.offset === offset && start.offset <= place && place <= end.offset,
  )
}

function failureOf({ outcome, statements }: ReplayedMigration): DownFailure | undefined {
  const last = statements.at(-1)
  const error = last?.effects.find((effect) => effect.kind === 'error')
  return outcome !== 'failed' || last === undefined || error === undefined
    ? undefined
    : { statement: last.statement, error }
}

/** RAISE EXCEPTION in a DO block: so authors say that there is no way back. */
function isRefusal({ statement, error }: DownFailure): boolean {
  return statement.tag === 'DoStmt' && error.sqlstate === 'P0001'
}

/**
 * Roles belong to the whole server, on which other copies of the database use them (dependent_objects_still_exist). What
 * this database itself has of the role is told by name.
 */
function isAboutServer({ statement: { tag }, error }: DownFailure): boolean {
  const { sqlstate, message, detail = '' } = error
  const isAboutRole = tag === 'DropRoleStmt' || message.startsWith('role ')
  return sqlstate === '2BP01' && isAboutRole && withoutOtherDatabases(detail) === ''
}

function outcomeOf(differs: boolean, isBlocked: boolean, ranAgain: boolean): string {
  if (differs && isBlocked)
    return 'Its way down leaves another schema than before, and it does not run again.'
  if (differs) return 'Its way down leaves another schema than before.'
  if (isBlocked) return 'It does not run again after its way down.'
  return ranAgain
    ? 'Down and up again: the schema is as before, and it runs again.'
    : 'Its way down leads to the schema before.'
}

function trialOf(
  { up }: WayBack,
  outcome: ReportTrial['outcome'],
  says: string,
  lines: readonly string[] = [],
): ReportTrial {
  return { kind: 'way down', about: aboutScript(up.script), outcome, says, lines }
}
