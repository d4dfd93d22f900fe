import { allowAuthors } from './allow-authors.ts'
import { checkTransactions } from './application-transactions.ts'
import type { CheckOptions } from './check-options.ts'
import {
  askQueries,
  judgedClone,
  loadFacts,
  price,
  recordedWork,
  reportOf,
  runOnClone,
} from './check-parts.ts'
import type { Finding, Limit, Report, Suggestion } from './core/model.ts'
import type { Production } from './core/production.ts'
import type { ReviewSet } from './core/source.ts'
import { judgeRun, readScripts, type JudgedRun, type Scripts } from './judge-run.ts'
import { policySentences } from './policy-words.ts'
import type { Priced } from './price.ts'
import type { LoadedProduction } from './production/load.ts'
import type { AskedQueries } from './query-review.ts'
import { workOnServer } from './rehearsal/on-server.ts'
import type { Rehearsal } from './rehearsal/rehearse.ts'
import { decideMajor, otherVersion } from './rehearsal/server-version.ts'
import { timeZoneOf } from './rehearsal/session-defaults.ts'
import { withStandInNotes } from './rehearsal/stand-in-notes.ts'
import { withProof } from './remedies/proven-remedy.ts'
import { buildReport } from './report.ts'
import { decideWork, type Work } from './under-review.ts'

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
  const measured = rehearsal === undefined ? undefined : { ...rehearsal, findings, onClone: onClone.effects }
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
      .map((finding) => withProof(finding, onServer.proven))
      .map((finding) => onClone.withNotes(finding)),
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
    remediesNotReplayed: onServer.rehearsal === undefined ? 'nothing was rehearsed' : onServer.unproven,
    notChecked: [
      ...(options.limits ?? []),
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
