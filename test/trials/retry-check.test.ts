/** What `check` says of failures in the middle. */
import { expect, test } from 'vitest'
import { branchWith, checked } from '../replay/checked.ts'

const goose = {
  'go.mod': 'module shop\nrequire github.com/pressly/goose/v3 v3.20.0\n',
  'db/migrations/00001_accounts.sql':
    '-- +goose Up\ncreate table accounts (id bigint primary key, name text, n int not null);\n',
}
const outside = (...statements: readonly string[]): string =>
  ['-- +goose Up', '-- +goose NO TRANSACTION', "set lock_timeout = '2s';", ...statements, ''].join('\n')

test('each migration is told, the worst statement is found, and rules are not repeated', async () => {
  const workspace = await branchWith(goose, {
    'db/migrations/00002_count.sql': outside(
      'create table if not exists counts (n int primary key);',
      'insert into counts select coalesce(max(n), 0) + 1 from counts;',
      'create index concurrently if not exists accounts_n on accounts (n);',
    ),
    'db/migrations/00003_name.sql': outside('create index concurrently accounts_name on accounts (name);'),
    'db/migrations/00004_both.sql': outside(
      'create index concurrently accounts_both on accounts (name, n);',
      'drop index concurrently accounts_name;',
    ),
  })
  const { report } = await checked(workspace, { suggestions: false })
  const found = report.findings.filter(({ ruleId }) => ruleId === 'unsafe-retry')
  expect(found.map(({ severity, message, span }) => [severity, span.start.line, message])).toEqual([
    [
      'warning',
      5,
      'When statement 4 of 4 fails, the next run repeats this statement and says nothing, and ends otherwise: 2 rows instead of 1 in public.counts.',
    ],
    [
      'info',
      4,
      'When statement 3 of 3 fails, the next run stops at this statement: relation "accounts_both" already exists.',
    ],
  ])
  expect(found.map(({ remedy }) => remedy?.migrations.map(({ sql }) => sql))).toEqual([
    [],
    [
      'DROP INDEX CONCURRENTLY IF EXISTS accounts_both;',
      'CREATE INDEX CONCURRENTLY accounts_both ON accounts (name, n);',
    ],
  ])
  expect(found[1]?.remedy?.proof?.outcome).toBe('proven')
  const trials = report.trials?.filter(({ kind }) => kind === 'retry') ?? []
  expect(trials.map(({ outcome }) => outcome)).toEqual(['finding', 'holds', 'finding'])
  expect(trials[1]).toMatchObject({
    about: 'db/migrations/00003_name.sql',
    says: 'A failure in the middle leaves the invalid index accounts_name, and the next run stops there and says so: drop it first.',
    lines: ['goose runs the file again, from its first statement'],
  })
})
