import { rules } from '../../rules/index.ts'
import type { EvidencedEffect, Finding, Migration, MigrationResult } from '../../src/core/model.ts'
import { judge } from '../../src/judge/judge.ts'
import { reservedFindings } from '../../src/judge/reserved.ts'
import { buildReport } from '../../src/report.ts'
import { describeEffect } from '../../src/reporters/effects.ts'
import { terminal } from '../../src/reporters/terminal.ts'
import type { Rule } from '../../src/rule.ts'
import { parseScript } from '../../src/sql/parse.ts'
import { readAllowComments } from '../../src/sql/suppressions.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { exampleScripts, predictMigrations, readSetup, today } from './run-example.ts'

/** Sections of a rule's page that are written from the rule and its examples. */
export const generatedSections = ['header', 'bad', 'output', 'good', 'locks'] as const

/** The page with its generated sections as they have to be; what stands outside the marks stays. */
export function renderPage(rule: Rule, page: string): string {
  const example = lintForPage(rule.id, 'bad.sql')
  const sections: Record<(typeof generatedSections)[number], string> = {
    header: `# ${rule.id}\n\n**${rule.title}** · ${rule.severity} · since ${rule.since}`,
    bad: sqlBlocks(example.review),
    output: fenced('text', outputOf(example)),
    good: sqlBlocks(lintForPage(rule.id, 'good.sql').review),
    locks: locksOf(example.results),
  }
  let text = page
  for (const name of generatedSections) {
    const [open, close] = [`<!-- generated:${name} -->`, `<!-- /generated:${name} -->`]
    const start = text.indexOf(open)
    const end = text.indexOf(close)
    if (start < 0 || end < start) throw new Error(`The page of ${rule.id} has no ${open} … ${close}.`)
    text = `${text.slice(0, start)}${open}\n${sections[name]}\n${text.slice(end)}`
  }
  return text
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
    const written = text.replaceAll(/^-- (?:also )?finds: .*\n/gm, '').replace(/^-- migration: .*\n/m, '')
    const file =
      all.length === 1 ? 'migration.sql' : `${index + 1}-${script.title.replaceAll(/[^a-z0-9]+/gi, '-')}.sql`
    const trimmed = `${written.trim()}\n`
    return { ...script, file, text: trimmed, start: 0, end: trimmed.length }
  })
  const parsed = scripts.map(parseScript)
  const review = layOutTransactions(parsed, false)
  const history = layOutTransactions([parseScript(readSetup(ruleId))], false)
  const results = predictMigrations(history, review)
  const { findings } = judge({ migrations: results, rules, allows: parsed.map(readAllowComments), today })
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
  const report = buildReport({
    findings,
    harmless: [],
    production: undefined,
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
  const printed = terminal(report, { color: false, width: 100 })
  return printed.split('\n\n').slice(0, -2).join('\n\n').trim()
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

/** rules/README.md. */
export function renderCatalogue(): string {
  const rows = rules.map(({ id, title, severity }) => `| [${id}](${id}/README.md) | ${title} | ${severity} |`)
  return [
    '<!-- generated by test/rules/pages.test.ts: npm run docs -->',
    '# Rules',
    '',
    'Each rule has a folder: `rule.ts`, its page, and examples that are linted and replayed on a real Postgres in the tests. [Adding a rule](../docs/adding-a-rule.md) says how to write one; [reserved findings](../docs/reserved-findings.md) are those that come from no rule.',
    '',
    '| Rule | What it asks for | Severity |',
    '| --- | --- | --- |',
    ...rows,
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
