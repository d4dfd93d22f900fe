import { beforeAll, describe, expect, test } from 'vitest'
import leak from '../../rules/avoid-session-state-leak/rule.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { judgeFiles, type MadeFile } from './made.ts'

beforeAll(loadParser)

type More = Parameters<typeof judgeFiles>[2]

function found(files: readonly MadeFile[], more: More = { sharesSession: true }): readonly string[] {
  return judgeFiles(files, [leak], more).map(
    ({ span, object, severity }) => `${span.file} ${object} ${severity}`,
  )
}

const path = "set search_path = 'billing'"

describe('a setting that outlives its migration', () => {
  test('is found where the tool keeps its session', () => {
    expect(found([{ sql: path }])).toEqual(['a.sql search_path warning'])
    expect(found([{ sql: path }], { sharesSession: false })).toEqual([])
    expect(found([{ sql: `begin; ${path}; rollback`, mode: 'statement' }])).toEqual([])
    expect(found([{ sql: `${path}; discard all`, mode: 'statement' }])).toEqual([])
    expect(found([{ sql: 'set role admin; reset all' }])).toEqual(['a.sql role warning'])
  })

  test('is what the latest migrations all set themselves', () => {
    expect(found([{ sql: path }], { sharesSession: true, usualSettings: ['search_path'] })).toEqual([])
  })

  test('lasts to the end of a transaction that goes on in the next file', () => {
    const files = (mode: 'run' | 'file'): readonly MadeFile[] => [
      { file: '1.sql', mode, sql: "set local search_path = 'billing'; select 1" },
      { file: '2.sql', mode, sql: 'create table a (b int)' },
    ]
    expect(found(files('run'), { sharesSession: false })).toEqual(['1.sql search_path warning'])
    expect(found(files('file'))).toEqual([])
  })

  test('counts only where sessions begin otherwise', () => {
    const begins = { lockTimeoutMs: 2000, statementTimeoutMs: 0, timeZone: 'Europe/Berlin' }
    const more = { sharesSession: true, sessionBegins: begins }
    expect(found([{ sql: 'set lock_timeout = 0' }], more)).toEqual(['a.sql lock_timeout warning'])
    expect(found([{ sql: 'set lock_timeout = 0' }])).toEqual([])
    expect(found([{ sql: 'set statement_timeout = 0' }], more)).toEqual([])
    expect(found([{ sql: "set time zone 'Europe/Berlin'" }], more)).toEqual([])
    expect(found([{ sql: "set time zone 'UTC'" }], more)).toEqual(['a.sql timezone warning'])
  })
})
