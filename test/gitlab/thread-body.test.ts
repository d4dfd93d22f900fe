import { describe, expect, it } from 'vitest'
import { fixedBody, openBody, reopenedReply, threadBody } from '../../src/gitlab/thread-body.ts'
import { suggestionBlock } from '../../src/gitlab/thread-suggestion.ts'
import { pricedReport } from '../reporters/sample-costs.ts'
import { sampleReport } from '../reporters/sample-report.ts'
import { expectInert } from './inert-markdown.ts'
import { findingOf, headSha, pipeline, policy } from './review-content.ts'
import type { Finding, Report } from '../../src/core/model.ts'

const place = { oldPath: 'a.sql', newPath: 'a.sql', newLine: 6, suggestion: true }
const index = findingOf('require-concurrent-index')
const body = (finding: Finding, more: Partial<Parameters<typeof threadBody>[0]> = {}) =>
  threadBody({ report: sampleReport, finding, pipeline, policy, place, ...more })

describe('a thread', () => {
  it('says the consequence first, then how we know, what to do instead, and how to accept', () => {
    expect(body(index)).toBe(
      [
        '🔴 **Building `orders_status_idx` blocks every write to `orders` until it is done.**',
        'Measured on PostgreSQL 18.4:',
        '- ShareLock on `orders` (writes wait), held until commit\n' +
          '- reads every row of `orders` to build an index\n' +
          '- creates index `orders_status_idx` on `orders`',
        '**Instead**: Build the index without blocking writes, in a migration of its own.\\\n**Proven.** Replayed: ShareUpdateExclusiveLock instead of ShareLock on `orders`, same schema.',
        'To be run outside a transaction:',
        '```sql\nCREATE INDEX CONCURRENTLY orders_status_idx\n  ON orders (status);\n```',
        '<sub>error · `require-concurrent-index` · To accept it, reply `pgrehearse allow <reason>` (Developers and above), then run the job again.</sub>',
      ].join('\n\n'),
    )
  })

  it('says how long who waits and what it costs, each number once, and no line', () => {
    const text = (ruleId: string): string => {
      const finding = pricedReport.findings.find((each) => each.ruleId === ruleId)
      return finding === undefined ? '' : body(finding, { report: pricedReport })
    }
    expect(text(index.ruleId)).toContain(
      [
        'until it is done.**',
        "Writes wait about 2 min 10 s (1 min 20 s to 3 min 30 s) at 48,000,000 rows, estimated from samples of 30,000 and 100,000 rows at this machine's speed.\\\n" +
          'At 120 writes per second about 16,000 (9,600 to 25,000) sessions would be waiting at the end; production allows 500 connections.',
        'Measured on PostgreSQL 18.4:',
        '- ShareLock on `orders` (writes wait), held until commit\n' +
          '- reads every row of `orders` to build an index\n' +
          '- creates index `orders_status_idx` on `orders`\n' +
          '- costs 1 GB of WAL, 1.2 GB of temporary files and 2.2 GB of disk at its peak',
      ].join('\n\n'),
    )
    expect(text('avoid-several-locks')).toContain(
      'at 2,100,000 rows of `customers`, most of it for a later statement,',
    )
    for (const { ruleId } of pricedReport.findings) expect(text(ruleId)).not.toMatch(/\bline \d/)
    expectInert(text(index.ruleId))
  })

  it('folds a long remedy, but not its advice', () => {
    const sql = Array.from({ length: 20 }, (_, number) => `SELECT ${number};`).join('\n')
    const long = body({
      ...index,
      remedy: { summary: 'Do it slowly.', migrations: [{ sql, transaction: true }] },
    })
    expect(long).toContain(
      '**Instead**: Do it slowly.\n\n<details><summary>How to do it instead</summary>\n\n```sql\nSELECT 0;',
    )
    expectInert(long)
  })

  it('says who may accept, and links the rule where it has a page', () => {
    expect(body(index, { policy: { ...policy, allowBy: 'not-the-author' } })).toContain(
      '(Developers and above, but not the author of the merge request)',
    )
    const ruleUrl = (id: string) => `https://example.org/${id}`
    expect(
      threadBody({ report: sampleReport, finding: index, pipeline, policy, place }, { ruleUrl }),
    ).toContain('[`require-concurrent-index`](https://example.org/require-concurrent-index)')
  })

  it('stays the same when lines move, commits change and measured values differ', () => {
    const moved: Report = JSON.parse(
      JSON.stringify(sampleReport, (key, value: unknown) => {
        if (key === 'bytes' || key === 'durationMs') return Number(value) * 3
        return key === 'line' ? Number(value) + 40 : value
      }),
    ) as Report
    const later = {
      ...pipeline,
      headSha: 'b'.repeat(40),
      judgedSha: 'c'.repeat(40),
      pipelineId: 992,
      diffVersion: 43,
    }
    for (const [position, finding] of sampleReport.findings.entries()) {
      const again = moved.findings[position] ?? finding
      expect(body(again, { report: moved, pipeline: later })).toBe(body(finding))
    }
  })
})

describe('a suggestion', () => {
  const suggestion = {
    startLine: 6,
    endLine: 7,
    lines: ['CREATE INDEX CONCURRENTLY orders_status_idx', '  ON orders (status);'],
  }
  const block = '```suggestion:-0+1\nCREATE INDEX CONCURRENTLY orders_status_idx\n  ON orders (status);\n```'

  it('replaces from the line of the comment to the end of the statement', () => {
    expect(suggestionBlock(suggestion)).toBe(block)
    expect(suggestionBlock({ startLine: 3, endLine: 3, lines: [] })).toBe('```suggestion:-0+0\n```')
  })

  it('stands below the advice, says that it was replayed, and folds the rest', () => {
    const text = body({ ...index, suggestion })
    expect(text).toContain(
      `same schema.\n\nThe file was replayed with this change, without an error and without this finding:\n\n${block}\n\n<details><summary>All of it as SQL</summary>\n\nTo be run outside`,
    )
    expectInert(text)
  })

  it('is posted only where every line it replaces is part of the diff', () => {
    expect(body({ ...index, suggestion }, { place: { ...place, suggestion: false } })).toBe(body(index))
  })

  it('has a fence longer than any run of backticks inside', () => {
    expect(suggestionBlock({ startLine: 1, endLine: 1, lines: ["SELECT '````';"] })).toBe(
      "`````suggestion:-0+0\nSELECT '````';\n`````",
    )
  })

  it.each([
    ['a line like a quick action', ['/close']],
    ['an indented quick action', ['  /merge']],
    ['a fence', ['```', 'x']],
    ['a hidden character', ['SELECT \u202e1;']],
    ['a carriage return', ['SELECT 1;\r']],
    ['two lines in one', ['SELECT 1;\nSELECT 2;']],
    ['too many lines', Array.from({ length: 101 }, () => 'SELECT 1;')],
  ])('is not posted with %s, because it could not be shown as it would be applied', (_, lines) => {
    expect(suggestionBlock({ startLine: 1, endLine: 1, lines })).toBeUndefined()
  })

  it('is not posted for more lines than GitLab replaces, or for none', () => {
    expect(suggestionBlock({ startLine: 1, endLine: 102, lines: ['x'] })).toBeUndefined()
    expect(suggestionBlock({ startLine: 2, endLine: 1, lines: ['x'] })).toBeUndefined()
  })
})

describe('a thread whose finding is gone', () => {
  it('says in which commit, once', () => {
    const fixed = fixedBody(body(index), headSha)
    expect(fixed).toBe(`${body(index)}\n\n✅ No longer found in \`9f3c1d5e\`.`)
    expect(fixedBody(fixed, headSha)).toBe(fixed)
    expect(fixedBody(fixed, 'c'.repeat(40))).toBe(`${body(index)}\n\n✅ No longer found in \`cccccccc\`.`)
    expect(openBody(fixed)).toBe(body(index))
    expect(fixedBody(fixed.replaceAll('\n', '\r\n'), headSha)).toBe(fixed)
  })

  it('says when it is found again', () => {
    expect(reopenedReply(headSha)).toBe('Found again in `9f3c1d5e`.')
  })
})
