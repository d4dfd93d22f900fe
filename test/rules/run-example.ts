import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rules } from '../../rules/index.ts'
import type { Finding, Migration, MigrationResult, SchemaCatalogs } from '../../src/core/model.ts'
import type { Production } from '../../src/core/production.ts'
import type { QueriesOutcome, ReviewedQuery } from '../../src/core/query-model.ts'
import type { MigrationScript } from '../../src/core/source.ts'
import { readOptions } from '../../src/config/rule-options.ts'
import { judge } from '../../src/judge/judge.ts'
import { predictRunWithSchema, predictSchema } from '../../src/predict/index.ts'
import { predictedCatalog } from '../../src/query-catalog/predicted-catalog.ts'
import { applicationTransactions } from '../../src/application-transactions.ts'
import type { ApplicationTransaction, Rule } from '../../src/rule.ts'
import { parseScript, type ParsedScript } from '../../src/sql/parse.ts'
import { readAllowComments, type AllowComments } from '../../src/sql/suppressions.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { folderQueries, newQueries, productionOf, queryScript } from './example-queries.ts'

/**
 * One bad*.sql or good*.sql of a rule, with what stands before it. `bad*.queries.sql` and `good*.queries.sql` hold
 * queries that are new; what stands before the first `-- name:` is a migration of the same merge request.
 */
export interface Example {
  readonly ruleId: string
  /** `rules/<id>/bad.sql` */
  readonly file: string
  readonly text: string
  readonly isBad: boolean
  readonly marks: readonly Mark[]
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  readonly allows: readonly AllowComments[]
  /** What `-- options: {"columns": true}` says of the rule: JSON, as under `options` of the configuration. */
  readonly options: Readonly<Record<string, unknown>>
  /** Undefined where the folder has none: then queries are not looked at. */
  readonly queries?: readonly ReviewedQuery[]
  /** What `-- rows: orders 5000000` in setup.sql says. */
  readonly production?: Production
  /** `-- session: shared` in setup.sql: its migrations are judged as those of a tool that runs all in one session. */
  readonly sharesSession?: boolean
  /** `-- transaction checkout: UPDATE …; UPDATE …` in setup.sql: what the configuration declares. */
  readonly applicationTransactions?: readonly ApplicationTransaction[]
}

/** `-- finds: <messageId>` or `-- also finds: <rule-id>`, with `(replay only)` where prediction cannot know. */
export interface Mark {
  /** Line of the statement below. */
  readonly line: number
  readonly ruleId: string
  /** Only for the rule whose example it is. */
  readonly messageId: string | undefined
  readonly replayOnly: boolean
}

export const rulesFolder: string = fileURLToPath(new URL('../../rules/', import.meta.url))

/** Allow comments of examples are judged on this day. */
export const today = '2026-11-21'

/** The ids of the rule folders, in alphabetical order. */
export function ruleFolders(): readonly string[] {
  return readdirSync(rulesFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .map(({ name }) => name)
    .toSorted()
}

/** All examples of a rule. The parser must have been loaded. */
export function loadExamples(ruleId: string): readonly Example[] {
  const names = readdirSync(`${rulesFolder}${ruleId}`)
  return names
    .filter((name) => /^(bad|good)[a-z.-]*\.sql$/.test(name))
    .toSorted()
    .map((name) => loadExample(ruleId, name))
}

/** One example; `shown` is its text as a user would have it, `setup` what stands in the place of setup.sql. */
export function loadExample(
  ruleId: string,
  name: string,
  shown: { readonly file: string; readonly text: string; readonly setup?: string } = {
    file: `rules/${ruleId}/${name}`,
    text: read(ruleId, name),
  },
): Example {
  const { file, text } = shown
  const setup = readSetup(ruleId, shown.setup)
  const history = [parseScript(setup)]
  const queriesFrom = isQueryFile(name) ? beginOfQueries(text) : text.length
  const review = splitMigrations(file, text, queriesFrom).map(parseScript)
  const own = isQueryFile(name) ? parseScript(queryScript(file, text, queriesFrom)) : undefined
  const queries = own === undefined ? folderQueries(`${rulesFolder}${ruleId}`) : newQueries(own)
  const production = productionOf(setup.text)
  return {
    ruleId,
    file,
    text,
    isBad: name.startsWith('bad'),
    marks: readMarks(ruleId, text, own === undefined ? review : [...review, own]),
    history: layOutTransactions(history, false),
    review: layOutTransactions(review, false),
    allows: review.map(readAllowComments),
    options: readExampleOptions(ruleId, text),
    sharesSession: sharesSession(setup.text),
    applicationTransactions: declaredTransactions(setup.text, layOutTransactions(history, false)),
    ...(queries.length === 0 ? {} : { queries }),
    ...(production === undefined ? {} : { production }),
  }
}

function declaredTransactions(
  setup: string,
  history: readonly Migration[],
): readonly ApplicationTransaction[] {
  const transactions = [...setup.matchAll(/^-- transaction (\w+): (.+)$/gm)].map(
    ([, name = '', statements = '']) => ({ name, statements: statements.split(';') }),
  )
  return applicationTransactions({ transactions }, { history, settings: {}, timeZone: 'UTC' })
}

function sharesSession(setup: string): boolean {
  return /^-- session: shared$/m.test(setup)
}

/** Throws where the rule does not have such options. */
function readExampleOptions(ruleId: string, text: string): Readonly<Record<string, unknown>> {
  const said = optionsIn(text)
  if (said === undefined) return {}
  const declared = rules.find(({ id }) => id === ruleId)?.options
  const { values, problems } = readOptions(ruleId, declared, said)
  if (problems.length > 0) throw new Error(`${ruleId}: ${problems.map(({ message }) => message).join('. ')}`)
  return values
}

/** What an example says of the options of its rule. */
export function optionsIn(text: string): Readonly<Record<string, unknown>> | undefined {
  const said = /^-- options: (\{.*\})$/m.exec(text)?.[1]
  return said === undefined ? undefined : (JSON.parse(said) as Readonly<Record<string, unknown>>)
}

/** Does an example of this name hold queries instead of migrations? */
export function isQueryFile(name: string): boolean {
  return name.endsWith('.queries.sql')
}

/** Where the comments begin that belong to the first query. */
function beginOfQueries(text: string): number {
  const name = /^-- name: /m.exec(text)?.index ?? text.length
  const comments = /(?:^--[^\n]*\n)*$/.exec(text.slice(0, name).replace(/.*;\s*\n/s, ''))?.[0] ?? ''
  return name - comments.length
}

/** The migrations of an example, in order; they share the file's text. */
export function exampleScripts(ruleId: string, name: string): readonly MigrationScript[] {
  const text = read(ruleId, name)
  return splitMigrations(`rules/${ruleId}/${name}`, text, text.length)
}

/** The schema and rows that exist before a rule's examples. */
export function readSetup(ruleId: string, text: string = read(ruleId, 'setup.sql')): MigrationScript {
  return toScript('setup.sql', text, 'statement', 'setup', 0, text.length)
}

function read(ruleId: string, name: string): string {
  return readFileSync(`${rulesFolder}${ruleId}/${name}`, 'utf8')
}

const marker = /^-- migration: (.+?)( \(no transaction\))?$/gm

/** Each `-- migration: <title> (no transaction)` begins a further migration of the same file. */
function splitMigrations(file: string, text: string, textEnd: number): readonly MigrationScript[] {
  const starts = [...text.slice(0, textEnd).matchAll(marker)]
  const first = starts[0]?.index ?? textEnd
  const begins = starts.map((match, index) => ({
    title: match[1] ?? '',
    mode: match[2] === undefined ? ('file' as const) : ('statement' as const),
    start: match.index,
    end: starts[index + 1]?.index ?? textEnd,
  }))
  const head =
    text.slice(0, first).trim() === ''
      ? []
      : [{ title: 'example', mode: 'file' as const, start: 0, end: first }]
  return [...head, ...begins].map(({ title, mode, start, end }, index) =>
    // an allow comment knows its statement by file and index, so the parts need names of their own
    toScript(index === 0 ? file : `${file}#${index + 1}`, text, mode, title, start, end),
  )
}

function toScript(
  file: string,
  text: string,
  mode: 'file' | 'statement',
  title: string,
  start: number,
  end: number,
): MigrationScript {
  return {
    source: 'plain-sql',
    file,
    version: null,
    title,
    text,
    start,
    end,
    transaction: { mode, why: 'example' },
    repeatable: false,
  }
}

function readMarks(ruleId: string, text: string, review: readonly ParsedScript[]): readonly Mark[] {
  const statements = review.flatMap((parsed) => parsed.statements)
  return [...text.matchAll(/^-- (finds|also finds): ([A-Za-z-]+)( \(replay only\))?$/gm)].map((match) => {
    const below = statements.find(({ span }) => span.start.offset > match.index)
    if (below === undefined) throw new Error(`${ruleId}: no statement below ${match[0]}`)
    const own = match[1] === 'finds'
    return {
      line: below.span.start.line,
      ruleId: own ? ruleId : (match[2] ?? ''),
      messageId: own ? match[2] : undefined,
      replayOnly: match[3] !== undefined,
    }
  })
}

/** What `pgrehearse lint` would find. */
export function lintExample(example: Example): readonly Finding[] {
  const { history, review } = example
  const { results, schema } = predictWithSchema(history, review)
  return judgeExample(example, results, lintedQueries(example), schema)
}

/** The findings on these results, with the queries where the example has some. */
export function judgeExample(
  {
    ruleId,
    allows,
    options,
    production,
    sharesSession: isShared = false,
    applicationTransactions: declared = [],
  }: Example,
  migrations: readonly MigrationResult[],
  queries: QueriesOutcome | undefined,
  schema?: SchemaCatalogs,
): readonly Finding[] {
  return judge({
    migrations,
    rules: rulesOf(ruleId),
    presets: ['strict', 'security'],
    options: { [ruleId]: options },
    allows,
    today,
    sharesSession: isShared,
    applicationTransactions: declared,
    ...(schema === undefined ? {} : { schema }),
    ...(queries === undefined ? {} : { queries }),
    ...(production === undefined ? {} : { production }),
  }).findings
}

/** What is recommended, and the example's own rule: others of its preset are a matter of taste. */
export function rulesOf(ruleId: string): readonly Rule[] {
  return rules.filter(({ id, preset = 'recommended' }) => preset === 'recommended' || id === ruleId)
}

/** What is known of the example's queries without a server: the schema. */
export function lintedQueries({ queries, history, review, production }: Example): QueriesOutcome | undefined {
  if (queries === undefined) return undefined
  return {
    results: queries.map((reviewed) => ({ reviewed, effects: [], locks: [] })),
    catalog: predictedCatalog(predictSchema({ history, review, timeZone: 'UTC' }), production),
    indexes: [],
    statistics: undefined,
  }
}

/** The migrations with predicted effects only. */
export function predictMigrations(
  history: readonly Migration[],
  review: readonly Migration[],
): readonly MigrationResult[] {
  return predictWithSchema(history, review).results
}

/** The same, with the schema before and after. */
export function predictWithSchema(
  history: readonly Migration[],
  review: readonly Migration[],
): { readonly results: readonly MigrationResult[]; readonly schema?: SchemaCatalogs } {
  const { predictions, schema } = predictRunWithSchema({ history, review, timeZone: 'UTC' })
  const results = review.map((migration, index): MigrationResult => ({
    migration,
    outcome: 'predicted',
    statements: migration.statements.map((statement, position) => {
      const prediction = predictions[index]?.[position]
      if (prediction === undefined) throw new Error('a statement without prediction')
      return { statement, effects: prediction.effects, settings: prediction.settings, measured: false }
    }),
  }))
  return { results, ...(schema === undefined ? {} : { schema }) }
}

/** One line per finding or mark: `12 ban-drop-table losesTable`; equal lists mean that all marks were met. */
export function expectedLines(example: Example, mode: 'lint' | 'replay'): readonly string[] {
  return example.marks
    .filter(({ replayOnly }) => mode === 'replay' || !replayOnly)
    .map(({ line, ruleId, messageId }) => toLine(line, ruleId, messageId))
    .toSorted()
}

/** As {@link expectedLines}, from findings that no allow comment accepts. */
export function foundLines(example: Example, findings: readonly Finding[]): readonly string[] {
  const statements = example.review.flatMap((migration) => migration.statements)
  return findings
    .filter(({ allowed }) => allowed === undefined)
    .map(({ span, ruleId, messageId, query }) => {
      const at = span.start.offset
      const statement =
        query === undefined
          ? statements.find((one) => one.span.start.offset <= at && at <= one.span.end.offset)
          : undefined
      const line = statement?.span.start.line ?? span.start.line
      return toLine(line, ruleId, ruleId === example.ruleId ? messageId : undefined)
    })
    .toSorted()
}

/**
 * What no mark can make right: a finding graver than an info in a good example, by whichever rule, and a bad example in
 * which its own rule finds nothing, unless only a replay can find it.
 */
export function misjudged(
  { ruleId, isBad, marks }: Example,
  findings: readonly Finding[],
  mode: 'lint' | 'replay',
): readonly string[] {
  const open = findings.filter(({ allowed }) => allowed === undefined)
  if (!isBad) {
    const grave = open.filter(({ severity }) => severity !== 'info')
    return grave.map((finding) => `${finding.ruleId} ${finding.messageId} is of severity ${finding.severity}`)
  }
  const own = marks.filter((mark) => mark.ruleId === ruleId)
  const isExpected = own.length === 0 || mode === 'replay' || own.some(({ replayOnly }) => !replayOnly)
  const isFound = open.some((finding) => finding.ruleId === ruleId)
  return isExpected && !isFound ? [`${ruleId} finds nothing`] : []
}

function toLine(line: number, ruleId: string, messageId: string | undefined): string {
  return [line, ruleId, ...(messageId === undefined ? [] : [messageId])].join(' ')
}
