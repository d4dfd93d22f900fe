import { DatabaseError } from 'pg'
import { describe, expect, it } from 'vitest'
import { serverTrouble } from '../../src/postgres/trouble.ts'

function refused(code: string, message: string): ReturnType<typeof serverTrouble> {
  return serverTrouble(Object.assign(new DatabaseError(message, 0, 'error'), { code }))
}

describe('trouble of a server', () => {
  it.each([
    ['53300', 'too many connections for database "a"', /migrations leave no room .*CONNECTION LIMIT/],
    ['53300', 'sorry, too many clients already', /has no connection left for us.*max_connections/],
    ['53100', 'could not extend file', /ran out of something.*Free disk space/],
    ['57P01', 'terminating connection', /went away during the rehearsal/],
  ])('%s, %s, is said with what to do', (code, message, said) => {
    const trouble = refused(code, message)
    expect(`${trouble?.message} ${trouble?.hint}`).toMatch(said)
    expect(trouble?.message).toContain(message)
  })

  it('is none where a query of ours was wrong', () => {
    expect(refused('42703', 'column "a" does not exist')).toBeUndefined()
  })
})
