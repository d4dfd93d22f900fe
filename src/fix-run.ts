/**
 * `pgrehearse fix`: the proven remedies of what is under review, written into the files. Nothing is written here: the
 * outcome says which files are to hold what, and a check of just these files has found none of the findings again.
 */
import { check } from './check.ts'
import type { CheckOptions } from './check-options.ts'
import type { Finding, Migration, RemedyMigration, Report, Statement } from './core/model.ts'
import { scriptKey } from './core/script-name.ts'
import type { FileTree, MigrationScript, ReviewSet, ScriptOrigin } from './core/source.ts'
import { bySeverity, kindOf, setback } from './fix/findings.ts'
import { whyNotFixed, type NotFixed } from './fix/why-not.ts'
import { fixScript, type ChangedFiles, type FixedScript } from './fix-script.ts'
import { readScripts, type Scripts } from './judge-run.ts'
import { diffSchema, type SchemaSnapshot } from './replay/fingerprint.ts'
import { schemaDifferenceLines } from './replay/schema-diff-text.ts'
import { changedTree } from './review/changed-tree.ts'
import { decideReviewSet } from './review/review-set.ts'
import { reviewRequest } from './under-review.ts'

/** Which findings are to be mended. */
export interface FixChoice {
  /** Rules; all when empty. */
  readonly rules: ReadonlySet<string>
  /** Does the file belong to what the command line names? */
  readonly isNamed: (file: string) => boolean
}

/** What came of it. */
export interface FixOutcome {
  /** What is to be written, with what stands there now. */
  readonly files: () => Promise<readonly FileChange[]>
  /** Findings of the first check that the last one has not. */
  readonly fixed: readonly Finding[]
  readonly notFixed: readonly NotFixed[]
  /** Steps of what was fixed that belong to a later deployment. */
  readonly later: readonly LaterStep[]
  /** Of the files as they are to be. */
  readonly report: Report
}

export interface FileChange {
  /** Relative to the project root, with `/`. */
  readonly path: string
  /** Undefined: it is new. */
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array
}

export interface LaterStep {
  readonly finding: Finding
  readonly step: RemedyMigration
}

/** What is not proven is not written: there is more time for that than in a check, for all checks together. */
const proveLimitMs = 300_000
/** Once it is over, a check has this. */
const leastProveMs = 10_000

/** Each takes a rehearsal of its own. */
const mostChecks = 25

/** Decides what the files are to hold. Throws as check() does. */
export function runFix(options: CheckOptions, choice: FixChoice): Promise<FixOutcome> {
  return new FixRun(options, choice).run()
}

/** What the files, as they are to be at some point, come to. */
interface Judged {
  readonly changed: ChangedFiles
  readonly report: Report
  /** Absent where the migrations did not come to their end. */
  readonly schema: SchemaSnapshot | undefined
}

/** A script with those of its findings that are to be mended together. */
interface Batch {
  readonly script: MigrationScript
  readonly migration: Migration
  readonly findings: readonly Finding[]
}

class FixRun {
  private readonly options: CheckOptions
  private readonly choice: FixChoice
  /** Why a finding stays, by its fingerprint. */
  private readonly refused = new Map<string, string>()
  private readonly later: LaterStep[] = []
  private secondaryRules: ReadonlySet<string> = new Set()
  private checks = 0
  private readonly beganMs = performance.now()
  /** The files without any change. */
  private asItIs: FileTree | undefined

  constructor(options: CheckOptions, choice: FixChoice) {
    this.options = options
    this.choice = choice
  }

  async run(): Promise<FixOutcome> {
    const { rules } = await import('../rules/index.ts')
    const all = [...(this.options.config.customRules ?? []), ...rules]
    this.secondaryRules = new Set(all.filter(({ secondary }) => secondary === true).map(({ id }) => id))
    const first = await this.judge(new Map())
    let now = first
    while (this.checks < mostChecks) {
      const next = await this.improve(now)
      if (next === undefined) break
      now = next
    }
    const notFixed = now.report.findings.flatMap((finding) =>
      whyNotFixed(finding, this.refused.get(finding.fingerprint) ?? this.whyNotChosen(finding)),
    )
    return {
      files: () => this.filesOf(now.changed),
      fixed: goneFrom(first.report.findings, now.report.findings),
      notFixed,
      later: this.later,
      report: now.report,
    }
  }

  private async filesOf(changed: ChangedFiles): Promise<readonly FileChange[]> {
    const files: FileChange[] = []
    for (const [path, after] of [...changed].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const before = await this.asItIs?.read(path)
      if (before === undefined || !Buffer.from(before).equals(after)) files.push({ path, before, after })
    }
    return files
  }

  private async judge(changed: ChangedFiles): Promise<Judged> {
    this.options.signal.throwIfAborted()
    this.checks += 1
    let schema: SchemaSnapshot | undefined
    const report = await check({
      ...this.options,
      paths: [],
      changed,
      suggestions: false,
      // they take copies anew in every check, and are no rule's findings
      retry: false,
      down: false,
      // what it finds no fix mends, and every check would create another
      clone: false,
      proveLimitMs: Math.max(leastProveMs, proveLimitMs - (performance.now() - this.beganMs)),
      onSchema: (read) => (schema = read),
    })
    return { changed, report, schema }
  }

  private whyNotChosen({ ruleId, span }: Finding): string | undefined {
    if (!this.choice.isNamed(span.file)) return 'its file was not named'
    if (this.choice.rules.size > 0 && !this.choice.rules.has(ruleId)) return 'its rule was not named'
    return undefined
  }

  private isChosen(finding: Finding): boolean {
    const { remedy, allowed, query, fingerprint } = finding
    return (
      remedy?.proof?.outcome === 'proven' &&
      remedy.migrations.some(({ when = 'now' }) => when === 'now') &&
      allowed === undefined &&
      query === undefined &&
      !this.refused.has(fingerprint) &&
      this.whyNotChosen(finding) === undefined
    )
  }

  /** The files with some more of the findings mended; undefined when there is nothing more to mend. */
  private async improve(now: Judged): Promise<Judged | undefined> {
    const chosen = now.report.findings.filter((finding) => this.isChosen(finding)).toSorted(bySeverity)
    if (chosen.length === 0) return undefined
    const set = await decideReviewSet(reviewRequest({ ...this.options, paths: [], changed: now.changed }))
    const { origin } = set
    if (origin === undefined) return undefined
    if (now.changed.size === 0) this.asItIs = origin.files
    const scripts = await readScripts(set, false)
    const batches = await this.batchesOf(chosen, set, scripts, now.changed)
    if (batches.length === 0) return undefined
    const together = await this.attempt(now, origin, batches)
    if (together !== undefined) return together
    if (batches.length === 1 && batches[0]?.findings.length === 1) return now
    for (const batch of batches) {
      for (const finding of batch.findings) {
        const alone = await this.attempt(now, origin, [{ ...batch, findings: [finding] }])
        // what stands elsewhere now is looked for again
        if (alone !== undefined) return alone
      }
    }
    return now
  }

  /** One script of a file, and of its findings those whose remedies are apart from each other. */
  private async batchesOf(
    chosen: readonly Finding[],
    set: ReviewSet,
    scripts: Scripts,
    changed: ChangedFiles,
  ): Promise<readonly Batch[]> {
    const mayChange = await this.unmerged(set, changed)
    const batches = new Map<string, Batch>()
    for (const finding of chosen) {
      const at = scripts.review.findIndex(
        ({ file, statements }) =>
          file === finding.span.file &&
          statements.some(({ span }) => span.start.offset === finding.span.start.offset),
      )
      const [migration, script] = [scripts.review[at], scripts.parsed[at]?.script]
      if (migration === undefined || script === undefined) {
        this.refused.set(finding.fingerprint, 'It is not about a statement of the migration.')
      } else if (!mayChange(script)) {
        this.refused.set(finding.fingerprint, 'It is merged already: mend it by a new migration.')
      } else {
        const batch = batches.get(script.file)
        if (batch === undefined) batches.set(script.file, { script, migration, findings: [finding] })
        else if (batch.migration === migration && isApart(finding, batch, migration))
          batches.set(script.file, { ...batch, findings: [...batch.findings, finding] })
      }
    }
    return [...batches.values()]
  }

  /** With `--all` everything is judged, and only what is new may be changed. */
  private async unmerged(
    { project }: ReviewSet,
    changed: ChangedFiles,
  ): Promise<(script: MigrationScript) => boolean> {
    if (!this.options.all || project === undefined) return () => true
    const request = reviewRequest({ ...this.options, all: false, paths: [], changed })
    const { underReview } = await decideReviewSet(request)
    const keys = new Set(underReview.map(scriptKey))
    return (script) => keys.has(scriptKey(script))
  }

  /** Writes and checks; undefined when that does not hold, and then it is noted why. */
  private async attempt(
    now: Judged,
    origin: ScriptOrigin,
    batches: readonly Batch[],
  ): Promise<Judged | undefined> {
    for (const joinsHead of [true, false]) {
      const written = await this.write(now, origin, batches, joinsHead)
      if (written === undefined || this.checks >= mostChecks) return undefined
      const next = await this.judge(written.changed)
      const mended = batches.flatMap(({ findings }) => findings)
      const why = this.objection(now, next, mended, written.fixes)
      if (why === undefined) {
        this.noteLater(mended)
        return next
      }
      if (mended.length === 1 && mended[0] !== undefined) this.refused.set(mended[0].fingerprint, why)
      if (!written.fixes.some(({ isSplit }) => isSplit)) return undefined
    }
    return undefined
  }

  private async write(
    now: Judged,
    origin: ScriptOrigin,
    batches: readonly Batch[],
    joinsHead: boolean,
  ): Promise<{ readonly changed: ChangedFiles; readonly fixes: readonly FixedScript[] } | undefined> {
    const changed = new Map(now.changed)
    const fixes: FixedScript[] = []
    let { files } = origin
    for (const batch of batches) {
      const fixed = await fixScript(
        { ...origin, files },
        {
          ...batch,
          hasTimeoutAt: timeouts(now.report, batch.script),
          joinsHead,
          now: this.options.now,
        },
      )
      if ('cannot' in fixed) {
        if (batch.findings.length === 1 && batch.findings[0] !== undefined)
          this.refused.set(batch.findings[0].fingerprint, fixed.cannot)
        if (batches.length === 1) return undefined
        continue
      }
      for (const [path, bytes] of fixed.changed) changed.set(path, bytes)
      fixes.push(fixed)
      files = changedTree(files, fixed.changed)
    }
    return fixes.length === 0 ? undefined : { changed, fixes }
  }

  /** Why the files are not to be written so. */
  private objection(
    before: Judged,
    after: Judged,
    mended: readonly Finding[],
    fixes: readonly FixedScript[],
  ): string | undefined {
    const failed = after.report.migrations.find(({ outcome }) => outcome !== 'rehearsed')
    if (failed !== undefined) return `With it ${failed.file} could not be rehearsed to its end.`
    const found = setback(before.report.findings, after.report.findings, mended, this.secondaryRules)
    if (found !== undefined)
      return `With it there is a finding of ${found.ruleId} in ${found.span.file}: ${found.message}`
    const isWhole = fixes.every(({ placed }) => placed.every(({ later }) => later.length === 0))
    if (!isWhole || before.schema === undefined || after.schema === undefined) return undefined
    const difference = diffSchema(before.schema, after.schema)
    if (difference.equal) return undefined
    return `With it the schema becomes another: ${schemaDifferenceLines(difference).join('; ')}.`
  }

  private noteLater(mended: readonly Finding[]): void {
    for (const finding of mended)
      for (const step of finding.remedy?.migrations ?? [])
        if ((step.when ?? 'now') !== 'now') this.later.push({ finding, step })
  }
}

/** Is the statement another than those of the batch, and in no transaction of the file's own with one of them? */
function isApart(finding: Finding, { findings }: Batch, { transaction, statements }: Migration): boolean {
  const statementOf = ({ span }: Finding): Statement | undefined =>
    statements.find((one) => one.span.start.offset === span.start.offset)
  const own = statementOf(finding)
  return findings
    .map(statementOf)
    .every(
      (other) =>
        other !== own && (transaction.mode !== 'statement' || other?.transaction !== own?.transaction),
    )
}

function timeouts({ migrations }: Report, script: MigrationScript): (index: number) => boolean {
  const found = migrations.find(({ file, id }) => file === script.file && id === script.id)
  return (index) => (found?.statements[index]?.settings.lockTimeoutMs ?? 0) > 0
}

/** Findings that the second list does not have: known by their statements, else by what they say. */
function goneFrom(before: readonly Finding[], after: readonly Finding[]): readonly Finding[] {
  const same = new Set(after.map(({ fingerprint }) => fingerprint))
  const known = new Set(before.map(({ fingerprint }) => fingerprint))
  const others = after.filter(({ fingerprint }) => !known.has(fingerprint)).map(kindOf)
  return before.filter((finding) => {
    if (finding.allowed !== undefined || same.has(finding.fingerprint)) return false
    const index = others.indexOf(kindOf(finding))
    if (index >= 0) others.splice(index, 1)
    return index < 0
  })
}
