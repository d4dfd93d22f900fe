import { existsSync, readFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { rules } from '../../rules/index.ts'
import type { EvidencedEffect, Finding, Migration, MigrationResult, Report } from '../../src/core/model.ts'
import type { QueriesOutcome } from '../../src/core/query-model.ts'
import { judge } from '../../src/judge/judge.ts'
import { reservedFindings } from '../../src/judge/reserved.ts'
import { buildReport } from '../../src/report.ts'
import { reportQueries } from '../../src/report-queries.ts'
import { describeEffect } from '../../src/reporters/effects.ts'
import { terminal } from '../../src/reporters/terminal.ts'
import { formatMs } from '../../src/core/quantities.ts'
import type { Preset, Rule, RuleOption } from '../../src/rule.ts'
import { parseScript } from '../../src/sql/parse.ts'
import { readAllowComments } from '../../src/sql/suppressions.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import {
  exampleScripts,
  isQueryFile,
  judgeExample,
  lintedQueries,
  loadExample,
  optionsIn,
  predictMigrations,
  predictWithSchema,
  readSetup,
  rulesOf,
  rulesFolder,
  today,
  type Example,
} from './run-example.ts'

/** Sections of a rule's page that are written from the rule and its examples. */
export const generatedSections = ['header', 'bad', 'output', 'good', 'locks'] as const

/** The page with its generated sections as they have to be; what stands outside the marks stays. */
export function renderPage(rule: Rule, page: string): string {
  const header = headerOf(rule)
  const sections = isAboutQueries(rule.id) ? querySections(rule.id) : migrationSections(rule.id)
  let text = page
  for (const [name, section] of Object.entries({ header, ...sections })) {
    const [open, close] = [`<!-- generated:${name} -->`, `<!-- /generated:${name} -->`]
    const start = text.indexOf(open)
    const end = text.indexOf(close)
    if (start < 0 || end < start) throw new Error(`The page of ${rule.id} has no ${open} … ${close}.`)
    text = `${text.slice(0, start)}${open}\n${section}\n${text.slice(end)}`
  }
  return text
}

/** Title, facts, and how to switch it on and what can be said of it where that is a question. */
function headerOf({ id, title, severity, since, preset = 'recommended', options = {} }: Rule): string {
  const set = preset === 'recommended' ? '' : ` · preset ${preset}`
  const entries = Object.entries(options)
  const rows = entries.map(
    ([name, option]) =>
      `| \`${name}\` | ${typeText(option)} | ${defaultText(option)} | ${option.description} |`,
  )
  const table =
    rows.length === 0
      ? []
      : [
          '',
          `Options (\`rules: { ${id}: { options: … } }\`):`,
          '',
          '| Option | Type | Default | |',
          '| --- | --- | --- | --- |',
          ...rows,
        ]
  return [`# ${id}`, '', `**${title}** · ${severity}${set} · since ${since}`, ...table].join('\n')
}

function typeText(option: RuleOption): string {
  switch (option.type) {
    case 'boolean':
      return '`true` or `false`'
    case 'integer':
      return 'whole number'
    case 'pattern':
      return 'regular expression'
    case 'choice':
      return option.choices.map((choice) => `\`${choice}\``).join(', ')
    case 'list':
      return option.choices === undefined
        ? 'list'
        : `list of ${option.choices.map((choice) => `\`${choice}\``).join(', ')}`
    default:
      return option.type
  }
}

function defaultText(option: RuleOption): string {
  if (option.type === 'duration') return `\`${formatMs(option.default)}\``
  const text = typeof option.default === 'string' ? option.default : JSON.stringify(option.default)
  return text === '' ? 'none' : `\`${text.replaceAll('|', '\\|').replaceAll(',"', ', "')}\``
}

/** Is there no migration among its main examples? Then the page has no section about locks. */
export function isAboutQueries(ruleId: string): boolean {
  return !existsSync(`${rulesFolder}${ruleId}/bad.sql`)
}

type Sections = Readonly<Partial<Record<(typeof generatedSections)[number], string>>>

function migrationSections(ruleId: string): Sections {
  const example = lintForPage(ruleId, 'bad.sql')
  const queries = queriesBlock(ruleId)
  return {
    bad: [...optionsBlock(ruleId, 'bad.sql'), sqlBlocks(example.review), ...queries].join('\n\n'),
    output: fenced('text', measuredOutput(ruleId) ?? outputOf(example)),
    good: [...optionsBlock(ruleId, 'good.sql'), sqlBlocks(lintForPage(ruleId, 'good.sql').review)].join(
      '\n\n',
    ),
    locks: locksOf(example.results),
  }
}

/** What the configuration says in an example. */
function optionsBlock(ruleId: string, name: string): readonly string[] {
  const options = optionsIn(readFileSync(`${rulesFolder}${ruleId}/${name}`, 'utf8'))
  if (options === undefined) return []
  return [fenced('yaml', stringify({ rules: { [ruleId]: { options } } }, { lineWidth: 0 }).trim())]
}

function querySections(ruleId: string): Sections {
  const bad = shownExample(ruleId)
  const results = predictMigrations(bad.history, bad.review)
  const queries = lintedQueries(bad)
  const findings = judgeExample(bad, results, queries)
  const report = pageReport(results, findings, queries)
  return {
    bad: fenced('sql', bad.text.trim()),
    output: fenced('text', measuredOutput(ruleId) ?? printed(report)),
    good: fenced('sql', asWritten(ruleId, 'good.queries.sql').text.trim()),
  }
}

/** The example whose findings the page shows. */
export function shownExample(ruleId: string): Example {
  return asWritten(ruleId, isAboutQueries(ruleId) ? 'bad.queries.sql' : 'bad.sql')
}

/** The example as a user would have it: without marks. */
function asWritten(ruleId: string, name: string): Example {
  const { text } = loadExample(ruleId, name)
  return loadExample(ruleId, name, {
    file: isQueryFile(name) ? 'queries.sql' : 'migration.sql',
    text: `${withoutMarks(text).trim()}\n`,
  })
}

function withoutMarks(text: string): string {
  return text.replaceAll(/^-- (?:(?:also )?finds|options): .*\n/gm, '')
}

/** The queries that the migrations of the examples meet. */
function queriesBlock(ruleId: string): readonly string[] {
  return ['queries.sql', 'queries.old.sql', 'queries.new.sql'].flatMap((name) => {
    const path = `${rulesFolder}${ruleId}/${name}`
    if (!existsSync(path)) return []
    const title =
      name === 'queries.sql'
        ? 'The application’s queries'
        : `Queries of the ${name === 'queries.old.sql' ? 'code in production' : 'code under review'}`
    return [`${title}:\n\n${fenced('sql', readFileSync(path, 'utf8').trim())}`]
  })
}

/** Where the tool's words are kept that only a server finds: test/replay/examples.test.ts compares and writes it. */
export function outputFile(ruleId: string): string {
  return `${rulesFolder}${ruleId}/output.txt`
}

/** Does prediction find nothing in the example that the page shows? */
export function needsServer(ruleId: string): boolean {
  const name = isAboutQueries(ruleId) ? 'bad.queries.sql' : 'bad.sql'
  const text = readFileSync(`${rulesFolder}${ruleId}/${name}`, 'utf8')
  // before the parser is loaded: tests are named after this
  const marks = [...text.matchAll(/^-- (?:also )?finds: .*$/gm)]
  return marks.every(([mark]) => mark.endsWith('(replay only)'))
}

function measuredOutput(ruleId: string): string | undefined {
  const path = outputFile(ruleId)
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined
}

interface PageExample {
  readonly review: readonly Migration[]
  readonly results: readonly MigrationResult[]
  readonly findings: readonly Finding[]
}

/** The example as a user would have it: without marks, a file for each migration. */
function lintForPage(ruleId: string, name: string): PageExample {
  const scripts = exampleScripts(ruleId, name).map((script, index, all) => {
    const text = script.text.slice(script.start, script.end)
    const written = withoutMarks(text).replace(/^-- migration: .*\n/m, '')
    const file =
      all.length === 1 ? 'migration.sql' : `${index + 1}-${script.title.replaceAll(/[^a-z0-9]+/gi, '-')}.sql`
    const trimmed = `${written.trim()}\n`
    return { ...script, file, text: trimmed, start: 0, end: trimmed.length }
  })
  const parsed = scripts.map(parseScript)
  const review = layOutTransactions(parsed, false)
  const history = layOutTransactions([parseScript(readSetup(ruleId))], false)
  const { results, schema } = predictWithSchema(history, review)
  const { options, sharesSession = false, applicationTransactions = [] } = loadExample(ruleId, name)
  const { findings } = judge({
    migrations: results,
    rules: rulesOf(ruleId),
    presets: ['strict', 'security'],
    options: { [ruleId]: options },
    sharesSession,
    applicationTransactions,
    allows: parsed.map(readAllowComments),
    today,
    ...(schema === undefined ? {} : { schema }),
  })
  return { review, results, findings }
}

function sqlBlocks(migrations: readonly Migration[]): string {
  const [first] = migrations
  if (migrations.length === 1 && first !== undefined) return fenced('sql', first.text.trim())
  return migrations
    .map(({ title, text, transaction }) => {
      const mode = transaction.mode === 'statement' ? ' (outside a transaction)' : ''
      return `${capitalize(title)}${mode}:\n\n${fenced('sql', text.trim())}`
    })
    .join('\n\n')
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** What `pgrehearse lint` prints, without the summary of the run. */
function outputOf({ results, findings }: PageExample): string {
  return printed(pageReport(results, findings, undefined))
}

/** The report of one example. */
export function pageReport(
  results: readonly MigrationResult[],
  findings: readonly Finding[],
  queries: QueriesOutcome | undefined,
): Report {
  return buildReport({
    findings,
    harmless: [],
    production: undefined,
    ...(queries === undefined ? {} : { queries: reportQueries(queries, findings, undefined) }),
    results,
    base: { description: 'example' },
    historyCount: 1,
    timeZone: 'UTC',
    failOn: 'error',
    requireRehearsal: false,
    project: undefined,
    notChecked: [],
    now: new Date(`${today}T00:00:00Z`),
  })
}

/** The findings in a terminal, without the sections behind them. */
export function printed(report: Report): string {
  const [findings = ''] = terminal(report, { color: false, width: 100 }).split('\n\nYour queries\n')
  const blocks = findings.split('\n\n')
  return (report.queries === undefined ? blocks.slice(0, -2) : blocks).join('\n\n').trim()
}

function locksOf(results: readonly MigrationResult[]): string {
  const statements = results.flatMap((result) => result.statements)
  const items = statements.flatMap(({ statement, effects }) => {
    const lines = effects.filter(isTold).flatMap((effect) => describeEffect(effect) ?? [])
    if (lines.length === 0) return []
    const sql = statement.sql.replaceAll(/\s+/g, ' ')
    const short = sql.length > 90 ? `${sql.slice(0, 89)}…` : sql
    return [`- \`${short}\`\n${lines.map((line) => `  - ${line}`).join('\n')}`]
  })
  return items.join('\n')
}

function isTold(effect: EvidencedEffect): boolean {
  if (effect.kind === 'lock') return effect.relation.existedBefore
  return ['rewrite', 'scan', 'truncate', 'write', 'error'].includes(effect.kind)
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}

const presetTexts: readonly { readonly preset: Preset; readonly text: string }[] = [
  {
    preset: 'recommended',
    text: 'What can hurt production or the running application. Always in force.',
  },
  { preset: 'strict', text: 'House style and conventions. In force with `presets: [strict]`.' },
  {
    preset: 'security',
    text: 'Rights, row security and secrets. In force with `presets: [security]`.',
  },
]

/** rules/README.md. */
export function renderCatalogue(): string {
  const sections = presetTexts.flatMap(({ preset, text }) => {
    const own = rules.filter((rule) => (rule.preset ?? 'recommended') === preset)
    const rows = own.map(({ id, title, severity }) => `| [${id}](${id}/README.md) | ${title} | ${severity} |`)
    return rows.length === 0
      ? []
      : [
          '',
          `## ${preset}`,
          '',
          text,
          '',
          '| Rule | What it asks for | Severity |',
          '| --- | --- | --- |',
          ...rows,
        ]
  })
  return [
    '<!-- generated by test/rules/pages.test.ts: npm run docs -->',
    '# Rules',
    '',
    'Each rule has a folder: `rule.ts`, its page, and examples that are linted and replayed on a real Postgres in the tests. [Adding a rule](../docs/adding-a-rule.md) says how to write one; [reserved findings](../docs/reserved-findings.md) are those that come from no rule.',
    '',
    'Options of rules stand on their pages; [configuration.md](../docs/configuration.md#rules-presets-and-options) says how to give them.',
    ...sections,
    '',
  ].join('\n')
}

/** docs/reserved-findings.md. */
export function renderReserved(): string {
  const sections = reservedFindings.flatMap(({ id, title, severity, explanation }) => [
    `## ${id}`,
    '',
    `**${title}** · ${severity}`,
    '',
    explanation,
    '',
  ])
  return [
    '<!-- generated from src/judge/reserved.ts: npm run docs -->',
    '# Reserved findings',
    '',
    'Findings that come from no rule: the migration itself fails or takes too long, files are not as they should be, or an allow comment is not. Their ids cannot be configured.',
    '',
    ...sections,
  ].join('\n')
}
