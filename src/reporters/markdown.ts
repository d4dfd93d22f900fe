import { affectedPieces, type AffectedOptions } from './affected-queries.ts'
import { receipt } from './effects.ts'
import { codeFrame } from './frame.ts'
import { codeBlock, codeSpan, cutText, link, markdownText } from './markdown-text.ts'
import {
  count,
  countFindings,
  describeFile,
  describeLimit,
  describeOutcome,
  describeRemedyStep,
  describeScope,
  describeTransaction,
  groupByFile,
  hasQueries,
  severityRank,
  verdict,
  type FileGroup,
} from './words.ts'
import { costSection } from './markdown-cost.ts'
import { queriesMarkdown } from './markdown-queries.ts'
import { migrationName } from './migration-of.ts'
import { findingNames, tableNames } from './object-names.ts'
import { markdownPieces } from './pieces.ts'
import { askFirst, maxProof, speedWords } from './preflight-words.ts'
import { basisLines, quietWords } from './production-words.ts'
import { majorsWords, trialsTitle, trialWords } from './trial-words.ts'
import { harmlessSentences, waitLines } from './wait-words.ts'
import type { Finding, HarmlessFinding, Remedy, Report, ReportMigration } from '../core/model.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'

/** How much of a report to write down. */
interface Extent {
  readonly findings: ReadonlySet<Finding>
  /** Receipts and remedies. */
  readonly details: boolean
  /** Entries of each list. */
  readonly items: number
}

/**
 * Markdown for merge request notes and `expose_as` artifacts. Whatever migrations, file names or servers
 * say stands in code spans or fences, so that it mentions nobody, links nowhere and runs no quick action.
 * With `maxLength`, first receipts and then the least severe findings go, and the text says so.
 */
export const markdown: Reporter = (report: Report, options: ReporterOptions): string => {
  const limit = options.maxLength ?? Number.POSITIVE_INFINITY
  const all = new Set(report.findings)
  for (const extent of [
    { findings: all, details: true, items: Number.POSITIVE_INFINITY },
    { findings: all, details: false, items: 20 },
  ]) {
    const text = render(report, options, extent)
    if (text.length <= limit) return text
  }
  return renderGravest(report, options, limit)
}

/** As many of the gravest findings as fit; when not even none fit, the verdict alone. */
function renderGravest(report: Report, options: ReporterOptions, limit: number): string {
  const gravest = report.findings.toSorted((a, b) => rank(a) - rank(b))
  const attempt = (kept: number) =>
    render(report, options, { findings: new Set(gravest.slice(0, kept)), details: false, items: 5 })
  let low = 0
  let high = gravest.length
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (attempt(middle).length <= limit) low = middle
    else high = middle - 1
  }
  const text = attempt(low)
  return text.length <= limit ? text : `${heading(report).slice(0, Math.max(0, limit - 1))}\n`
}

function rank(finding: Finding): number {
  return finding.allowed === undefined ? severityRank(finding.severity) : Number.POSITIVE_INFINITY
}

function render(report: Report, options: ReporterOptions, extent: Extent): string {
  const groups = groupByFile(report)
  const loud = groups.flatMap((group) => fileSection(report, options, group, extent))
  const quiet = groups.flatMap(({ findings, migration }) =>
    findings.length === 0 && migration !== undefined ? [quietItem(report, migration)] : [],
  )
  const sections = [
    heading(report),
    ...loud,
    ...leftOut(report, extent),
    ...section('Nothing found', items(quiet, extent)),
    ...section("Harmless at production's size", items(report.harmless.map(harmlessItem), extent)),
    ...queriesMarkdown(report, extent.items),
    ...section(trialsTitle, items(trialItems(report), extent)),
    ...costSection(report, extent.details),
    ...section('Not checked', items(report.notChecked.map(limitItem), extent)),
    ...(report.migrations.length === 0 && !hasQueries(report) ? [] : scope(report)),
    footer(report, options),
  ]
  return `${sections.join('\n\n')}\n`
}

function heading(report: Report): string {
  const { text } = verdict(report)
  return `## pgrehearse: ${countFindings(report.findings)}\n\n**${text}**`
}

function fileSection(
  report: Report,
  options: ReporterOptions,
  group: FileGroup,
  extent: Extent,
): readonly string[] {
  const { name, migration, findings } = group
  const shown = findings.filter((finding) => extent.findings.has(finding))
  if (shown.length === 0) return []
  const about =
    migration === undefined
      ? describeFile(group)
      : `${describeTransaction(migration)}; ${describeOutcome(migration)}`
  return [
    `### ${codeSpan(name)}`,
    markdownText(about),
    ...shown.map((finding) => findingMarkdown(report, finding, options, extent.details)),
  ]
}

/** One finding: what happens, where, the statement, and folded below it receipt and remedy. */
export function findingMarkdown(
  report: Report,
  finding: Finding,
  options: Pick<ReporterOptions, 'ruleUrl'>,
  details = true,
): string {
  const { allowed, severity, span } = finding
  const message = markdownText(finding.message, findingNames(finding))
  const place = [
    codeSpan(`${span.file}:${span.start.line}`),
    ruleLink(finding.ruleId, options),
    ...majorsMarkdown(finding),
  ].join(' · ')
  if (allowed !== undefined) {
    const until = allowed.until === undefined ? '' : ` until ${codeSpan(allowed.until)}`
    const by = [
      ...(allowed.author === undefined ? [] : [` by ${codeSpan(allowed.author)}`]),
      ...(allowed.baseline === undefined ? [] : [` in ${codeSpan(allowed.baseline)}`]),
    ].join('')
    return `**allowed**${until}${by}: ${message}\\\n${place}\\\nReason: ${markdownText(allowed.reason)}`
  }
  const frame = codeFrame(report, finding)
  const more = frame === undefined ? 0 : frame.before + frame.after
  const code = frame?.lines.map(({ text }) => text).join('\n')
  return [
    [
      `**${severity}**: ${message}`,
      ...waitMarkdown(report, finding),
      ...affectedMarkdown(finding),
      place,
    ].join('\\\n'),
    ...(code === undefined ? [] : [codeBlock(code, 'sql')]),
    ...(more > 0 ? [`… and ${count(more, 'more line')} of the statement.`] : []),
    ...sentMarkdown(finding),
    ...(details ? receiptDetails(report, finding) : []),
  ].join('\n\n')
}

/** On which servers of several it was found; nothing where on all. */
export function majorsMarkdown(finding: Finding): readonly string[] {
  const majors = majorsWords(finding)
  return majors === undefined ? [] : [majors]
}

/** What code sent, where the finding points into that code. */
export function sentMarkdown({ sent }: Finding): readonly string[] {
  return sent === undefined ? [] : ['It sends:', codeBlock(cutText(sent.trim(), maxSent), 'sql')]
}

/** Characters of a statement that was recorded. */
const maxSent = 2000

/** List items that say what was tried besides the way up, each with its receipts below. */
export function trialItems(report: Report, mostLines = Number.POSITIVE_INFINITY): readonly string[] {
  return trialWords(report).map(({ title, about, says, lines }) => {
    const more = lines.length > mostLines ? [`… ${count(lines.length - mostLines, 'more line')}`] : []
    const name = about === '' ? title : `${title} ${codeSpan(about)}`
    const shown = [...lines.slice(0, mostLines).map((line) => codeSpan(cutText(line, maxTrialLine))), ...more]
    const head = `- ${name}: ${markdownText(cutText(says, maxTrialLine))}`
    return [head, ...shown.map((line) => `  - ${line}`)].join('\n')
  })
}

/** Characters of one line of a trial. */
const maxTrialLine = 600

/** How long who waits, a line each. */
export function waitMarkdown(report: Report, finding: Finding, lasting = false): readonly string[] {
  const names = new Set([...findingNames(finding), ...tableNames(finding.wait?.tables ?? [])])
  return waitLines(report, finding, lasting).map((line) => markdownText(line, names))
}

/** Which queries of the application it hits, a line per kind. */
export function affectedMarkdown(finding: Finding, options: AffectedOptions = {}): readonly string[] {
  const names = findingNames(finding)
  return affectedPieces(finding, options).map((pieces) => markdownPieces(pieces, undefined, names))
}

function receiptDetails(report: Report, finding: Finding): readonly string[] {
  const { effects, evidence, notes } = receipt(report, finding)
  const lines = [...effects, ...(evidence === undefined ? [] : [evidence]), ...notes]
  const remedy = remedyMarkdown(finding)
  const preflight = preflightMarkdown(finding)
  const names = findingNames(finding)
  const parts = [
    ...(lines.length > 0 ? ['why'] : []),
    ...(remedy.length > 0 ? ['how to do it instead'] : []),
    ...(preflight.length > 0 ? ['what to ask first'] : []),
  ]
  const title = [parts.slice(0, -1).join(', '), parts.at(-1) ?? '']
    .filter((part) => part !== '')
    .join(', and ')
  if (title === '') return []
  return [
    `<details><summary>${title.charAt(0).toUpperCase()}${title.slice(1)}</summary>`,
    ...(lines.length === 0 ? [] : [lines.map((line) => `- ${markdownText(line, names)}`).join('\n')]),
    ...remedy,
    ...preflight,
    '</details>',
  ]
}

/** What to do instead, in words and as SQL, a part per paragraph or block; nothing when the rule has no remedy. */
export function remedyMarkdown(finding: Finding): readonly string[] {
  const { remedy } = finding
  if (remedy === undefined) return []
  const { migrations, summary } = remedy
  const names = findingNames(finding)
  const steps = migrations.flatMap((step, index) => {
    const how = describeRemedyStep(step, index, migrations.length)
    const isSaid = migrations.length === 1 && summary.includes(how)
    const said = [
      ...(isSaid ? [] : [sentence(how)]),
      ...(step.note === undefined ? [] : [markdownText(cutText(step.note, maxProof), names)]),
    ].join(': ')
    return [...(said === '' ? [] : [`${said}:`]), codeBlock(step.sql.trim(), 'sql')]
  })
  const advice = [`**Instead**: ${markdownText(summary, names)}`, ...proofMarkdown(remedy, names)]
  return [advice.join('\\\n'), ...steps]
}

/** Whether it was tried, in one line; nothing when nobody did. */
function proofMarkdown({ proof }: Remedy, names: ReadonlySet<string>): readonly string[] {
  if (proof === undefined) return []
  const says = markdownText(cutText(proof.says, maxProof), names)
  return [`**${proof.outcome === 'proven' ? 'Proven' : 'Not proven'}.** ${says}`]
}

/** What to ask production, a part per paragraph or block. */
export function preflightMarkdown(finding: Finding): readonly string[] {
  const names = findingNames(finding)
  return (finding.preflight ?? []).flatMap((one) => [
    `**${askFirst}** (${speedWords(one)}): ${markdownText(cutText(one.question, maxProof), names)}`,
    codeBlock(one.sql.trim(), 'sql'),
    // words of ours first: a line that begins with what others say may be a heading or a list
    `**Then**: ${markdownText(cutText(one.reading, maxProof), names)}`,
  ])
}

/** `Migration 1 of 2`, `To be run outside a transaction`, `Next release`. */
function sentence(note: string): string {
  return note.startsWith('outside') ? `To be run ${note}` : note.charAt(0).toUpperCase() + note.slice(1)
}

function quietItem(report: Report, migration: ReportMigration): string {
  return `- ${codeSpan(migrationName(report, migration))}: ${markdownText(quietWords(report, migration))}`
}

function harmlessItem(finding: HarmlessFinding): string {
  const { file, start } = finding.span
  return `- ${codeSpan(`${file}:${start.line}`)}: ${markdownText(harmlessSentences(finding), tableNames(finding.wait?.tables ?? []))}`
}

/** A list item that says what was not checked. */
export function limitItem(limit: Report['notChecked'][number]): string {
  const { place, message } = describeLimit(limit)
  const where = place === undefined ? '' : `${codeSpan(place)}: `
  const hint = [
    ...(limit.hint === undefined ? [] : [markdownText(limit.hint)]),
    ...(limit.sql === undefined ? [] : [codeSpan(limit.sql)]),
  ].join(' ')
  return `- ${where}${markdownText(message)}${hint === '' ? '' : ` — ${hint}`}`
}

function items(lines: readonly string[], extent: Extent): readonly string[] {
  if (lines.length <= extent.items) return lines
  return [...lines.slice(0, extent.items), `- … and ${lines.length - extent.items} more`]
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`### ${title}`, lines.join('\n')]
}

function leftOut(report: Report, extent: Extent): readonly string[] {
  const hidden = report.findings.filter((finding) => !extent.findings.has(finding))
  const details = extent.details ? [] : ['Receipts and remedies are left out here to keep this text short.']
  if (hidden.length === 0) return details
  return [
    `**${count(hidden.length, 'more finding')}** (${countFindings(hidden)}) left out here, gravest shown first.`,
    ...details,
  ]
}

function scope(report: Report): readonly string[] {
  const lines = [...describeScope(report), ...basisLines(report)]
  return [
    `<details><summary>What was checked</summary>`,
    lines.map((line) => `- ${markdownText(line)}`).join('\n'),
    '</details>',
  ]
}

/** The rule's name, linked where it has a page. */
export function ruleLink(ruleId: string, { ruleUrl }: Pick<ReporterOptions, 'ruleUrl'>): string {
  const url = ruleUrl?.(ruleId)
  return url === undefined ? codeSpan(ruleId) : link(codeSpan(ruleId), url)
}

function footer({ tool }: Report, { toolUrl }: ReporterOptions): string {
  const name = toolUrl === undefined ? 'pgrehearse' : link('pgrehearse', toolUrl)
  return `${name} ${codeSpan(tool.version)}`
}
