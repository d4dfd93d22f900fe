import { beforeAll, describe, expect, it } from 'vitest'
import { createShopRepository } from '../../fixtures/shop-repository.ts'
import type { QueryVerdict, Report, ReportQuery } from '../../src/core/model.ts'
import { findingsBy } from './query-repository.ts'
import { run } from './run.ts'

let report: Report
beforeAll(async () => {
  await using shop = await createShopRepository()
  const { stdout, stderr } = await run(['queries', '--format', 'json'], { cwd: shop.dir })
  if (stdout === '') throw new Error(stderr)
  report = JSON.parse(stdout) as Report
})

function list(): readonly ReportQuery[] {
  return report.queries?.list ?? []
}

/** `file#name` of those with this verdict. */
function named(verdict: QueryVerdict): readonly string[] {
  return list()
    .filter((query) => query.verdict === verdict)
    .map(({ file = 'production', name }) => `${file}#${name}`)
    .toSorted()
}

describe('pgrehearse queries, on the sample shop', () => {
  it('finds its queries in three styles, and those of an ORM', () => {
    const styles = new Map<string, number>()
    for (const { style } of list()) styles.set(style, (styles.get(style) ?? 0) + 1)
    expect(Object.fromEntries(styles)).toEqual({
      sqlc: 48,
      'named SQL': 17,
      'tagged template': 25,
      pg_stat_statements: 6,
    })
  })

  it('can check every one that runs on the shop', () => {
    expect(named('not checkable')).toEqual(['reporting/marketing.sql#cost_per_order'])
    expect(list().find(({ name }) => name === 'cost_per_order')?.notCheckable).toContain('dwh.campaign_costs')
  })

  it('finds the export that nobody thought of', () => {
    expect(named('broken')).toEqual(['reporting/exports.sql#orders_for_bookkeeping'])
    const [finding] = findingsBy(report, 'avoid-breaking-queries')
    expect(finding).toMatchObject({
      severity: 'error',
      span: { file: 'db/migration/V018__order_channel.sql', start: { line: 8 } },
      queries: [{ name: 'orders_for_bookkeeping', what: 'fails' }],
    })
  })

  it('knows who gets another result', () => {
    expect(named('other result')).toEqual([
      'queries/reviews.sql#GetReviewedItem',
      'reporting/exports.sql#logins_for_fraud_watch',
      'web/src/db/account.ts#customerByEmail',
      'web/src/db/account.ts#customerById',
      'web/src/db/account.ts#itemsOfOrder',
      'web/src/db/account.ts#orderById',
      'web/src/db/account.ts#orderHistory',
    ])
  })

  it('knows in which order to deploy', () => {
    expect(report.queries?.deployment?.order).toBe('none')
    expect(report.queries?.deployment?.because.map(({ name }) => name)).toContain('orders_for_bookkeeping')
  })

  it('has findings on new queries, each once', () => {
    const rules = report.findings.flatMap(({ query, ruleId }) => (query ? [`${query.name} ${ruleId}`] : []))
    expect(rules).toEqual([
      'captured_on_day require-index-for-query',
      'latestOrders avoid-offset-pagination',
      // the index of trigrams that avoid-leading-wildcard would ask for
      'findCustomers require-index-for-query',
    ])
  })
})
