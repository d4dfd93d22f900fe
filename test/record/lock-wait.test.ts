import { describe, expect, test } from 'vitest'
import { LockWait, namesLockTable } from '../../src/record/lock-wait.ts'

type Sent = readonly [seconds: number, sql: string]

/** Statements with the seconds at which they were sent. */
function isSeen(...statements: readonly Sent[]): boolean {
  const wait = new LockWait()
  for (const [seconds, sql] of statements) wait.statement({ sql, startedAtMs: seconds * 1000 })
  return wait.seen.aborted
}

const locked = 'SELECT LOCKED FROM public.databasechangeloglock WHERE ID=1'

describe('a command that waits for a lock of its tool’s own', () => {
  test('asks for it again, a while later', () => {
    expect(isSeen([0, locked], [0.1, 'SHOW SEARCH_PATH'], [10, locked])).toBe(true)
  })

  test('does not when it asks twice in a moment', () => {
    expect(isSeen([0, locked], [0.2, locked])).toBe(false)
  })

  test('does not when it has got it, and gives it back', () => {
    const taking = 'UPDATE public.databasechangeloglock SET LOCKED = TRUE WHERE ID = 1 AND LOCKED = FALSE'
    expect(isSeen([0, locked], [0.1, taking], [20, locked])).toBe(false)
  })

  test.each([
    'select pg_try_advisory_lock(1)',
    'select * from pg_catalog.pg_locks',
    'select count(*) from public.blocks',
  ])('does not with %s', (sql) => {
    expect(isSeen([0, sql], [10, sql])).toBe(false)
  })

  test('names its table', () => {
    expect(namesLockTable('select "is_locked" from "knex_migrations_lock"')).toBe(true)
    expect(namesLockTable('select 1 from blocks')).toBe(false)
  })
})
