import { beforeAll, expect, it } from 'vitest'
import { predictRun } from '../../src/predict/index.ts'
import { unite } from '../../src/replay/agree.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migration } from './laboratory.ts'

beforeAll(loadParser)

it('knows that a transaction which is rolled back locks, but changes nothing', () => {
  const [history, review] = [
    migration('create table t (a int)', 'statement'),
    migration(
      `begin; alter table t rename to u; drop table u; rollback;
       begin; savepoint s; alter table t add b int; rollback to s; alter table t rename to v; commit;`,
      'statement',
    ),
  ]
  const predictions = predictRun({ history: [history], review: [review], timeZone: 'UTC' })
  const { statements } = unite(review, predictions[0] ?? [], undefined)
  const kinds = statements.map(({ effects }) => [...new Set(effects.map(({ kind }) => kind))])
  expect(kinds[1]).toEqual(['lock'])
  expect(kinds[2]).toEqual([])
  expect(kinds.at(-2)).toEqual(['lock', 'catalog'])
})
