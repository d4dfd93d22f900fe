import { sampleReport } from '../reporters/sample-report.ts'
import type { Finding, Report } from '../../src/core/model.ts'
import type { PipelineFacts, ReviewedFinding, ReviewPolicy, StickyContent } from '../../src/gitlab/model.ts'

export const headSha = '9f3c1d5e7a8b0c2d4e6f8a1b3c5d7e9f0a2b4c6d'

export const pipeline: PipelineFacts = {
  event: 'detached',
  headSha,
  judgedSha: headSha,
  diffVersion: 42,
  pipelineId: 991,
  sourceProjectUrl: 'https://gitlab.example.com/shop/backend',
  pipelineUrl: 'https://gitlab.example.com/shop/backend/-/pipelines/77',
}

export const policy: ReviewPolicy = { name: 'default', maxThreads: 20, allowBy: 'developer' }

/** Every finding with a thread, those of allow comments excepted. */
export function withThreads(report: Report): readonly ReviewedFinding[] {
  return report.findings.map((finding) => ({
    finding,
    standing: finding.allowed === undefined ? 'thread' : 'allowed',
  }))
}

/** What the sticky note gets, of the sample report unless said otherwise. */
export function stickyContent(more: Partial<StickyContent> = {}): StickyContent {
  const report = more.report ?? sampleReport
  return {
    report,
    pipeline,
    policy,
    policyChanges: [],
    findings: withThreads(report),
    passed: report.exitCode === 0,
    leftOpen: { forbidden: 0, humanTouched: 0 },
    remarks: [],
    ...more,
  }
}

/** The finding of the sample report with that rule. */
export function findingOf(ruleId: string): Finding {
  const finding = sampleReport.findings.find((each) => each.ruleId === ruleId)
  if (finding === undefined) throw new Error(`the sample report has no finding of ${ruleId}`)
  return finding
}
