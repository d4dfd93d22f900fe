import { codeSpan, cutText, link, markdownText } from '../reporters/markdown-text.ts'
import { limitItem, trialItems } from '../reporters/markdown.ts'
import { basisLines, runLines } from '../reporters/production-words.ts'
import { tableNames } from '../reporters/object-names.ts'
import { count, describeScope } from '../reporters/words.ts'
import { trialsTitle } from '../reporters/trial-words.ts'
import { harmlessSentences } from '../reporters/wait-words.ts'
import { fileLine, isWebAddress, shortCommit } from './blob-link.ts'
import { harmlessChanges } from './harmless.ts'
import { migrationToDraw } from './lock-chart.ts'
import { fitParts, fixedPart, type Part } from './sticky-fit.ts'
import { unthreadedPart } from './sticky-findings.ts'
import { migrationsPart } from './sticky-migrations.ts'
import { queriesParts } from './sticky-queries.ts'
import { policyPart } from './sticky-policy.ts'
import { findingsTable } from './sticky-table.ts'
import { verdictLines } from './sticky-verdict.ts'
import { allowReply, describeAllowBy, shortNames } from './sticky-words.ts'
import type { StickyContent } from './model.ts'
import type { RuleLinks } from './thread-body.ts'

/** GitLab refuses 1,000,000 characters; nobody reads 60,000. */
const maxLength = 60_000

/**
 * The visible body of the summary note, without its marker: the verdict, what the merge request changes in policy,
 * the findings, and folded below them everything that was measured. What does not fit is left out in whole pieces,
 * details of the least severe findings first.
 */
export function stickyBody(content: StickyContent, links: RuleLinks = {}, limit = maxLength): string {
  const { report, findings, pipeline, policyChanges } = content
  const files = [
    ...report.migrations.map(({ file }) => file),
    ...report.harmless.map(({ span }) => span.file),
    ...findings.map(({ finding }) => finding.span.file),
    ...(report.queries?.list ?? []).flatMap(({ file }) => file ?? []),
  ]
  const nameOf = shortNames(files)
  const isClear = findings.length === 0
  // locks drawn in red would belie an all clear
  const drawn = isClear ? undefined : migrationToDraw(report)
  const effects = migrationsPart(report, findings, nameOf, drawn)
  const harmless = harmlessPart(content, nameOf)
  const parts: readonly Part[] = [
    fixedPart(...verdictLines(content), ...totals(content)),
    policyPart(policyChanges, pipeline),
    findingsTable(content, nameOf, links),
    shortenedPart(pipeline.pipelineUrl),
    ...queriesParts(content, nameOf),
    unthreadedPart(content, nameOf, links),
    ...(isClear ? [harmless, effects] : [effects, harmless]),
    trialsPart(content),
    notCheckedPart(content),
    ...(report.migrations.length === 0 ? [] : [scopePart(content)]),
    ...(isClear ? [] : [howToAccept(content)]),
    fixedPart(footer(content)),
  ]
  return fitParts(parts, limit)
}

/** What all of it takes in production, in one line. */
function totals({ report }: StickyContent): readonly string[] {
  const lines = runLines(report).map((line) => markdownText(cutText(line, 500)))
  return lines.length === 0 ? [] : [`Takes ${lines.join('; ')}.`]
}

function shortenedPart(pipelineUrl: string | undefined): Part {
  const pipelineLink =
    pipelineUrl === undefined || !isWebAddress(pipelineUrl)
      ? 'the log of the job'
      : link('the pipeline', pipelineUrl)
  return {
    pieces: [],
    render: (_, { anywhere }) =>
      anywhere === 0
        ? undefined
        : `**Shortened**: the least severe details are left out here; ${pipelineLink} has all of them.`,
  }
}

function harmlessPart(content: StickyContent, nameOf: (file: string) => string): Part {
  const { report, pipeline } = content
  const pieces = harmlessChanges(report).map(({ file, line, what, why, evidence, names }) => ({
    weight: 15,
    text: `- ${fileLine(pipeline, file, line, nameOf(file))} ${markdownText(cutText(what, 400), names)}: ${markdownText(cutText(`${why}, ${evidence}`, 300))}.`,
  }))
  const small = report.harmless.map((finding) => ({
    weight: 16,
    text: `- ${fileLine(pipeline, finding.span.file, finding.span.start.line, nameOf(finding.span.file))} ${markdownText(cutText(harmlessSentences(finding), 600), tableNames(finding.wait?.tables ?? []))}`,
  }))
  const title = `${count(pieces.length + small.length, 'change')} checked and found harmless`
  return listPart(title, [...small, ...pieces], content.findings.length > 0)
}

/** Receipts of one trial in the note; the artifact has all. */
const maxTrialLines = 8

function trialsPart({ report }: StickyContent): Part {
  const pieces = trialItems(report, maxTrialLines).map((text) => ({ text, weight: 20 }))
  return listPart(trialsTitle, pieces, true)
}

function notCheckedPart({ report, remarks, leftOpen }: StickyContent): Part {
  const { forbidden, humanTouched } = leftOpen
  const resolved = [
    ...(forbidden > 0
      ? [
          `${count(forbidden, 'thread')} could not be resolved: the token's user needs the Developer role for it.`,
        ]
      : []),
    ...(humanTouched > 0
      ? [
          `${count(humanTouched, 'thread')} of findings that are gone ${humanTouched === 1 ? 'was' : 'were'} left open, because people wrote there.`,
        ]
      : []),
  ]
  const pieces = [
    ...report.notChecked.map((limit) =>
      limitItem({
        ...limit,
        message: cutText(limit.message, 600),
        ...(limit.hint === undefined ? {} : { hint: cutText(limit.hint, 600) }),
      }),
    ),
    ...remarks.map((remark) => `- ${markdownText(cutText(remark, 600))}`),
    ...resolved.map((line) => `- ${line}`),
  ].map((text) => ({ text, weight: 60 }))
  return listPart('Not checked, and remarks', pieces)
}

function listPart(title: string, pieces: Part['pieces'], folded = false): Part {
  return {
    pieces,
    render: (kept, { here }) => {
      if (pieces.length === 0) return undefined
      const items = [...kept, ...(here === 0 ? [] : [`- … and ${here} more`])].join('\n')
      const paragraphs = folded
        ? [`<details><summary>${title}</summary>`, items, '</details>']
        : [`**${title}**`, items]
      return paragraphs.join('\n\n')
    },
  }
}

function scopePart({ report }: StickyContent): Part {
  const lines = [...describeScope(report), ...basisLines(report)]
  return fixedPart(
    '<details><summary>What was checked</summary>',
    lines.map((line) => `- ${markdownText(cutText(line, 500))}`).join('\n'),
    '</details>',
  )
}

function howToAccept({ policy }: StickyContent): Part {
  return fixedPart(
    '<details><summary>How to accept a finding</summary>',
    [
      `- Reply ${codeSpan(allowReply)} in its thread, then run the job again. Who may: ${describeAllowBy(policy.allowBy)}.`,
      `- Or, for good and for every branch, write ${codeSpan('-- pgrehearse-allow <rule>: <reason>')} above the statement and push.`,
    ].join('\n'),
    '</details>',
  )
}

function footer({ report, pipeline }: StickyContent): string {
  const { headSha, judgedSha, event, pipelineUrl } = pipeline
  const merged = judgedSha === headSha ? '' : ` as ${event} ${shortCommit(judgedSha)}`
  const pipelineLink =
    pipelineUrl === undefined || !isWebAddress(pipelineUrl) ? '' : ` · ${link('pipeline', pipelineUrl)}`
  const version = codeSpan(cutText(report.tool.version, 40))
  return `<sub>pgrehearse ${version} · commit ${shortCommit(headSha)}${merged}${pipelineLink}</sub>`
}
