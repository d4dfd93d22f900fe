import { describe, expect, it } from 'vitest'
import { stickyBody } from '../../src/gitlab/sticky.ts'
import { pricedReport } from '../reporters/sample-costs.ts'
import { cleanReport, emptyReport, sampleReport } from '../reporters/sample-report.ts'
import { expectInert, withoutBlocks } from './inert-markdown.ts'
import { findingOf, headSha, pipeline, policy, stickyContent, withThreads } from './review-content.ts'
import type { ReviewedFinding } from '../../src/gitlab/model.ts'

const index = findingOf('require-concurrent-index')
const rewrite = findingOf('avoid-table-rewrite')
const several = findingOf('avoid-several-locks')

/** The row of the table for that finding. */
function rowOf(body: string, ruleId: string): string {
  return body.split('\n').find((line) => line.startsWith('|') && line.includes(ruleId)) ?? ''
}

function bodyWith(...findings: readonly ReviewedFinding[]): string {
  return stickyBody(stickyContent({ findings }))
}

describe('the verdict', () => {
  it('comes first, with what was found', () => {
    expect(stickyBody(stickyContent())).toMatch(
      /^### ❌ pgrehearse failed: 6 errors, 3 warnings and 1 info\n/,
    )
  })

  it('is that of the gate, not of the report', () => {
    expect(stickyBody(stickyContent({ passed: true }))).toMatch(
      /^### ⚠️ pgrehearse passed: 6 errors.*, but 1 migration could not be rehearsed\n\nThis job is set up not to fail for them\./,
    )
    const findings = [{ finding: several, standing: 'thread' as const }]
    expect(stickyBody(stickyContent({ passed: true, findings }))).toMatch(
      /passed: 1 warning, but 1 migration could not be rehearsed\n\n\|/,
    )
  })

  it('does not count what people accepted, and says who counts', () => {
    const by = { id: 7, username: 'alice' }
    const body = bodyWith(
      { finding: index, standing: 'accepted', by, acceptance: { by, reason: 'table is empty' } },
      { finding: rewrite, standing: 'acknowledged', by },
      { finding: findingOf('avoid-drop-column'), standing: 'allowed' },
    )
    expect(body).toMatch(
      /failed: 1 error\n\nNot counted: 1 accepted in a comment and 1 allowed in the SQL\. Counted: 1 whose/,
    )
    expect(rowOf(body, index.ruleId)).toContain('<br>**Accepted** by `alice`: table is empty |')
    expect(rowOf(body, rewrite.ruleId)).toContain('<br>**Acknowledged** by `alice` |')
    expect(rowOf(body, 'avoid-drop-column')).toContain(
      '<br>**Allowed in the SQL** until `2027-01-31`: nothing has read it since release 41 |',
    )
    expect(body.indexOf(rowOf(body, rewrite.ruleId))).toBeLessThan(body.indexOf(rowOf(body, index.ruleId)))
  })

  it('names the review where there are several', () => {
    expect(stickyBody(stickyContent({ policy: { ...policy, name: 'billing' } }))).toContain(
      '### ❌ pgrehearse `billing` failed',
    )
  })

  it('says why a run without findings fails', () => {
    const migrations = sampleReport.migrations.filter(({ outcome }) => outcome === 'not rehearsed')
    const report = { ...sampleReport, migrations, findings: [] }
    expect(stickyBody(stickyContent({ report, passed: false }))).toMatch(
      /^### ❌ pgrehearse failed: 1 migration could not be rehearsed/,
    )
    expect(stickyBody(stickyContent({ report, passed: true }))).toMatch(
      /^### ⚠️ pgrehearse: passed, but 1 migration could not be rehearsed/,
    )
  })
})

describe('all clear', () => {
  it('is short, and says what was checked', () => {
    const body = stickyBody(stickyContent({ report: cleanReport }))
    expect(body).toMatch(
      /^### ✅ pgrehearse: all clear\n\nNothing found in 1 migration with 2 statements: measured on PostgreSQL 18\.4 \(embedded\)\.\n/,
    )
    expect(body).not.toContain('How to accept')
    expect(body).not.toContain('```mermaid')
    expect(body).not.toContain('|---')
    expectInert(body)
  })

  it('is said of a merge request whose migrations are gone', () => {
    const body = stickyBody(stickyContent({ report: emptyReport }))
    expect(body.split('\n\n')).toEqual([
      '### ✅ pgrehearse: all clear',
      'This merge request changes no migration.',
      `<sub>pgrehearse \`0.1.0\` · commit \`9f3c1d5e\` · [pipeline](${pipeline.pipelineUrl})</sub>`,
    ])
  })
})

describe('changes of policy', () => {
  const body = stickyBody(
    stickyContent({
      policyChanges: [
        {
          kind: 'configuration',
          file: 'db/pgrehearse.config.json',
          change: 'edited',
          patch: `@@ -1 +1 @@\n-{}\n+{"rules":{}}\n${'+x\n'.repeat(100)}`,
        },
        { kind: 'allow', file: 'db/V1.sql', line: 4, text: '-- pgrehearse-allow x: `y` | z' },
      ],
    }),
  )

  it('stand between verdict and findings', () => {
    const [verdict, policyAt, table] = ['### ', '**This merge request changes what is judged', '|---'].map(
      (text) => body.indexOf(text),
    )
    expect(verdict).toBe(0)
    expect(policyAt).toBeGreaterThan(0)
    expect(table).toBeGreaterThan(policyAt ?? 0)
  })

  it('show the patch, cut to a readable length, and the comment with its place', () => {
    expect(body).toContain(
      '<details><summary>Configuration edited: <code>db/pgrehearse.config.json</code></summary>\n\n```diff\n@@ -1 +1 @@\n-{}\n',
    )
    expect(body).toContain('… and 44 more lines.\n\n</details>')
    expect(body).toContain(
      `- [\`db/V1.sql:4\`](https://gitlab.example.com/shop/backend/-/blob/${headSha}/db/V1.sql#L4) is a new allow comment: \`\`-- pgrehearse-allow x: \`y\` | z\`\``,
    )
    expectInert(body)
  })
})

describe('the table of findings', () => {
  it('links the line at head, names the file shortly, and says what waits', () => {
    const row = rowOf(stickyBody(stickyContent()), index.ruleId)
    expect(row).toBe(
      `| 🔴\u00a0error | [\`20260301120000_orders_status.sql:6\`](https://gitlab.example.com/shop/backend/-/blob/${headSha}/migrations/20260301120000_orders_status.sql#L6)` +
        '<br>`ShareLock`: writes wait' +
        ' | Building `orders_status_idx` blocks every write to `orders` until it is done. (`require-concurrent-index`) |',
    )
  })

  it('is sorted by severity', () => {
    const severities = [
      ...stickyBody(stickyContent()).matchAll(/^\| \S+\u00a0(error|warning|info) \|/gm),
    ].map(([, word]) => word)
    expect(severities).toEqual([...Array(6).fill('error'), ...Array(3).fill('warning'), 'info', 'warning'])
  })

  it('gives whole paths where names alone are ambiguous', () => {
    const twin = { ...index, span: { ...index.span, file: `other/${index.span.file.split('/').at(-1)}` } }
    const body = bodyWith({ finding: index, standing: 'thread' }, { finding: twin, standing: 'thread' })
    expect(body).toContain(`[\`${index.span.file}:6\`]`)
    expect(body).toContain(`[\`${twin.span.file}:6\`]`)
  })

  it('links rules that have a page', () => {
    const ruleUrl = (id: string) => `https://example.org/rules/${id}`
    expect(stickyBody(stickyContent(), { ruleUrl })).toContain(
      '([`avoid-table-rewrite`](https://example.org/rules/avoid-table-rewrite))',
    )
  })
})

describe('findings without a thread', () => {
  const body = bodyWith(
    { finding: index, standing: 'over limit' },
    { finding: rewrite, standing: 'thread' },
    { finding: several, standing: 'summary' },
  )

  it('are told in full, folded', () => {
    const details = body.slice(body.indexOf('**Findings without a thread**'), body.indexOf('**Effects'))
    expect(details).toContain(
      '<details><summary>error in <code>20260301120000_orders_status.sql&#58;6</code></summary>',
    )
    expect(details).toContain('```sql\nCREATE INDEX orders_status_idx\n  ON orders (status);\n```')
    expect(details).toContain('Measured on PostgreSQL 18.4:\n\n- ShareLock on `orders`')
    expect(details).toContain('CREATE INDEX CONCURRENTLY orders_status_idx')
    expect(details).toContain('<summary>warning in')
    expect(details).not.toContain('avoid-table-rewrite')
  })

  it('say in the table why they have none', () => {
    expect(rowOf(body, index.ruleId)).toMatch(/<br>\*\*No thread\*\*: more than 20 threads, see below \|$/)
    expect(rowOf(body, several.ruleId)).toMatch(
      /<br>\*\*No thread\*\*: not on a line of the diff, see below \|$/,
    )
  })
})

describe('effects', () => {
  it('are told statement by statement, with their evidence once', () => {
    const body = stickyBody(stickyContent())
    const [, section] =
      /<details><summary><code>V43__loyalty\.sql<\/code>: 5 statements, rehearsed<\/summary>\n\n([\s\S]*?)\n\n<\/details>/.exec(
        body,
      ) ?? []
    expect(section).toContain(
      'Transaction: the whole file is one transaction (Flyway default). Locks are held until commit. All effects measured on PostgreSQL 18.4.',
    )
    expect(section).toContain(
      '1. `ALTER TABLE customers ADD COLUMN loyalty_points integer;` (line 1)\n' +
        '   - AccessExclusiveLock on `customers` (reads and writes wait)\n' +
        '   - adds column `loyalty_points` integer to table `customers`\n' +
        '   - metadata only: no row is read or written\n' +
        '2. ',
    )
  })

  it('hold no durations and no bytes, which are those of a nearly empty database', () => {
    expect(stickyBody(stickyContent())).not.toMatch(/\d ?ms\b|\bbytes\b|1\.25|2720/)
  })
})

describe("production's sizes", () => {
  const body = stickyBody(stickyContent({ report: pricedReport }))

  it('give a total, right below the verdict', () => {
    expect(body.split('\n\n').slice(0, 4).join(' ')).toContain(
      "Takes about 17 min (8 min 30 s to 36 min) in all at production's size, estimated; 34 GB (21 GB to 52 GB) of WAL and 38 GB of disk at its peak; standbys end about 1 min 40 s (1 min to 5 min) behind; not in it: 2 statements whose duration is not known; size unknown, treated as large:",
    )
  })

  it('say in the table how long who waits', () => {
    expect(rowOf(body, index.ruleId)).toContain(
      '<br>`ShareLock`: writes wait about 2 min 10 s (1 min 20 s to 3 min 30 s), estimated |',
    )
  })

  it('are told statement by statement, with what they rest on', () => {
    expect(body).toContain(': 4 statements, rehearsed, about 12 min (5 min 20 s to 29 min)</summary>')
    expect(body).toContain(
      '   - at 48,000,000 rows of `orders` about 2 min 10 s (1 min 20 s to 3 min 30 s), 1 GB of WAL, 1.2 GB of temporary files and 2.2 GB of disk at its peak, estimated from samples of 30,000 and 100,000 rows\n' +
        '   - Sorting spills to disk from 3,500,000 rows on',
    )
  })

  it('prove findings harmless, with the reason', () => {
    expect(body).toMatch(/<summary>\d+ changes checked and found harmless<\/summary>\n\n- \[`2026/)
    expect(body).toContain(
      'But `currencies` has 168 rows (24 kB), so reads and writes wait 3 ms (at most 9 ms).',
    )
  })

  it('are named with their age, and said to be missing where there are none', () => {
    expectInert(body)
    expect(body).toContain('- sizes from `db/production-snapshot.json` (7 days old), ')
    expect(body).toContain(
      "- durations are for this machine's speed; run pgrehearse calibrate on production's\n",
    )
    expect(stickyBody(stickyContent())).toContain('- no production sizes are known (no snapshot, ')
  })

  it('are to be reviewed when the merge request changes them', () => {
    const file = 'db/production-snapshot.json'
    const policyChanges = [
      { kind: 'production', file, change: 'edited', patch: '@@ -1 +1 @@\n-1\n+2' },
    ] as const
    expect(stickyBody(stickyContent({ report: pricedReport, policyChanges }))).toContain(
      "<details><summary>Production's sizes edited: <code>db/production-snapshot.json</code></summary>",
    )
  })
})

describe('the end of the note', () => {
  it('says what was not checked, how to accept, and what it is about', () => {
    const body = stickyBody(
      stickyContent({
        pipeline: { ...pipeline, event: 'merged result', judgedSha: 'a'.repeat(40) },
        policy: { ...policy, allowBy: 'maintainer' },
        remarks: ['A command of bob was not understood.'],
        leftOpen: { forbidden: 1, humanTouched: 2 },
      }),
    )
    expect(body).toContain(
      '- No sample row could be made for `audit_log`: its foreign-key locks may be missing.',
    )
    expect(body).toContain('- A command of bob was not understood.\n')
    expect(body).toContain(
      "- 1 thread could not be resolved: the token's user needs the Developer role for it.",
    )
    expect(body).toContain(
      '- 2 threads of findings that are gone were left open, because people wrote there.',
    )
    expect(body).toContain(
      '- Reply `pgrehearse allow <reason>` in its thread, then run the job again. Who may: Maintainers and above.',
    )
    expect(body).toContain('`-- pgrehearse-allow <rule>: <reason>`')
    expect(body.split('\n').at(-1)).toBe(
      `<sub>pgrehearse \`0.1.0\` · commit \`9f3c1d5e\` as merged result \`aaaaaaaa\` · [pipeline](${pipeline.pipelineUrl})</sub>`,
    )
  })
})

describe('a note that is too long', () => {
  const findings = Array.from({ length: 300 }, (_, number): ReviewedFinding => {
    const like = [index, several, findingOf('require-lock-timeout')][number % 3] ?? index
    return { finding: { ...like, message: `${like.message} Number ${number}.` }, standing: 'over limit' }
  })
  const content = stickyContent({
    findings,
    remarks: Array.from({ length: 50 }, () => 'A remark. '.repeat(60)),
  })

  it.each([200_000, 60_000, 30_000, 10_000, 5000])('keeps to %i characters in whole pieces', (limit) => {
    const body = stickyBody(content, {}, limit)
    expect(body.length).toBeLessThanOrEqual(limit)
    expectInert(body)
    expect(body).toMatch(/^### ❌ pgrehearse failed: 100 errors/)
    expect(body.split('\n').at(-1)).toMatch(/^<sub>pgrehearse/)
  })

  it('drops details of the least severe findings first, says so, and links the pipeline', () => {
    const body = stickyBody(content, {}, 180_000)
    expect(body).toContain(
      `**Shortened**: the least severe details are left out here; [the pipeline](${pipeline.pipelineUrl}) has all of them.`,
    )
    const kept = (severity: string): number =>
      body.match(new RegExp(`^<details><summary>${severity} in`, 'gm'))?.length ?? 0
    const rows = body.match(/^\| \S+\u00a0(?:error|warning|info) \|/gm)?.length
    expect(rows).toBe(300)
    expect(kept('info')).toBe(0)
    expect(kept('error')).toBeGreaterThan(kept('warning'))
    expect(body).toMatch(/… and the details of \d+ more findings\./)
    expect(body).toContain('… and the effects of 6 more migrations.')
  })

  it('keeps the rows of the gravest findings longest', () => {
    const body = stickyBody(content, {}, 20_000)
    const rows = [...body.matchAll(/^\| \S+\u00a0(error|warning|info) \|/gm)].map(([, severity]) => severity)
    expect(rows.length).toBeGreaterThan(10)
    expect(new Set(rows)).toEqual(new Set(['error']))
    expect(body).toContain(`… and **${300 - rows.length} more findings**, the least severe.`)
  })

  it('lets one overlong piece go instead of all others', () => {
    const huge = {
      summary: 'Do it slowly.',
      migrations: [{ sql: 'SELECT 1;\n'.repeat(7000), transaction: true }],
    }
    const body = bodyWith(
      { finding: { ...index, remedy: huge }, standing: 'summary' },
      { finding: several, standing: 'summary' },
    )
    expect(body).toContain('<summary>warning in')
    expect(body).not.toContain('<summary>error in')
    expect(body).toContain('… and the details of 1 more finding.')
  })
})

describe('the sample report', () => {
  it('is inert, hostile migration included', () => {
    expectInert(stickyBody(stickyContent({ findings: withThreads(sampleReport) })))
    expect(withoutBlocks(stickyBody(stickyContent()))).not.toContain('<script')
  })
})
