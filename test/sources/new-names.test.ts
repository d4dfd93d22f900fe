import { describe, expect, it } from 'vitest'
import { namesBehind, successor } from '../../src/sources/new-names.ts'

describe('successor', () => {
  it.each([
    ['7', '8'],
    ['000009', '000010'],
    ['20240131', '20240201'],
    ['202412312359', '202501010000'],
    ['20241231235959', '20250101000000'],
    ['20241301000000', '20241301000001'],
    ['2024-03-02-103059', '2024-03-02-103100'],
    ['1743933600000', '1743933600001'],
    ['20250110100000999', '20250110100001000'],
  ])('%s -> %s', (number, next) => {
    expect(successor(number)).toBe(next)
  })
})

describe('namesBehind', () => {
  it('counts on, in the form of the name', () => {
    expect(namesBehind('V0007__x.sql', ['V0010__y.sql'], ['Index "a".b!', ''], '.sql')).toEqual({
      names: ['V0008__index_a_b.sql', 'V0009__next.sql'],
    })
    expect(namesBehind('12-x.sql', [], ['a b'], '.sql')).toEqual({ names: ['13-a-b.sql'] })
  })

  it('says when there is no room, and when there is no number', () => {
    expect(namesBehind('7_x.sql', ['0008_y.sql'], ['a'], '.sql')).toHaveProperty('cannot')
    expect(namesBehind('9_x.sql', [], ['a'], '.sql')).toHaveProperty('cannot')
    expect(namesBehind('x.sql', [], ['a'], '.sql')).toHaveProperty('cannot')
    expect(namesBehind('x.sql', [], [], '.sql')).toEqual({ names: [] })
  })
})
