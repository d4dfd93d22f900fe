import { beforeAll, describe, expect, it } from 'vitest'
import { predictRun } from '../../src/predict/index.ts'
import { readMilliseconds } from '../../src/predict/session.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { locksOf, migrations, predictOn } from './predict-sql.ts'

beforeAll(loadParser)

function lockTimeouts(sql: string, mode: 'statement' | 'file' = 'statement'): readonly number[] {
  return predictOn([], sql, { mode }).map(({ settings }) => settings.lockTimeoutMs)
}

describe('durations', () => {
  it.each([
    ['2s', 2000],
    ['500', 500],
    ['1.5 min', 90_000],
    ['1h', 3_600_000],
    ['250us', 0],
    ['0', 0],
    ['soon', 0],
  ])('%s is %i ms', (text, expected) => expect(readMilliseconds(text)).toBe(expected))
})

describe('settings in force when a statement begins', () => {
  it('follow SET, SET LOCAL, RESET and set_config', () => {
    expect(
      lockTimeouts(
        "set lock_timeout = '2s'; begin; set local lock_timeout = 100; select 1; commit; select 1; reset lock_timeout; select set_config('lock_timeout', '7s', false); select 1",
      ),
    ).toEqual([0, 2000, 2000, 100, 100, 2000, 2000, 0, 7000])
  })

  it('forget SET LOCAL outside a block with its statement', () => {
    expect(lockTimeouts("set local lock_timeout = '2s'; select 1")).toEqual([0, 0])
    expect(lockTimeouts("set local lock_timeout = '2s'; select 1", 'file')).toEqual([0, 2000])
  })

  it('go back with a rollback', () => {
    expect(lockTimeouts("begin; set lock_timeout = '2s'; rollback; select 1").at(-1)).toBe(0)
  })

  it('have statement_timeout beside lock_timeout', () => {
    const predictions = predictOn([], "set statement_timeout to '1min'; select 1")
    expect(predictions[1]?.settings).toEqual({
      lockTimeoutMs: 0,
      statementTimeoutMs: 60_000,
      timeZone: 'UTC',
    })
  })

  it('start anew with each file, unless files share a session', () => {
    const review = migrations(["set lock_timeout = '2s'", 'select 1'], 'statement', true)
    const timeouts = (sharesSession: boolean) =>
      predictRun({ history: [], review, timeZone: 'UTC', sharesSession })[1]?.[0]?.settings.lockTimeoutMs
    expect(timeouts(false)).toBe(0)
    expect(timeouts(true)).toBe(2000)
  })
})

describe('what production gives to every session', () => {
  const settings = { LOCK_TIMEOUT: '5s', search_path: '"$user", app, public', TimeZone: 'Asia/Tokyo' }
  const history = migrations(['create table app.t (a int)'])

  it('holds until a file says otherwise, and again after a reset', () => {
    const sql = "create index on t (a); set lock_timeout = '1s'; select 1; reset all; select 1"
    const [predictions = []] = predictRun({
      history,
      review: migrations([sql]),
      timeZone: 'UTC',
      settings,
    })
    expect(predictions.map(({ settings: { lockTimeoutMs } }) => lockTimeoutMs)).toEqual([
      5000, 5000, 1000, 1000, 5000,
    ])
    expect(predictions[0]?.settings.timeZone).toBe('Asia/Tokyo')
    expect(locksOf(predictions[0])).toBe('app.t S')
  })
})

describe('search_path', () => {
  const history = ['create schema app; create table app.t (a int); create table public.t (b int)']

  it('decides which relation a name means', () => {
    const predictions = predictOn(
      history,
      'set search_path = app, public; create index on t (a); set search_path = public; create index on t (b)',
    )
    expect(predictions.map((prediction) => locksOf(prediction))).toEqual(['-', 'app.t S', '-', 't S'])
  })

  it('emptied by pg_dump does not leak into the next file', () => {
    const dumped = ["select pg_catalog.set_config('search_path', '', false); create table public.d (a int);"]
    expect(locksOf(predictOn(dumped, 'create index on d (a)')[0])).toBe('d S')
  })
})
