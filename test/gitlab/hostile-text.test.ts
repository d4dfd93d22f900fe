import { describe, expect, it } from 'vitest'
import { answerBody, supersededStickyBody } from '../../src/gitlab/answers-text.ts'
import { stickyBody } from '../../src/gitlab/sticky.ts'
import { fixedBody, openBody, reopenedReply, threadBody } from '../../src/gitlab/thread-body.ts'
import { queriesReport } from '../reporters/sample-queries.ts'
import { codeBlock, markdownText, tableCell } from '../../src/reporters/markdown-text.ts'
import { makeHostile, nastyText, randomNumbers } from './hostile-report.ts'
import { expectInert, withoutBlocks } from './inert-markdown.ts'
import { pipeline, policy, stickyContent } from './review-content.ts'
import type { Report } from '../../src/core/model.ts'
import type { ReviewedFinding } from '../../src/gitlab/model.ts'

const seeds = Array.from({ length: 60 }, (_, index) => index + 1)
const standings = ['thread', 'summary', 'over limit', 'acknowledged', 'accepted'] as const
const place = { oldPath: 'a', newPath: 'a', newLine: 1, suggestion: true }
const lastLine = (body: string): string => body.slice(body.lastIndexOf('\n') + 1)

/** With everything that may be said of what is accepted, and of the configuration. */
const acceptedReport: Report = {
  ...queriesReport,
  policy: ['one sentence', 'another'],
  findings: queriesReport.findings.map((finding) =>
    finding.allowed === undefined
      ? finding
      : { ...finding, allowed: { ...finding.allowed, author: 'somebody', baseline: 'baseline.yaml' } },
  ),
}

function hostileContent(seed: number) {
  const random = randomNumbers(seed)
  const text = (): string => nastyText(random)
  const report = makeHostile(acceptedReport, random)
  const user = () => ({ id: 1, username: text() })
  const findings = report.findings.map((finding): ReviewedFinding => {
    const standing = standings[Math.floor(random() * standings.length)] ?? 'thread'
    return {
      finding,
      standing: finding.allowed === undefined ? standing : 'allowed',
      by: user(),
      acceptance: { by: user(), reason: text() },
    }
  })
  return stickyContent({
    report,
    findings,
    policyChanges: [
      {
        kind: 'configuration',
        file: text(),
        change: 'edited',
        patch: Array.from({ length: 5 }, text).join('\n'),
      },
      { kind: 'allow', file: text(), line: 3, text: text() },
    ],
    remarks: [text(), text()],
    leftOpen: { forbidden: 1, humanTouched: 2 },
  })
}

describe('whatever a migration, its names or a comment say', () => {
  it.each(seeds)('the sticky note shows it and does nothing (seed %i)', (seed) => {
    const body = stickyBody(hostileContent(seed))
    expectInert(body)
    expect(body.length).toBeLessThanOrEqual(60_000)
    expect(lastLine(body)).toMatch(/^<sub>pgrehearse .*<\/sub>$/)
  })

  it.each(seeds)('the chart is a chart of existing relations and nothing else (seed %i)', (seed) => {
    const [, chart] = /^```mermaid\n([\s\S]*?)\n```$/m.exec(stickyBody(hostileContent(seed))) ?? []
    for (const line of chart?.split('\n') ?? []) {
      expect(line).toMatch(
        /^(?:%%\{init: \{"gantt": \{"displayMode": "compact", "leftPadding": \d+\}\}\}%%|gantt| {4}(?:dateFormat YYYY-MM-DD|axisFormat ·|tickInterval (?:1day|12month)|todayMarker off)| {4}section [\p{L}\p{N}_.… ]+(?: \(\d+\))?| {8}(?:\d+(?: \((?:about|under) [\w. ]+\))?|[A-Z]\w+Lock(?: until commit| given back)?) :(?:crit|active|done), 2000-\d\d-\d\d, 2000-\d\d-\d\d| {8}after \d+ :milestone, 2000-\d\d-\d\d, 0d)$/u,
      )
    }
  })

  it.each(seeds)('threads show it and do nothing (seed %i)', (seed) => {
    const { report } = hostileContent(seed)
    const random = randomNumbers(seed)
    for (const each of report.findings) {
      const lines = nastyText(random).split('\n')
      const finding = { ...each, suggestion: { startLine: 1, endLine: 3, lines } }
      const body = threadBody({ report, finding, pipeline, policy, place })
      expectInert(body)
      expect(lastLine(body)).toMatch(/^<sub>(?:error|warning|info) · .*<\/sub>$/)
      expect(openBody(fixedBody(body, pipeline.headSha))).toBe(body)
    }
  })

  it.each(seeds)('answers show it and do nothing (seed %i)', (seed) => {
    const random = randomNumbers(seed)
    const by = { id: 5, username: nastyText(random) }
    const bodies = [
      answerBody({ kind: 'accepted', by, reason: nastyText(random) }),
      answerBody({ kind: 'refused', by, allowBy: 'maintainer', isAuthor: false }),
      answerBody({ kind: 'refused', by, allowBy: 'not-the-author', isAuthor: true }),
      answerBody({ kind: 'unknown command', command: nastyText(random) }),
    ]
    for (const body of bodies) {
      expectInert(body)
      expect(lastLine(body)).toMatch(/[.]$/)
    }
  })

  it('is not believed to be empty: the check of these tests sees what is active', () => {
    for (const active of [
      '@all',
      '/close',
      '#1',
      '</details>',
      'a `b',
      'www.evil.example',
      '*x*',
      '| a | b |',
      'see www.',
      '12. item',
      '- 3) item',
      '****',
    ]) {
      expect(() => expectInert(`harmless\n${active}\n`), active).toThrow('expected')
    }
    expect(() => withoutBlocks('```\n@all')).toThrow('not closed')
  })

  it('of a million characters is escaped at once', () => {
    const million = 1_000_000
    expect(markdownText(`a${'!'.repeat(million)}a`)).toHaveLength(million + 4)
    for (const text of ['a', '`', '` ', '(`a', '`a` ', '`.', '` a`b'])
      expect(markdownText(`\`${text.repeat(million / 10)}`).length).toBeGreaterThan(100_000)
    expect(codeBlock(`a${'\n'.repeat(million)}a`, 'sql')).toHaveLength(million + 13)
    expect(tableCell('\\'.repeat(million))).toHaveLength(million)
  })

  it('is not in the texts that hold nothing of others', () => {
    for (const body of [
      supersededStickyBody(),
      reopenedReply(pipeline.headSha),
      answerBody({ kind: 'no reason' }),
    ]) {
      expect(() => expectInert(body)).not.toThrow()
    }
  })
})
