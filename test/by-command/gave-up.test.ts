import { beforeAll, describe, expect, it } from 'vitest'
import { gaveUpText, waitsForLock } from '../../src/by-command/gave-up.ts'
import type { Recording } from '../../src/record/model.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { recorded } from '../record/made-up.ts'

beforeAll(loadParser)

function ran(statements: readonly string[], printed = ''): Recording {
  const output = [{ text: printed, atMs: 0 }]
  const end = { code: 1, signal: null, tooLong: false }
  return { command: 'migrate', end, output, statements: recorded(statements), connections: 1, limits: [] }
}

const look = 'SELECT LOCKED FROM databasechangeloglock WHERE ID=1'
const take = 'UPDATE databasechangeloglock SET LOCKED = TRUE WHERE ID = 1'

describe('a run behind one that was broken off', () => {
  it.each([
    ['Migration table is already locked', true],
    ['Could not acquire change log lock. Currently locked by ci (10.0.0.1) since 1/1/26', true],
    ['Waiting for changelog lock....', true],
    ['Error: P1002 Timed out trying to acquire a postgres advisory lock', true],
    ['Successfully acquired change log lock', false],
    ['Could not find gem in Gemfile.lock or package-lock.json', false],
    ['failed to read the lock file', false],
  ])('ends over a lock when it says so: %s', (line, isLock) => {
    expect(gaveUpText(ran([], line)).includes('over a lock')).toBe(isLock)
  })

  it('waits when it asks for the lock again, and not while it works', () => {
    expect(waitsForLock(ran([look, 'SHOW SEARCH_PATH', look, 'SHOW SEARCH_PATH']))).toBe(true)
    expect(waitsForLock({ ...ran([look]), endedWaiting: true })).toBe(true)
    expect(waitsForLock(ran([look, take]))).toBe(false)
    expect(waitsForLock(ran([look, look, take, 'alter table a add column b int']))).toBe(false)
  })
})
