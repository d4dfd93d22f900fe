import { expect, test } from 'vitest'
import type { Finding, Report } from '../../src/core/model.ts'
import { checked } from '../replay/checked.ts'
import { repositoryWith, type Workspace } from '../review/repository.ts'

const tables = `create table users (id bigint primary key, email text);
create table orders (id bigint primary key, total numeric);
create view totals as select id from orders;
`

/** Branches beside main, each with its files; the last one is checked out. */
async function repositoryOf(
  history: Readonly<Record<string, string>>,
  branches: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<Workspace> {
  const workspace = await repositoryWith(history)
  for (const [name, files] of Object.entries(branches)) {
    await workspace.git('checkout', '--quiet', '-b', name, 'main')
    await workspace.commit(files)
  }
  return workspace
}

const collisions = ({ findings }: Report): readonly Finding[] =>
  findings.filter(({ ruleId }) => ruleId === 'branches-collide')

const told = (report: Report): readonly string[] =>
  collisions(report).map(
    ({ severity, messageId, message, span }) =>
      `${severity}: ${messageId}: ${message} (${span.file}:${span.start.line})`,
  )

const options = { suggestions: false, down: false, retry: false, prove: false } as const

test('branches that collide in their objects, results and locks, and one that does not', async () => {
  const workspace = await repositoryOf(
    { 'migrations/001_tables.sql': tables },
    {
      'feature/note': { 'migrations/003_note.sql': 'alter table orders add column note varchar(10);\n' },
      'feature/mail': { 'migrations/004_mail.sql': 'alter table users rename column email to mail;\n' },
      'feature/locks': {
        'migrations/006_locks.sql':
          "comment on table users is 'theirs';\nbegin;\nalter table orders add column a int;\nalter table users add column b int;\ncommit;\n",
      },
      'feature/apart': { 'migrations/007_apart.sql': 'create table apart (id bigint primary key);\n' },
      'feature/code': { 'src/main.ts': '// nothing\n' },
      'feature/broken': { 'migrations/008_broken.sql': 'alter table nowhere add column x int;\n' },
      mine: {
        'migrations/002_mine.sql': `comment on table users is 'ours';
begin;
alter table users add column nick text;
alter table orders add column note text;
commit;
create view mails as select email from users;
`,
      },
    },
  )
  const { report } = await checked(workspace, {
    ...options,
    with: [
      'feature/note',
      'feature/mail',
      'feature/locks',
      'feature/apart',
      'feature/code',
      'feature/broken',
    ],
  })
  expect(told(report).toSorted()).toEqual([
    'error: object: This fails once feature/mail is merged: column "email" does not exist. (migrations/002_mine.sql:6)',
    'error: object: orders.note is added by feature/note (migrations/003_note.sql) too: whichever is merged second fails. (migrations/002_mine.sql:4)',
    'warning: lock order: Deployed at the same time, this and migrations/006_locks.sql of feature/locks end in a deadlock: this locks users before orders, the other orders before users. (migrations/002_mine.sql:4)',
    'warning: result: Who is merged second decides about table users: with feature/locks first the schema ends as another than with this first. (migrations/002_mine.sql:1)',
  ])
  const outcomes = report.trials?.map(({ about, outcome, says }) => `${about}: ${outcome}: ${says}`)
  expect(outcomes).toEqual([
    'feature/note: finding: 1 migration of feature/note, replayed before and behind these: they collide in 1 point.',
    'feature/mail: finding: 1 migration of feature/mail, replayed before and behind these: they collide in 1 point.',
    'feature/locks: finding: 1 migration of feature/locks, replayed before and behind these: they collide in 2 points.',
    'feature/apart: holds: 1 migration of feature/apart, replayed before and behind these: either order runs and leads to the same schema.',
    'feature/code: holds: feature/code brings no migrations of its own.',
    'feature/broken: not tried: The migrations of feature/broken were not replayed with these: migrations/008_broken.sql fails by itself on what these begin with: relation "nowhere" does not exist.',
  ])
  const note = collisions(report).find(({ object }) => object === 'orders.note')
  expect(note?.notes.join('\n')).toContain(
    'migrations/003_note.sql:1 of feature/note: alter table orders add column note varchar(10)',
  )
  const lines = report.trials?.find(({ about }) => about === 'feature/locks')?.lines
  expect(lines).toContain(
    'orders: AccessExclusiveLock here, AccessExclusiveLock on feature/locks: deployed together, one waits for the other',
  )
})
