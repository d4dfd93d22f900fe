import { beforeAll, expect, it } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { locksOf, predictOn } from './predict-sql.ts'

beforeAll(loadParser)

it('goes once around views that read each other', () => {
  const history = [
    `create table t (a int);
     create view v as select * from t;
     create view w as select * from v;
     create or replace view v as select * from w;`,
  ]
  for (const sql of ['lock table w', 'select * from w', 'explain select * from w', 'update w set a = 1']) {
    expect(locksOf(predictOn(history, sql)[0]), sql).toMatch(/v (?:AX|AS|RX); w/)
  }
  expect(locksOf(predictOn(history, 'drop view w cascade')[0])).toBe('v AX; w AX')
  expect(locksOf(predictOn(history, 'drop table t cascade')[0])).toContain('t AX')
})

it('locks nothing of what IF EXISTS does not find', () => {
  expect(locksOf(predictOn(['create table t (a int)'], 'drop trigger if exists x on missing')[0])).toBe('-')
  expect(locksOf(predictOn(['create table t (a int)'], 'drop trigger x on missing')[0])).toBe('missing AX')
})

it('gives locks of ANALYZE back table by table outside of a transaction block', () => {
  const history = ['create table t (a int); create table u (a int)']
  const untils = (sql: string): readonly unknown[] =>
    (predictOn(history, sql).find(({ effects }) => effects.length > 0)?.effects ?? []).map((effect) =>
      effect.kind === 'lock' ? effect.until : effect.kind,
    )
  expect(untils('analyze t, u')).toEqual(['statement', 'statement'])
  expect(untils('analyze t')).toEqual(['commit'])
  expect(untils('begin; analyze t, u')).toEqual(['commit', 'commit'])
})
