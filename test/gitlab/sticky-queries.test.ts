import { describe, expect, it } from 'vitest'
import { stickyBody } from '../../src/gitlab/sticky.ts'
import { threadBody } from '../../src/gitlab/thread-body.ts'
import { onlyQueriesReport, queriesReport, quietQueriesReport } from '../reporters/sample-queries.ts'
import { sampleReport } from '../reporters/sample-report.ts'
import { expectInert } from './inert-markdown.ts'
import { headSha, pipeline, policy, stickyContent, withThreads } from './review-content.ts'
import type { Finding, Report, ReportQuery } from '../../src/core/model.ts'

const place = { oldPath: 'a.sql', newPath: 'a.sql', newLine: 6, suggestion: false }
const blob = `https://gitlab.example.com/shop/backend/-/blob/${headSha}`

function note(report: Report, limit?: number): string {
  return stickyBody(stickyContent({ report }), {}, limit)
}

/** The section of the note about queries. */
function section(report: Report, limit?: number): string {
  const body = note(report, limit)
  const start = body.indexOf('**Your queries**')
  const end = body.indexOf('\n\n**', start + 1)
  return body.slice(start, end < 0 ? undefined : end)
}

function thread(ruleId: string, report = queriesReport): string {
  const finding = report.findings.find((each) => each.ruleId === ruleId)
  if (finding === undefined) throw new Error(`no finding of ${ruleId}`)
  return threadBody({ report, finding, pipeline, policy, place })
}

/** The sample with that many broken queries. */
function broken(count: number): Report {
  const { queries } = queriesReport
  const [first] = queries?.list ?? []
  if (queries === undefined || first === undefined) throw new Error('the sample has no queries')
  const list = Array.from({ length: count }, (_, index): ReportQuery => ({
    ...first,
    id: `${index}`,
    name: `Broken${index}`,
  }))
  return { ...queriesReport, queries: { ...queries, list, counts: { ...queries.counts, broken: count } } }
}

describe('the queries in the note', () => {
  it('are counted, with the order of deployment and what plans rest on, and those that are hit have a row', () => {
    const text = section(queriesReport)
    expect(text).toMatch(
      /^\*\*Your queries\*\*: 28 queries checked: 2 broken, .*; 8 not checkable\. Deploy the/,
    )
    expect(text).toContain('`src/carts.ts:4` needs `carts.note`')
    expect(text).toContain(
      `| \`GreetCustomer\`<br>[\`orders.sql:23\`](${blob}/queries/orders.sql#L23), 4.3 per second | fails | column "nickname" does not exist (42703), from [\`V43__loyalty.sql:10\`](${blob}/db/migration/V43__loyalty.sql#L10) on |`,
    )
    expect(text).not.toContain('Quiet')
    expectInert(note(queriesReport))
  })

  it('have no link where only the base revision has them', () => {
    expect(section(queriesReport)).toContain(
      '| `FindNickname`<br>`orders.sql:26` (removed) | fails for a while |',
    )
  })

  it('are one line when nothing happens to them', () => {
    expect(section(quietQueriesReport)).toBe(
      '**Your queries**: 18 queries checked, all unaffected. Deploy migrations and code in any order. Plans were not compared.',
    )
  })

  it('are not in a note without them', () => {
    expect(note(sampleReport)).not.toContain('ueries that are not checkable')
    expect(note(sampleReport)).not.toContain('Your queries')
  })

  it('say which cannot be checked, and why', () => {
    expect(section(onlyQueriesReport)).toContain(
      `- \`Warehouse0\` ([\`orders.sql:29\`](${blob}/queries/orders.sql#L29)): \`42P01\`: relation "warehouse"`,
    )
    expect(section(onlyQueriesReport)).toContain('\n- … and 3 more')
  })

  it('have at most twenty rows', () => {
    const text = section(broken(60))
    expect(text.match(/^\| `Broken\d+`/gm)).toHaveLength(20)
    expect(text).toContain('… and 48 more, in the HTML and JSON reports.')
  })

  it.each([60_000, 12_000, 9000, 6000])(
    'leave room in a note of %i characters, and are counted when they go',
    (limit) => {
      const body = note(broken(60), limit)
      expect(body.length).toBeLessThanOrEqual(limit)
      expectInert(body)
      const rows = body.match(/^\| `Broken\d+`/gm)?.length ?? 0
      const [, more] = /… and (\d+) more, in the HTML/.exec(body) ?? []
      expect(rows + Number(more)).toBe(68)
    },
  )

  it('are counted behind the finding that names them', () => {
    const row = note(queriesReport)
      .split('\n')
      .find((line) => line.includes('require-concurrent-index'))
    expect(row).toContain('<br>7 queries wait, 1 query uses it |')
  })
})

describe('the thread of a finding', () => {
  it('names the queries that it hits, without lines that move', () => {
    const text = thread('require-concurrent-index')
    expect(text).toContain('7 queries wait: ')
    expect(text).toContain('`TouchOrder` (`queries/orders.sql`, 12 per minute)')
    expect(text).toMatch(/and 2 more\\\n1 query uses it: `OpenOrders` \(`queries\/orders\.sql`\)\n/)
    expect(text).not.toMatch(/orders\.sql:\d|\bline \d/)
    expectInert(text)
  })

  it('has the plans of the queries that get slower, folded', () => {
    const text = thread('avoid-slower-queries')
    expect(text).toContain(
      '<details><summary>Plans of <code>ListOrders</code></summary>\n\nBefore the migrations, with any values (generic plan):\n\n```\nIndex Scan',
    )
    expectInert(text)
  })

  it('sets off the query that it is about, and has its plan with and without the index', () => {
    const text = thread('require-index-for-query')
    expect(text).toMatch(
      /^🟠 \*\*`OpenOrders` reads all 48,000,000 rows of `orders` to find about 200\.\*\*\n/,
    )
    expect(text).toContain('With the index, with any values (generic plan):')
  })

  it('stays the same when queries move to other lines', () => {
    const moved = JSON.parse(
      JSON.stringify(queriesReport, (key, value: unknown) => (key === 'line' ? Number(value) + 7 : value)),
    ) as Report
    for (const { ruleId } of queriesReport.findings) expect(thread(ruleId, moved)).toBe(thread(ruleId))
  })

  it('says the same as the note about a finding without a thread', () => {
    const findings = withThreads(queriesReport).map((each) => ({ ...each, standing: 'summary' as const }))
    const body = stickyBody(stickyContent({ report: queriesReport, findings }))
    expect(body).toContain('7 queries wait: ')
    expect(body).toContain('<summary>Plans of <code>OpenOrders</code></summary>')
    expectInert(body)
  })
})

describe('hostile queries', () => {
  const nasty = [
    '`',
    '``',
    '/close',
    '@all',
    '</details>',
    '|',
    '\\|',
    '[x](https://evil.example)',
    '\u202e',
    'a\nb',
  ]

  it.each(nasty)('called %j do nothing in the note and in threads', (name) => {
    const swap = (value: unknown): unknown =>
      value === 'GreetCustomer' || value === 'AddOrderItem' ? name : value
    const report = JSON.parse(JSON.stringify(queriesReport, (_, value: unknown) => swap(value))) as Report
    const body = note(report)
    expect(body).toContain('**Your queries**')
    expectInert(body)
    for (const finding of report.findings as readonly Finding[])
      expectInert(threadBody({ report, finding, pipeline, policy, place }))
  })

  it.each(nasty)('with %j in plans and messages do nothing', (text) => {
    const keys: readonly string[] = [
      'text',
      'message',
      'detail',
      'parameters',
      'notCheckable',
      'sqlstate',
      'object',
    ]
    const report = JSON.parse(
      JSON.stringify(queriesReport, (key, value: unknown) =>
        keys.includes(key) && typeof value === 'string' ? text : value,
      ),
    ) as Report
    const body = note(report)
    expect(body).toContain('**Your queries**')
    expectInert(body)
    for (const finding of report.findings)
      expectInert(threadBody({ report, finding, pipeline, policy, place }))
  })
})
