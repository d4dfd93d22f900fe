import { beforeAll, describe, expect, test } from 'vitest'
import type { LockMode } from '../../src/core/model.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { about, heldLock, judgeFiles, type MadeFile } from './made.ts'

beforeAll(loadParser)

/** Files that lock a table one after the other, each for so many milliseconds. */
function locking(mode: LockMode, ...times: readonly number[]): readonly MadeFile[] {
  return times.map((ms, index) => ({
    file: `${index + 1}.sql`,
    sql: `alter table orders add c${index} int`,
    effects: [[heldLock('orders', mode, about(ms))]],
  }))
}

describe('what a deployment makes one table wait', () => {
  test('is told where each lock is short and all together are not', () => {
    const [finding, ...others] = judgeFiles(locking('AccessExclusiveLock', 40, 50, 30), [])
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      ruleId: 'exceeds-lock-budget',
      severity: 'warning',
      object: 'orders',
      span: { file: '2.sql' },
      message:
        'Reads and writes of orders wait 3 times in this deployment, in all longer than the 100 ms that one lock may make them wait.',
    })
    expect(finding?.because).toHaveLength(3)
    expect(finding?.notes[0]).toBe(
      'In all they wait about 120 ms (60 ms to 240 ms) at production size, estimated.',
    )
  })

  test('has a threshold of its own where reads go on', () => {
    expect(judgeFiles(locking('ShareLock', 400, 500), [])).toEqual([])
    expect(judgeFiles(locking('ShareLock', 400, 700), [])[0]?.message).toMatch(
      /^Writes to orders wait 2 times/,
    )
    expect(
      judgeFiles([...locking('ShareLock', 600), ...locking('AccessExclusiveLock', 90, 900)], []),
    ).toEqual([])
  })

  test('is not told of one long lock, of short ones, and of one transaction', () => {
    expect(judgeFiles(locking('AccessExclusiveLock', 40, 50), [])).toEqual([])
    expect(judgeFiles(locking('AccessExclusiveLock', 40, 150), [])).toEqual([])
    expect(judgeFiles(locking('AccessExclusiveLock', 99), [])).toEqual([])
    const two = [heldLock('orders', 'AccessExclusiveLock', about(90))]
    expect(
      judgeFiles(
        [{ sql: 'alter table orders add a int; alter table orders add b int', effects: [two, two] }],
        [],
      ),
    ).toEqual([])
    expect(judgeFiles(locking('AccessExclusiveLock', 40, 50, 30), [], { onEmptyDatabase: true })).toEqual([])
  })

  test('counts each table by itself, and not those of this run', () => {
    const file = (name: string, existedBefore: boolean): MadeFile => {
      const lock = heldLock(name, 'AccessExclusiveLock', about(60))
      return {
        file: `${name}.sql`,
        sql: `alter table ${name} add c int`,
        effects: [[{ ...lock, relation: { ...lock.relation, existedBefore } }]],
      }
    }
    expect(judgeFiles([file('orders', true), file('users', true)], [])).toEqual([])
    expect(judgeFiles([file('drafts', false), { ...file('drafts', false), file: 'b.sql' }], [])).toEqual([])
  })
})
