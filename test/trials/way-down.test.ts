/** Up, down and up again, on two servers in all. */
import { expect, test } from 'vitest'
import type { Finding, Report, ReportTrial } from '../../src/core/model.ts'
import { branchWith, checked } from '../replay/checked.ts'

const downOnly = { suggestions: false, prove: false, down: true, retry: false } as const

const waysDown = ({ trials = [] }: Report): readonly ReportTrial[] =>
  trials.filter(({ kind }) => kind === 'way down')

const aboutDown = ({ findings }: Report): readonly Finding[] =>
  findings.filter(({ ruleId }) => /^down-|-allow$/.test(ruleId))

const places = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ ruleId, span }) => `${ruleId} ${span.file}:${span.start.line}`)

const golang = (number: number, up: string, down?: string): Readonly<Record<string, string>> => ({
  [`db/00000${number}_m.up.sql`]: up,
  ...(down === undefined ? {} : { [`db/00000${number}_m.down.sql`]: down }),
})

test('goes back from the latest to the first that fails, and blames each for its own', async () => {
  const workspace = await branchWith(
    golang(
      1,
      `create table orders (id bigint primary key, total numeric);
       create type state as enum ('open');
       create index orders_total on orders (total);`,
    ),
    {
      ...golang(2, 'create view totals as select sum(total) from orders;', 'drop view totals;'),
      ...golang(
        3,
        'set search_path = nowhere, public; create table parts (id int);',
        'drop table orders_parts;\ndrop table parts;',
      ),
      ...golang(
        4,
        `alter type state add value 'closed'; alter table orders add column note text;
         comment on table orders is 'all of them';`,
        `alter table orders drop column note;`,
      ),
      ...golang(
        5,
        'create index orders_id_total on orders (id, total); alter table orders alter total set not null;',
        '-- takes the wrong one\ndrop index orders_total;',
      ),
      ...golang(6, 'insert into orders values (1, 1) on conflict do nothing;'),
      ...golang(
        7,
        'create table audit (id int, seen int); alter table orders rename total to amount;',
        'alter table orders rename amount to total; drop table audit; delete from orders where id = 1;',
      ),
    },
  )
  const { report } = await checked(workspace, downOnly)
  const findings = aboutDown(report)
  expect(places(findings)).toEqual([
    'down-fails db/000003_m.down.sql:1',
    'down-leaves-differences db/000005_m.down.sql:2',
  ])
  const [fails, differs] = findings
  expect(fails?.message).toBe(
    'The way down of db/000003_m.up.sql fails here: table "orders_parts" does not exist (SQLSTATE 42P01), so nobody can go back behind it.',
  )
  expect(differs?.notes).toEqual([
    '~ column public.orders.total: not null none -> not null',
    '+ index public.orders_id_total on public.orders',
    '- index public.orders_total on public.orders',
  ])
  expect(waysDown(report)).toEqual([
    {
      kind: 'way down',
      about: 'db/000007_m.up.sql',
      outcome: 'holds',
      says: 'Its way down leads to the schema before.',
      lines: [
        'destroys table audit with its rows',
        'deletes rows of orders',
        'AccessExclusiveLock on orders (reads and writes wait), held until commit',
      ],
    },
    expect.objectContaining({ about: 'db/000005_m.up.sql', outcome: 'finding' }),
    {
      kind: 'way down',
      about: 'db/000004_m.up.sql',
      outcome: 'holds',
      says: 'Its way down leads to the schema before.',
      lines: [
        "~ enum public.state: labels + 'closed' (no mistake)",
        '~ table public.orders: comment none -> all of them (no mistake)',
        'destroys column orders.note and what was written into it',
        'AccessExclusiveLock on orders (reads and writes wait), held until commit',
      ],
    },
    expect.objectContaining({
      about: 'db/000003_m.up.sql',
      outcome: 'finding',
      says: 'Its way down fails in line 1 of db/000003_m.down.sql.',
    }),
    {
      kind: 'way down',
      about: 'db/000002_m.up.sql',
      outcome: 'not tried',
      says: 'Its way down was not tried, because that of db/000003_m.up.sql comes before it and did not come to its end.',
      lines: [],
    },
  ])
  expect(report.notChecked.filter(({ code }) => code === 'file-not-rehearsed')).toEqual([])
})

const goose = (number: number, up: string, down: string): Readonly<Record<string, string>> => ({
  [`db/0000${number}_m.sql`]: `-- +goose Up\n${up}\n\n-- +goose Down\n${down}\n`,
})

test('what is there is seen by the next way up, and what fails for seeded rows alone is no mistake', async () => {
  const workspace = await branchWith(
    goose(1, 'create table users (id int not null, email text not null);', 'drop table users;'),
    {
      ...goose(2, 'create table early (id int);', 'drop table early;'),
      ...goose(3, 'create table kept (id int);', '-- nothing'),
      ...goose(
        4,
        'create table prices (id int primary key);\ninsert into prices values (1);',
        '-- pgrehearse-allow down-leaves-differences: the prices stay\ntruncate prices;',
      ),
      ...goose(
        5,
        'alter table users add unique (id, email);\nalter table users alter email drop not null;',
        'alter table users drop constraint users_id_email_key;\nalter table users alter email set not null;',
      ),
      ...goose(
        6,
        'create extension if not exists citext;\nalter table users add column nick citext;',
        '-- pgrehearse-allow down-fails: it does not\nalter table users drop column nick;',
      ),
    },
  )
  const { report } = await checked(workspace, downOnly)
  expect(places(aboutDown(report))).toEqual([
    'down-leaves-differences db/00004_m.sql:7',
    'needless-allow db/00006_m.sql:6',
  ])
  const [kept] = aboutDown(report)
  expect(kept?.allowed?.reason).toBe('the prices stay')
  expect(kept?.notes.at(-1)).toBe(
    'Then it does not run again either: relation "prices" already exists (line 2 of db/00004_m.sql).',
  )
  expect(waysDown(report).map(({ about, says }) => `${about}: ${says}`)).toEqual([
    'db/00006_m.sql: Its way down leads to the schema before.',
    'db/00005_m.sql: Its way down leads to the schema before.',
    'db/00004_m.sql: Its way down leaves another schema than before, and it does not run again.',
    'db/00003_m.sql: It has no way down. What comes before it was not taken back either: db/00002_m.sql.',
  ])
})
