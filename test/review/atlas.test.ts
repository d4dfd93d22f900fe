import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { cleanEnv, repositoryWith } from './repository.ts'

/** What `atlas migrate hash` writes. */
function withSum(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const running = createHash('sha256')
  const sum = createHash('sha256')
  const lines = Object.entries(files).map(([name, text]) => {
    const hash = running.update(name).update(text).copy().digest('base64')
    sum.update(name).update(hash)
    return `${name} h1:${hash}\n`
  })
  const all = { ...files, 'atlas.sum': `h1:${sum.digest('base64')}\n${lines.join('')}` }
  return Object.fromEntries(Object.entries(all).map(([name, text]) => [`migrations/${name}`, text]))
}

test('a new checkpoint does not run on an existing database, and still counts for atlas.sum', async () => {
  const base = { '1_a.sql': 'CREATE TABLE a ();\n', '2_b.sql': 'CREATE TABLE b ();\n' }
  const head = {
    ...base,
    '3_c.sql': '-- atlas:checkpoint\n\nCREATE TABLE a ();\n',
    '4_d.sql': 'CREATE TABLE d ();\n',
  }
  const workspace = await repositoryWith(withSum(base))
  await workspace.git('checkout', '--quiet', '-b', 'feature')
  await workspace.commit(withSum(head))
  const set = await decideReviewSet({ cwd: workspace.path, paths: [], all: false, env: cleanEnv })
  expect(set.history.map(({ file }) => file)).toEqual(['migrations/1_a.sql', 'migrations/2_b.sql'])
  expect(set.underReview.map(({ file }) => file)).toEqual(['migrations/4_d.sql'])
  expect(set.problems).toEqual([])
})

test('what others have merged counts for the order, although atlas.sum was changed there too', async () => {
  const base = { '1_a.sql': 'CREATE TABLE a ();\n' }
  const workspace = await repositoryWith(withSum(base))
  await workspace.git('checkout', '--quiet', '-b', 'feature')
  await workspace.commit(withSum({ ...base, '2_b.sql': 'CREATE TABLE b ();\n' }))
  await workspace.git('checkout', '--quiet', 'main')
  await workspace.commit(withSum({ ...base, '3_c.sql': 'CREATE TABLE c ();\n' }))
  await workspace.git('checkout', '--quiet', 'feature')
  const set = await decideReviewSet({ cwd: workspace.path, paths: [], all: false, env: cleanEnv })
  expect(set.problems.map(({ code, message }) => `${code} ${message}`)).toEqual([
    'out-of-order-migration migrations/2_b.sql sorts before migrations/3_c.sql, which was merged to main meanwhile: Atlas refuses to run anything unless --exec-order is non-linear.',
  ])
})
