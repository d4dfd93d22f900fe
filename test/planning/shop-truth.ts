/** Tables of several kinds, large enough that plans differ from those of small ones. */
export const schema = `
create type status as enum ('new', 'paid', 'shipped');
create domain mail as text check (value <> '');
create table customers (
  id bigint primary key, email mail not null, name varchar(100) not null, country char(2), tags text[] not null);
create unique index customers_email on customers (lower(email));
create table orders (
  id bigint primary key, customer_id bigint not null references customers (id), status status not null,
  total numeric not null, note text, created_at timestamptz not null);
create index orders_customer on orders (customer_id, created_at);
create index orders_open on orders (created_at) where status <> 'shipped';
create table events (id bigint not null, at date not null, kind text not null) partition by range (at);
create table events_1 partition of events for values from ('2024-01-01') to ('2024-07-01');
create table events_2 partition of events for values from ('2024-07-01') to ('2025-01-01');
create index events_at on events (at, kind);`

export const fill = `
insert into customers select g, 'user' || g || '@example.org', 'name ' || g % 977, chr(65 + g % 5) || 'X', array['t' || g % 9]
  from generate_series(1, 20000) g;
insert into orders select g, 1 + (g * 7919::bigint) % 20000,
  (case when g % 100 < 90 then 'shipped' when g % 100 < 97 then 'paid' else 'new' end)::status, g % 1000,
  case when g % 3 = 0 then repeat('x', (g % 50)::int) end, timestamptz '2024-01-01' + g * interval '2 minutes'
  from generate_series(1, 200000) g;
insert into events select g, date '2024-01-01' + (g % 360)::int, 'kind' || g % 7 from generate_series(1, 150000) g;`

export const queries: Readonly<Record<string, string>> = {
  'by key': 'select * from orders where id = 4711',
  'of a customer': 'select * from orders where customer_id = 42 order by created_at desc limit 20',
  'newest of a customer': 'select max(created_at) from orders where customer_id = 42',
  'by mail': "select * from customers where lower(email) = 'user7@example.org'",
  'open ones': "select * from orders where status <> 'shipped' order by created_at limit 50",
  'rare status': "select count(*) from orders where status = 'new'",
  'common status': "select id from orders where status = 'shipped' and total > 995",
  'join of many':
    'select c.name, sum(o.total) from customers c join orders o on o.customer_id = c.id group by c.name',
  'join of few': `select o.id, c.name from orders o join customers c on c.id = o.customer_id
    where o.created_at > timestamptz '2024-10-04' and c.country = 'AX'`,
  'by an array': "select count(*) from customers where tags = array['t3']",
  'a day of events': "select count(*) from events where at = date '2024-08-02' and kind = 'kind3'",
  'kinds of events': 'select kind, count(*) from events group by kind order by kind',
  'not in':
    'select count(*) from customers c where not exists (select from orders o where o.customer_id = c.id)',
}

/** What they do to plans is different for each. */
export const migrations: Readonly<Record<string, { readonly sql: string; readonly analyze?: string }>> = {
  'no change of the schema': { sql: "comment on table orders is 'of customers'" },
  'an index is dropped': { sql: 'drop index orders_customer' },
  'an index loses a column': {
    sql: 'drop index orders_customer; create index orders_by_customer on orders (customer_id)',
  },
  'indexes are added': {
    sql: `create index on orders (created_at); create index on orders (total) where total > 990;
      create index on events (kind)`,
  },
  'a table is written anew': {
    sql: 'alter table orders alter column id type int, alter column note type varchar(300)',
    analyze: 'orders (id, note)',
  },
  'columns come, go and change their names': {
    sql: `alter table orders add column currency char(3) not null default 'EUR';
      alter table orders drop column note; alter index orders_open rename to orders_waiting`,
  },
}
