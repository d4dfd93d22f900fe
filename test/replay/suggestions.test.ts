import { describe, expect, test } from 'vitest'
import { defineRule } from '../../src/rule.ts'
import type { Finding, Remedy, Report, ReportStatement } from '../../src/core/model.ts'
import { changelogSource } from '../review/changelog-source.ts'
import { acceptSuggestions, branchWith, checked, suggested } from './checked.ts'

const tables = [
  'create table users (id bigint primary key, email text, name text);',
  'create table orders (id bigint primary key, user_id bigint, total numeric);',
  'create index orders_user_id_idx on orders (user_id);',
  '',
].join('\n')
const index = 'create index users_email_idx on users (email);\n'
const foreignKey =
  'alter table orders add constraint orders_user_fk foreign key (user_id) references users (id);\n'
const notNull = 'alter table users alter column email set not null;\n'
const addColumn = 'alter table users add column nick text;\n'

const concurrently = 'require-concurrent-index: CREATE INDEX CONCURRENTLY users_email_idx ON users (email);'
const notValid = [
  'require-not-valid-constraint: BEGIN;',
  "SET LOCAL lock_timeout = '2s';",
  'alter table orders ADD CONSTRAINT orders_user_fk foreign key (user_id) references users (id) NOT VALID;',
  'COMMIT;',
  'alter table orders VALIDATE CONSTRAINT orders_user_fk;',
].join('\n')

const rulesIn = ({ findings }: Report): readonly string[] => findings.map(({ ruleId }) => ruleId)

describe('a tool that commits every statement by itself', () => {
  const history = { 'migrations/001_tables.sql': tables }
  const file = 'migrations/002_all.sql'

  test('gets all suggestions, and with them the findings are gone', async () => {
    const added = { [file]: `-- for the search\n${index}\n${foreignKey}${notNull}${addColumn}` }
    const workspace = await branchWith(history, added)
    const { report } = await checked(workspace)
    expect(rulesIn(report)).toEqual([
      'require-concurrent-index',
      'require-not-valid-constraint',
      'require-checked-not-null',
      'require-lock-timeout',
    ])
    const [first, second, third, fourth] = suggested(report)
    expect([first, second]).toEqual([concurrently, notValid])
    expect(third).toContain('CHECK (email IS NOT NULL) NOT VALID;\nCOMMIT;\n')
    expect(fourth).toBe(
      "require-lock-timeout: BEGIN;\nSET LOCAL lock_timeout = '2s';\nalter table users add column nick text;\nCOMMIT;",
    )
    const texts = await acceptSuggestions(workspace, report, added)
    expect(texts[file]).toMatch(/^-- for the search\nCREATE INDEX CONCURRENTLY .*\n\nBEGIN;\n/)
    expect(rulesIn((await checked(workspace)).report)).toEqual([])
  })

  test('gets them one statement at a time: what stands beside others is left alone', async () => {
    const hostile = [
      '\tcreate index a on users (email);',
      'create index b on users (email); create index c on users (name);',
      'create index d on users (email); -- why',
      '/* why */ create index e on users (email);',
      'create index f on users (email)',
      '  ;',
      'create index g',
      '\ton users ("na\u{1F600}me");',
      'create index "h;\u202e" -- mine',
      '  on users (name);',
      "create index i on users (email) where name = 'two",
      "lines';",
      'create index z on users (name)',
    ].join('\r\n')
    const added = { [file]: hostile }
    const workspace = await branchWith(
      { 'migrations/001_tables.sql': `${tables}alter table users add column "na\u{1F600}me" text;\n` },
      added,
    )
    const { report } = await checked(workspace)
    const byLine = report.findings.flatMap(({ suggestion }) =>
      suggestion === undefined ? [] : [[suggestion.startLine, suggestion.endLine, ...suggestion.lines]],
    )
    expect(byLine).toEqual([
      [1, 1, '\tCREATE INDEX CONCURRENTLY a ON users (email);'],
      [5, 6, 'CREATE INDEX CONCURRENTLY f ON users (email);'],
      [7, 8, 'CREATE INDEX CONCURRENTLY g ON users ("na\u{1F600}me");'],
      [13, 13, 'CREATE INDEX CONCURRENTLY z ON users (name);'],
    ])
    const texts = await acceptSuggestions(workspace, report, added)
    expect(texts[file]).not.toMatch(/[^\r]\n/)
    const left = (await checked(workspace, { suggestions: false })).report.findings
    expect(left).toHaveLength(report.findings.length - byLine.length)
  })

  test('keeps the timeout that the file sets already', async () => {
    const added = { [file]: `set lock_timeout = '5s';\n${foreignKey}` }
    const { report } = await checked(await branchWith(history, added))
    expect(suggested(report)).toEqual([
      notValid.replace(/BEGIN;\nSET LOCAL.*\n/, '').replace('COMMIT;\n', ''),
    ])
  })

  test('gets none for what an allow comment accepts, nor one that parts it from its statement', async () => {
    const added = { [file]: `-- pgrehearse-allow require-concurrent-index: empty table\n${index}` }
    const { report, debug } = await checked(await branchWith(history, added))
    expect(report.findings[0]).toMatchObject({ allowed: { reason: 'empty table' } })
    // the comment would stand above SET then, and accept nothing
    expect(rulesIn(report)).toEqual(['require-concurrent-index', 'require-lock-timeout'])
    expect(suggested(report)).toEqual([])
    expect(debug).toHaveLength(1)
  })

  test('gets them although the migrations create a role, which no database holds', async () => {
    const added = { [file]: `create role reporting;\ngrant select on users to reporting;\n${index}` }
    const { report } = await checked(await branchWith(history, added))
    expect(suggested(report)).toEqual([concurrently])
  })
})

describe('Flyway', () => {
  const history = { 'db/migration/V1__tables.sql': tables }

  test('gets CONCURRENTLY for a file of its own, which it then runs without a transaction', async () => {
    const added = { 'db/migration/V2__index.sql': index }
    const workspace = await branchWith(history, added)
    const { report } = await checked(workspace)
    expect(suggested(report)).toEqual([concurrently])
    await acceptSuggestions(workspace, report, added)
    const again = (await checked(workspace)).report
    expect(rulesIn(again)).toEqual([])
    expect(again.migrations).toMatchObject([{ transaction: { mode: 'statement' } }])
  })

  test('gets none where the file stays one transaction, and the reason with --debug', async () => {
    const added = {
      'db/migration/V2__both.sql': `${index}create table notes (id bigint primary key);\n`,
      'db/migration/V3__key.sql': foreignKey,
      'db/migration/V4__not_null.sql': notNull,
    }
    const { report, debug } = await checked(await branchWith(history, added))
    expect(rulesIn(report)).toEqual(
      expect.arrayContaining([
        'require-concurrent-index',
        'require-not-valid-constraint',
        'require-checked-not-null',
      ]),
    )
    expect(suggested(report)).toEqual([])
    expect(debug.join('\n')).toContain(
      'No suggestion for require-concurrent-index in db/migration/V2__both.sql:1: Flyway refuses',
    )
  })

  test('gets a lock_timeout for the transaction', async () => {
    const added = { 'db/migration/V2__column.sql': `-- nick names\n  ${addColumn}` }
    const workspace = await branchWith(history, added)
    const { report } = await checked(workspace)
    expect(suggested(report)).toEqual([
      "require-lock-timeout:   SET LOCAL lock_timeout = '2s';\n  alter table users add column nick text;",
    ])
    await acceptSuggestions(workspace, report, added)
    expect(rulesIn((await checked(workspace)).report)).toEqual([])
  })

  test('gets none for a line with a placeholder, and the right lines around one', async () => {
    const added = {
      'db/migration/V2__index.sql': '-- ${what}\ncreate index users_email_idx on users (email);\n',
      'db/migration/V3__index.sql': 'create index users_name_idx on ${table} (name);\n',
    }
    const workspace = await branchWith(
      {
        ...history,
        'flyway.conf':
          'flyway.locations=filesystem:db/migration\nflyway.placeholders.what=x\nflyway.placeholders.table=users\nflyway.postgresql.transactional.lock=false\n',
      },
      added,
    )
    const { report } = await checked(workspace)
    expect(rulesIn(report)).toEqual(['require-concurrent-index', 'require-concurrent-index'])
    expect(suggested(report)).toEqual([concurrently])
    expect(report.findings[0]?.suggestion).toMatchObject({ startLine: 2, endLine: 2 })
  })
})

describe('golang-migrate', () => {
  const history = { 'migrations/1_tables.up.sql': tables }

  test('gets CONCURRENTLY and steps that commit for files with one statement', async () => {
    const added = { 'migrations/2_index.up.sql': index, 'migrations/3_key.up.sql': foreignKey }
    const workspace = await branchWith(history, added)
    const { report } = await checked(workspace)
    expect(suggested(report)).toEqual([concurrently, notValid])
    await acceptSuggestions(workspace, report, added)
    expect(rulesIn((await checked(workspace)).report)).toEqual([])
  })

  test('gets none where several statements are one transaction', async () => {
    const added = { 'migrations/2_both.up.sql': `${index}${foreignKey}` }
    const { report, debug } = await checked(await branchWith(history, added))
    expect(report.findings.length).toBeGreaterThanOrEqual(2)
    expect(suggested(report)).toEqual([])
    expect(debug.join('\n')).toContain('it must run outside a transaction, and this file is one')
  })
})

test('a file that another database runs as well gets none', async () => {
  const history = { 'migrations/1_a.up.sql': tables, 'migrations/1_a.mysql.up.sql': tables }
  const workspace = await branchWith(history, {
    'migrations/2_b.up.sql': addColumn,
    'migrations/2_b.postgres.up.sql': addColumn,
    'migrations/3_c.up.sql': addColumn.replace('nick', 'nock'),
    'migrations/1_a.mysql.down.sql': '',
  })
  const { report, debug } = await checked(workspace)
  expect(report.findings.map(({ span, suggestion }) => [span.file, suggestion !== undefined])).toEqual([
    ['migrations/2_b.postgres.up.sql', true],
    ['migrations/3_c.up.sql', false],
  ])
  expect(debug.join('\n')).toContain('The file runs on mysql as well, which may not know this SQL.')
})

describe('a remedy that does not hold', () => {
  const history = { 'migrations/001_tables.sql': tables }
  const added = { 'migrations/002_notes.sql': 'create table notes (id bigint primary key);\n' }
  /** What a rule of the user's own suggests instead of the table. */
  const customRule = (...migrations: Remedy['migrations']) =>
    defineRule({
      id: 'no-notes',
      title: 'No notes',
      severity: 'error',
      since: '0.1.0',
      messages: { notes: () => 'There are notes.' },
      statement({ statement, effects, report }) {
        if (!statement.sql.includes('(id bigint primary key)')) return
        report('notes', undefined, {
          because: effects.slice(0, 1),
          remedy: { summary: 'Do it otherwise.', migrations },
        })
      },
    })
  const tryOut = async (sql: string, transaction = true) => {
    const workspace = await branchWith(history, added)
    return checked(workspace, { config: { customRules: [customRule({ sql, transaction })] } })
  }

  test('is offered when it does', async () => {
    const { report } = await tryOut('create table notes (id int8 primary key);')
    expect(suggested(report)).toEqual(['no-notes: create table notes (id int8 primary key);'])
  })

  test.each([
    ['fails', 'create table notes (id no_such_type);', /fails with it: type "no_such_type" does not exist/],
    ['leads to another schema', 'create table notes (id int8);', /it leaves another schema: .*notes_pkey/],
    [
      'has the finding still',
      'create table notes (id bigint primary key) ;select 1;',
      /it has a finding of no-notes/,
    ],
    [
      'has another finding',
      'create table notes (id int8 primary key); create index x on users (name); drop index x;',
      /it has a finding of require-/,
    ],
    [
      'cannot run there',
      'begin; create table notes (id int8 primary key); vacuum users; commit;',
      /it has a finding of ban-concurrently-in-transaction itself/,
    ],
  ])('is not offered when it %s', async (_, sql, why) => {
    const { report, debug } = await tryOut(sql)
    expect(suggested(report)).toEqual([])
    expect(rulesIn(report)).toEqual(['no-notes'])
    expect(debug).toEqual([expect.stringMatching(why)])
  })

  test.each([
    [
      'leaves something to fill in',
      '-- First: what else is needed\ncreate table notes (id int8 primary key);',
    ],
    [
      'accepts what only a person can',
      '-- pgrehearse-allow no-notes: <why>\ncreate table notes (id bigint primary key);',
    ],
    ['is nothing', ''],
    ['changes nothing', 'create table notes (id bigint primary key);'],
    ['is longer than anybody reads', `create table notes (id int8 primary key);${'\nselect 1;'.repeat(100)}`],
  ])('is not even tried out when it %s', async (_, sql) => {
    const { report, debug, progress } = await tryOut(sql)
    expect(suggested(report)).toEqual([])
    expect(debug.filter((line) => line.includes('suggestion'))).toEqual([])
    expect(progress.filter((line) => line.includes('suggestion'))).toEqual([])
  })
})

describe('suggestions are an extra', () => {
  const history = { 'migrations/001_tables.sql': tables }
  const added = { 'migrations/002_all.sql': `${index}${foreignKey}${notNull}` }

  test('and change nothing else in the report, not even when their time is over', async () => {
    const workspace = await branchWith(history, added)
    const without = (await checked(workspace, { suggestions: false })).report
    const hurried = await checked(workspace, { suggestionsLimitMs: 1 })
    expect(hurried.progress.join('\n')).toContain('Stopped trying out suggestions after 0.001 s')
    const plain = (report: Report): unknown => ({
      ...report,
      findings: report.findings.map(withoutSuggestion),
      migrations: report.migrations.map(({ statements, ...rest }) => ({
        ...rest,
        statements: statements.map(withoutMeasures),
      })),
    })
    expect(plain(hurried.report)).toEqual(plain(without))
    const { report } = await checked(workspace)
    expect(suggested(report)).toHaveLength(3)
    expect(plain(report)).toEqual(plain(without))
  })

  test('for merge requests, where nobody says otherwise', async () => {
    const workspace = await branchWith(history, { 'migrations/002_index.sql': index })
    const { suggestions: _, ...unsaid } = { suggestions: undefined }
    const base = await workspace.git('rev-parse', 'HEAD')
    const { cleanEnv } = await import('../review/repository.ts')
    const request = { ...cleanEnv, CI_MERGE_REQUEST_IID: '1', CI_MERGE_REQUEST_DIFF_BASE_SHA: base }
    const run = async (options: Parameters<typeof checked>[1]): Promise<readonly string[]> =>
      suggested((await checked(workspace, options)).report)
    expect(await run({ ...unsaid, env: request })).toEqual([concurrently])
    expect(await run({ suggestions: false, env: request })).toEqual([])
    expect(await run({ replay: false, env: request })).toEqual([])
  })
})

function withoutSuggestion(finding: Finding): Finding {
  const { suggestion: _, ...rest } = finding
  return rest
}

/** What differs from run to run. */
function withoutMeasures(statement: ReportStatement): unknown {
  const { durationMs: _, ...rest } = statement
  return { ...rest, effects: rest.effects.filter(({ kind }) => kind !== 'wal' && kind !== 'temp') }
}

test('a migration that shares its file with others gets suggestions of its own', async () => {
  const file = 'db/changelog.sql'
  const old = `--change ann:1\n${tables}`
  const added = `${old}--change ann:2\n${addColumn}--change bob:3\nalter table orders add column nick text;\n`
  const workspace = await branchWith({ [file]: old }, { [file]: added })
  const config = { customSources: [changelogSource] }
  const { report } = await checked(workspace, { config })
  expect(rulesIn(report)).toEqual(['require-lock-timeout', 'require-lock-timeout'])
  expect(suggested(report)).toHaveLength(2)
  await acceptSuggestions(workspace, report, { [file]: added })
  expect(rulesIn((await checked(workspace, { config })).report)).toEqual([])
})
