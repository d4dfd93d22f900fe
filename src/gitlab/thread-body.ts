import { costLines } from '../reporters/cost-words.ts'
import { isAboutQueries, isMetadataOnly, metadataOnly, saidOf, statementOf } from '../reporters/effects.ts'
import { codeSpan, cutText, markdownText } from '../reporters/markdown-text.ts'
import {
  affectedMarkdown,
  majorsMarkdown,
  preflightMarkdown,
  remedyMarkdown,
  ruleLink,
  sentMarkdown,
  waitMarkdown,
} from '../reporters/markdown.ts'
import { findingNames, tableNames } from '../reporters/object-names.ts'
import { printableLine } from '../reporters/printable.ts'
import { shortCommit } from './blob-link.ts'
import { effectLines } from './effect-lines.ts'
import { allowReply, describeAllowBy, severitySign } from './sticky-words.ts'
import { plansMarkdown } from './thread-plans.ts'
import { suggestionBlock } from './thread-suggestion.ts'
import type { Finding, Report } from '../core/model.ts'
import type { PipelineFacts, ReviewPolicy, ThreadPlace } from './model.ts'

/** Where rules have a page. */
export interface RuleLinks {
  readonly ruleUrl?: (ruleId: string) => string | undefined
}

export interface ThreadContent {
  readonly report: Report
  readonly finding: Finding
  readonly pipeline: PipelineFacts
  readonly policy: ReviewPolicy
  readonly place: ThreadPlace
}

/** SQL of a remedy that is longer than this is folded. */
const maxOpenLines = 12
const maxReceiptLines = 12

/**
 * The visible body of a finding's thread, without its marker: the consequence, how long who waits, which queries, how we
 * know, what to do instead. Holds neither line numbers nor commits nor measured values, so that it stays the same from push to push;
 * its estimates do not, see isSameButForNoise().
 */
export function threadBody({ report, finding, policy, place }: ThreadContent, links: RuleLinks = {}): string {
  const suggestion =
    place.suggestion && finding.suggestion !== undefined ? suggestionBlock(finding.suggestion) : undefined
  return [
    `${severitySign[finding.severity]} **${headline(finding)}**`,
    ...waitPart(report, finding),
    ...queriesPart(finding),
    ...sentMarkdown(finding),
    ...receiptLines(report, finding),
    ...plansMarkdown(report, finding),
    ...adviceLines(finding, suggestion),
    ...preflightLines(finding),
    footer(finding, policy, links),
  ].join('\n\n')
}

/** The message, in which nothing but words of ours is plain: emphasis needs something to emphasise. */
function headline(finding: Finding): string {
  const { message, ruleId } = finding
  const text = markdownText(cutText(message, 1000), findingNames(finding))
  return text === '' ? codeSpan(cutText(ruleId, 80)) : text
}

function waitPart(report: Report, finding: Finding): readonly string[] {
  const lines = waitMarkdown(report, finding, true)
  return lines.length === 0 ? [] : [lines.join('\\\n')]
}

/** Which queries of the application it hits. */
function queriesPart(finding: Finding): readonly string[] {
  const lines = affectedMarkdown(finding, { lasting: true })
  return lines.length === 0 ? [] : [lines.join('\\\n')]
}

/** `Measured on PostgreSQL 18.4:` and a list; the evidence is said once where it can be. */
export function receiptLines(report: Report, finding: Finding): readonly string[] {
  const statement = statementOf(report, finding)
  const isMetadata = statement !== undefined && isMetadataOnly(statement) && !isAboutQueries(finding)
  const metadata = isMetadata ? [metadataOnly] : []
  const { lines: effects, evidence } = effectLines(
    finding.because,
    metadata,
    true,
    finding.wait?.ms ?? statement?.cost?.durationMs,
  )
  const cost = statement?.cost
  const sized = cost?.tables.map(({ table }) => table) ?? []
  const names = new Set([...findingNames(finding), ...tableNames(sized)])
  const notes = finding.notes.map(printableLine)
  const costs = isAboutQueries(finding) ? [] : costLines(cost, saidOf(report, finding)).cost
  const said = [...effects, ...notes, ...costs]
  const lines = said.slice(0, maxReceiptLines).map((line) => `- ${markdownText(cutText(line, 500), names)}`)
  if (said.length > maxReceiptLines) lines.push(`- … and ${said.length - maxReceiptLines} more`)
  if (lines.length === 0) return []
  const title = evidence === undefined || effects.length === 0 ? 'Why:' : `${sentenceStart(evidence)}:`
  return [`${title}\n\n${lines.join('\n')}`]
}

function sentenceStart(evidence: string): string {
  const text = markdownText(cutText(evidence, 300))
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** What to do instead; its SQL is folded when it is long, and when a suggestion does the first step already. */
function adviceLines(finding: Finding, suggestion: string | undefined): readonly string[] {
  const [advice, ...steps] = remedyMarkdown(finding)
  const applied =
    suggestion === undefined
      ? []
      : ['The file was replayed with this change, without an error and without this finding:', suggestion]
  const lines = steps.join('\n').split('\n').length
  const isFolded = steps.length > 0 && (suggestion !== undefined || lines > maxOpenLines)
  const title = suggestion === undefined ? 'How to do it instead' : 'All of it as SQL'
  return [
    ...(advice === undefined ? [] : [advice]),
    ...applied,
    ...(isFolded ? [`<details><summary>${title}</summary>`, ...steps, '</details>'] : steps),
  ]
}

/** What to ask production first, its SQL folded when it is long. */
function preflightLines(finding: Finding): readonly string[] {
  const parts = preflightMarkdown(finding)
  if (parts.join('\n').split('\n').length <= maxOpenLines) return parts
  return ['<details><summary>What to ask production first</summary>', ...parts, '</details>']
}

function footer(finding: Finding, { allowBy }: ReviewPolicy, links: RuleLinks): string {
  const { ruleId, severity } = finding
  const who = describeAllowBy(allowBy)
  const rule = ruleLink(cutText(ruleId, 80), links)
  const about = [severity, rule, ...majorsMarkdown(finding)].join(' · ')
  return `<sub>${about} · To accept it, reply ${codeSpan(allowReply)} (${who}), then run the job again.</sub>`
}

const fixedLine = /\n\n✅ No longer found in `[0-9a-f]{1,8}`\.$/

/**
 * The body of a thread whose finding is gone: the same text and the commit in which it is no longer found. Saying it
 * again changes nothing but the commit. `visibleBody` is without its marker.
 */
export function fixedBody(visibleBody: string, headSha: string): string {
  return `${openBody(visibleBody)}\n\n✅ No longer found in ${shortCommit(headSha)}.`
}

/** The body without what {@link fixedBody} added, and with the line ends that we write. */
export function openBody(visibleBody: string): string {
  return visibleBody.replaceAll('\r\n', '\n').trimEnd().replace(fixedLine, '')
}

/** A reply in a thread that we had resolved. */
export function reopenedReply(headSha: string): string {
  return `Found again in ${shortCommit(headSha)}.`
}
