import { expect, test } from 'vitest'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { cleanEnv, repositoryWith } from './repository.ts'

async function toldOf(defects: number): Promise<readonly unknown[]> {
  const twice = Array.from({ length: defects }, (_, at) => [`00${at}_a`, `00${at}_b`]).flat()
  const repository = await repositoryWith(
    Object.fromEntries(twice.map((name) => [`migrations/${name}.sql`, 'SELECT 1;'])),
  )
  await repository.write({ 'migrations/010_c.sql': 'SELECT 1;' })
  const set = await decideReviewSet({ cwd: repository.path, paths: [], all: false, env: cleanEnv })
  expect(set.problems).toEqual([])
  return set.notChecked
}

test('four defects that were there before are told one by one', async () => {
  expect(await toldOf(4)).toHaveLength(4)
})

test('of many defects that were there before three are told, and how many there are', async () => {
  const told = await toldOf(9)
  expect(told).toHaveLength(4)
  expect(told[3]).toEqual({
    code: 'duplicate-version',
    message:
      '6 more of these were there before: migrations/003_b.sql, migrations/004_b.sql, migrations/005_b.sql and 3 more.',
    hint: 'pgrehearse check --all names each of them.',
  })
})
