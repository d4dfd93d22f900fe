/**
 * The shop that plays production: tables of many kinds and sizes, and indexes of many kinds. Written as the two
 * migrations that made it, so that the tool can replay them.
 */

export interface HistoryFile {
  readonly file: string
  readonly sql: string
}

const tablesSql = `
create extension pg_trgm;

create type order_status as enum ('new', 'pending', 'paid', 'shipped', 'delivered', 'cancelled', 'returned');

create table customers (
  id bigint not null,
  email text not null,
  name text not null,
  country char(2) not null,
  city text,
  created_at timestamptz not null,
  referred_by bigint,
  marketing boolean not null,
  settings jsonb not null
);

create table categories (id integer not null, name text not null, parent_id integer);

create table products (
  id integer not null,
  sku varchar(20) not null,
  name text not null,
  category_id integer not null,
  price_cents integer not null,
  tags text[] not null,
  active boolean not null,
  created_on date not null
);

create table orders (
  id bigint not null,
  customer_id integer not null,
  status order_status not null,
  total_cents integer not null,
  coupon varchar(20),
  shipping_country char(2) not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  note text
);

create table order_items (
  order_id bigint not null,
  line smallint not null,
  product_id integer not null,
  quantity integer not null,
  price_cents integer not null
);

create table payments (
  id bigint not null,
  order_id bigint not null,
  provider text not null,
  reference text not null,
  amount_cents integer not null,
  paid_at timestamptz not null
);

create table reviews (
  id bigint not null,
  product_id integer not null,
  customer_id bigint not null,
  stars smallint not null,
  body text not null,
  created_at timestamptz not null
);

create table jobs (
  id bigint not null,
  kind text not null,
  run_at timestamptz not null,
  finished_at timestamptz,
  attempts integer
);

create table events (
  id bigint not null,
  occurred_at timestamptz not null,
  kind text not null,
  customer_id bigint,
  payload jsonb not null
) partition by range (occurred_at);

create table events_2026_q1 partition of events for values from ('2026-01-01') to ('2026-04-01');
create table events_2026_q2 partition of events for values from ('2026-04-01') to ('2026-07-01');
create table events_2026_q3 partition of events for values from ('2026-07-01') to ('2026-10-01');
create table events_2026_q4 partition of events for values from ('2026-10-01') to ('2027-01-01');

create table old_events (like events);
`

const indexesSql = `
alter table customers add primary key (id);
create unique index customers_email_key on customers (lower(email));
create index customers_country_city_idx on customers (country, city);
create index customers_settings_idx on customers using gin (settings jsonb_path_ops);

alter table categories add primary key (id);
alter table categories add foreign key (parent_id) references categories (id);

alter table products add primary key (id);
alter table products add unique (sku);
alter table products add foreign key (category_id) references categories (id);
create index products_category_price_idx on products (category_id, price_cents) include (name);
create index products_tags_idx on products using gin (tags);
create index products_name_idx on products using gin (name gin_trgm_ops);

alter table orders add primary key (id);
alter table orders add foreign key (customer_id) references customers (id);
create index orders_customer_created_idx on orders (customer_id, created_at);
create index orders_pending_idx on orders (created_at) where status = 'pending';
create index orders_updated_idx on orders using brin (updated_at);
create index orders_day_idx on orders (((created_at at time zone 'UTC')::date));
create index orders_coupon_idx on orders (coupon) where coupon is not null;

alter table order_items add primary key (order_id, line);
alter table order_items add foreign key (order_id) references orders (id);
create index order_items_product_idx on order_items (product_id) include (quantity);

alter table payments add primary key (id);
alter table payments add foreign key (order_id) references orders (id);
create index payments_order_idx on payments (order_id);
create unique index payments_reference_key on payments (provider, reference);

alter table reviews add primary key (id);
create index reviews_product_stars_idx on reviews (product_id, stars desc, created_at desc);

alter table jobs add primary key (id);
create index jobs_ready_idx on jobs (run_at) where finished_at is null;

alter table events add primary key (id, occurred_at);
create index events_customer_idx on events (customer_id, occurred_at);
create index events_occurred_idx on events using brin (occurred_at);

create view recent_orders as
  select id, status, shipping_country, created_at from orders where created_at > '2026-10-01';

create materialized view daily_sales as
  select (created_at at time zone 'UTC')::date as day, shipping_country, count(*) as orders, sum(total_cents) as cents
    from orders group by 1, 2;
create unique index daily_sales_key on daily_sales (day, shipping_country);
`

/** Tables are filled between the two. */
export const history: readonly [HistoryFile, HistoryFile] = [
  { file: 'migrations/0001_tables.sql', sql: tablesSql },
  { file: 'migrations/0002_indexes.sql', sql: indexesSql },
]

export const historySql: string = history.map(({ sql }) => sql).join('\n')

/** Filled with this many orders the whole shop has five times as many rows. */
export const defaultOrders = 2_000_000

/**
 * SQL that fills the tables, before there are indexes: skewed, correlated and with NULLs, as production's are.
 * @param orders number of orders; the other tables are sized by it
 */
export function fillSql(orders: number): readonly string[] {
  const customers = Math.round(orders / 10)
  const products = Math.max(1000, Math.round(orders / 100))
  const share = (part: number): number => Math.round(orders * part)
  const start = "timestamptz '2023-01-01'"
  return [
    'select setseed(0.42)',
    `insert into customers select n, 'user' || n || '@' || (array['example.com','mail.example','shop.example'])[1 + (random() ^ 2 * 3)::int % 3],
       'Customer ' || md5(n::text), (array['DE','FR','US','GB','NL','PL','ES','IT','AT','SE'])[1 + floor(random() ^ 3 * 10)::int],
       case when random() < 0.1 then null else 'city ' || floor(random() ^ 2 * 3000)::int end,
       ${start} + n * (interval '1400 days' / ${customers}), case when random() < 0.2 and n > 10 then 1 + floor(random() * (n - 1))::int end,
       random() < 0.3, jsonb_build_object('theme', (array['dark','light','auto'])[1 + floor(random() ^ 2 * 3)::int], 'size', floor(random() * 50)::int)
     from generate_series(1, ${customers}) n`,
    `insert into categories select n, 'Category ' || n, case when n > 20 then 1 + n % 20 end from generate_series(1, 400) n`,
    `insert into products select n, 'SKU-' || lpad(n::text, 8, '0'),
       initcap((array['red','blue','green','small','large','old','new','fine'])[1 + floor(random() * 8)::int] || ' ' || substr(md5(n::text), 1, 6) || ' ' ||
         (array['chair','table','lamp','shelf','door','mirror','carpet','sofa','bed','desk'])[1 + floor(random() ^ 2 * 10)::int]),
       1 + floor(random() ^ 2 * 400)::int, 100 + floor(random() ^ 3 * 500000)::int,
       array(select 'tag' || floor(random() ^ 3 * 200)::int from generate_series(1, 1 + n % 4)), random() < 0.85, date '2020-01-01' + n % 2000
     from generate_series(1, ${products}) n`,
    `insert into orders select n, 1 + floor(random() ^ 1.6 * ${customers})::int, s.status::order_status, 500 + floor(random() ^ 4 * 200000)::int,
       case when random() < 0.06 then 'SAVE' || floor(random() ^ 2 * 500)::int end,
       (array['DE','FR','US','GB','NL','PL','ES','IT','AT','SE'])[1 + floor(random() ^ 3 * 10)::int],
       s.at, s.at + random() * interval '3 days', case when random() < 0.15 then 'note ' || md5(n::text) end
     from generate_series(1, ${orders}) n,
       lateral (select ${start} + n * (interval '1420 days' / ${orders}) + random() * interval '1 hour' as at,
                       case when n > ${orders} * 0.985 then (array['new','pending','paid','shipped'])[1 + floor(random() * 4)::int]
                            when random() < 0.002 then 'pending' when random() < 0.04 then 'cancelled' when random() < 0.03 then 'returned'
                            else 'delivered' end as status) s`,
    `insert into order_items select o, line, 1 + floor(random() ^ 2 * ${products})::int, 1 + floor(random() ^ 3 * 8)::int, 100 + floor(random() ^ 3 * 50000)::int
     from generate_series(1, ${orders}) o, generate_series(1, 1 + (o::bigint * 7919 % 13 / 4)) line`,
    `insert into payments select n, n * 2 - (n % 2), (array['card','transfer','wallet'])[1 + floor(random() ^ 2 * 3)::int], 'ref-' || n,
       500 + floor(random() ^ 4 * 200000)::int, ${start} + n * (interval '1420 days' / ${share(0.5)})
     from generate_series(1, ${share(0.5)}) n`,
    `insert into reviews select n, 1 + floor(random() ^ 2 * ${products})::int, 1 + floor(random() * ${customers})::int, 5 - floor(random() ^ 2 * 5)::int,
       repeat('It is a ' || (array['good','bad','nice','sturdy','cheap'])[1 + floor(random() * 5)::int] || ' thing ' || substr(md5(n::text), 1, 8) || '. ', 1 + n % 4),
       ${start} + random() * interval '1420 days'
     from generate_series(1, ${share(0.1)}) n`,
    `insert into jobs select n, (array['mail','invoice','export','sync'])[1 + floor(random() ^ 2 * 4)::int], ${start} + n * (interval '1420 days' / ${share(0.1)}),
       case when n < ${share(0.0995)} then ${start} + n * (interval '1420 days' / ${share(0.1)}) + interval '2 minutes' end, floor(random() ^ 4 * 6)::int
     from generate_series(1, ${share(0.1)}) n`,
    `insert into events select n, timestamptz '2026-01-01' + n * (interval '324 days' / ${share(0.3)}),
       (array['view','click','cart','buy','login','error'])[1 + floor(random() ^ 3 * 6)::int],
       case when random() < 0.7 then 1 + floor(random() ^ 2 * ${customers})::int end, jsonb_build_object('page', floor(random() * 300)::int)
     from generate_series(1, ${share(0.3)}) n`,
    `insert into old_events select n, timestamptz '2025-10-01' + n * (interval '90 days' / ${share(0.05)}), 'view', 1 + n % ${customers}, '{}'
     from generate_series(1, ${share(0.05)}) n`,
  ]
}
