import { beforeAll, expect, test } from 'vitest'
import severalTables from '../../rules/avoid-locking-several-tables/rule.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { failure, judgeFiles, lock } from './made.ts'

beforeAll(loadParser)

const locksOfThree = [[lock('a'), lock('b')], [lock('c')], [lock('d')]]

function remedyOf(sql: string): { readonly notes: readonly string[]; readonly steps: number | undefined } {
  const [finding] = judgeFiles([{ sql, effects: locksOfThree }], [severalTables])
  return { notes: finding?.notes ?? [], steps: finding?.remedy?.migrations.length }
}

test('every table counts, also those that one statement locks together', () => {
  expect(remedyOf('lock a, b; drop table c; drop table d').notes).toEqual([
    'It locks 4 tables in turn: a, b, c and d.',
  ])
})

test('a page of the author’s own SQL is not repeated as the remedy', () => {
  expect(remedyOf('drop table a; drop table c; drop table d').steps).toBe(3)
  expect(remedyOf(`drop table a; drop table c;\nselect ${'1,\n'.repeat(50)}2`).steps).toBe(0)
})

test('what fails is not repeated as the remedy', () => {
  const [finding] = judgeFiles(
    [
      {
        sql: 'drop table a; drop table b; vacuum',
        effects: [[lock('a')], [lock('b')], [failure('25001', 'no')]],
      },
    ],
    [severalTables],
  )
  expect(finding?.remedy?.migrations).toEqual([])
})

test('files that one run joins have migrations of their own already', () => {
  const [finding] = judgeFiles(
    [
      { file: 'a.sql', sql: 'drop table a', mode: 'run', effects: [[lock('a')]] },
      { file: 'b.sql', sql: 'drop table b', mode: 'run', effects: [[lock('b')]] },
    ],
    [severalTables],
  )
  expect(finding?.remedy).toEqual({ summary: 'Deploy each of these by itself: a; b.', migrations: [] })
})
