import { describe, expect, it } from 'vitest'
import { matchesGlob } from '../../src/core/glob.ts'

describe('matchesGlob', () => {
  it.each([
    ['db/V1__a.sql', 'db/V1__a.sql'],
    ['db/V1__a.sql', 'db/*.sql'],
    ['db/V1__a.sql', 'db'],
    ['db/V1__a.sql', 'db/'],
    ['db/seeds/deep/x.sql', 'db/seeds'],
    ['db/seeds/deep/x.sql', '**/x.sql'],
    ['x.sql', '**/x.sql'],
    ['db/seeds/deep/x.sql', 'db/**/x.sql'],
    ['db/seeds/deep/x.sql', 'db/*/deep/**'],
    ['db/V1__a.sql', 'db/V?__*.sql'],
    ['a/b/a/b/c', '**/a/b/c'],
    ['db/(old)/x.sql', 'db/(old)/*'],
  ])('%s matches %s', (path, pattern) => {
    expect(matchesGlob(path, pattern)).toBe(true)
  })

  it.each([
    ['db/V1__a.sql', '*.sql'],
    ['db/seeds/x.sql', 'db/*.sql'],
    ['dbx/a.sql', 'db'],
    ['db/a.sql', 'db/a.sq'],
    ['db/a.sql', 'db/b*'],
    ['db/aXsql', 'db/a.sql'],
    ['db/a', 'db/??'],
  ])('%s does not match %s', (path, pattern) => {
    expect(matchesGlob(path, pattern)).toBe(false)
  })

  it('answers a hostile pattern without trying every way', () => {
    expect(matchesGlob('a'.repeat(5000), `${'*a'.repeat(500)}b`)).toBe(false)
  })
})
