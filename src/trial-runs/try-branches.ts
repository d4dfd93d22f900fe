/**
 * `--with <ref>`: the migrations of branches that are not merged yet, replayed before and behind those under review. See
 * docs/branches.md.
 */
import { collisionFinding, type Collision } from './branch-finding.ts'
import { orderCollisions, type OrderCollision } from './branch-order.ts'
import {
  errorText,
  failureOf,
  noteOf,
  statementsOf,
  transactionsOf,
  whyNotAlone,
  type Failed,
} from './branch-replays.ts'
import { deadlocks, sharedLocks, type Deadlock } from './branch-locks.ts'
import { createdByBoth, statementBehind, type BranchStatement } from './branch-objects.ts'
import type { Finding, Limit, ReportTrial } from '../core/model.ts'
import { grouped } from '../core/groups.ts'
import { scriptKey } from '../core/script-name.ts'
import type { OtherBranch } from '../core/source.ts'
import { causeFinder } from '../judge/cause.ts'
import { placeStatements } from '../judge/views.ts'
import { judgeRun } from '../judge-run.ts'
import type { ReplayedAlternative } from '../replay/alternatives.ts'
import { diffSchema, type SchemaChange, type SchemaDifference } from '../replay/fingerprint.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import { schemaDifferenceLines } from '../replay/schema-diff-text.ts'
import { nameAll } from '../rule/locks.ts'
import type { RunStatement } from '../rule/model.ts'
import { nameParts } from '../silent/names.ts'
import { parseScript, type ParsedScript } from '../sql/parse.ts'
import { layOutTransactions } from '../sql/transactions.ts'
import type { TrialOutcome, TrialRun } from './trials.ts'

/** The trial (src/trial-runs/trials.ts). */
export async function tryBranches(run: TrialRun, signal: AbortSignal): Promise<TrialOutcome> {
  const { reviewSet, options, rehearsal, scripts } = run
  const { results } = await judgeRun(options, reviewSet, scripts, rehearsal)
  const ours = placeStatements(results).map(({ view, migration, transaction }): RunStatement => ({
    ...view,
    migration,
    transaction,
  }))
  const outcomes: TrialOutcome[] = []
  for (const branch of reviewSet.others ?? []) {
    options.progress(`Replaying with ${branch.ref}`)
    try {
      outcomes.push(await new BranchTrial(run, branch, ours, signal).outcome())
    } catch (error) {
      options.signal.throwIfAborted()
      if (!signal.aborted) throw error
      outcomes.push(notTried(branch, 'the time for that was over'))
    }
  }
  return {
    trials: outcomes.flatMap(({ trials }) => trials),
    findings: outcomes.flatMap(({ findings }) => findings),
    limits: outcomes.flatMap(({ limits }) => limits),
  }
}

function notTried({ ref }: OtherBranch, why: string, lines: readonly string[] = []): TrialOutcome {
  const trial: ReportTrial = {
    kind: 'other branch',
    about: ref,
    outcome: 'not tried',
    says: `The migrations of ${ref} were not replayed with these: ${why}.`,
    lines,
  }
  return { trials: [trial], findings: [], limits: [] }
}

class BranchTrial {
  private readonly run: TrialRun
  private readonly branch: OtherBranch
  private readonly ours: readonly RunStatement[]
  private readonly signal: AbortSignal
  private readonly findings: Finding[] = []
  private readonly lines: string[] = []

  constructor(run: TrialRun, branch: OtherBranch, ours: readonly RunStatement[], signal: AbortSignal) {
    this.run = run
    this.branch = branch
    this.ours = ours
    this.signal = signal
  }

  async outcome(): Promise<TrialOutcome> {
    const { branch, run } = this
    const { collisions, lines } = orderCollisions(run.reviewSet.underReview, branch)
    for (const collision of collisions) this.report(this.ofOrder(collision))
    this.lines.push(...lines)
    if (branch.limits.length > 0 && branch.scripts.length === 0)
      return { ...notTried(branch, 'it is not known what is new there'), limits: branch.limits }
    if (branch.scripts.length === 0)
      return this.concluded(`${branch.ref} brings no migrations of its own.`, branch.limits)
    if (run.rehearsal.migrations.some(({ outcome }) => outcome !== 'rehearsed'))
      return this.endedEarly('those under review do not come to their end themselves')
    const theirs = branch.scripts.map(parseScript)
    const behind = await this.replay([...theirs, ...run.scripts.parsed])
    const own = behind.migrations.slice(0, theirs.length)
    const why = whyNotAlone(own)
    if (why !== undefined) return this.endedEarly(why)
    const before = await this.replay([...run.scripts.parsed, ...theirs])
    const others = own.flatMap(statementsOf)
    this.compareLocks(own)
    this.compareObjects(failureOf(behind), failureOf(before), others)
    const unknown = [behind, before].flatMap(({ migrations }) =>
      migrations.filter(({ outcome }) => outcome === 'not rehearsed'),
    )
    const failed = failureOf(behind) ?? failureOf(before)
    if (failed === undefined && unknown.length > 0)
      return this.endedEarly(`${unknown[0]?.migration.file} could not be rehearsed together with the others`)
    if (failed === undefined) {
      this.compareResults(diffSchema(behind.schema, before.schema))
      await this.compareToolsOrder(theirs)
    }
    const many = theirs.length === 1 ? '1 migration' : `${theirs.length} migrations`
    const alike =
      this.findings.length === 0
        ? 'either order runs and leads to the same schema'
        : `they collide in ${this.findings.length === 1 ? '1 point' : `${this.findings.length} points`}`
    return this.concluded(
      `${many} of ${branch.ref}, replayed before and behind these: ${alike}.`,
      branch.limits,
    )
  }

  private concluded(says: string, limits: readonly Limit[]): TrialOutcome {
    const { findings, lines, branch } = this
    const outcome = findings.length === 0 ? 'holds' : 'finding'
    return { trials: [{ kind: 'other branch', about: branch.ref, outcome, says, lines }], findings, limits }
  }

  /** What the files tell stays. */
  private endedEarly(why: string): TrialOutcome {
    const early = notTried(this.branch, why, this.lines)
    return { ...early, findings: this.findings, limits: this.branch.limits }
  }

  private replay(scripts: readonly ParsedScript[]): Promise<ReplayedAlternative> {
    const { alternatives, reviewSet } = this.run
    this.signal.throwIfAborted()
    return alternatives.replay(layOutTransactions(scripts, reviewSet.sharesSession), this.signal)
  }

  /** Where the tool mixes the two on a new database: that has to run too. */
  private async compareToolsOrder(theirs: readonly ParsedScript[]): Promise<void> {
    const places = new Map(this.branch.order.map((one, index) => [scriptKey(one), index]))
    const own = this.run.scripts.parsed
    const all = [...own, ...theirs]
    const placeOf = ({ script }: ParsedScript): number => places.get(scriptKey(script)) ?? -1
    if (all.some((one) => placeOf(one) < 0)) return
    const sorted = all.toSorted((a, b) => placeOf(a) - placeOf(b))
    const isLike = (other: readonly ParsedScript[]): boolean =>
      sorted.every((one, index) => one === other[index])
    if (isLike([...own, ...theirs]) || isLike([...theirs, ...own])) return
    const failed = failureOf(await this.replay(sorted))
    if (failed === undefined) return
    const at = this.ourStatement(failed)
    this.report({
      messageId: 'object',
      severity: 'error',
      at,
      object: failed.migration.migration.file,
      message: `On a new database ${failed.migration.migration.file} fails once ${this.branch.ref} is merged too: ${failed.error.message}.`,
      notes: ['The tool runs the two branches mixed there, by their versions.'],
      summary: 'Give the migrations of one branch versions behind those of the other.',
    })
  }

  private ourStatement({ statement }: Failed): RunStatement | undefined {
    return this.ours.find(
      (one) =>
        one.statement.span.start.offset === statement.span.start.offset &&
        one.statement.span.file === statement.span.file,
    )
  }

  /** `behind`: ours fails behind theirs; `before`: theirs fails behind ours. */
  private compareObjects(
    behind: Failed | undefined,
    before: Failed | undefined,
    others: readonly BranchStatement[],
  ): void {
    const { ref } = this.branch
    const own = this.ours.map(({ migration, statement, effects }) => ({
      file: migration.file,
      statement,
      effects,
    }))
    const both = createdByBoth(own, others)
    const failing = behind === undefined ? undefined : this.ourStatement(behind)
    const shared = both.find(({ at }) => failing === undefined || at.statement === failing.statement)
    if (behind === undefined && before === undefined) {
      for (const { creation, there } of both)
        this.lines.push(`${creation.name} is ${creation.verb} by ${there.file} of ${ref} too; neither fails`)
      return
    }
    if (behind !== undefined && before !== undefined && shared !== undefined) {
      const { creation, there } = shared
      this.report({
        messageId: 'object',
        severity: 'error',
        at: failing,
        object: creation.name,
        message: `${upper(creation.name)} is ${creation.verb} by ${ref} (${there.file}) too: whichever is merged second fails.`,
        notes: [noteOf(there, ref), `Behind it this fails: ${errorText(behind.error)}`],
        summary: `Agree with whoever works on ${ref} which of the two stays.`,
      })
      return
    }
    if (behind !== undefined && before !== undefined && this.excludeEachOther(behind, before, others)) return
    if (behind !== undefined) this.failsBehind(behind, others)
    if (before !== undefined) this.failsBefore(before, own)
  }

  /** Is it the same pair of statements in both orders? */
  private excludeEachOther(behind: Failed, before: Failed, others: readonly BranchStatement[]): boolean {
    const { ref } = this.branch
    if (statementBehind(behind.error, others)?.statement.sql !== before.statement.sql) return false
    const { file } = before.migration.migration
    this.report({
      messageId: 'object',
      severity: 'error',
      at: this.ourStatement(behind),
      object: `${file} ${behind.error.sqlstate}`,
      message: `This and ${file} of ${ref} exclude each other, so whichever is merged second fails: ${behind.error.message}.`,
      notes: [noteOf({ file, statement: before.statement, effects: [] }, ref), errorText(behind.error)],
      summary: `Agree with whoever works on ${ref} which of the two stays.`,
    })
    return true
  }

  private failsBehind(failed: Failed, others: readonly BranchStatement[]): void {
    const { ref } = this.branch
    const cause = statementBehind(failed.error, others)
    this.report({
      messageId: 'object',
      severity: 'error',
      at: this.ourStatement(failed),
      object: failed.error.sqlstate,
      message: `This fails once ${ref} is merged: ${failed.error.message}.`,
      notes: [...(cause === undefined ? [] : [noteOf(cause, ref)]), errorText(failed.error)],
      summary: `Rebase on ${ref}, or agree with whoever works on it.`,
    })
  }

  private failsBefore(failed: Failed, own: readonly BranchStatement[]): void {
    const { ref } = this.branch
    const cause = statementBehind(failed.error, own)
    const at = this.ours.find(({ statement }) => statement === cause?.statement)
    const { file } = failed.migration.migration
    this.report({
      messageId: 'object',
      severity: 'error',
      at,
      object: `${file} ${failed.error.sqlstate}`,
      message: `${file} of ${ref} fails once this is merged: ${failed.error.message}.`,
      notes: [noteOf({ file, statement: failed.statement, effects: [] }, ref), errorText(failed.error)],
      summary: `Merge ${ref} first, or agree with whoever works on it.`,
    })
  }

  private compareResults(difference: SchemaDifference): void {
    const { ref } = this.branch
    const [change] = difference.changes
    if (change === undefined) return
    const lines = schemaDifferenceLines(difference)
    const object = change.type === 'changed' ? change.after : change.object
    const at = causeFinder(this.ours)(objectOf(change))
    this.report({
      messageId: 'result',
      severity: 'warning',
      at,
      object: object.identity.replace(/^public\./, ''),
      message: `Who is merged second decides about ${object.kind} ${object.identity.replace(/^public\./, '')}: with ${ref} first the schema ends as another than with this first.`,
      notes: ['From the schema with the other first to that with this first:', ...lines.slice(0, 20)],
      summary: `Agree with whoever works on ${ref} what it is to be, and write that in one of the two.`,
    })
  }

  private compareLocks(theirs: readonly ReplayedMigration[]): void {
    const { ref } = this.branch
    const effects = theirs.flatMap(({ statements }) => statements.flatMap((one) => one.effects))
    this.lines.push(
      ...sharedLocks(
        this.ours.flatMap((one) => one.effects),
        effects,
        ref,
      ).map((line) => `${line}: deployed together, one waits for the other`),
    )
    const files = grouped(this.ours, ({ migration }) => migration.file).map((statements) => ({
      file: statements[0].migration.file,
      transactions: [...new Set(statements.map(({ transaction }) => transaction))],
    }))
    for (const found of deadlocks(files, theirs.map(transactionsOf))) this.reportDeadlock(found)
  }

  private reportDeadlock({ theirs, first, second }: Deadlock): void {
    const { ref } = this.branch
    const [one, other] = [nameAll([first.lock.relation]), nameAll([second.lock.relation])]
    this.report({
      messageId: 'lock order',
      severity: 'warning',
      at: this.ours.find(({ statement }) => statement === second.view.statement),
      object: `${one}, ${other}`,
      message: `Deployed at the same time, this and ${theirs} of ${ref} end in a deadlock: this locks ${one} before ${other}, the other ${other} before ${one}.`,
      notes: ['Safe where the tool lets one run wait for the other (an advisory lock of its own).'],
      summary: `Lock the tables in the same order as ${theirs} of ${ref}, or deploy one after the other.`,
    })
  }

  private ofOrder({ file, ...collision }: OrderCollision): Collision {
    const at = this.ours.find(({ migration }) => migration.file === file)
    return { ...collision, at, object: file }
  }

  private report(collision: Collision): void {
    const finding = collisionFinding({ ...collision, at: collision.at ?? this.ours[0] }, this.branch)
    if (finding !== undefined) this.findings.push(finding)
  }
}

/** Properties that the cause of a change is looked up by. */
const properties: Readonly<Record<string, string>> = {
  comment: 'comment',
  grants: 'grant',
  owner: 'owner',
  'row security': 'row security',
  'replica identity': 'replica identity',
  'storage parameters': 'options',
}

function objectOf(change: SchemaChange): Parameters<ReturnType<typeof causeFinder>>[0] {
  const { kind, identity } = change.type === 'changed' ? change.after : change.object
  const [fact = ''] = change.type === 'changed' ? change.facts : []
  const [schema = '', name = '', part] = nameParts(identity)
  if (part !== undefined) return { kind, schema, name: part, table: `${schema}.${name}` }
  return { kind: properties[fact] ?? kind, schema, name }
}

/** `the table notes`; columns stay as they are. */
function upper(name: string): string {
  return name.startsWith('the ') ? `T${name.slice(1)}` : name
}
