import { beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '../../src/core/model.ts'
import type { Production } from '../../src/core/production.ts'
import { loadParser } from '../../src/sql/parse.ts'
import {
  about,
  cost,
  everyLock,
  failure,
  judgeAll,
  judgeFiles,
  lock,
  predicted,
  table,
  type MadeFile,
} from './made.ts'

beforeAll(loadParser)

const second = 1000
const minute = 60 * second
const gigabyte = 1024 ** 3

function messages(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ ruleId, span, message }) => `${ruleId} ${span.file}:${span.start.line} ${message}`)
}

describe('the budget of a run', () => {
  const files = (first: number, last: number): readonly MadeFile[] => [
    { file: 'a.sql', sql: 'alter table a add b int', costs: [cost(about(first))] },
    { file: 'b.sql', sql: '\nalter table a add c int', costs: [cost(about(last))] },
  ]

  test('may be used up', () => {
    expect(judgeFiles(files(minute, 2 * minute), [])).toEqual([])
  })

  test('may not be exceeded by all together; the longest statement is shown', () => {
    const [finding, ...others] = judgeFiles(files(minute, 3 * minute), [])
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      ruleId: 'exceeds-run-budget',
      messageId: 'run',
      severity: 'warning',
      evidence: 'predicted',
      message: 'The migrations take longer in all than the 3 min that a deployment should wait for them.',
      span: { file: 'b.sql', start: { line: 2 } },
      notes: [
        'In all they take about 4 min (2 min to 8 min) at production size, estimated.',
        'The longest: b.sql:2 takes 3 min, a.sql:1 takes 1 min.',
      ],
    })
  })

  test('is that of the configuration', () => {
    const thresholds = { readsBlocked: wait, writesBlocked: wait, runMs: 10 * minute, concurrentMs: minute }
    expect(judgeFiles(files(minute, 3 * minute), [], { thresholds })).toEqual([])
  })

  test('says what it does not count', () => {
    const unknown = { file: 'c.sql', sql: 'alter table a add d int', costs: [cost(undefined)] }
    const [finding] = judgeFiles([...files(minute, 3 * minute), unknown, { ...unknown, file: 'd.sql' }], [])
    expect(finding?.notes[2]).toBe('2 more statements are not in the sum: how long they take is not known.')
  })

  test('is not for the whole history, nor where nothing is known', () => {
    expect(judgeFiles(files(minute, 3 * minute), [], { onEmptyDatabase: true })).toEqual([])
    expect(judgeFiles([{ sql: 'alter table a add b int' }], [])).toEqual([])
  })

  test('is not used by what blocks nobody, which has one of its own', () => {
    const build = (ms: number, more: Partial<MadeFile> = {}): readonly string[] =>
      messages(
        judgeFiles(
          [
            {
              sql: 'create index concurrently i on a (b)',
              mode: 'statement',
              costs: [cost(about(ms))],
              ...more,
            },
          ],
          [],
        ),
      )
    expect(build(20 * minute)).toEqual([])
    expect(build(21 * minute)).toEqual([
      'exceeds-run-budget a.sql:1 This statement takes longer than the 20 min that a deployment should wait for one that blocks nobody.',
    ])
    expect(build(4 * minute, { effects: [[lock('a', 'ShareLock')]] })).toHaveLength(1)
    expect(build(4 * minute, { mode: 'file' })).toHaveLength(1)
  })

  test('is used by rows that stay locked, not by code that commits as it goes', () => {
    const write = {
      kind: 'write',
      relation: table('a'),
      command: 'UPDATE',
      reach: 'all rows',
      evidence: predicted,
    } as const
    const run = (sql: string): number =>
      judgeFiles([{ sql, mode: 'statement', effects: [[write]], costs: [cost(about(4 * minute))] }], [])
        .length
    expect(run('update a set b = 1')).toBe(1)
    expect(run('do $$ begin loop update a set b = 1; commit; end loop; end $$')).toBe(0)
  })

  test('can be exceeded with an allow comment, which is never needless', () => {
    const sql = '-- pgrehearse-allow exceeds-run-budget: planned for Sunday\nalter table a add b int'
    expect(judgeFiles([{ sql, costs: [cost(about(4 * minute))] }], [])).toMatchObject([
      { ruleId: 'exceeds-run-budget', allowed: { reason: 'planned for Sunday' } },
    ])
    expect(judgeFiles([{ sql, costs: [cost(about(minute))] }], [])).toEqual([])
    expect(judgeFiles([{ sql }], [])).toEqual([])
  })

  const wait = { warningMs: 1, errorMs: 2 }
})

describe('statement_timeout', () => {
  const file = (ms: number, more: Partial<MadeFile> = {}): MadeFile => ({
    sql: 'alter table a add b int',
    statementTimeoutMs: 30 * second,
    costs: [cost(about(ms))],
    ...more,
  })

  test('ends a statement that takes longer', () => {
    expect(judgeFiles([file(100 * second)], [])).toMatchObject([
      {
        ruleId: 'exceeds-statement-timeout',
        severity: 'warning',
        message:
          'Postgres cancels this statement after 30 s (statement_timeout): at production size it takes longer.',
        notes: [],
      },
    ])
  })

  test('may be just long enough', () => {
    expect(judgeFiles([file(30 * second)], [])).toEqual([])
    expect(judgeFiles([file(31 * second)], [])[0]?.notes).toEqual([
      'At the lower end of its range it would just get through.',
    ])
  })

  test('does not matter where there is none, or the statement fails by itself', () => {
    expect(judgeFiles([file(100 * second, { statementTimeoutMs: 0 })], [])).toEqual([])
    const effects = [[failure('42P01', 'relation "a" does not exist')]]
    const found = judgeFiles([file(100 * second, { effects, measured: true })], [])
    expect(found.map(({ ruleId }) => ruleId)).toEqual(['migration-fails'])
  })
})

describe('burdens of a statement', () => {
  const notes = (
    mode: 'AccessExclusiveLock' | 'ShareLock',
    more: Parameters<typeof cost>[1],
    replication?: Production['replication'],
  ): readonly string[] => {
    const production: Production = {
      sources: [],
      tables: [],
      settings: {},
      ...(replication === undefined ? {} : { replication }),
    }
    const made = [
      { sql: 'lock orders', effects: [[lock('orders', mode)]], costs: [cost(about(100 * second), more)] },
    ]
    const all = judgeAll(made, [everyLock, { ...everyLock, id: 'ban-more', severity: 'error' }], {
      production,
    })
    const quiet = all.findings.filter(({ ruleId }) => ruleId === 'ban-locks')
    expect(quiet.flatMap((finding) => finding.notes)).toEqual([])
    return all.findings.flatMap((finding) => finding.notes)
  }

  test('AccessExclusiveLock reaches standbys, told once, at the worst finding', () => {
    expect(notes('AccessExclusiveLock', {}, { standbys: 2, slots: 0 })).toEqual([
      'AccessExclusiveLock is replayed on 2 standbys: reads there wait as long, or are cancelled.',
    ])
    expect(notes('AccessExclusiveLock', {}, { standbys: 1, slots: 0 })[0]).toContain('on the standby:')
    expect(notes('AccessExclusiveLock', {}, { standbys: 0, slots: 0 })).toEqual([])
    expect(notes('ShareLock', {}, { standbys: 2, slots: 0 })).toEqual([])
  })

  test('much WAL, what standbys make of it, and who keeps it', () => {
    const walBytes = about(24 * gigabyte)
    const apply = 60 * 1024 ** 2
    expect(notes('ShareLock', { walBytes }, { standbys: 1, slots: 1, applyBytesPerSecond: apply })).toEqual([
      'It writes about 24 GB (12 GB to 48 GB) of WAL; standbys that replay 60 MB/s fall about 5 min 10 s (4.8 s to 13 min) behind; 1 replication slot keeps it until its consumer has it.',
    ])
    expect(notes('ShareLock', { walBytes }, { standbys: 1, slots: 2 })).toEqual([
      'It writes about 24 GB (12 GB to 48 GB) of WAL; 2 replication slots keep it until their consumers have it.',
    ])
    expect(notes('ShareLock', { walBytes })).toEqual(['It writes about 24 GB (12 GB to 48 GB) of WAL.'])
  })

  test('little WAL only where standbys fall behind', () => {
    const walBytes = about(gigabyte / 2)
    expect(
      notes('ShareLock', { walBytes }, { standbys: 1, slots: 1, applyBytesPerSecond: 60 * 1024 ** 2 }),
    ).toEqual([])
    expect(
      notes('ShareLock', { walBytes }, { standbys: 1, slots: 0, applyBytesPerSecond: 1024 ** 2 }),
    ).toEqual([
      'It writes about 510 MB (260 MB to 1 GB) of WAL; standbys that replay 1 MB/s fall about 6 min 50 s (56 s to 16 min) behind.',
    ])
  })

  test('room on disk', () => {
    expect(notes('ShareLock', { diskBytes: about(31 * gigabyte) })).toEqual([
      'It needs about 31 GB (16 GB to 62 GB) more on disk at its peak.',
    ])
    expect(notes('ShareLock', { diskBytes: about(gigabyte / 2) })).toEqual([])
  })
})
