import { lockStrength } from '../core/locks.ts'
import { affectedGroups } from '../reporters/affected-queries.ts'
import { timeBasis, timeWords } from '../core/time-words.ts'
import { describeMode } from '../reporters/effects.ts'
import { codeSpan, cutText, markdownText, tableCell } from '../reporters/markdown-text.ts'
import { ruleLink } from '../reporters/markdown.ts'
import { findingNames } from '../reporters/object-names.ts'
import { count } from '../reporters/words.ts'
import { fileLine } from './blob-link.ts'
import { isOpen } from './gate.ts'
import { gravestFirst, gravity, severitySign } from './sticky-words.ts'
import type { Finding, LockEffect } from '../core/model.ts'
import type { ReviewedFinding, StickyContent } from './model.ts'
import type { Part } from './sticky-fit.ts'
import type { RuleLinks } from './thread-body.ts'

/** Three columns: with more, the last ones are out of sight in the width that GitLab gives a note. */
const head = '| severity | where and lock | what happens |\n|---|---|---|'

/** One row per finding, the gravest first and what people accepted last. */
export function findingsTable(
  content: StickyContent,
  nameOf: (file: string) => string,
  links: RuleLinks,
): Part {
  const { findings, pipeline, policy } = content
  const row = (each: ReviewedFinding): string => {
    const { finding } = each
    const { file, start } = finding.span
    const message = markdownText(cutText(finding.message, 400), findingNames(finding))
    const cells = [
      [`${severitySign[finding.severity]}\u00a0${finding.severity}`],
      [fileLine(pipeline, file, start.line, nameOf(file)), describeStrongestLock(finding)],
      [
        `${message} (${ruleLink(cutText(finding.ruleId, 80), links)})`,
        countQueries(finding),
        describeStanding(each, policy.maxThreads),
      ],
    ]
    return `| ${cells.map((lines) => tableCell(lines.filter((line) => line !== '').join('<br>'))).join(' | ')} |`
  }
  return {
    pieces: gravestFirst(findings).map((each) => ({
      text: row(each),
      weight: isOpen(each) ? 100 + gravity(each.finding) : 85,
    })),
    render: (kept, { here }) => {
      if (findings.length === 0) return undefined
      const more = here === 0 ? [] : [`… and **${count(here, 'more finding')}**, the least severe.`]
      return [...(kept.length === 0 ? [] : [[head, ...kept].join('\n')]), ...more].join('\n\n')
    },
  }
}

/** The strongest lock of the receipt, what it makes wait, and for how long; empty when nobody waits. */
function describeStrongestLock({ because, evidence, wait }: Finding): string {
  const [strongest] = because
    .filter((effect): effect is LockEffect & typeof effect => effect.kind === 'lock')
    .filter(({ relation }) => relation.existedBefore)
    .toSorted((a, b) => lockStrength(b.mode) - lockStrength(a.mode))
  const how = evidence === 'predicted' ? 'predicted' : ''
  const waiting =
    wait === undefined ? '' : `${wait.blocks} wait ${timeWords(wait.ms)}, ${markdownText(timeBasis(wait.ms))}`
  if (strongest === undefined) return waiting === '' ? how : waiting
  const meaning = waiting === '' ? describeMode(strongest.mode) : waiting
  return `${codeSpan(strongest.mode)}: ${meaning}${how === '' ? '' : ` (${how})`}`
}

/** `7 queries wait, 1 query gets slower`: which, its thread says. */
function countQueries(finding: Finding): string {
  return affectedGroups(finding)
    .map(({ lead }) => lead)
    .join(', ')
}

/** Why the finding has no open thread; nothing where it has one, which is what everybody expects. */
function describeStanding(
  { finding, standing, by, acceptance }: ReviewedFinding,
  maxThreads: number,
): string {
  const reason = (text: string): string => (text === '' ? '' : `: ${markdownText(cutText(text, 300))}`)
  const until = finding.allowed?.until
  switch (standing) {
    case 'thread':
      return ''
    case 'summary':
      return '**No thread**: not on a line of the diff, see below'
    case 'over limit':
      return `**No thread**: more than ${count(maxThreads, 'thread')}, see below`
    case 'acknowledged':
      return `**Acknowledged**${by === undefined ? '' : ` by ${userName(by.username)}`}`
    case 'accepted':
      return acceptance === undefined
        ? '**Accepted**'
        : `**Accepted** by ${userName(acceptance.by.username)}${reason(acceptance.reason)}`
    case 'allowed':
      return `**${allowedWhere(finding)}**${until === undefined ? '' : ` until ${codeSpan(cutText(until, 40))}`}${allowedBy(finding)}${reason(finding.allowed?.reason ?? '')}`
  }
}

function allowedWhere({ allowed }: Finding): string {
  return allowed?.baseline === undefined ? 'Allowed in the SQL' : 'Accepted in the baseline'
}

function allowedBy({ allowed }: Finding): string {
  return allowed?.author === undefined ? '' : ` by ${userName(allowed.author)}`
}

/** In code, so that nobody is notified. */
function userName(username: string): string {
  return codeSpan(cutText(username, 80))
}
