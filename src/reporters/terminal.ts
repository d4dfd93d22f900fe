import pc from 'picocolors'
import { textWidth } from './text-width.ts'
import { affectedLines } from './affected-queries.ts'
import { receipt, type Receipt } from './effects.ts'
import { codeFrame, type FrameLine } from './frame.ts'
import { migrationName } from './migration-of.ts'
import { cutText } from './markdown-text.ts'
import { maxProof, speedWords } from './preflight-words.ts'
import { printable, printableLine } from './printable.ts'
import { basisLines, longStatements, quietWords, runLines } from './production-words.ts'
import { fit, hang, label, labelWidth, type Colors, type Page } from './terminal-page.ts'
import { queriesBlocks } from './terminal-queries.ts'
import { majorsWords, trialsTitle, trialWords, type TrialWords } from './trial-words.ts'
import { harmlessSentences, waitLines } from './wait-words.ts'
import {
  count,
  countFindings,
  describeAcceptance,
  describeFile,
  describeLimit,
  describeRemedyStep,
  describeScope,
  groupByFile,
  hasQueries,
  limitSentence,
  location,
  verdict,
  type FileGroup,
} from './words.ts'
import type { Finding, Report, ReportMigration, Severity } from '../core/model.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'

/** For people at a terminal and in CI logs: grouped by migration, the consequence first. */
export const terminal: Reporter = (report: Report, options: ReporterOptions): string => {
  const page = { report, colors: pc.createColors(options.color), width: Math.max(40, options.width) }
  const groups = groupByFile(report)
  const loud = groups.filter(({ findings }) => findings.length > 0)
  const quiet = groups.filter(({ findings }) => findings.length === 0)
  const blocks = [
    ...loud.filter(({ isQueries }) => !isQueries).map((group) => fileBlock(page, group)),
    ...(quiet.length === 0 ? [] : [quiet.flatMap(({ migration }) => quietLines(page, migration))]),
    ...loud.filter(({ isQueries }) => isQueries).map((group) => fileBlock(page, group)),
    ...(report.harmless.length === 0 ? [] : [harmlessBlock(page)]),
    ...queriesBlocks(page),
    ...trialsBlocks(page),
    ...(report.notChecked.length === 0 ? [] : [notCheckedBlock(page)]),
    ...(report.migrations.length === 0 && !hasQueries(report) ? [] : [summaryBlock(page)]),
    [verdictLine(page)],
  ]
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`
}

function fileBlock(page: Page, group: FileGroup): readonly string[] {
  const { colors } = page
  const { name, migration, findings } = group
  return [
    colors.bold(colors.underline(printableLine(name))),
    ...hang(page, '', describeFile(group), colors.dim),
    ...findings.flatMap((finding) => ['', ...findingLines(page, finding)]),
    ...longLines(page, migration),
  ]
}

function findingLines(page: Page, finding: Finding): readonly string[] {
  if (finding.allowed !== undefined) return allowedLines(page, finding, finding.allowed)
  const { colors } = page
  const paint = severityPaint(colors, finding.severity)
  const lines = [
    ...label(page, paint(finding.severity), printableLine(finding.message), colors.bold),
    ...waitLines(page.report, finding).flatMap((line) => label(page, '', line)),
    ...label(page, '', placeWords(finding), colors.dim),
    ...frameLines(page, finding, paint),
    ...sentLines(page, finding),
    ...queryLines(page, finding),
    ...receiptLines(page, receipt(page.report, finding)),
    ...remedyLines(page, finding),
    ...proofLines(page, finding),
    ...preflightLines(page, finding),
  ]
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

function allowedLines(
  page: Page,
  finding: Finding,
  allowed: NonNullable<Finding['allowed']>,
): readonly string[] {
  const { dim } = page.colors
  return [
    ...label(page, dim('allowed'), printableLine(finding.message), dim),
    ...label(page, '', placeWords(finding), dim),
    ...label(page, '', `${describeAcceptance(allowed)}: ${printableLine(allowed.reason)}`, dim),
  ]
}

/** `db/0002.sql:3:1  require-concurrent-index  (Postgres 14 only)`. */
function placeWords(finding: Finding): string {
  const majors = majorsWords(finding)
  const place = `${location(finding.span)}  ${finding.ruleId}`
  return majors === undefined ? place : `${place}  (${majors})`
}

/** What code sent, below the place in that code. */
function sentLines(page: Page, { sent }: Finding): readonly string[] {
  return sent === undefined ? [] : [...label(page, 'sent', 'this statement:'), ...sqlLines(page, sent), '']
}

function frameLines(page: Page, finding: Finding, paint: (text: string) => string): readonly string[] {
  const { colors } = page
  const frame = codeFrame(page.report, finding)
  if (frame === undefined) return []
  const digits = Math.max(...frame.lines.map(({ number }) => String(number).length))
  const gutter = (text: string) => `  ${text.padStart(Math.max(digits, labelWidth - 3))} `
  const rest = (lines: number) =>
    lines > 0 ? [colors.dim(`${gutter('⋮')}│ … ${count(lines, 'more line')}`)] : []
  const columns = page.width - gutter('').length - 2
  const draw = ({ number, text, marked, before }: FrameLine) => {
    if (!marked) return [colors.dim(`${gutter(String(number))}│ ${fit(text, columns)}`)]
    const line = `${paint(`${gutter(String(number))}│`)} ${fit(text, columns)}`
    const at = before === undefined ? columns : textWidth(before)
    return at < columns ? [line, `${gutter('')}${paint('│')} ${' '.repeat(at)}${paint('^')}`] : [line]
  }
  return ['', ...rest(frame.before), ...frame.lines.flatMap(draw), ...rest(frame.after), '']
}

/** Named before the receipt: who is hit comes before why. */
function queryLines(page: Page, finding: Finding): readonly string[] {
  return affectedLines(finding, { counted: 'queries' }).flatMap((line, index) =>
    label(page, index === 0 ? 'queries' : '', line),
  )
}

function receiptLines(page: Page, { effects, evidence, notes }: Receipt): readonly string[] {
  const { dim } = page.colors
  return [
    ...effects.map((text) => ({ text, paint: undefined })),
    ...(evidence === undefined ? [] : [{ text: evidence, paint: dim }]),
    ...notes.map((text) => ({ text, paint: undefined })),
  ].flatMap(({ text, paint }, index) => label(page, index === 0 ? 'why' : '', text, paint))
}

/** A step of a remedy with more lines is cut there; other reports have all of it. */
const maxSqlLines = 30

function remedyLines(page: Page, { remedy }: Finding): readonly string[] {
  if (remedy === undefined) return []
  const { colors } = page
  const steps = remedy.migrations.flatMap((step, index) => {
    const how = describeRemedyStep(step, index, remedy.migrations.length)
    const said = [how, printableLine(step.note ?? '')].filter((text) => text !== '').join(': ')
    return [...(said === '' ? [] : label(page, '', `${said}:`, colors.dim)), ...sqlLines(page, step.sql)]
  })
  return [...label(page, colors.green('fix'), printableLine(remedy.summary)), ...steps]
}

/** Not wrapped: it is there to be copied. */
function sqlLines(page: Page, text: string): readonly string[] {
  const { colors } = page
  const indent = ' '.repeat(labelWidth + 4)
  const sql = printable(text.trim()).replaceAll('\t', '  ').split('\n')
  const more = sql.length - maxSqlLines
  return [
    ...sql.slice(0, maxSqlLines).map((line) => indent + colors.cyan(line)),
    ...(more > 0
      ? label(page, '', `… ${count(more, 'more line')} (--format markdown has all)`, colors.dim)
      : []),
  ]
}

/** Whether the SQL was tried, below it. */
function proofLines(page: Page, { remedy }: Finding): readonly string[] {
  const proof = remedy?.proof
  if (proof === undefined) return []
  const { colors } = page
  const says = printableLine(cutText(proof.says, maxProof))
  if (proof.outcome === 'proven') return label(page, colors.green('proven'), says)
  return label(page, '', says, colors.dim)
}

/** What to ask production: the question, one block of SQL, what its answer means. */
function preflightLines(page: Page, { preflight = [] }: Finding): readonly string[] {
  return preflight.flatMap((one) => [
    ...label(page, 'ask', printableLine(`${one.question} (${speedWords(one)})`)),
    ...sqlLines(page, one.sql),
    ...label(page, '', printableLine(one.reading)),
  ])
}

function quietLines(page: Page, migration: ReportMigration | undefined): readonly string[] {
  if (migration === undefined) return []
  const { colors } = page
  const mark = migration.outcome === 'rehearsed' ? colors.green('✓') : colors.yellow('?')
  const name = printableLine(migrationName(page.report, migration))
  const text = `${name}  ${colors.dim(quietWords(page.report, migration))}`
  const long = longStatements(page.report, migration).flatMap((line) => hang(page, '  ', line, colors.dim))
  return [...hang(page, `${mark} `, text), ...long]
}

/** What takes long in a file with findings, and has none. */
function longLines(page: Page, migration: ReportMigration | undefined): readonly string[] {
  const long = migration === undefined ? [] : longStatements(page.report, migration)
  if (long.length === 0) return []
  return ['', ...long.flatMap((line, index) => label(page, index === 0 ? 'time' : '', line))]
}

function harmlessBlock(page: Page): readonly string[] {
  const { colors, report } = page
  return [
    colors.bold("Harmless at production's size"),
    ...report.harmless.flatMap((finding) =>
      hang(page, '  • ', `${location(finding.span)}  ${harmlessSentences(finding)}`, colors.dim),
    ),
  ]
}

/** Receipts of one trial that are shown here; other reports have all. */
const maxTrialLines = 12

function trialsBlocks(page: Page): readonly (readonly string[])[] {
  const trials = trialWords(page.report)
  if (trials.length === 0) return []
  return [[page.colors.bold(trialsTitle), ...trials.flatMap((trial) => trialLines(page, trial))]]
}

function trialLines(page: Page, { outcome, title, about, says, lines }: TrialWords): readonly string[] {
  const { colors } = page
  const marks = { holds: colors.green('✓'), finding: colors.yellow('!'), 'not tried': colors.yellow('?') }
  const more = lines.length - maxTrialLines
  return [
    ...hang(page, `${marks[outcome]} `, `${about === '' ? title : `${title} ${about}`}: ${says}`),
    ...lines.slice(0, maxTrialLines).flatMap((line) => hang(page, '    ', line, colors.dim)),
    ...(more > 0 ? hang(page, '    ', `… ${count(more, 'more line')}`, colors.dim) : []),
  ]
}

function notCheckedBlock(page: Page): readonly string[] {
  const { colors, report } = page
  return [
    colors.bold(colors.yellow('Not checked')),
    ...report.notChecked.flatMap((limit) => {
      const { hint } = describeLimit(limit)
      return [
        ...hang(page, '  • ', limitSentence(limit)),
        ...(hint === undefined ? [] : hang(page, '    ', hint, colors.dim)),
      ]
    }),
  ]
}

function summaryBlock(page: Page): readonly string[] {
  const { report, colors } = page
  const below = (name: string, lines: readonly string[], paint?: (line: string) => string) =>
    lines.flatMap((text, index) => hang(page, (index === 0 ? name : '').padEnd(labelWidth), text, paint))
  return [
    ...below('Checked', describeScope(report)),
    ...below('Takes', runLines(report)),
    ...below('', basisLines(report), colors.dim),
    ...hang(page, 'Found    ', countFindings(report.findings)),
  ]
}

function verdictLine({ report, colors }: Page): string {
  const { passed, text } = verdict(report)
  return colors.bold(passed ? colors.green(`✓ ${text}`) : colors.red(`✗ ${text}`))
}

function severityPaint(colors: Colors, severity: Severity): (text: string) => string {
  const paint = { error: colors.red, warning: colors.yellow, info: colors.blue }[severity]
  return (text) => colors.bold(paint(text))
}
