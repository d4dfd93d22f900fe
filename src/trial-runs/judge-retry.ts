/** What is said of migrations that broke off in their middle and were run again. */
import type { AlterTableCmd, AlterTableStmt } from '@pgsql/types'
import type { Finding, Migration, Remedy, ReportTrial, Statement } from '../core/model.ts'
import type { AfterFailure } from '../core/source.ts'
import { reservedFinding } from '../judge/reserved.ts'
import type { Aftermath } from '../replay/retry-ground.ts'
import type { SchemaDifference } from '../replay/fingerprint.ts'
import { schemaDifferenceLines } from '../replay/schema-diff-text.ts'
import type { ContentsDifference } from '../replay/table-contents.ts'
import { allOf } from '../sql/ast.ts'
import { commandName, nonTransactionalForm } from '../sql/non-transactional.ts'
import { isToldElsewhere, writesRows, type Changes, type Cut } from '../trials/retry-cuts.ts'

/** One place where it broke off, and what came of the next run. */
export interface TriedCut {
  readonly cut: Cut
  readonly aftermath: Aftermath | CommandAftermath
  /** The session was killed, where others were answered with an error. */
  readonly isKilled?: boolean
}

/** What only a command can come to. */
export type CommandAftermath =
  /** It ends well all the same, and what it leaves is not the end; nobody would run it again. */
  | {
      readonly kind: 'goes on'
      readonly invalid: readonly string[]
      readonly schema: SchemaDifference
      readonly rows: readonly ContentsDifference[]
    }
  /** The next run gives up, and no statement under review is what it gives up at. `says` completes `the next run …`. */
  | { readonly kind: 'gives up'; readonly invalid: readonly string[]; readonly says: string }

/** One migration, tried. */
export interface TriedMigration {
  readonly migration: Migration
  readonly whenFailed: AfterFailure
  readonly tried: readonly TriedCut[]
  /** Cuts that were left out, for there are too many. */
  readonly leftOut: number
  /** Only one of its transactions changes anything. */
  readonly isLone: boolean
  readonly changes: Changes
}

/** The statement that cannot be repeated, or whose error is overlooked, and the cut that shows it. */
export interface Blame {
  readonly statement: Statement
  readonly shown: TriedCut
  /** Does a run end otherwise without a word? Else the next one stops. */
  readonly isSilent: boolean
}

/**
 * What is worst of it; undefined where there is nothing to say against it. Told in the report, and no finding: what a
 * single statement leaves that has a file of its own, as it should; what stops the next run with a clear error at the very
 * statement that failed; and the steps of our own remedies where these stand in one file.
 */
export function blameOf({ tried, isLone, migration, changes }: TriedMigration): Blame | undefined {
  const overlooked = tried.find(({ aftermath }) => aftermath.kind === 'goes on')
  if (overlooked !== undefined)
    return { statement: failing(overlooked.cut, migration, changes), shown: overlooked, isSilent: true }
  const silent = tried.find(
    ({ cut, aftermath }) =>
      aftermath.kind === 'ends otherwise' && !(cut.kind === 'inside' && isToldElsewhere(cut.statement)),
  )
  if (silent !== undefined)
    return { statement: repeated(silent, tried, migration, changes), shown: silent, isSilent: true }
  for (const shown of tried) {
    const { cut, aftermath } = shown
    if (isLone || aftermath.kind !== 'fails') continue
    if (cut.kind === 'inside' && aftermath.at.index === cut.statement.index) continue
    if (commitsSteps(migration) && isStepOfRemedy(aftermath.at)) continue
    return { statement: aftermath.at, shown, isSilent: false }
  }
  return undefined
}

/** The one that does not run, or not to its end. */
export function failing({ kind, statement }: Cut, { statements }: Migration, changes: Changes): Statement {
  if (kind === 'inside') return statement
  return statements.slice(statement.index + 1).find(changes) ?? statement
}

/** Of the statements that the last cut that did no harm had before it, and this one has behind it. */
function repeated(
  { cut, aftermath }: TriedCut,
  tried: readonly TriedCut[],
  { statements }: Migration,
  changes: Changes,
): Statement {
  if (cut.kind === 'inside') return cut.statement
  const harmless = tried
    .filter((one) => one.cut.kind === 'after' && one.aftermath.kind !== 'ends otherwise')
    .map((one) => one.cut.statement.index)
    .filter((index) => index < cut.statement.index)
  const from = Math.max(-1, ...harmless) + 1
  const candidates = statements.slice(from, cut.statement.index + 1).filter(changes)
  const ofRows = aftermath.kind === 'ends otherwise' && aftermath.rows.length > 0
  const telling = candidates.find(({ tag, node }) =>
    ofRows ? writesRows.has(tag) : tag === 'IndexStmt' && node?.['idxname'] === undefined,
  )
  return telling ?? candidates[0] ?? cut.statement
}

/** As files are in which `fix` and suggestions put several steps: each commits by itself, or the file says COMMIT between them. */
function commitsSteps({ transaction, statements, recorded, file }: Migration): boolean {
  // in code somebody has said that there is to be no transaction
  if (recorded !== undefined && !/\.sql$/i.test(file)) return false
  return transaction.mode === 'statement' || statements.some(({ tag }) => tag === 'TransactionStmt')
}

/** What a remedy of ours is made of: `fix` and suggestions write such steps into one file. */
function isStepOfRemedy({ tag, node }: Statement): boolean {
  if (tag === 'IndexStmt') return true
  if (tag !== 'AlterTableStmt') return false
  const commands = allOf<AlterTableCmd>((node as AlterTableStmt).cmds, 'AlterTableCmd')
  return commands.every(({ subtype = '' }) => /^AT_(?:Add|Attach|Validate|SetNotNull)/.test(subtype))
}

/** The finding about it. */
export function unsafeRetry(
  of: TriedMigration,
  { statement, shown, isSilent }: Blame,
  remedy: Remedy,
): Finding {
  const { cut, aftermath } = shown
  const { whenFailed } = of
  const broken = `When ${placeOf(cut, of, statement)}`
  return reservedFinding('unsafe-retry', {
    messageId: overlooks(aftermath) ? 'goesOn' : isSilent ? 'endsOtherwise' : 'stops',
    severity: isSilent ? 'warning' : 'info',
    message: overlooks(aftermath)
      ? `${broken}, the command ends with exit status 0 all the same, and leaves something else: ${firstDifference(aftermath)}.`
      : isSilent
        ? `${broken}, the next run repeats this statement and says nothing, and ends otherwise: ${firstDifference(aftermath)}.`
        : `${broken}, the next run stops at this statement: ${messageOf(aftermath)}.`,
    span: statement.span,
    sql: statement.sql,
    evidence: 'measured',
    notes: [
      ...(overlooks(aftermath) ? [] : [`${capital(whenFailed.says)}.`]),
      ...differences(aftermath)
        .slice(1)
        .map((line) => `The end differs further: ${line}`),
    ],
    remedy,
  })
}

/** The paragraph of the report. `isToldByRule`: a rule has found it at the statement that broke off. */
export function retryTrial(of: TriedMigration, blame: Blame | undefined, isToldByRule: boolean): ReportTrial {
  const { migration, tried, leftOut, whenFailed } = of
  // the sentence has it all where there is one place
  const lines = of.isLone && blame === undefined ? [] : tried.flatMap((one) => lineOf(one, migration))
  return {
    kind: 'retry',
    about: aboutMigration(migration),
    outcome: blame === undefined && !isToldByRule ? 'holds' : 'finding',
    says: saysOf(of, blame),
    lines: [
      ...lines,
      ...(leftOut === 0 ? [] : [`${places(leftOut)} more not tried: too many for one run`]),
      whenFailed.says,
    ],
  }
}

/** Names a migration in a title: its file, and which of it where it holds several. */
export function aboutMigration({ file, id, title }: Migration): string {
  return id === undefined ? file : `${file} (${title})`
}

function saysOf({ migration, tried, isLone }: TriedMigration, blame: Blame | undefined): string {
  const { length } = migration.statements
  if (blame !== undefined) {
    const { cut, aftermath } = blame.shown
    const number = blame.statement.index + 1
    const failure = cut.kind === 'after' ? 'a failure behind' : 'a failure in'
    if (overlooks(aftermath))
      return `After ${failure} statement ${cut.statement.index + 1} of ${length} the command ends with exit status 0 all the same, and leaves something else.`
    return blame.isSilent
      ? `After ${failure} statement ${cut.statement.index + 1} of ${length} the next run says nothing and ends otherwise, for it repeats statement ${number}.`
      : `After ${failure} statement ${cut.statement.index + 1} of ${length} the next run stops at statement ${number}: ${messageOf(aftermath)}.`
  }
  const leftover = tried.find(({ aftermath }) => !bearsIt.has(aftermath.kind))
  if (leftover !== undefined) {
    const { cut, aftermath } = leftover
    const index = invalidOf(aftermath)
    const what = index === undefined ? 'something' : `the invalid index ${index}`
    if (aftermath.kind === 'fails' && (cut.kind === 'after' || aftermath.at.index !== cut.statement.index))
      return `After a failure ${whereOf(leftover, migration)} the next run stops at statement ${aftermath.at.index + 1} and says so: ${aftermath.message}.`
    const where = isLone ? 'the middle' : `the middle of statement ${cut.statement.index + 1}`
    return aftermath.kind === 'fails'
      ? `A failure in ${where} leaves ${what}, and the next run stops there and says so: drop it first.`
      : `A failure in ${where} leaves ${what}, which the next run does not take away.`
  }
  const stuck = tried.find(({ aftermath }) => aftermath.kind === 'gives up')
  if (stuck?.aftermath.kind === 'gives up')
    return `Broken off ${whereOf(stuck, migration)}, the next run ${stuck.aftermath.says}.`
  const cuts = new Set(tried.map(({ cut }) => cut))
  return `Broken off at ${places(cuts.size)} and run again, it ends as it would have without.`
}

/** Nothing of the database is in the way of the next run. */
const bearsIt: ReadonlySet<TriedCut['aftermath']['kind']> = new Set(['resumes', 'gives up'])

function places(count: number): string {
  return count === 1 ? '1 place' : `${count} places`
}

function whereOf({ cut, isKilled = false }: TriedCut, { statements }: Migration): string {
  const where = `${cut.kind === 'after' ? 'behind' : 'in'} statement ${cut.statement.index + 1} of ${statements.length}`
  return `${where} (${nameOf(cut.statement)})${isKilled ? ', its session killed' : ''}`
}

function lineOf(tried: TriedCut, migration: Migration): readonly string[] {
  const { aftermath } = tried
  const place = whereOf(tried, migration)
  switch (aftermath.kind) {
    case 'not broken off':
    case 'not comparable':
      return []
    case 'resumes':
      return [`${place}: the next run ends as it would have without`]
    case 'fails':
      return [`${place}: the next run stops at statement ${aftermath.at.index + 1}: ${aftermath.message}`]
    case 'gives up':
      return [`${place}: the next run ${aftermath.says}`]
    case 'goes on':
      return [
        `${place}: the command ends with exit status 0 all the same, and leaves something else`,
        ...differences(aftermath).map((line) => `  ${line}`),
      ]
    case 'ends otherwise':
      return [`${place}: the next run ends otherwise`, ...differences(aftermath).map((line) => `  ${line}`)]
  }
}

/** By tag, where the first two words say less. */
const names: Readonly<Record<string, string>> = {
  InsertStmt: 'INSERT',
  UpdateStmt: 'UPDATE',
  DeleteStmt: 'DELETE',
  MergeStmt: 'MERGE',
  CopyStmt: 'COPY',
  SelectStmt: 'SELECT',
  DoStmt: 'DO',
  CallStmt: 'CALL',
  TruncateStmt: 'TRUNCATE',
  CommentStmt: 'COMMENT',
  GrantStmt: 'GRANT',
  CreateFunctionStmt: 'CREATE FUNCTION',
  ViewStmt: 'CREATE VIEW',
  CreateTrigStmt: 'CREATE TRIGGER',
}

function nameOf(statement: Statement): string {
  return names[statement.tag] ?? nonTransactionalForm(statement) ?? commandName(statement)
}

function placeOf(
  { kind, statement }: Cut,
  { migration: { statements }, changes }: TriedMigration,
  blamed: Statement,
): string {
  if (kind === 'inside')
    return statement.index === blamed.index
      ? 'it breaks off in its middle'
      : `statement ${statement.index + 1} breaks off`
  const next = statements.slice(statement.index + 1).find(changes)
  return next === undefined ? 'it fails' : `statement ${next.index + 1} of ${statements.length} fails`
}

const mostDifferences = 5

function overlooks({ kind }: TriedCut['aftermath']): boolean {
  return kind === 'goes on'
}

function differences(aftermath: TriedCut['aftermath']): readonly string[] {
  if (aftermath.kind !== 'ends otherwise' && aftermath.kind !== 'goes on') return []
  const all = [
    ...aftermath.invalid.map((index) => `the invalid index ${index} stays`),
    ...aftermath.rows.map(({ table, rows, columns }) =>
      columns.length === 0
        ? `${rowCount(rows.after)} instead of ${rows.before} in ${table}`
        : `other values in ${table}: ${columns.join(', ')}`,
    ),
    ...schemaDifferenceLines(aftermath.schema).filter((line) => !saysInvalid(line, aftermath.invalid)),
  ]
  const more = all.length - mostDifferences
  return more > 0 ? [...all.slice(0, mostDifferences), `and ${more} more`] : all
}

/** `~ index public.orders_at: valid valid -> not ready` */
function saysInvalid(line: string, invalid: readonly string[]): boolean {
  return invalid.some((index) => line.startsWith('~ index ') && line.includes(`${index}: valid `))
}

function firstDifference(aftermath: TriedCut['aftermath']): string {
  return differences(aftermath)[0] ?? 'it is not the same'
}

function rowCount(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`
}

function messageOf(aftermath: TriedCut['aftermath']): string {
  return aftermath.kind === 'fails' ? aftermath.message : ''
}

function invalidOf(aftermath: TriedCut['aftermath']): string | undefined {
  return 'invalid' in aftermath ? aftermath.invalid[0] : undefined
}

function capital(text: string): string {
  return /^(?:the|psql|goose|dbmate|sqlx|pop|rambler|refinery)\b/.test(text)
    ? text.replace(/^the/, 'The')
    : text
}
