import { beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '../../src/core/model.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { lintExample, loadExample } from './run-example.ts'

beforeAll(loadParser)

/** What the rule says of the migrations, which follow the setup. */
function findings(ruleId: string, setup: string, text: string): readonly Finding[] {
  const example = loadExample(ruleId, 'bad.sql', { file: `rules/${ruleId}/bad.sql`, text, setup })
  return lintExample(example).filter((finding) => finding.ruleId === ruleId)
}

describe('what harms nobody yet is an info', () => {
  const ruleId = 'require-index-for-foreign-key'
  const setup =
    'CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE posts (id bigint PRIMARY KEY, author bigint);'
  const added = 'ALTER TABLE posts ADD FOREIGN KEY (author) REFERENCES users ON DELETE CASCADE NOT VALID;'
  const severities = (before: string, sql: string): readonly string[] =>
    findings(ruleId, before, sql).map(({ severity }) => severity)

  test('a foreign key without an index, of a table that is new or of unknown size', () => {
    const created =
      'CREATE TABLE notes (id bigint PRIMARY KEY, author bigint REFERENCES users ON DELETE SET NULL);'
    expect(severities(setup, created)).toEqual(['info'])
    expect(severities(setup, added)).toEqual(['info'])
  })

  test('but not of a table that is known to be large, or had the index', () => {
    expect(severities(`-- rows: posts 5000000\n${setup}`, added)).toEqual(['warning'])
    const indexed = `${setup}\n${added}\nCREATE INDEX posts_author_idx ON posts (author);`
    expect(severities(indexed, 'DROP INDEX posts_author_idx;')).toEqual(['warning'])
  })

  test('a name that is cut off, unless two are cut to one', () => {
    const name = 'notes_of_the_editors_about_each_article_before_its_publication_id_key'
    const sql = `CREATE TABLE notes (id bigint CONSTRAINT ${name} PRIMARY KEY);`
    expect(findings('avoid-truncated-name', '', sql).map(({ severity }) => severity)).toEqual(['info'])
  })
})

test('who is to build an index concurrently is offered no SQL that builds it under a lock', () => {
  const setup = 'CREATE TABLE users (id bigint PRIMARY KEY, email text);'
  const [plain] = findings('require-analyze', setup, 'CREATE INDEX users_email_idx ON users (lower(email));')
  expect(plain?.remedy).toMatchObject({
    migrations: [],
    summary: 'Gather them in a migration of its own, once the index is there: `ANALYZE users`.',
  })
})

test('the view of a renamed table has the columns that running code knows', () => {
  const setup = 'CREATE TABLE replies (id bigint PRIMARY KEY, author text);'
  const sql = 'ALTER TABLE replies RENAME TO notices;\nALTER TABLE notices ADD COLUMN kind text;'
  const [renamed] = findings('ban-rename-table', setup, sql)
  expect(renamed?.remedy?.migrations[0]?.sql).toContain(
    'CREATE VIEW replies AS SELECT id, author FROM notices',
  )
})
