import { describe, expect, test } from 'vitest'
import type { Remedy, Report } from '../../src/core/model.ts'
import { defineRule } from '../../src/rule.ts'
import { branchWith, checked } from './checked.ts'

const tables = [
  'create table users (id bigint primary key, email text, name text);',
  'create table orders (id bigint primary key, user_id bigint, total numeric);',
  '',
].join('\n')
const index = 'create index users_email_idx on users (email);\n'
const foreignKey =
  'alter table orders add constraint orders_user_fk foreign key (user_id) references users (id);\n'
const notNull = 'alter table users alter column email set not null;\n'

const weakerIndex = 'Replayed: ShareUpdateExclusiveLock instead of ShareLock on users, same schema.'
const weakerKey =
  'Replayed: ShareUpdateExclusiveLock instead of ShareRowExclusiveLock on orders during the work, and ShareRowExclusiveLock for an instant, same schema.'
const weakerNotNull =
  'Replayed: ShareUpdateExclusiveLock instead of AccessExclusiveLock on users during the work, and AccessExclusiveLock for an instant, same schema.'

/** `rule: outcome: sentence` of every remedy that was tried. */
const proofs = ({ findings }: Report): readonly string[] =>
  findings.flatMap(({ ruleId, remedy }) =>
    remedy?.proof === undefined ? [] : [`${ruleId}: ${remedy.proof.outcome}: ${remedy.proof.says}`],
  )

const proofOf = ({ findings }: Report, rule: string): Remedy['proof'] =>
  findings.find(({ ruleId }) => ruleId === rule)?.remedy?.proof

const plain = { suggestions: false }

describe('a remedy is proven', () => {
  test('where every statement commits by itself, all of a file at once', async () => {
    const workspace = await branchWith(
      { 'migrations/001_tables.sql': tables },
      { 'migrations/002_all.sql': `-- for the search\n${index}\n${foreignKey}${notNull}` },
    )
    let replays = 0
    const { report } = await checked(workspace, {
      ...plain,
      progress: (line) => {
        if (line.startsWith('Replaying')) replays += 1
      },
    })
    expect(replays).toBe(1)
    expect(proofs(report)).toEqual([
      `require-concurrent-index: proven: ${weakerIndex}`,
      `require-not-valid-constraint: proven: ${weakerKey}`,
      'require-index-for-foreign-key: proven: Replayed: it mends this and leads to no other finding, and changes the schema: + index public.orders_user_id_idx on public.orders.',
      `require-checked-not-null: proven: ${weakerNotNull}`,
    ])
    expect(report.findings.map(({ remedy }) => remedy?.migrations.length)).toEqual([1, 2, 2, 3])
  })

  test('where the file is one transaction, which it cuts, with what was set in it', async () => {
    const settings = "set search_path = shop;\nset local lock_timeout = '3s';\n"
    const workspace = await branchWith(
      { 'db/migration/V1__tables.sql': `create schema shop;\nset search_path = shop;\n${tables}` },
      {
        'db/migration/V2__all.sql': `${settings}alter table users add column nick text;\n${index}alter table orders add column note text;\n`,
      },
    )
    const { report } = await checked(workspace, plain)
    const says = 'Replayed: no AccessExclusiveLock on shop.orders, same schema.'
    expect(proofOf(report, 'require-concurrent-index')?.says).not.toBe(says)
    expect(proofOf(report, 'require-concurrent-index')).toMatchObject({ outcome: 'proven' })
  })

  test('where the file is one message (golang-migrate), and between BEGIN and COMMIT of its own', async () => {
    const workspace = await branchWith(
      { 'migrations/1_tables.up.sql': tables },
      {
        'migrations/2_both.up.sql': `alter table orders add column note text;\n${index}`,
        'migrations/3_block.up.sql': `begin;\nalter table orders add column tag text;\n${notNull}commit;\n`,
      },
    )
    const { report } = await checked(workspace, plain)
    expect(proofOf(report, 'require-concurrent-index')).toMatchObject({ outcome: 'proven' })
    expect(proofOf(report, 'require-checked-not-null')).toMatchObject({ outcome: 'proven' })
  })

  test('where it stands for neighbours of its statement as well', async () => {
    const workspace = await branchWith(
      { 'db/migration/V1__tables.sql': tables },
      {
        'db/migration/V2__several.sql':
          "set lock_timeout = '2s';\nalter table users add column phone text;\nalter table orders add column phone text;\n",
      },
    )
    const { report } = await checked(workspace, plain)
    expect(proofOf(report, 'avoid-locking-several-tables')).toEqual({
      outcome: 'proven',
      says: 'Replayed: at most 1 table is locked at once instead of 2, same schema.',
    })
  })
})

describe('a remedy of a rule of the user’s own', () => {
  const customRule = (...migrations: Remedy['migrations']) =>
    defineRule({
      id: 'no-notes',
      title: 'Avoid notes',
      severity: 'error',
      since: '0.1.0',
      messages: { notes: () => 'There are notes.' },
      statement({ statement, effects, report }) {
        if (!statement.sql.includes('notes bigint')) return
        report('notes', undefined, {
          because: effects.slice(0, 1),
          remedy: { summary: 'Do it otherwise.', migrations },
        })
      },
    })
  const tryOut = async (...migrations: Remedy['migrations']) => {
    const workspace = await branchWith(
      { 'migrations/001_tables.sql': tables },
      {
        'migrations/002_notes.sql': "set lock_timeout = '2s';\nalter table users add column notes bigint;\n",
      },
    )
    const { report } = await checked(workspace, {
      ...plain,
      config: { customRules: [customRule(...migrations)] },
    })
    return report.findings.find(({ ruleId }) => ruleId === 'no-notes')?.remedy
  }
  const now = (sql: string) => ({ sql, transaction: true })

  test('is offered when it does the same', async () => {
    const remedy = await tryOut(now('alter table users add column notes int8;'))
    expect(remedy).toMatchObject({
      migrations: [{ transaction: true }],
      proof: { outcome: 'proven', says: 'Replayed: the same locks, same schema.' },
    })
  })

  test.each([
    [
      'leaves another schema',
      'alter table users add column notes integer;',
      'Not offered as SQL: replayed, it leaves another schema: ~ column public.users.notes: type bigint -> integer.',
    ],
    [
      'fails',
      'alter table users add column notes no_such_type;',
      'Not offered as SQL: replayed, migrations/002_notes.sql fails with it: type "no_such_type" does not exist.',
    ],
    [
      'has the finding still',
      'alter table users add column notes bigint; select 1;',
      'Not offered as SQL: it has a finding of no-notes itself.',
    ],
    [
      'locks more',
      "set lock_timeout = '2s'; lock table orders; alter table users add column notes int8;",
      /^Not offered as SQL: (?:replayed, it takes AccessExclusiveLock on orders|it has a finding of .* itself)\.$/,
    ],
  ])('is not offered when it %s', async (_, sql, says) => {
    const remedy = await tryOut(now(sql))
    expect(remedy).toEqual({
      summary: 'Do it otherwise.',
      migrations: [],
      proof: { outcome: 'not equal', says: expect.stringMatching(says) as string },
    })
  })

  test('is judged at the end of all steps, and may end elsewhere when it takes several releases', async () => {
    const equal = await tryOut(now('alter table users add column notes int8;'), {
      ...now('comment on column users.notes is null;'),
      when: 'next release',
    })
    expect(equal).toMatchObject({ migrations: [{}, {}], proof: { outcome: 'proven' } })
    const other = await tryOut(now('alter table users add column notes_new int8;'), {
      ...now('comment on column users.notes_new is $$the new one$$;'),
      when: 'after the new code is out',
    })
    expect(other).toMatchObject({
      migrations: [{}, { when: 'after the new code is out' }],
      proof: {
        outcome: 'not equal',
        says: expect.stringMatching(/^Replayed: its steps run, and end/) as string,
      },
    })
  })
})

describe('a remedy is not tried', () => {
  const history = { 'migrations/001_tables.sql': tables }

  test('when the time is over, and stays as it is', async () => {
    const workspace = await branchWith(history, { 'migrations/002_index.sql': index })
    const { report } = await checked(workspace, { ...plain, proveLimitMs: 1 })
    expect(report.findings[0]?.remedy).toMatchObject({
      migrations: [{ transaction: false }],
      proof: { outcome: 'not tried', says: 'Not replayed: the time for that was over.' },
    })
  })

  test('where the file has transaction commands of its own around it', async () => {
    const workspace = await branchWith(history, {
      'migrations/002_index.sql': `begin;\nsavepoint a;\n${notNull}release a;\ncommit;\n`,
    })
    const { report } = await checked(workspace, plain)
    expect(proofOf(report, 'require-checked-not-null')).toEqual({
      outcome: 'not tried',
      says: 'Not replayed: its transaction is more than one BEGIN and one COMMIT.',
    })
  })

  test('by those who do not want it, without a server, and next to a migration that fails', async () => {
    const added = { 'migrations/002_index.sql': index }
    const workspace = await branchWith(history, added)
    for (const options of [{ prove: false }, { replay: false }])
      expect(proofs((await checked(workspace, { ...plain, ...options })).report)).toEqual([])
    await workspace.write({ 'migrations/003_fails.sql': 'select * from nowhere;\n' })
    const { report } = await checked(workspace, plain)
    expect(proofs(report)).toEqual([])
    expect(report.findings.some(({ remedy }) => (remedy?.migrations.length ?? 0) > 0)).toBe(true)
  })
})
