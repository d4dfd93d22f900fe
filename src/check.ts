import { allowAuthors } from './allow-authors.ts'
import { checkTransactions } from './application-transactions.ts'
import type { CloneRun } from './rehearsal/clone.ts'
import type { CloneVerdict } from './rehearsal/clone-verdict.ts'
import type { Config } from './config/schema.ts'
import type { Baseline } from './core/baseline.ts'
import type {
  FailOn,
  Finding,
  Limit,
  MigrationResult,
  Report,
  ReportQueries,
  Suggestion,
} from './core/model.ts'
import type { Production } from './core/production.ts'
import type { ReviewSet } from './core/source.ts'
import { judgeRun, readScripts, type JudgedRun, type Scripts } from './judge-run.ts'
import { workOnServer } from './rehearsal/on-server.ts'
import { policySentences } from './policy-words.ts'
import { withProof } from './remedies/proven-remedy.ts'
import type { Priced } from './price.ts'
import type { LoadedProduction } from './production/load.ts'
import type { AskedQueries, TriedQueries } from './query-review.ts'
import type { RecordedWork } from './by-command/check-recorded.ts'
import { buildReport } from './report.ts'
import type { SchemaSnapshot } from './replay/fingerprint.ts'
import type { Rehearsal } from './rehearsal/rehearse.ts'
import type { Budget } from './rehearsal/rehearse-within.ts'
import { decideMajor, otherVersion } from './rehearsal/server-version.ts'
import { timeZoneOf } from './rehearsal/session-defaults.ts'
import type { Snapshot } from './snapshot/format.ts'
import { withStandInNotes } from './rehearsal/stand-in-notes.ts'
import { decideWork, type Work } from './under-review.ts'

/** What the command line decides; everything else comes from the configuration. */
export interface CheckOptions {
  /** Project root: where configuration and migrations are looked for. */
  readonly cwd: string
  /** Migration files or folders named on the command line, relative to `cwd`. */
  readonly paths: readonly string[]
  /** Judge every migration. */
  readonly all: boolean
  /** Judge what the next commit changes, as the index holds it; absent: no. */
  readonly staged?: boolean
  readonly base?: string
  /** False for `lint`. */
  readonly replay: boolean
  readonly failOn: FailOn
  readonly requireRehearsal: boolean
  /** Major version to replay on; absent: production's where it can be had, else the newest that is installed. */
  readonly pgVersion?: number
  /**
   * Several, oldest first: checkOnMajors() makes one report of a check of each; with `pgVersion` this is one of these
   * checks. Absent: one.
   */
  readonly pgVersions?: readonly number[]
  /** Oldest major version that remedies have to be valid on; absent: not known. */
  readonly productionMajor?: number
  readonly serverUrl?: string
  /** Rehearse in a container of this image, `{major}` in it is the version; not together with `serverUrl`. */
  readonly containerImage?: string
  readonly sharedServer: boolean
  readonly superuser: boolean
  readonly cacheDir?: string
  /** Facts about production, in the place of the configuration's `snapshot`; absolute. */
  readonly snapshotFile?: string
  /** What the configuration's `snapshot` holds, where a commit decides; absent: what is on disk. */
  readonly snapshotBytes?: Uint8Array
  /** Replay only when the cache makes that fit into this time; absent: whatever it takes. */
  readonly budget?: Budget
  /** Replay remedies before they are offered; absent: yes, where there is a replay without a budget. */
  readonly prove?: boolean
  /** Milliseconds for that; absent: half of the rehearsal's time, within bounds. */
  readonly proveLimitMs?: number
  /** Offer remedies in the place of statements as well; absent: in merge request pipelines. Never with a budget. */
  readonly suggestions?: boolean
  /** Try the way down of what is under review; absent: yes, where remedies would be replayed. */
  readonly down?: boolean
  /** Try failures in the middle of what is not one transaction; absent: yes, where remedies would be replayed. */
  readonly retry?: boolean
  /** Tell what the migrations change beyond their words; absent: yes, where remedies would be replayed. */
  readonly silent?: boolean
  /** Run them on a clone of production as well, where the configuration creates one; absent: yes. */
  readonly clone?: boolean
  /** Revisions whose migrations are replayed before and behind those under review; absent: none. */
  readonly with?: readonly string[]
  /** What this run is about besides what `check` always judges: the queries alone; absent: no. */
  readonly queriesOnly?: boolean
  /** A command that is recorded in the place of files, whatever the configuration says. */
  readonly command?: RecordedCommand
  /** Takes what commands print that are recorded; absent: it is lost. */
  readonly commandOutput?: (chunk: Uint8Array) => void
  /** Judge every query of the application, not only those that are new or changed; absent: no. */
  readonly everyQuery?: boolean
  /** Milliseconds for trying them out; absent: half of the rehearsal's time, within bounds. */
  readonly suggestionsLimitMs?: number
  /** Which of the repository's databases it is about; absent: there is only one. */
  readonly database?: string
  /** Only code below this folder queries the database, relative to the project root; absent: all of the project's. */
  readonly codeDir?: string
  /** Folders of migrations that runs of their own judge: others are said. Absent: nothing is said. */
  readonly besides?: readonly string[]
  readonly config: Config
  /** Files that it extends, relative to the project root; absent: none. */
  readonly configExtends?: readonly string[]
  /** Files of the project as they are to be, to know what comes of them before they are written; absent: as they are. */
  readonly changed?: ReadonlyMap<string, Uint8Array>
  /** Told the schema that the migrations under review leave, when they come to their end. */
  readonly onSchema?: (schema: SchemaSnapshot) => void
  /** Sentences about whose configuration this is, for the report; absent: it is simply the branch's own. */
  readonly decidedBy?: readonly string[]
  /** Findings that were accepted for good; absent: none. */
  readonly baseline?: Baseline
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted on SIGINT and SIGTERM: the run stops and leaves nothing behind. */
  readonly signal: AbortSignal
  /** One sentence per phase, for a spinner or a CI log. */
  readonly progress: (message: string) => void
  /** One sentence that only whoever looks for a fault wants to read; absent: nobody does. */
  readonly debug?: (message: string) => void
  /** A line for the job's log and nothing else: what commands print, and errors with what rows hold; absent: nobody reads it. */
  readonly log?: (line: string) => void
  readonly now: Date
}

/** What `pgrehearse run` is given. */
export interface RecordedCommand {
  /** Program and arguments. */
  readonly run: readonly string[]
  /** Makes what it stands on, for a shell. Absent: it begins on an empty database. */
  readonly history?: string
  /** Takes back what the command does, for a shell. */
  readonly down?: string
}

/**
 * Runs the main job: what is new -> parsed -> predicted -> replayed -> priced -> judged -> reported, with the
 * application's queries beside the migrations.
 * Throws ToolError for what the user can mend; the report says everything else.
 */
export async function check(given: CheckOptions): Promise<Report> {
  await checkTransactions(given.config)
  const ofFiles = await loadFacts(given)
  const options = await decideMajor(given, ofFiles?.serverVersion)
  const recorded = await recordedWork(options, ofFiles?.production)
  const { work, scripts } = recorded ?? (await workOnFiles(options, ofFiles?.production))
  const { reviewSet, code } = work
  const clone = await runOnClone(options, work, recorded?.forClone ?? { scripts })
  const facts = clone?.snapshot === undefined ? ofFiles : await loadFacts(given, clone.snapshot)
  const production = facts?.production
  const onServer = recorded?.onServer ?? (await workOnServer(options, work, scripts, production))
  const { rehearsal } = onServer
  let priced: Priced | undefined
  let asked: AskedQueries | undefined
  const authorOf = recorded === undefined ? await allowAuthors(options, scripts, code) : undefined
  const onClone = await judgedClone(clone, rehearsal)
  const findings = [...onServer.trialFindings, ...onClone.findings]
  const measured = rehearsal === undefined ? undefined : { ...rehearsal, findings }
  const judged = await judgeRun(
    { ...options, authorOf, isOwn: recorded?.isOwn },
    reviewSet,
    scripts,
    measured,
    async (results) => {
      priced = await price(options, reviewSet, scripts, results, rehearsal !== undefined, production, clone)
      asked = await askQueries(options, work, scripts, onServer.tried, priced?.results ?? results, production)
      return { results, ...priced, ...asked }
    },
  )
  return buildReport({
    ...judged,
    findings: toldOfStandIns(judged, judged.findings, rehearsal)
      .map((finding) => withSuggestion(finding, onServer.suggestions))
      .map((finding) => withProof(finding, onServer.proven)),
    harmless: toldOfStandIns(judged, judged.harmless, rehearsal),
    production: priced?.report,
    queries: await reportOf(asked, judged),
    trials: [...onServer.trials, ...onClone.trials],
    files: waysDown(reviewSet),
    database: options.database,
    base: reviewSet.base,
    project: reviewSet.project,
    historyCount: reviewSet.history.length,
    timeZone: timeZoneOf(options),
    failOn: options.failOn,
    requireRehearsal: options.requireRehearsal,
    configExtends: options.configExtends,
    notChecked: [
      ...reviewSet.notChecked,
      ...scripts.limits,
      ...onServer.limits.filter((limit) => !onClone.answers(limit)),
      ...onClone.limits,
      ...judged.limits,
      ...(facts?.limits ?? []),
      ...(priced?.limits ?? []),
      ...(code?.limits ?? []),
      ...(asked?.limits ?? []),
      ...(scripts.review.length === 0 ? [] : await versionLimits(given, facts, rehearsal)),
    ],
    policy: policySentences({ config: options.config, decidedBy: options.decidedBy ?? [], off: judged.off }),
    now: options.now,
    place: recorded?.place,
    ...(rehearsal === undefined ? {} : { server: { version: rehearsal.server, kind: rehearsal.serverKind } }),
  })
}

/** Files of their own in which scripts under review are undone. */
function waysDown({ underReview }: ReviewSet): readonly { readonly file: string; readonly text: string }[] {
  return underReview.flatMap(({ file, down }) =>
    down === undefined || down.file === file ? [] : [{ file: down.file, text: down.text }],
  )
}

/** Of several majors, the report of all says it. */
async function versionLimits(
  given: CheckOptions,
  facts: LoadedProduction | undefined,
  rehearsal: Rehearsal | undefined,
): Promise<readonly Limit[]> {
  const { pgVersion, pgVersions } = given
  if (pgVersions !== undefined) return []
  const production = facts?.serverVersion
  if (rehearsal !== undefined) return otherVersion(given, { production, rehearsedOn: [rehearsal.server] })
  if (given.replay || pgVersion === undefined) return []
  return otherVersion(given, { production, predictedFor: pgVersion })
}

/** The migrations on a clone of production; loaded only where the configuration has commands for one. */
async function runOnClone(
  options: CheckOptions,
  { reviewSet: { sharesSession } }: Work,
  { scripts: { history, review }, ...rest }: RecordedWork['forClone'],
): Promise<CloneRun | undefined> {
  if (options.config.server?.create === undefined) return undefined
  const { rehearseOnClone, wantsClone } = await import('./rehearsal/clone.ts')
  return wantsClone(options, review)
    ? rehearseOnClone(options, { history, review, sharesSession, ...rest })
    : undefined
}

async function judgedClone(
  clone: CloneRun | undefined,
  rehearsal: Rehearsal | undefined,
): Promise<CloneVerdict> {
  if (clone === undefined) return { trials: [], findings: [], limits: [], answers: () => false }
  const { judgeClone } = await import('./rehearsal/clone-verdict.ts')
  return judgeClone(clone, rehearsal)
}

/** What the files say. */
async function workOnFiles(
  options: CheckOptions,
  production: Production | undefined,
): Promise<{ readonly work: Work; readonly scripts: Scripts }> {
  const work = await decideWork(options, production)
  const { reviewSet, code } = work
  return {
    work,
    scripts: await readScripts(reviewSet, code !== undefined, options.config.extensions?.create),
  }
}

/** Undefined where files of SQL are read; loaded only where a command is recorded. */
async function recordedWork(
  options: CheckOptions,
  production: Production | undefined,
): Promise<RecordedWork | undefined> {
  if (options.command === undefined && options.config.migrations?.[0]?.migrate === undefined) return undefined
  const { recordWork } = await import('./by-command/check-recorded.ts')
  return recordWork(options, production)
}

/** What is known of production; loaded only where the configuration, an option or a clone says something. */
async function loadFacts(options: CheckOptions, clone?: Snapshot): Promise<LoadedProduction | undefined> {
  const { config, snapshotFile, cwd, now } = options
  const { snapshot, tables, production } = config
  if ([snapshotFile, snapshot, tables, production?.version, clone].every((one) => one === undefined))
    return undefined
  const { loadProduction } = await import('./production/load.ts')
  const file = {
    ...(snapshotFile === undefined ? {} : { snapshotFile }),
    ...(options.snapshotBytes === undefined ? {} : { snapshotBytes: options.snapshotBytes }),
    ...(clone === undefined ? {} : { clone }),
  }
  return loadProduction({ root: cwd, config, now, ...file })
}

/** Loaded only where something is known of production. */
async function price(
  options: CheckOptions,
  ...[reviewSet, scripts, results, rehearsed, production, clone]: [
    ReviewSet,
    Scripts,
    readonly MigrationResult[],
    boolean,
    Production | undefined,
    CloneRun | undefined,
  ]
): Promise<Priced | undefined> {
  if (production === undefined) return undefined
  const { priceRun } = await import('./price.ts')
  const measured =
    clone === undefined ? undefined : (await import('./rehearsal/clone.ts')).cloneMeasured(clone)
  return priceRun(options, reviewSet, scripts, results, rehearsed, production, measured)
}

/** What the migrations mean for the application's queries; loaded only where there are some. */
async function askQueries(
  options: CheckOptions,
  { reviewSet, code }: Work,
  scripts: Scripts,
  ...rest: [TriedQueries | undefined, readonly MigrationResult[], Production | undefined]
): Promise<AskedQueries | undefined> {
  if (code === undefined || code.queries.length === 0) return undefined
  const { askAboutQueries } = await import('./query-review.ts')
  return askAboutQueries(options, { ...scripts, sharesSession: reviewSet.sharesSession }, code, ...rest)
}

async function reportOf(
  asked: AskedQueries | undefined,
  { findings }: JudgedRun,
): Promise<ReportQueries | undefined> {
  if (asked?.queries === undefined) return undefined
  const { reportQueries } = await import('./report-queries.ts')
  return reportQueries(asked.queries, findings, asked.deployment)
}

/** Receipts that a stand-in for an extension has a part in say so. */
function toldOfStandIns<F extends Finding>(
  { results }: JudgedRun,
  findings: readonly F[],
  rehearsal: Rehearsal | undefined,
): readonly F[] {
  if (rehearsal === undefined || rehearsal.standIns.extensions.length === 0) return findings
  const statements = results.flatMap((result) => result.statements)
  return findings.map((finding) => withStandInNotes(finding, rehearsal.standIns, statements))
}

function withSuggestion(finding: Finding, suggestions: ReadonlyMap<string, Suggestion>): Finding {
  const suggestion = suggestions.get(finding.fingerprint)
  return suggestion === undefined ? finding : { ...finding, suggestion }
}
