/** What the report says of a run on a clone of production: nothing that a row holds. */
import type { CloneRun } from './clone.ts'
import { formatBytes, formatCount, formatMs } from '../core/quantities.ts'
import { displayName } from '../core/locks.ts'
import type { Finding, Limit, Migration, ReportTrial, Span } from '../core/model.ts'
import { cloneDifferences, type CloneDifference } from './clone-differences.ts'
import { differenceWords, effectsOnClone, withoutOnClone } from './clone-difference-words.ts'
import type { EffectsOnClone } from '../judge-run.ts'
import { reservedFinding } from '../judge/reserved.ts'
import type { Rehearsal } from './rehearse.ts'
import type { CloneFailure, CloneOutcome, CloneStatement } from '../replay/clone-replay.ts'

export interface CloneVerdict {
  readonly trials: readonly ReportTrial[]
  readonly findings: readonly Finding[]
  readonly limits: readonly Limit[]
  /** Does it say what a limit of the rehearsal leaves open: whether production's rows let a statement pass? */
  readonly answers: (limit: Limit) => boolean
  /** What statements did there and not in the rehearsal; for rules. */
  readonly effects: EffectsOnClone
  /** With a note where it rests on what did not happen there. */
  readonly withNotes: <F extends Finding>(finding: F) => F
}

/** @param rehearsal what came of the same migrations without production's rows; absent: there was none */
export function judgeClone(run: CloneRun, rehearsal: Rehearsal | undefined): CloneVerdict {
  const { outcome, notRun } = run
  if (outcome === undefined) {
    const says = `The migrations did not run on a clone of production, because ${notRun ?? 'that ended early'}.`
    return {
      trials: [trialOf('not tried', says, [])],
      findings: [],
      limits: run.limits,
      answers: () => false,
      effects: () => [],
      withNotes: (finding) => finding,
    }
  }
  const { failure, ended } = outcome
  const blamed = failure === undefined ? undefined : blame(failure, outcome, rehearsal)
  const findings = failure !== undefined && blamed?.whose === 'migration' ? [findingOf(failure, run)] : []
  const differences = rehearsal === undefined ? [] : cloneDifferences(outcome, rehearsal)
  const limits = [
    ...run.limits,
    ...outcome.limits,
    ...missingLimits(outcome),
    ...(failure !== undefined && blamed?.whose === 'unclear' ? [unclear(failure, blamed.from, outcome)] : []),
    ...(ended === undefined && blamed?.whose !== 'time' ? [] : [endedEarly]),
  ]
  const isFinding = findings.length > 0 || blamed?.whose === 'known'
  const isWhole = failure === undefined && ended === undefined && !nothingRan(outcome)
  const kind = isFinding ? 'finding' : isWhole ? 'holds' : 'not tried'
  const told = [...outcome.statements, ...(failure !== undefined && isFinding ? [failure] : [])]
  const places = new Set(told.map(({ statement }) => placeKey(statement.span)))
  return {
    trials: [trialOf(kind, saysOf(run, outcome), linesOf(outcome, differences))],
    findings,
    limits,
    answers: ({ code, span }) =>
      code === 'depends-on-data' && span !== undefined && places.has(placeKey(span)),
    effects: effectsOnClone(differences, run.clone?.version ?? ''),
    withNotes: (finding) => withoutOnClone(finding, differences),
  }
}

function placeKey({ file, start }: Span): string {
  return `${file}:${start.offset}`
}

function trialOf(outcome: ReportTrial['outcome'], says: string, lines: readonly string[]): ReportTrial {
  return { kind: 'clone', about: '', outcome, says, lines }
}

function nothingRan({ statements, failure, ended }: CloneOutcome): boolean {
  return statements.length === 0 && failure === undefined && ended === undefined
}

/**
 * Whose failure it is. `migration`: production's rows, its settings, or its schema, where the clone has all of the
 * history. `known`: the rehearsal has it, too. `time`: ours was over. Else what it may come from.
 */
type Blame =
  | { readonly whose: 'migration' | 'known' | 'time' }
  | { readonly whose: 'unclear'; readonly from: string }

function blame(
  failure: CloneFailure,
  { missing, limits }: CloneOutcome,
  rehearsal: Rehearsal | undefined,
): Blame {
  if (failsAlike(failure, rehearsal)) return { whose: 'known' }
  if (failure.tooLong) return { whose: 'time' }
  const { sqlstate } = failure
  if (ofServer.test(sqlstate)) return unclearFrom('the server of the clone')
  if (sqlstate === '42501') return unclearFrom('the rights of the role that server.create names')
  if (missing !== undefined && missing.length > 0)
    return unclearFrom('migrations of the history that the clone lacks')
  if (limits.some(({ code }) => code === 'statement-refused'))
    return unclearFrom('statements that were left out before it')
  if (byRows.test(sqlstate) || bySettings.has(sqlstate)) return { whose: 'migration' }
  if (missing === undefined)
    return unclearFrom('a clone that is not where the history ends: the books of the tool could not be read')
  return { whose: 'migration' }
}

function unclearFrom(from: string): Blame {
  return { whose: 'unclear', from }
}

/** Connections, resources, operator, system, internal errors, and deadlocks with others. */
const ofServer = /^(?:08|53|57P|58|XX|40P01)/

/** Cardinality, data, integrity, WITH CHECK OPTION, limits of rows, and RAISE. */
const byRows = /^(?:21|22|23|44|54|P0)/

/** Timeouts that production's role or database has, or the migration itself. */
const bySettings: ReadonlySet<string> = new Set(['55P03', '57014', '25P03', '25P04'])

function failsAlike({ migration, statement }: CloneFailure, rehearsal: Rehearsal | undefined): boolean {
  const replayed = rehearsal?.migrations.find((one) => isSame(one.migration, migration))
  return replayed?.outcome === 'failed' && replayed.statements.at(-1)?.statement.index === statement.index
}

function isSame(a: Migration, b: Migration): boolean {
  return a.file === b.file && a.id === b.id
}

function findingOf({ statement, error }: CloneFailure, { clone }: CloneRun): Finding {
  const { sqlstate, message } = error
  const where = clone === undefined ? '' : ` (${cloneWords(clone)})`
  const remedy = sqlstate === undefined ? undefined : remedies[sqlstate]
  return reservedFinding('migration-fails', {
    messageId: 'on clone',
    message: `The migration fails here on a clone of production: ${message}${sqlstate === undefined ? '' : ` (SQLSTATE ${sqlstate})`}.`,
    span: statement.span,
    sql: statement.sql,
    object: error.table ?? sqlstate ?? '',
    evidence: 'measured',
    notes: [
      `It ran on production’s rows${where}, after the rehearsal on rows of our own.`,
      ...(sqlstate !== undefined && bySettings.has(sqlstate) ? [whoseTimeout] : []),
      'The whole error, with the values that it quotes, is in the log of the job and nowhere else.',
    ],
    ...(remedy === undefined ? {} : { remedy: { summary: remedy, migrations: [] } }),
  })
}

const whoseTimeout =
  'The timeout is one that the role, the database or the migration itself sets; nobody else was at work there.'

const remedies: Readonly<Record<string, string>> = {
  '23502': 'Fill the rows that are NULL before this statement, in batches.',
  '23503': 'Repair or remove the rows without a parent before this statement.',
  '23505': 'Merge or remove the duplicates before this statement.',
  '23514': 'Repair the rows that violate the check before this statement, or add it NOT VALID.',
  '23P01': 'Repair the rows that conflict before this statement.',
  '22P02': 'Repair the values that cannot be read as the new type before this statement.',
  '22001': 'Shorten the values that are too long before this statement, or keep the longer type.',
  '22003': 'Repair the values that are out of range before this statement, or keep the larger type.',
  '57014': 'Raise statement_timeout for this statement, or make it shorter.',
}

/** `PostgreSQL 16.3, 410 GB` */
function cloneWords({ version, databaseBytes }: NonNullable<CloneRun['clone']>): string {
  return `PostgreSQL ${version}, ${formatBytes(databaseBytes)}`
}

function unclear({ statement, error }: CloneFailure, from: string, { missing }: CloneOutcome): Limit {
  const state = error.sqlstate === undefined ? '' : ` (SQLSTATE ${error.sqlstate})`
  const unread =
    missing === undefined ? ' Let the clone be of a database that has run all of the history.' : ''
  return {
    code: 'clone-not-run',
    message: `On a clone of production this statement fails, which may come from ${from}: ${error.message}${state}. What follows it did not run there.`,
    hint: `The whole error is in the log of the job.${unread}`,
    span: statement.span,
  }
}

const mostNamed = 3

function missingLimits({ missing = [] }: CloneOutcome): readonly Limit[] {
  if (missing.length === 0) return []
  const names = missing.slice(0, mostNamed).map(({ file }) => file)
  const more = missing.length > mostNamed ? ` and ${missing.length - mostNamed} more` : ''
  return [
    {
      code: 'clone-behind',
      message: `The clone of production lacks migrations of the history: ${names.join(', ')}${more}. The migrations under review ran there without them.`,
      hint: 'Deploy what is merged first, or let server.create apply it to the clone.',
    },
  ]
}

const endedEarly: Limit = {
  code: 'clone-too-long',
  message:
    'The migrations did not come to their end on the clone of production within `server.timeout`, and were ended.',
  hint: 'Raise `server.timeout` in the configuration.',
}

function saysOf({ clone, createdMs, ranMs }: CloneRun, outcome: CloneOutcome): string {
  const { statements, failure, appliedBefore } = outcome
  const where = clone === undefined ? '' : ` (${cloneWords(clone)})`
  if (nothingRan(outcome))
    return appliedBefore.length > 0
      ? `Nothing ran on the clone of production${where}: it has the migrations under review already.`
      : `Nothing ran on the clone of production${where}.`
  const took = ranMs === undefined ? '' : ` in ${formatMs(ranMs)}`
  const made = createdMs === undefined ? '' : `, which was created in ${formatMs(createdMs)}`
  const end = failure === undefined ? '' : '; the next one failed'
  return `${count(statements.length)} ran${took} on a clone of production${where}${made}${end}.`
}

function count(statements: number): string {
  if (statements === 0) return 'No statement'
  return statements === 1 ? '1 statement' : `${statements} statements`
}

const mostLines = 20

function linesOf(
  { statements, failure, appliedBefore, tempBytes }: CloneOutcome,
  differences: readonly CloneDifference[],
): readonly string[] {
  const longest = new Set(statements.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, mostLines))
  const left = statements.length - longest.size
  return [
    // first: a report may show the first lines only
    ...differences.map(differenceLine),
    ...appliedBefore.map(({ file }) => `${file} was not run: the clone has it already`),
    ...statements.filter((one) => longest.has(one)).map(lineOf),
    ...(failure === undefined ? [] : [`${placeOf(failure)}: fails, ${failure.error.message}`]),
    ...(left > 0 ? [`${count(left)} that took less`] : []),
    ...(tempBytes > 0 ? [`${formatBytes(tempBytes)} of temporary files in all`] : []),
  ]
}

function differenceLine(difference: CloneDifference): string {
  return `${placeOf(difference.statement)}: unlike in the rehearsal, it ${differenceWords(difference)}`
}

const fewBytes = 1024 * 1024
const shownTables = 3

function lineOf(one: CloneStatement): string {
  const { durationMs, walBytes, rowsRead, effects } = one
  const locks = effects.filter((effect) => effect.kind === 'lock' && effect.relation.kind !== 'index')
  const rewritten = effects.filter(({ kind }) => kind === 'rewrite')
  return [
    `${placeOf(one)}: ${formatMs(durationMs)}`,
    ...rowsRead
      .slice(0, shownTables)
      .map(({ relation, rows }) => `${formatCount(rows)} rows of ${displayName(relation)} read`),
    ...rewritten.slice(0, shownTables).map(({ relation }) => `${displayName(relation)} rewritten`),
    ...(walBytes >= fewBytes ? [`${formatBytes(walBytes)} of WAL`] : []),
    ...locks
      .slice(0, shownTables)
      .map((effect) => ('mode' in effect ? `${effect.mode} on ${displayName(effect.relation)}` : '')),
  ].join(', ')
}

const mostSql = 60

function placeOf({ migration, statement }: Pick<CloneStatement, 'migration' | 'statement'>): string {
  const sql = statement.sql.trim().replaceAll(/\s+/g, ' ')
  const shown = sql.length > mostSql ? `${sql.slice(0, mostSql)}…` : sql
  return `${migration.file}:${statement.span.start.line} ${shown}`
}
