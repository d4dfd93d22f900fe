import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { WorkingTree } from '../../src/review/working-tree.ts'
import { sources } from '../../src/sources/index.ts'

const formats = fileURLToPath(new URL('../../fixtures/formats', import.meta.url))

test('every source says what its tool does after a failure in the middle', async () => {
  const outcomes = new Map<string, string>()
  for (const format of await readdir(formats)) {
    const tree = new WorkingTree(`${formats}/${format}/base`, undefined)
    for (const source of sources)
      for (const root of await source.detect(tree)) {
        const { whenFailed } = await source.load(root, tree, {})
        expect(whenFailed?.says).toMatch(/^[^.]+[^.]$/)
        outcomes.set(source.id, whenFailed?.outcome ?? 'not said')
      }
  }
  expect([...outcomes.keys()].toSorted()).toEqual(sources.map(({ id }) => id).toSorted())
  const other = [...outcomes].filter(([, outcome]) => outcome !== 'runs again')
  expect(Object.fromEntries(other)).toEqual({
    atlas: 'goes on',
    flyway: 'refused',
    'golang-migrate': 'refused',
    prisma: 'refused',
  })
})
