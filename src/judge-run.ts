import { applicationTransactions } from './application-transactions.ts'
import { editedMigration, sourceProblem } from './judge/reserved.ts'
import { judge } from './judge/judge.ts'
import type { ConfiguredOptions } from './judge/run-rules.ts'
import type { Severities, SeverityOverride } from './judge/severities.ts'
import { thresholdsOf } from './config/thresholds.ts'
import type {
  EvidencedEffect,
  Finding,
  HarmlessFinding,
  Limit,
  Migration,
  MigrationResult,
  QueriesOutcome,
  SchemaCatalogs,
  Span,
  Statement,
} from './core/model.ts'
import type { Production } from './core/production.ts'
import { scriptKey } from './core/script-name.ts'
import type { MigrationScript, ReviewSet, SkippedFile } from './core/source.ts'
import { predictRunWithSchema, type StatementPrediction } from './predict/index.ts'
import { unite } from './replay/agree.ts'
import type { ReplayedMigration } from './replay/replay.ts'
import { loadParser, parseScript, type ParsedScript } from './sql/parse.ts'
import { quoteIdent } from './sql/quote.ts'
import { settingsOfHead } from './sql/session-state.ts'
import { readAllowComments } from './sql/suppressions.ts'
import { layOutTransactions } from './sql/transactions.ts'
import type { AuthorOf } from './allow-authors.ts'
import type { CheckOptions } from './check-options.ts'
import type { Rule } from './rule.ts'
import { sessionDefaults, timeZoneOf } from './rehearsal/session-defaults.ts'

/** The migrations in their transactions, and what parsing could not look at. */
export interface Scripts {
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  /** Those under review, before they were laid out. */
  readonly parsed: readonly ParsedScript[]
  readonly limits: readonly Limit[]
  /** Roles that the tool's platform has, and settings that its sessions begin with. */
  readonly roles?: readonly string[]
  readonly settings?: Readonly<Record<string, string>>
  /** What the tool runs and we cannot: code between the scripts, files that could not be read. */
  readonly leftOut?: readonly SkippedFile[]
}

/**
 * Parses what is under review and what it stands on; nothing when nothing is under review.
 * @param always code is under review, which stands on the history too
 * @param extensions those that production had before its first migration
 */
export async function readScripts(
  reviewSet: ReviewSet,
  always: boolean,
  extensions: readonly string[] = [],
): Promise<Scripts> {
  if (reviewSet.underReview.length === 0 && !always)
    return { history: [], review: [], parsed: [], limits: [] }
  await loadParser()
  const parse = (scripts: readonly MigrationScript[]): readonly ParsedScript[] => scripts.map(parseScript)
  const parsed = parse(reviewSet.underReview)
  return {
    history: layOutTransactions(
      [...extensionsOf(extensions), ...foundationOf(reviewSet), ...parse(reviewSet.history)],
      reviewSet.sharesSession,
    ),
    review: layOutTransactions(parsed, reviewSet.sharesSession),
    parsed,
    limits: parsed.flatMap(({ limits }) => limits),
    ...(reviewSet.foundation?.roles === undefined ? {} : { roles: reviewSet.foundation.roles }),
    ...(reviewSet.foundation?.settings === undefined ? {} : { settings: reviewSet.foundation.settings }),
    leftOut: [...(reviewSet.leftOut ?? []), ...unreadFiles(reviewSet)],
  }
}

/** Files that could not be read, of the history and under review: nobody knows what they create. */
function unreadFiles({ notChecked, problems }: ReviewSet): readonly SkippedFile[] {
  const ofHistory = notChecked
    .filter(({ code }) => unread.has(code))
    .map(({ message }) => ({ file: 'a file of the history that could not be read', reason: message }))
  const underReview = problems
    .filter(({ code }) => unread.has(code))
    .map(({ file, message }) => ({ file, reason: message }))
  return [...ofHistory, ...underReview].map((one) => ({ ...one, affectsOthers: true }))
}

const unread: ReadonlySet<string> = new Set(['unreadable-file', 'unresolved-placeholder'])

/** What somebody has created by hand in production, as a script before the first. */
function extensionsOf(names: readonly string[]): readonly ParsedScript[] {
  if (names.length === 0) return []
  const text = names.map((name) => `CREATE EXTENSION IF NOT EXISTS ${quoteIdent(name)} CASCADE;\n`).join('')
  return [parseScript(givenScript('extensions.create', text))]
}

/** What the tool or its platform has put into the database, as a script before the first. */
function foundationOf({ foundation }: ReviewSet): readonly ParsedScript[] {
  if (foundation === undefined) return []
  const { sql: text, title, dump } = foundation
  const dumped = dump === undefined ? [] : [parseScript(dump)]
  if (text === '') return dumped
  return [...dumped, parseScript(givenScript(title, text))]
}

/** A script that stands in no file. */
function givenScript(title: string, text: string): MigrationScript {
  return {
    source: '',
    file: title,
    version: null,
    title,
    text,
    start: 0,
    end: text.length,
    transaction: { mode: 'statement', why: 'foundation' },
    repeatable: false,
  }
}

/** What a statement did on a clone of production and not in the rehearsal. */
export type EffectsOnClone = (migration: Migration, statement: Statement) => readonly EvidencedEffect[]

/** What was measured; undefined where nothing was. */
export interface Measured {
  /** One per migration under review, in order. */
  readonly migrations: readonly ReplayedMigration[]
  /** Server version, e.g. `18.4`. */
  readonly server: string
  /** The schema before and after; absent where it could not be read. */
  readonly schema?: SchemaCatalogs
  /** What was said of statements that could not be measured. */
  readonly limits?: readonly Limit[]
  /** Effects that only a clone of production showed. */
  readonly onClone?: EffectsOnClone
  /** What trials found (src/trial-runs/trials.ts). */
  readonly findings?: readonly Finding[]
}

/** Gives results what they cost at production size, and says what judging has to know of production. */
export type Pricing = (results: readonly MigrationResult[]) => Promise<PricedResults>

export interface PricedResults {
  readonly results: readonly MigrationResult[]
  readonly production?: Production
  /** The application's queries; absent where there are none. */
  readonly queries?: QueriesOutcome
}

export interface JudgedRun {
  /** Without those that were replayed for the sake of others only. */
  readonly results: readonly MigrationResult[]
  readonly findings: readonly Finding[]
  readonly harmless: readonly HarmlessFinding[]
  readonly limits: readonly Limit[]
  /** What rules would say that the configuration switches off. */
  readonly off: readonly Finding[]
}

/** Predicts the effects of the migrations under review, unites them with what was measured, and judges them. */
export async function judgeRun(
  options: Pick<
    CheckOptions,
    'config' | 'pgVersion' | 'productionMajor' | 'now' | 'all' | 'everyQuery' | 'baseline'
  > & {
    /** Who wrote an allow comment, where that is known. */
    readonly authorOf?: AuthorOf | undefined
    /** Statements that nobody wrote, so that nothing is said of them: a migration tool's own; absent: none. */
    readonly isOwn?: ((statement: Statement) => boolean) | undefined
  },
  reviewSet: ReviewSet,
  scripts: Scripts,
  measured: Measured | undefined,
  pricing?: Pricing,
): Promise<JudgedRun> {
  const { productionMajor, pgVersion = productionMajor } = options
  const serverMajor = measured === undefined ? pgVersion : Number.parseInt(measured.server, 10)
  const { predictions, schema: predicted } = predictRunWithSchema({
    ...scripts,
    sharesSession: reviewSet.sharesSession,
    timeZone: timeZoneOf(options),
    settings: sessionDefaults(options, scripts.settings),
    ...(serverMajor === undefined ? {} : { serverMajor }),
  })
  const schema = measured?.schema ?? predicted
  const united = scripts.review.map((migration, index): MigrationResult =>
    withQuietOwn(
      withEffects(
        unite(migration, predictions[index] ?? [], measured?.migrations[index], measured?.server),
        measured?.onClone,
      ),
      options.isOwn,
    ),
  )
  // before rules look at them: receipts are made of the very effects that pricing replaces
  const { results: all, production, queries } = (await pricing?.(united)) ?? { results: united }
  const replayedOnly = new Set(reviewSet.replayedOnly ?? [])
  const judged = all.filter(({ migration }) => !replayedOnly.has(scriptKey(migration)))
  const results = judged.flatMap((result) => withoutOwn(result, options.isOwn))
  const { rules } = await import('../rules/index.ts')
  const known = [...(options.config.customRules ?? []), ...rules]
  const begins = predictions.flat()[0]?.settings
  const judgement = judge({
    migrations: results,
    rules: known,
    severities: severitiesOf(options.config),
    presets: options.config.presets ?? [],
    options: await optionsOf(options.config, known),
    ...(schema === undefined ? {} : { schema }),
    applicationTransactions: applicationTransactions(options.config, {
      history: scripts.history,
      settings: sessionDefaults(options, scripts.settings),
      timeZone: timeZoneOf(options),
    }),
    sharesSession: reviewSet.sharesSession,
    usualSettings: usualSettings(scripts.history),
    ...(begins === undefined ? {} : { sessionBegins: begins }),
    overrides: overridesOf(options.config),
    allows: scripts.parsed
      .filter(({ script }) => !replayedOnly.has(scriptKey(script)))
      .map(readAllowComments),
    today: options.now.toISOString().slice(0, 10),
    onEmptyDatabase: options.all,
    thresholds: thresholdsOf(options.config),
    ...(production === undefined ? {} : { production }),
    ...(productionMajor === undefined ? {} : { productionMajor }),
    ...(queries === undefined ? {} : { queries }),
    ...(options.everyQuery === undefined ? {} : { everyQuery: options.everyQuery }),
    ...(options.authorOf === undefined ? {} : { authorOf: options.authorOf }),
    ...(options.baseline === undefined ? {} : { baseline: options.baseline }),
    aboutFiles: [...reviewSet.edited.map(editedMigration), ...reviewSet.problems.map(sourceProblem)],
    ...(measured?.findings === undefined ? {} : { ofTrials: measured.findings }),
  })
  return { results, ...judgement, limits: opaqueStatements(all, predictions, measured) }
}

function withEffects(result: MigrationResult, more: Measured['onClone']): MigrationResult {
  if (more === undefined) return result
  return {
    ...result,
    statements: result.statements.map((one) => {
      const added = more(result.migration, one.statement)
      return added.length === 0 ? one : { ...one, effects: [...one.effects, ...added] }
    }),
  }
}

type IsOwn = ((statement: Statement) => boolean) | undefined

/** What a tool does to its own small tables, nobody waits for. */
function withQuietOwn(result: MigrationResult, isOwn: IsOwn): MigrationResult {
  if (isOwn === undefined) return result
  return {
    ...result,
    statements: result.statements.map((one) => (isOwn(one.statement) ? { ...one, effects: [] } : one)),
  }
}

/** Without the statements that a migration tool sends for itself; the others keep their indexes. None is no migration. */
function withoutOwn(result: MigrationResult, isOwn: IsOwn): readonly MigrationResult[] {
  if (isOwn === undefined) return [result]
  const { migration } = result
  const statements = result.statements.filter(({ statement }) => !isOwn(statement))
  // one that the command did not come to has none at all
  if (statements.length === 0 && result.statements.length > 0) return []
  const written = migration.statements.filter((statement) => !isOwn(statement))
  return [{ ...result, migration: { ...migration, statements: written }, statements }]
}

/** What the latest migrations all set first; nothing where there are too few to tell a habit. */
function usualSettings(history: readonly Migration[]): readonly string[] {
  const latest = history.filter(({ source }) => source !== '').slice(-3)
  const [first, ...others] = latest.map(({ statements }) => settingsOfHead(statements))
  if (first === undefined || others.length === 0) return []
  return first.filter((name) => others.every((names) => names.includes(name)))
}

/** Who keeps named prepared statements sees them fail; others never do. */
function severitiesOf({ rules = {}, queries }: CheckOptions['config']): Severities {
  const keepsStatements = queries !== undefined && queries !== false && queries.preparedStatements === 'named'
  const chosen = levelsOf(rules)
  return keepsStatements ? { 'avoid-stale-prepared-statements': 'warning', ...chosen } : chosen
}

function overridesOf({ overrides = [] }: CheckOptions['config']): readonly SeverityOverride[] {
  return overrides.map(({ paths, rules }) => ({ paths, rules: levelsOf(rules) }))
}

/** The severities without their reasons. */
function levelsOf(rules: NonNullable<CheckOptions['config']['rules']>): Severities {
  const levels = Object.entries(rules).flatMap(([id, said]): [string, Severities[string]][] => {
    const level = typeof said === 'string' ? said : said.severity
    return level === undefined ? [] : [[id, level]]
  })
  return Object.fromEntries(levels)
}

/** Durations in milliseconds. What does not fit was refused when the configuration was read. */
function optionsOf(
  { rules: said = {} }: CheckOptions['config'],
  rules: readonly Rule[],
): Promise<ConfiguredOptions> {
  const configured = Object.entries(said).flatMap(([id, setting]) =>
    typeof setting === 'string' || setting.options === undefined ? [] : [[id, setting.options] as const],
  )
  return readAll(configured, rules)
}

async function readAll(
  configured: readonly (readonly [string, Readonly<Record<string, unknown>>])[],
  rules: readonly Rule[],
): Promise<ConfiguredOptions> {
  if (configured.length === 0) return {}
  const { readOptions } = await import('./config/rule-options.ts')
  const read = configured.map(([id, options]) => {
    const rule = rules.find((candidate) => candidate.id === id)
    return [id, readOptions(id, rule?.options, options).values] as const
  })
  return Object.fromEntries(read)
}

/** Code that only a server can look into, where there was none. */
function opaqueStatements(
  results: readonly MigrationResult[],
  predictions: readonly (readonly StatementPrediction[])[],
  rehearsal: Measured | undefined,
): readonly Limit[] {
  const said = new Set((rehearsal?.limits ?? []).flatMap(placesOf))
  return results.flatMap(({ statements }, at) =>
    statements.flatMap(({ statement, measured }, position): readonly Limit[] => {
      const unknown = predictions[at]?.[position]?.unknown
      if (measured || unknown === undefined || said.has(placeOf(statement.span))) return []
      return [
        {
          code: 'not-predictable',
          message: `What this statement does cannot be told without running it: ${unknown}.`,
          ...(rehearsal === undefined ? { hint: 'Run `pgrehearse check`, which replays it.' } : {}),
          span: statement.span,
        },
      ]
    }),
  )
}

function placesOf({ span, steps = [] }: Limit): readonly string[] {
  return [...(span === undefined ? [] : [span]), ...steps.map((step) => step.span)].map(placeOf)
}

function placeOf({ file, start }: Span): string {
  return `${file}:${start.offset}`
}
