import { expect, test } from 'vitest'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { cleanEnv, repositoryWith } from './repository.ts'

const stamp = '2024-01-01T00:00:00Z Ada <ada@example.com>'
const planOf = (...lines: readonly string[]): string =>
  `%project=x\n\n${lines.map((line) => `${line.replace(/(?= #|$)/, ` ${stamp}`)}\n`).join('')}`

const base = {
  'sqitch.conf': '[core]\n engine = pg\n',
  'sqitch.plan': planOf('a # first', 'b [a]', 'c', '@v1'),
  'deploy/a.sql': 'SELECT 1;',
  'deploy/b.sql': 'SELECT 2;',
  'deploy/c.sql': 'SELECT 3;',
}

async function problemsOf(changes: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const repository = await repositoryWith(base)
  await repository.write(changes)
  const set = await decideReviewSet({ cwd: repository.path, paths: [], all: false, env: cleanEnv })
  return [
    ...set.problems.map(({ code, message }) => `${code}: ${message}`),
    ...set.edited.map(({ script, change }) => `${change}: ${script.file}`),
    ...set.underReview.map(({ file, id }) => `new: ${file} (${id})`),
  ]
}

const lost = 'databases that have it no longer find it in the plan, and nothing is deployed to them.'

test.each([
  [
    'a note',
    planOf('a # First', 'b [a]', 'c', '@v1'),
    'a has already been merged and is planned otherwise now',
  ],
  [
    'a dependency',
    planOf('a # first', 'b', 'c', '@v1'),
    'b has already been merged and is planned otherwise now',
  ],
  [
    'the order',
    planOf('a # first', 'c', 'b [a]', '@v1'),
    'c has already been merged and has another place now',
  ],
])('an old line of the plan is not to be changed: %s', async (_, plan, message) => {
  expect(await problemsOf({ 'sqitch.plan': plan })).toEqual([`refused-by-tool: ${message}: ${lost}`])
})

test('blanks, comments and tags may change', async () => {
  const plan = `# a comment\n${planOf('a   #   first', '', '# more', 'b [a]', 'c', '@v1', '@v2').replace('\n\n', '\n\n\n')}`
  const fixed = plan.replaceAll(new RegExp(`^ ${stamp}$`, 'gm'), '').replace(`# more ${stamp}`, '# more')
  expect(await problemsOf({ 'sqitch.plan': fixed })).toEqual([])
})

test('a change in the middle is told once, a rework and one at the end are only under review', async () => {
  const middle = planOf('a # first', 'd', 'b [a]', 'c', '@v1')
  expect(await problemsOf({ 'sqitch.plan': middle, 'deploy/d.sql': 'SELECT 4;' })).toEqual([
    expect.stringMatching(/^out-of-order-migration: deploy\/d\.sql sorts before deploy\/c\.sql/),
    'new: deploy/d.sql (d)',
  ])
  const end = planOf('a # first', 'b [a]', 'c', '@v1', 'b [b@v1]', 'd')
  const files = { 'deploy/b@v1.sql': 'SELECT 2;', 'deploy/b.sql': 'SELECT 20;', 'deploy/d.sql': 'SELECT 4;' }
  expect(await problemsOf({ 'sqitch.plan': end, ...files })).toEqual([
    'new: deploy/b.sql (b (reworked))',
    'new: deploy/d.sql (d)',
  ])
})

test('a change that left the plan is missed', async () => {
  const plan = planOf('a # first', 'b [a]', '@v1')
  expect(await problemsOf({ 'sqitch.plan': plan })).toEqual([
    `refused-by-tool: c has already been merged and has left the plan: ${lost}`,
  ])
})
