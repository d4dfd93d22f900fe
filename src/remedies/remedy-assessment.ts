/** What a replay with remedies in it says about them. */
import type { Finding, Span } from '../core/model.ts'
import type { Scripts } from '../judge-run.ts'
import type { RemedyVerdict } from './proven-remedy.ts'
import type { SchemaDifference } from '../replay/fingerprint.ts'
import { schemaDifferenceLines } from '../replay/schema-diff-text.ts'
import type { Stretch } from '../suggest/alternative-scripts.ts'
import { compareLocks, lockProfile } from '../suggest/lock-comparison.ts'
import { objectionIn } from '../suggest/objection.ts'
import { trialRun, type RemedyTrial } from '../suggest/remedy-trial.ts'
import type { NoOutcome, Outcome, TryOut } from './try-out.ts'

/** The run with remedies in it. */
export interface RemediedRun {
  readonly scripts: Scripts
  readonly trials: readonly RemedyTrial[]
  /** Where each of them stands. */
  readonly blocks: readonly Stretch[]
  readonly repeated: readonly Stretch[]
}

/** The run with these remedies in it, which do not overlap. */
export function remediedRun(tryOut: TryOut, trials: readonly RemedyTrial[]): RemediedRun {
  const { parsed, review } = tryOut.run.scripts
  const scripts = parsed.flatMap(({ script }, index) => {
    const migration = review[index]
    return migration === undefined ? [] : [{ script, migration }]
  })
  const { changed, later, blocks, repeated } = trialRun(trials, scripts)
  return { scripts: tryOut.scriptsWith(changed, later), trials, blocks, repeated }
}

/** Why the remedies do not mend their findings, or make others; undefined when they do what they should. */
export function objectionTo(
  { trials, blocks, repeated }: RemediedRun,
  findings: { readonly before: readonly Finding[]; readonly after: readonly Finding[] },
  targets: readonly Finding[],
  about: TryOut['about'],
): string | undefined {
  const replaced = trials.map(stretchOf)
  return objectionIn({
    ...about,
    targets,
    cuts: true,
    before: findings.before,
    // a setting that is repeated in each part is the same as it was
    after: findings.after.filter((finding) => !isIn(repeated, finding)),
    wasHere: (finding) => isIn(replaced, finding),
    isHere: (finding) => isIn(blocks, finding),
  })
}

/** Why none of them can be offered, or that something else went wrong; undefined when all are good. */
export function refusalOf(
  tryOut: TryOut,
  remedied: RemediedRun,
  outcome: Outcome | NoOutcome,
): RemedyVerdict | undefined {
  if ('why' in outcome)
    return outcome.kind === 'fails' ? notEqual(`replayed, ${outcome.why}`) : notTried(outcome.why)
  const findings = { before: tryOut.before.findings, after: outcome.judged.findings }
  const targets = remedied.trials.flatMap((trial) => trial.findings)
  const why = objectionTo(remedied, findings, targets, tryOut.about)
  if (why !== undefined) return notEqual(`replayed, ${why}`)
  if (outcome.difference.equal || remedied.trials.every(changesSchema)) return undefined
  const difference = differenceText(outcome.difference)
  return remedied.trials.every(({ placed }) => placed.later.length > 0)
    ? {
        proof: {
          outcome: 'not equal',
          says: `Replayed: its steps run, and end with another schema: ${difference}.`,
        },
        offered: true,
      }
    : notEqual(`replayed, it leaves another schema: ${difference}`)
}

/** What a clean replay says of one of its remedies. */
export function proofOf(
  tryOut: TryOut,
  { trials, blocks }: RemediedRun,
  trial: RemedyTrial,
  { judged, difference }: Outcome,
): RemedyVerdict {
  if (!difference.equal)
    return proven(
      `it mends this and leads to no other finding, and changes the schema: ${differenceText(difference)}`,
    )
  const block = blocks[trials.indexOf(trial)]
  const { replaced } = trial.placed
  const transactions = new Set(replaced.map(({ transaction }) => transaction))
  const { results } = tryOut.before
  const old = lockProfile(results, (_, statement) => transactions.has(statement.transaction))
  const stays = new Set(
    results
      .flatMap(({ migration }) => migration.statements)
      .filter((one) => transactions.has(one.transaction) && !replaced.includes(one))
      .map(({ sql }) => sql),
  )
  const { file } = stretchOf(trial)
  const isRemedy = (span: Span): boolean => isIn(block === undefined ? [] : [block], { span })
  const now = lockProfile(
    judged.results,
    (_, { span, sql }) => isRemedy(span) || (span.file === file && stays.has(sql) && !isIn(blocks, { span })),
  )
  const about = trial.findings[0]?.object
  const locks = compareLocks(old, now, about)
  if (locks.verdict === 'more') return notEqual(`replayed, ${locks.why}`)
  // another statement of the transaction may lock as much: then what is gained is told of the statement alone
  const own = compareLocks(
    lockProfile(results, (_, statement) => replaced.includes(statement), 'statements'),
    lockProfile(judged.results, (_, { span }) => isRemedy(span), 'statements'),
    about,
  )
  // what stays in its transaction is cut off for the replay only, and gains nothing by that
  const [only, ...others] = trial.findings[0]?.remedy?.migrations ?? []
  const staysInPlace = only?.transaction === true && others.length === 0 && replaced.length === 1
  const told =
    (locks.verdict === 'same' && own.verdict === 'less') || (staysInPlace && own.verdict !== 'more')
      ? own
      : locks
  return proven(`${told.says}, same schema`)
}

/** Is the schema itself what its findings are about? Such a remedy leads to another by intention. */
export function changesSchema({ findings }: RemedyTrial): boolean {
  return findings.every(({ remedy }) => remedy?.changesSchema === true)
}

function proven(says: string): RemedyVerdict {
  return { proof: { outcome: 'proven', says: `Replayed: ${says}.` }, offered: true }
}

/** It was not tried, for this reason: the rest of a sentence. */
export function notTried(why: string): RemedyVerdict {
  return { proof: { outcome: 'not tried', says: `Not replayed: ${why}.` }, offered: true }
}

/** It was tried, and is not to be offered. */
export function notEqual(why: string): RemedyVerdict {
  return { proof: { outcome: 'not equal', says: `Not offered as SQL: ${why}.` }, offered: false }
}

const mostLines = 3

function differenceText(difference: SchemaDifference): string {
  const lines = schemaDifferenceLines(difference)
  const more = lines.length - mostLines
  return [...lines.slice(0, mostLines), ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

function stretchOf({ placed }: RemedyTrial): Stretch {
  const { start, end, replaced } = placed
  return { file: replaced[0]?.span.file ?? '', start, end }
}

function isIn(stretches: readonly Stretch[], { span }: Pick<Finding, 'span'>): boolean {
  return stretches.some(
    ({ file, start, end }) => file === span.file && start <= span.start.offset && span.start.offset < end,
  )
}
