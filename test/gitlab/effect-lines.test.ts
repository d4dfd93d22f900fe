import { describe, expect, it } from 'vitest'
import { effectLines } from '../../src/gitlab/effect-lines.ts'
import { by, lock, measured, table } from '../reporters/sample-parts.ts'

const orders = table('orders')
const customers = table('customers')

describe('the lines that say what effects there are', () => {
  it('hold equal locks together, each relation once', () => {
    const effects = by(
      measured,
      lock(orders, 'ShareLock'),
      lock(customers, 'AccessExclusiveLock'),
      lock(table('reviews'), 'ShareLock'),
      lock(orders, 'ShareLock'),
    )
    expect(effectLines(effects).lines).toEqual([
      'ShareLock on orders and reviews (writes wait), held until commit',
      'AccessExclusiveLock on customers (reads and writes wait), held until commit',
    ])
  })

  it('keep locks apart that differ in how long they are held or in what existed before', () => {
    const effects = by(
      measured,
      lock(orders, 'ShareLock'),
      lock(customers, 'ShareLock', 'statement'),
      lock(table('fresh', { existedBefore: false }), 'ShareLock'),
    )
    expect(effectLines(effects).lines).toEqual([
      'ShareLock on orders (writes wait), held until commit',
      'ShareLock on customers (writes wait), given back when the statement ends',
      'ShareLock on fresh, created in this run (writes wait), held until commit',
    ])
  })

  it('leave out how long locks are held where that was said before', () => {
    expect(effectLines(by(measured, lock(orders, 'ShareLock')), ['a remark'], false).lines).toEqual([
      'ShareLock on orders (writes wait)',
      'a remark',
    ])
  })

  it('end with their evidence where it differs, and locks known otherwise are not the same', () => {
    const effects = [
      ...by(measured, lock(orders, 'ShareLock')),
      ...by({ by: 'predicted', source: 'the manual' }, lock(customers, 'ShareLock')),
    ]
    expect(effectLines(effects)).toEqual({
      lines: [
        'ShareLock on orders (writes wait), held until commit — measured on PostgreSQL 18.4',
        'ShareLock on customers (writes wait), held until commit — predicted (the manual)',
      ],
      evidence: undefined,
    })
    expect(effectLines(effects.slice(0, 1)).evidence).toBe('measured on PostgreSQL 18.4')
  })

  it('name a dozen relations at most', () => {
    const locks = Array.from({ length: 15 }, (_, number) => lock(table(`t${number}`), 'ShareLock'))
    expect(effectLines(by(measured, ...locks)).lines).toEqual([
      expect.stringMatching(/^ShareLock on t0, .*, t11 and 3 more \(writes wait\), held until commit$/),
    ])
  })
})
