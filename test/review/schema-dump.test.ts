import { expect, test } from 'vitest'
import type { ReviewSet } from '../../src/core/source.ts'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { cleanEnv, repositoryWith } from './repository.ts'

const dumpWith = (...versions: readonly string[]): string =>
  `CREATE TABLE a ();\n\nINSERT INTO schema_migrations (version) VALUES\n${versions.map((version) => `('${version}')`).join(',\n')};\n`

const base = {
  'db/structure.sql': dumpWith('1', '2'),
  'db/migrations/1_a.sql': 'CREATE TABLE a ();',
  'db/migrations/2_b.sql': 'SELECT 2;',
  'db/migrations/3_c.sql': 'SELECT 3;',
}

async function review(all: boolean): Promise<ReviewSet> {
  const repository = await repositoryWith(base)
  await repository.write({
    'db/migrations/4_d.sql': 'SELECT 4;',
    // Rails and dbmate write it anew after every migration
    'db/structure.sql': dumpWith('1', '2', '3', '4'),
  })
  const settings = { start: 'db/structure.sql' }
  return decideReviewSet({ cwd: repository.path, paths: [], all, env: cleanEnv, settings })
}

const filesOf = (scripts: ReviewSet['history']): readonly string[] => scripts.map(({ file }) => file)

test('the dump is that of the base, so that what is new stays under review', async () => {
  const set = await review(false)
  expect(set.foundation?.dump?.text).toContain(dumpWith('1', '2'))
  expect(filesOf(set.history)).toEqual(['db/migrations/3_c.sql'])
  expect(filesOf(set.underReview)).toEqual(['db/migrations/4_d.sql'])
  expect(set.notChecked).toEqual([])
})

test('with --all, what the dump holds is not run again, which is said', async () => {
  const set = await review(true)
  expect(filesOf(set.underReview)).toEqual([])
  expect(set.notChecked).toEqual([
    {
      code: 'file-not-rehearsed',
      message:
        'db/migrations/1_a.sql, db/migrations/2_b.sql, db/migrations/3_c.sql and 1 more are not rehearsed: db/structure.sql holds it already.',
    },
  ])
})
