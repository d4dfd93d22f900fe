import { expect, test } from 'vitest'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { cleanEnv, repositoryWith } from './repository.ts'

const changeset = (id: string, sql: string, attributes = ''): string =>
  `--changeset ann:${id} ${attributes}\n${sql};\n--rollback empty\n\n`
const header = '--liquibase formatted sql\n\n'

const base = {
  'db/changelog.xml': `<databaseChangeLog>
  <include file="db/a.sql"/>
  <changeSet id="x1" author="bob"><sql>SELECT 1</sql></changeSet>
  <changeSet id="x2" author="bob"><sql>SELECT 2</sql></changeSet>
</databaseChangeLog>
`,
  'db/a.sql': header + changeset('1', 'SELECT 1') + changeset('2', 'SELECT 2', 'runOnChange:true'),
}

async function changesOf(changes: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const repository = await repositoryWith(base)
  await repository.write(changes)
  const set = await decideReviewSet({ cwd: repository.path, paths: [], all: false, env: cleanEnv })
  return [
    ...set.problems.map(({ message }) => message),
    ...set.edited.map(({ script, change }) => `${change}: ${script.title}`),
    ...set.underReview.map(({ title }) => `new: ${title}`),
  ]
}

test.each([
  ['a new one between old ones', changeset('1', 'SELECT 1') + changeset('1b', 'SELECT 3'), ['new: ann:1b']],
  ['an edited one', changeset('1', 'SELECT 11'), ['edited: ann:1']],
  ['another comment and rollback', `-- why\n${changeset('1', 'SELECT 1')}`, []],
])('of a file with several changesets, only what changed: %s', async (_, first, expected) => {
  const text = header + first + changeset('2', 'SELECT 2', 'runOnChange:true')
  expect(await changesOf({ 'db/a.sql': text })).toEqual(expected)
})

test('a changed runOnChange changeset runs again', async () => {
  const text = header + changeset('1', 'SELECT 1') + changeset('2', 'SELECT 22', 'runOnChange:true')
  expect(await changesOf({ 'db/a.sql': text })).toEqual(['new: ann:2'])
})

test('of an XML changelog, only the changeset that changed', async () => {
  const changed = base['db/changelog.xml'].replace('<sql>SELECT 1<', '<sql>SELECT 1, 1<')
  const added = changed.replace(
    '</databaseChangeLog>',
    '<changeSet id="x3" author="bob"><sql>SELECT 3</sql></changeSet></databaseChangeLog>',
  )
  expect(await changesOf({ 'db/changelog.xml': added })).toEqual(['edited: bob:x1', 'new: bob:x3'])
})
