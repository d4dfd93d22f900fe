import { describe, expect, it } from 'vitest'
import { findRoots, type RootSettings } from '../../src/review/roots.ts'
import { sources } from '../../src/sources/index.ts'

const paths = [
  'billing/migrations/001_a.sql',
  'catalog/migrations/001_a.sql',
  'search/migrations/001_a.sql',
  'legacy/sql/001_a.sql',
  'legacy/sql/002_b.sql',
  'test/migrations/001_a.sql',
]
const tree = {
  list: () => Promise.resolve(paths),
  read: () => Promise.resolve(new TextEncoder().encode('select 1;')),
}

async function saidOf(settings: RootSettings): Promise<readonly string[]> {
  const { roots, minor } = await findRoots(tree, sources, { dirs: ['billing/migrations'], ...settings })
  expect(roots.map(({ dir }) => dir)).toEqual(['billing/migrations'])
  return minor.map(({ dir }) => dir).toSorted()
}

describe('a folder of migrations of several', () => {
  it('comes with those that no run judges, without tests', async () => {
    const besides = ['billing/migrations', 'catalog']
    expect(await saidOf({ besides })).toEqual(['legacy/sql', 'search/migrations'])
  })

  it('comes alone when it is the only one that was configured', async () => {
    expect(await saidOf({})).toEqual([])
  })
})
