import { describe, expect, it } from 'vitest'
import { affectedGroups, affectedLines } from '../../src/reporters/affected-queries.ts'
import { findingPlans } from '../../src/reporters/finding-plans.ts'
import { html } from '../../src/reporters/html.ts'
import { markdown } from '../../src/reporters/markdown.ts'
import { queriesSection } from '../../src/reporters/queries-section.ts'
import { plainPieces } from '../../src/reporters/pieces.ts'
import { rateWords } from '../../src/reporters/query-words.ts'
import { sarif } from '../../src/reporters/sarif.ts'
import { terminal } from '../../src/reporters/terminal.ts'
import { textWidth } from '../../src/reporters/text-width.ts'
import { controlCharacter } from './control-characters.ts'
import { expectHarmless } from './outside-code.ts'
import {
  cartsTs,
  lineOf,
  onlyQueriesReport,
  ordersSql,
  queriesReport,
  quietQueriesReport,
} from './sample-queries.ts'
import { sampleReport } from './sample-report.ts'
import type {
  AffectedQuery,
  BreakEffect,
  Finding,
  Report,
  ReportQueries,
  ReportQuery,
} from '../../src/core/model.ts'

const options = { color: false, width: 110 }

function findingOf(ruleId: string): Finding {
  const found = queriesReport.findings.find((each) => each.ruleId === ruleId)
  if (found === undefined) throw new Error(`no finding of ${ruleId}`)
  return found
}

function waiting(count: number, more: Partial<AffectedQuery> = {}): Pick<Finding, 'queries'> {
  const queries = Array.from({ length: count }, (_, index): AffectedQuery => ({
    ...{ id: `${index}`, name: `Q${index}`, style: 'sqlc', file: 'q.sql', line: index + 1, what: 'waits' },
    ...more,
  }))
  return { queries }
}

const lines = (finding: Pick<Finding, 'queries'>, more = {}) =>
  affectedLines({ ...findingOf('avoid-table-rewrite'), ...finding }, more)

/** The sample with another section. */
function withQueries(change: (queries: ReportQueries) => ReportQueries): Report {
  const { queries } = queriesReport
  if (queries === undefined) throw new Error('the sample has no queries')
  return { ...queriesReport, queries: change(queries) }
}

const facts = (report: Report) => (queriesSection(report)?.facts ?? []).map(plainPieces)

describe('queries under a finding', () => {
  it('come with the consequence, their place and their rate', () => {
    expect(lines(waiting(1, { callsPerSecond: 96 }))).toEqual(['1 query waits: Q0 (q.sql:1, 96 per second)'])
    expect(lines(waiting(2))).toEqual(['2 queries wait: Q0 (q.sql:1), Q1 (q.sql:2)'])
  })

  it('are at most five of a kind, and the rest is counted', () => {
    expect(lines(waiting(7))).toEqual([
      '7 queries wait: Q0 (q.sql:1), Q1 (q.sql:2), Q2 (q.sql:3), Q3 (q.sql:4), Q4 (q.sql:5) and 2 more',
    ])
    expect(affectedGroups(waiting(7), { named: Number.POSITIVE_INFINITY })[0]?.queries).toHaveLength(7)
  })

  it('have their detail once when it is that of all that are named', () => {
    const detail = '42703: column "a" does not exist'
    expect(lines(waiting(2, { what: 'fails', detail }))).toEqual([
      `2 queries fail: Q0 (q.sql:1), Q1 (q.sql:2) — ${detail}`,
    ])
    expect(lines(waiting(1, { detail: 'through a foreign key' }))).toEqual([
      '1 query waits: Q0 (q.sql:1; through a foreign key)',
    ])
  })

  it('are grouped by what happens to them, the worst first', () => {
    const all = (['uses it', 'fails once', 'waits', 'slower', 'other result', 'fails'] as const).flatMap(
      (what) => waiting(1, { what }).queries ?? [],
    )
    expect(affectedGroups({ queries: all }).map(({ lead }) => lead)).toEqual([
      '1 query fails',
      '1 query gets another result',
      '1 query gets slower',
      '1 query waits',
      '1 query fails once where a session keeps it prepared',
      '1 query uses it',
    ])
  })

  it('have no line in texts that outlive a push', () => {
    expect(lines(waiting(1), { lasting: true })).toEqual(['1 query waits: Q0 (q.sql)'])
    expect(lines(waiting(1, { name: 'q.sql:1' }), { lasting: true })).toEqual([
      '1 query waits: a query of q.sql',
    ])
    expect(lines(waiting(1, { name: 'q.sql:1', file: 'shop/q.sql' }))).toEqual([
      '1 query waits: shop/q.sql:1',
    ])
  })

  it('are nothing where the finding names none', () => {
    expect(lines({})).toEqual([])
    expect(lines({ queries: [] })).toEqual([])
  })

  it('are all in the HTML report, the sixth and later ones folded', () => {
    const page = html(queriesReport, options)
    const [, block = ''] = /<p>7 queries wait<\/p>([\s\S]*?)<\/div>/.exec(page) ?? []
    expect(block.match(/<li>/g)).toHaveLength(7)
    expect(block).toContain('<details><summary>2 more</summary><ul><li><code>ListOrders</code>')
  })
})

describe('rates', () => {
  it.each([
    [96, '96 per second'],
    [4.26, '4.3 per second'],
    [1, '1 per second'],
    [0.2, '12 per minute'],
    [0.002, '7.2 per hour'],
    [0, 'under 1 per hour'],
    [12_345, '12,000 per second'],
    [undefined, undefined],
  ])('%s is %s', (rate, words) => {
    expect(rateWords(rate)).toBe(words)
  })
})

describe('a finding on a query', () => {
  it('stands below the migrations, in a group of its own, with the lines of the query', () => {
    const page = terminal(queriesReport, options)
    expect(page.indexOf('\nqueries/orders.sql\nqueries of the application\n')).toBeGreaterThan(
      page.indexOf('migrations/20260304080000'),
    )
    const line = lineOf(ordersSql, 'FROM orders\nWHERE status')
    expect(page).toContain(`      ${line - 1} │ SELECT id\n      ${line} │ FROM orders\n`)
  })

  it('points into its query', () => {
    const line = lineOf(cartsTs, 'WHERE owner')
    const frame = `       ${line} │       WHERE owner = \${user} LIMIT 10\`\n         │                             ^\n`
    expect(terminal(queriesReport, options)).toContain(frame)
    expect(html(queriesReport, options)).toContain('WHERE owner = ${user} <mark>LIMIT</mark> 10`')
    const text = sarif(queriesReport, options)
    expect(text).toContain('"text": "LIMIT 10"')
  })

  it('is printed without its lines where the report does not have them', () => {
    const without = withQueries((queries) => ({
      ...queries,
      list: queries.list.map((query): ReportQuery => ({ ...query, text: '' })),
    }))
    expect(terminal(without, options)).not.toContain('│ SELECT id\n')
    expect(terminal(without, options)).toContain('require-index-for-query')
  })

  it('has the plan that it is about, and with the index', () => {
    const [plans] = findingPlans(queriesReport, findingOf('require-index-for-query'))
    expect(plans?.plans.map(({ title }) => title)).toEqual(['As it is', 'With the index'])
    expect(
      findingPlans(queriesReport, findingOf('avoid-slower-queries'))[0]?.plans.map(({ title }) => title),
    ).toEqual(['Before the migrations', 'After them'])
    expect(findingPlans(queriesReport, findingOf('avoid-limit-without-order'))).toEqual([])
  })
})

describe('the section', () => {
  it('is not there in a report without queries', () => {
    for (const reporter of [terminal, markdown, html])
      expect(reporter(sampleReport, options)).not.toContain('Your queries')
  })

  it('is short when nothing happens', () => {
    expect(terminal(quietQueriesReport, options)).toContain(
      'Your queries\n  18 queries checked, all unaffected.\n  Deploy migrations and code in any order.\n' +
        '  Plans were not compared.\n\n',
    )
  })

  it('counts one query in words of its own', () => {
    const one = withQueries(({ counts }) => ({
      list: [],
      counts: {
        ...counts,
        ...{ checked: 1, broken: 0, 'other result': 0, slower: 0, blocked: 0 },
        'not checkable': 0,
      },
    }))
    expect(queriesSection(one)?.counts).toBe('1 query checked, unaffected.')
    const none = withQueries(({ counts }) => ({
      list: [],
      counts: { ...counts, checked: 0, 'not checkable': 3 },
    }))
    expect(queriesSection(none)?.counts).toBe('None of 3 queries was tried.')
  })

  it('calls slow what was never faster', () => {
    const only = (kind: string): Report =>
      withQueries((queries) => ({
        ...queries,
        list: queries.list.filter(({ effects }) => effects.some((effect) => effect.kind === kind)),
      }))
    expect(queriesSection(queriesReport)?.counts).toContain(' 3 slow or slower')
    expect(queriesSection(only('plan change'))?.counts).toContain(' 3 slower')
    expect(queriesSection(only('table read'))?.counts).toContain(' 3 slow,')
    expect(terminal(only('table read'), { ...options, width: 200 })).toContain(
      '  slow     OpenOrders  queries/orders.sql:12\n' +
        '           reads a whole table: 48,000,000 rows of orders for about 200 rows; an index on orders (status) would serve it\n',
    )
  })

  it.each([
    ['any', 'Deploy migrations and code in any order: '],
    ['migrations first', 'Deploy the migrations first, then the code: src/carts.ts:4 needs carts.note, '],
    ['code first', 'Deploy the code first, then the migrations: src/carts.ts:4 needs carts.note, '],
    ['none', 'No order of deployment is safe: src/carts.ts:4 needs carts.note, '],
  ] as const)('says what the order of deployment is: %s', (order, words) => {
    const report = withQueries(({ deployment, ...rest }) => ({
      ...rest,
      deployment: { because: deployment?.because ?? [], order },
    }))
    expect(facts(report)[0]).toContain(words)
  })

  it('says which column old code still uses', () => {
    const because = findingOf('avoid-breaking-queries').queries ?? []
    const report = withQueries((queries) => ({ ...queries, deployment: { order: 'code first', because } }))
    expect(facts(report)[0]).toBe(
      'Deploy the code first, then the migrations: GreetCustomer still uses customers.nickname, FindNickname still uses customers.nickname.',
    )
  })

  it('names a query that fails in both of its versions with what each of them wants', () => {
    const broken = (
      when: BreakEffect['when'],
      reason: BreakEffect['reason'],
      column: string,
    ): BreakEffect => ({
      kind: 'break',
      when,
      reason,
      sqlstate: '42703',
      message: column,
      object: `public.carts.${column}`,
      evidence: 'measured',
    })
    const effects = [
      broken('old code on new schema', 'required column omitted', 'icon'),
      broken('new code on old schema', 'missing column', 'theme'),
    ]
    const report = withQueries((queries) => {
      const [first] = queries.list
      if (first === undefined) throw new Error('The sample report has queries.')
      const { id, name, style } = first
      const because = effects.map(({ sqlstate, message, when }) => ({
        ...{ id, name, style, what: 'fails' as const },
        detail: `${sqlstate}: ${message} (${when})`,
      }))
      return { ...queries, list: [{ ...first, effects }], deployment: { order: 'none', because } }
    })
    const name = report.queries?.list[0]?.name ?? ''
    expect(facts(report)[0]).toBe(
      `No order of deployment is safe: ${name} omits carts.icon, ${name} needs carts.theme.`,
    )
  })

  it.each([
    ['with value statistics', 'those of values included.'],
    ['without value statistics', 'costs are not.'],
    ['sizes only', 'without statistics of columns.'],
  ] as const)('says what plans rest on: %s', (statistics, end) => {
    expect(facts(withQueries((queries) => ({ ...queries, statistics }))).at(-1)).toMatch(
      new RegExp(`${end}$`),
    )
  })

  it('has the longest wait that a finding is about, not any', () => {
    const row = queriesSection(queriesReport)?.rows.find(({ query }) => query.name === 'AddOrderItem')
    expect(row?.what).toBe('waits about 2 min 10 s (1 min 20 s to 3 min 30 s)')
    expect(row?.why.map(plainPieces)).toEqual([
      'RowShareLock on orders through the foreign key order_items_order_id_fkey, stopped by ShareLock of migrations/20260301120000_orders_status.sql:6',
    ])
  })

  it('has at most a dozen rows at the terminal and twenty in markdown, and counts the others', () => {
    const report = withQueries((queries) => {
      const [first] = queries.list
      const list = Array.from({ length: 50 }, (_, index) => ({ ...first, id: `${index}`, name: `Q${index}` }))
      return {
        list: list as ReportQuery[],
        counts: { ...queries.counts, broken: 60, 'other result': 0, slower: 0, blocked: 0 },
      }
    })
    expect(terminal(report, options).match(/^ {2}fails {4}Q\d+ /gm)).toHaveLength(12)
    expect(terminal(report, options)).toContain('… and 48 more, in the HTML and JSON reports')
    expect(markdown(report, options).match(/^\| `Q\d+`/gm)).toHaveLength(20)
    expect(markdown(report, options)).toContain('… and 40 more, in the HTML and JSON reports.')
    expect(html(report, options).match(/<tr class="broken">/g)).toHaveLength(50)
    expect(html(report, options)).toContain('… and 10 more that this report does not list.')
  })

  it('names five queries that cannot be checked, with the reason, and counts the others', () => {
    const section = queriesSection(queriesReport)
    expect(section?.notCheckable).toHaveLength(5)
    expect(section?.notCheckableMore).toBe(3)
    expect(plainPieces(section?.notCheckable[1] ?? [])).toBe(
      'Warehouse0 (queries/orders.sql:29): 42P01: relation "warehouse" does not exist, on the base schema already',
    )
  })

  it('gives the reason once when it is that of all', () => {
    const report = withQueries(({ list, counts: { ...counts } }) => ({
      list: list.map((query): ReportQuery => ({
        ...query,
        verdict: 'not checkable',
        notCheckable: 'no @server',
      })),
      counts: { ...counts, checked: 0, 'not checkable': list.length },
    }))
    const page = terminal(report, options)
    expect(page).toContain('Your queries\n  None of 36 queries was tried.\n  Not checkable: no @server.\n\n')
    expect(markdown(report, options)).toContain('was tried. Not checkable: no `@server`.')
  })

  it('fits the columns of the terminal', () => {
    const own = terminal({ ...onlyQueriesReport, findings: [] }, { ...options, width: 60 })
    for (const line of own.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(60)
  })
})

describe('a report about queries only', () => {
  it('has a verdict, and says nothing about migrations', () => {
    const page = terminal(onlyQueriesReport, options)
    expect(page).toMatch(/Failed: 1 error \(exit code 1\)\.\n$/)
    expect(page).not.toMatch(/\b0 migrations|Takes /)
    expect(terminal({ ...onlyQueriesReport, findings: [], exitCode: 0 }, options)).toMatch(
      /Passed: nothing found\.\n$/,
    )
    expect(html(onlyQueriesReport, options)).toContain(
      '1 error, 1 warning and 1 info · queries of the application</p>',
    )
  })
})

describe('whatever a query is called', () => {
  it('nothing of it comes out of code in markdown', () => {
    for (const report of [queriesReport, onlyQueriesReport]) {
      const body = markdown(report, options)
      const bare = body.replaceAll(/<code>(?:[\p{L}\p{N} ./_-]|&#\d+;)*<\/code>/gu, 'CODE')
      const table = bare.replaceAll(/^\|.*\|$/gm, (row) => row.replaceAll(/(?<!\\)\||<br>|^\|---.*/gm, ''))
      expectHarmless(table.replaceAll(/^#{2,3} /gm, ''))
      expect(body).not.toMatch(controlCharacter)
      for (const row of body.match(/^\|.*\|$/gm) ?? []) expect(row.match(/(?<!\\)\|/g)).toHaveLength(4)
    }
  })

  it('the terminal gets no control character, and HTML no tag', () => {
    expect(terminal(queriesReport, options)).not.toMatch(controlCharacter)
    const page = html(queriesReport, options)
    expect(page).not.toMatch(controlCharacter)
    expect(page).not.toMatch(/<img|<script|<\/script/)
  })
})
