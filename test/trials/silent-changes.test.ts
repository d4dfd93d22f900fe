import { describe, expect, test } from 'vitest'
import type { Finding, Report } from '../../src/core/model.ts'
import { branchWith, checked } from '../replay/checked.ts'

const history = `
create role app; create role reader;
create table tenants (id bigserial primary key, name text);
create table orders (id serial primary key, tenant_id bigint, status text not null default 'new', total numeric, note text);
comment on column orders.status is 'where it stands';
create index orders_status_idx on orders (status);
create index orders_status_tenant_idx on orders (status, tenant_id);
create unique index orders_note_key on orders (tenant_id, note);
create statistics orders_stat on tenant_id, note from orders;
alter table orders alter column total set statistics 400, alter column note set storage external;
grant update (status) on orders to reader;
create function total(x int) returns int language sql immutable strict security definer set search_path = pg_catalog, public
  as 'select 1';
create function stamp() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger off before insert on orders for each row execute function stamp();
alter table orders disable trigger off;
alter table orders enable row level security;
create policy own on orders for select to app using (tenant_id = 1);
create view big as select id, total from orders where total > 0 with local check option;
create schema reporting; grant usage on schema reporting to app;
alter default privileges in schema reporting grant select on tables to app;
create type mood as enum ('a'); comment on type mood is 'moods'; grant usage on type mood to app;
create sequence numbers; grant usage on sequence numbers to app;
create index orders_total_idx on orders (total); comment on index orders_total_idx is 'for totals';
create table names (id int primary key, name text collate "C", email text, deleted_at date);
create unique index names_email_key on names (email) where deleted_at is null;
`

const silent = ({ findings }: Report): readonly Finding[] =>
  findings.filter(({ ruleId }) => ruleId === 'silent-change')

const options = { suggestions: false, down: false, retry: false, proveLimitMs: 1 } as const

describe('what changes without a word', () => {
  test('is told with the SQL that gives it back, each replayed', async () => {
    const workspace = await branchWith(
      { 'db/migration/V1__shop.sql': history },
      {
        'db/migration/V2__anew.sql': `
alter table orders add column status_new varchar(20);
alter table orders drop column status;
alter table orders rename column status_new to status;
alter table orders drop column note;
create or replace function total(x int) returns int language sql immutable as 'select 2';
create or replace trigger off before insert on orders for each row execute function stamp();
drop policy own on orders;
create policy own on orders using (tenant_id = 2);
create or replace view big as select id, total from orders where total > 1;
drop schema reporting; create schema reporting;
drop type mood; create type mood as enum ('a', 'b');
drop index orders_total_idx; create index orders_total_idx on orders (total);
alter table names alter column name type varchar(100);
alter table names drop column deleted_at;
do $$ begin execute 'drop sequence numbers'; execute 'create sequence numbers'; end $$;
`,
      },
    )
    const { report } = await checked(workspace, options)
    const found = silent(report)
    expect(found.map(({ severity, message }) => `${severity}: ${message}`)).toMatchInlineSnapshot(`
      [
        "warning: reader is without UPDATE on orders.status, rows without a value come in from now on in orders.status, and 4 more: orders.status was made anew, and no statement says so.",
        "warning: Rows that the unique index orders_note_key kept out of orders come in from now on: it went with the column note.",
        "warning: total(integer) runs with the rights of its caller, no longer with those of its owner, total(integer) runs with the search_path of its caller, and 1 more: CREATE OR REPLACE FUNCTION keeps only what it repeats.",
        "warning: Trigger off of orders fires again, though it was switched off: CREATE OR REPLACE TRIGGER leaves it switched on.",
        "warning: Policy own of orders is for every role, no longer for app alone, and policy own of orders is for every command, no longer for select alone: it was made anew, and no statement says so.",
        "warning: Rows that big does not show can be written through it: CREATE OR REPLACE VIEW keeps only the options that it repeats.",
        "warning: app is without USAGE on reporting, and nobody gets rights on new tables of reporting by default: reporting was made anew, and no statement says so.",
        "info: Enum mood is without its comment: mood was made anew, and no statement says so.",
        "info: Index orders_total_idx is without its comment: orders_total_idx was made anew, and no statement says so.",
        "warning: names.name is compared and sorted by the default collation, no longer "C": a change of its type sets back what it does not repeat.",
        "warning: Rows that the unique index names_email_key kept out of names come in from now on: it went with the column deleted_at.",
      ]
    `)
    // what no SQL gives back has none; everything else is proven
    const proofs = found.flatMap(({ remedy }) => remedy?.proof?.outcome ?? [])
    expect(new Set(proofs)).toEqual(new Set(['proven']))
    const offered = found.map(({ remedy }) => remedy?.migrations.map(({ sql }) => sql) ?? [])
    expect(offered.flat().join('\n')).toContain('ALTER FUNCTION public.total(integer) SECURITY DEFINER;')
    expect(offered.flat()).toContain(
      'CREATE INDEX CONCURRENTLY orders_status_idx ON public.orders USING btree (status);',
    )
    const trial = report.trials?.find(({ kind }) => kind === 'silent changes')
    expect(trial).toMatchObject({ outcome: 'finding' })
    // the words of code cannot be read: that is said, and is no finding
    expect(trial?.lines).toContain('~ sequence public.numbers: grants - USAGE for app (by code)')
  })

  test('near misses: what is given back, moved or taken away by words', async () => {
    const workspace = await branchWith(
      {
        'db/migration/V1__shop.sql': `${history}
create view open_orders as select id from orders; grant select on open_orders to app;
create table lines (id int primary key, kind text, order_id int);
create trigger one before insert on lines for each row execute function stamp();
comment on table lines is 'L';
alter default privileges grant select on tables to reader; grant select on lines to reader;
create table people (id int primary key, email text, code text, gone text);
create index people_email_idx on people (lower(email));
create index people_code_idx on people (code, gone);
create index people_code2_idx on people (code);
`,
      },
      {
        'db/migration/V2__words.sql': `
drop view open_orders; create view open_orders as select id, total from orders; grant select on open_orders to app;
create or replace function total(x int) returns int language sql immutable strict security definer
  set search_path = pg_catalog, public as 'select 3';
drop policy own on orders;
comment on column orders.status is null;
revoke update (status) on orders from reader;
drop index orders_total_idx; create index orders_total2_idx on orders (total);
drop statistics orders_stat;
drop index orders_note_key;
alter table orders alter column note set storage main;
drop type mood; create type mood as enum ('a', 'b'); comment on type mood is 'other moods';
drop schema reporting; create schema reporting; grant usage on schema reporting to app;
alter default privileges in schema reporting grant select on tables to app;
drop sequence numbers; create sequence numbers; grant usage on sequence numbers to app;
alter table orders rename column total to amount;
alter table orders rename to purchases;
create table lines_new (id int primary key, kind text, order_id int);
create trigger two before insert on lines_new for each row execute function stamp();
comment on table lines_new is 'L';
drop table lines; alter table lines_new rename to lines;
alter table people drop column email;
alter table people drop column gone;
`,
      },
    )
    const { report } = await checked(workspace, options)
    expect(silent(report)).toEqual([])
    expect(report.trials ?? []).toEqual([])
    expect(report.notChecked.filter(({ code }) => code === 'not-tried')).toEqual([])
  })
})
