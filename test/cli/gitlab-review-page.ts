import { readFile } from 'node:fs/promises'
import { answerBody } from '../../src/gitlab/answers-text.ts'
import { stickyBody } from '../../src/gitlab/sticky.ts'
import { fixedBody, threadBody } from '../../src/gitlab/thread-body.ts'
import type { Report } from '../../src/core/model.ts'
import type {
  PipelineFacts,
  PolicyChange,
  ReviewedFinding,
  ReviewPolicy,
  StickyContent,
} from '../../src/gitlab/model.ts'

const page = new URL('../../docs/gitlab-review.md', import.meta.url)
const policy: ReviewPolicy = { name: 'default', maxThreads: 20, allowBy: 'developer' }
const by = { id: 1, username: 'alice' }

function contentOf(report: Report): StickyContent {
  const findings = report.findings.map((finding): ReviewedFinding => ({
    finding,
    standing: finding.allowed === undefined ? 'thread' : 'allowed',
  }))
  return {
    report,
    pipeline: pipelineOf(report),
    policy,
    policyChanges: allowsOf(report),
    findings,
    passed: !findings.some(({ finding, standing }) => finding.severity === 'error' && standing === 'thread'),
    leftOpen: { forbidden: 0, humanTouched: 0 },
    remarks: [],
  }
}

function pipelineOf({ project }: Report): PipelineFacts {
  const commit = project?.commit ?? ''
  return {
    event: 'detached',
    headSha: commit,
    judgedSha: commit,
    diffVersion: 1,
    pipelineId: 1,
    sourceProjectUrl: 'https://gitlab.example.com/shop/backend',
    pipelineUrl: 'https://gitlab.example.com/shop/backend/-/pipelines/4711',
  }
}

function allowsOf({ migrations }: Report): readonly PolicyChange[] {
  return migrations.flatMap(({ file, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        line.includes('pgrehearse-allow')
          ? [{ kind: 'allow', file, line: index + 1, text: line } as const]
          : [],
      ),
  )
}

/** The threads, each as a quotation below the place it hangs on. */
function threadsOf(report: Report): readonly string[] {
  const pipeline = pipelineOf(report)
  return report.findings
    .filter(({ allowed }) => allowed === undefined)
    .map((finding) => {
      const { file, start } = finding.span
      const place = { oldPath: file, newPath: file, newLine: start.line, suggestion: true }
      return `On \`${file}:${start.line}\`:\n\n${quote(threadBody({ report, finding, pipeline, policy, place }))}`
    })
}

function quote(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '>' : `> ${line}`))
    .join('\n')
}

/** docs/gitlab-review.md as it is to be, and where it is: what it shows of the review comes from this report of the shop. */
export async function reviewPage(found: Report): Promise<{ readonly text: string; readonly page: URL }> {
  // the page must not change with every release
  const report = { ...found, tool: { ...found.tool, version: '0.1.0' } }
  const quiet = report.migrations.slice(-2)
  const clear = { ...report, migrations: quiet, findings: [], notChecked: [], exitCode: 0 }
  const fixed = fixedBody('', pipelineOf(report).headSha).trim()
  const parts: Readonly<Record<string, string>> = {
    sticky: quote(stickyBody(contentOf(report))),
    threads: threadsOf(report).join('\n\n'),
    fixed: quote(fixed),
    clear: quote(stickyBody(contentOf(clear))),
    answers: [
      answerBody({ kind: 'accepted', by, reason: 'the table has 20 rows' }),
      answerBody({ kind: 'refused', by, allowBy: 'maintainer', isAuthor: false }),
      answerBody({ kind: 'no reason' }),
      answerBody({ kind: 'unknown command', command: 'pgrehearse ignore' }),
    ]
      .map(quote)
      .join('\n\n'),
  }
  let text = await readFile(page, 'utf8')
  for (const [mark, part] of Object.entries(parts)) {
    const [before, rest = ''] = text.split(`<!-- generated:${mark} -->`)
    const end = rest.indexOf('<!-- end generated -->')
    if (end === -1) throw new Error(`docs/gitlab-review.md has lost its marks of ${mark}`)
    text = `${before}<!-- generated:${mark} -->\n\n${part}\n\n${rest.slice(end)}`
  }
  return { text, page }
}
