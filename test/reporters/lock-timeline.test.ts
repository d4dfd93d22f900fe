import { describe, expect, it } from 'vitest'
import { lockTimeline } from '../../src/reporters/lock-timeline.ts'
import { by, lock, measured, migration, table, type SampleStatement } from './sample-parts.ts'
import { loyalty, orders, ordersPkey, status } from './sample-migrations.ts'
import { cleanReport, sampleReport } from './sample-report.ts'
import type { Effect, Report, ReportMigration } from '../../src/core/model.ts'

const users = table('users')

/** A migration with a statement per line, each in the given transaction with the given effects. */
function lines(file: string, ...statements: readonly [number, ...Effect[]][]): ReportMigration {
  const sql = (index: number) => `SELECT ${index + 1000};`
  const parts = statements.map(([transaction, ...effects], index): SampleStatement => ({
    sql: sql(index),
    tag: 'SelectStmt',
    transaction,
    effects: by(measured, ...effects),
  }))
  const text = statements.map((_, index) => sql(index)).join('\n')
  const transactionMode = { mode: 'file', why: 'test' } as const
  const facts = { file, source: 'plain-sql', version: null, title: file, outcome: 'rehearsed', text } as const
  return migration({ ...facts, transaction: transactionMode }, parts)
}

const report = (...migrations: readonly ReportMigration[]): Report => ({ ...cleanReport, migrations })

/** Rows as `name mode from-to flags`. */
function drawn(whole: Report, each: ReportMigration): readonly string[] {
  return lockTimeline(whole, each).rows.flatMap(({ relation, segments }) =>
    segments.map(({ mode, from, to, kept, openStart, openEnd }) =>
      [relation.name, mode, `${from}-${to}`, kept && 'kept', openStart && '<', openEnd && '>']
        .filter((part) => part !== false)
        .join(' '),
    ),
  )
}

describe('the lock timeline', () => {
  it('holds a lock from its statement to the end of the transaction', () => {
    const one = lines('a', [1], [1, lock(users, 'ShareLock')], [1], [2])
    expect(drawn(report(one), one)).toEqual(['users ShareLock 1-3 kept'])
    expect(lockTimeline(report(one), one).columns.map(({ line, commits }) => [line, commits])).toEqual([
      [1, false],
      [2, false],
      [3, true],
      [4, true],
    ])
  })

  it('gives back with the statement what is not held until commit', () => {
    const one = lines('a', [1, lock(users, 'ShareUpdateExclusiveLock', 'statement')], [1])
    expect(drawn(report(one), one)).toEqual(['users ShareUpdateExclusiveLock 0-1'])
  })

  it('shows the strongest mode held, and each transaction apart', () => {
    const one = lines(
      'a',
      [1, lock(users, 'ShareLock')],
      [1, lock(users, 'AccessExclusiveLock')],
      [1, lock(users, 'AccessShareLock')],
      [2, lock(users, 'AccessExclusiveLock')],
    )
    expect(drawn(report(one), one)).toEqual([
      'users ShareLock 0-1 kept',
      'users AccessExclusiveLock 1-3 kept',
      'users AccessExclusiveLock 3-4 kept',
    ])
  })

  it('goes on through the files of one transaction', () => {
    const first = lines('a', [1, lock(users, 'ShareLock')])
    const second = lines('b', [1], [1, lock(orders, 'AccessExclusiveLock')])
    const third = lines('c', [2])
    const whole = report(first, second, third)
    expect(drawn(whole, first)).toEqual(['users ShareLock 0-1 kept >'])
    expect(drawn(whole, second)).toEqual([
      'orders AccessExclusiveLock 1-2 kept',
      'users ShareLock 0-2 kept <',
    ])
    expect(drawn(whole, third)).toEqual([])
    expect(lockTimeline(whole, first).columns.map(({ commits }) => commits)).toEqual([false])
  })

  it('leaves out what the run created, and indexes whose table has a row', () => {
    const one = lines('a', [
      1,
      lock(table('fresh', { existedBefore: false }), 'AccessExclusiveLock'),
      lock(orders, 'ShareLock'),
      lock(ordersPkey, 'AccessExclusiveLock'),
    ])
    expect(drawn(report(one), one)).toEqual(['orders ShareLock 0-1 kept'])
    expect(lockTimeline(report(one), one).hidden).toBe(1)
    const alone = lines('b', [1, lock(ordersPkey, 'AccessExclusiveLock')])
    expect(drawn(report(alone), alone)).toEqual(['orders_pkey AccessExclusiveLock 0-1 kept'])
  })

  it('draws the sample as its transactions say', () => {
    expect(drawn(sampleReport, status)).toEqual([
      'orders AccessExclusiveLock 1-2 kept',
      'orders ShareLock 2-3 kept',
      'orders AccessExclusiveLock 3-4 kept',
    ])
    expect(drawn(sampleReport, loyalty)).toEqual([
      'customers AccessExclusiveLock 0-5 kept',
      'invoices AccessExclusiveLock 1-5 kept',
    ])
  })
})
