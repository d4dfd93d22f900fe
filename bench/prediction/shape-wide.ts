import { instant, nothing, trial, type Shape } from './shape.ts'

const amounts = ['net', 'tax', 'shipping', 'discount', 'refunded', 'paid'] as const

/** Orders of a shop that grew for years: forty columns, about 600 bytes a row. */
export const wide: Shape = {
  name: 'wide',
  title: 'orders, 40 columns, 4 indexes',
  use: 'tuning',
  history: [
    `CREATE TABLE customers (
    id bigint PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE stores (id integer PRIMARY KEY, name text NOT NULL);`,
    `CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    store_id integer,
    number varchar(40) NOT NULL,
    status varchar(20) NOT NULL,
    email text NOT NULL,
    phone text,
    currency char(3) NOT NULL,
    ${amounts.map((name) => `${name} numeric(12, 2) NOT NULL DEFAULT 0,`).join('\n    ')}
    ship_name varchar(120), ship_street varchar(255), ship_city varchar(120), ship_zip varchar(12), ship_country char(2),
    bill_name varchar(120), bill_street varchar(255), bill_city varchar(120), bill_zip varchar(12), bill_country char(2),
    user_agent text,
    ip inet,
    referrer text,
    coupon varchar(30),
    note text,
    items integer NOT NULL,
    weight_grams integer,
    gift boolean NOT NULL DEFAULT false,
    express boolean NOT NULL DEFAULT false,
    priority smallint,
    tags text[],
    external_ref uuid NOT NULL,
    placed_at timestamptz NOT NULL,
    paid_at timestamptz,
    shipped_at timestamptz,
    updated_at timestamptz NOT NULL
);`,
    `CREATE INDEX orders_customer_id_idx ON orders (customer_id);
CREATE INDEX orders_placed_at_idx ON orders (placed_at);
CREATE UNIQUE INDEX orders_number_idx ON orders (number);`,
    'ALTER TABLE orders ADD CONSTRAINT orders_store_fk FOREIGN KEY (store_id) REFERENCES stores (id) NOT VALID;',
    'CREATE MATERIALIZED VIEW daily_sales AS SELECT placed_at::date AS day, store_id, count(*) AS orders, sum(paid) AS paid FROM orders GROUP BY 1, 2;',
  ],
  load: (rows) => [
    `insert into stores select id, corpus.city() || ' ' || id from generate_series(1, 400) as id`,
    `insert into customers
       select id, lower(corpus.first_name() || '.' || corpus.last_name()) || id || '@example.com',
              corpus.first_name() || ' ' || corpus.last_name(), timestamptz '2016-01-01Z' + id * interval '90 s'
         from generate_series(1, ${Math.ceil(rows / 6)}) as id`,
    loadOrders(rows),
    'refresh materialized view daily_sales',
  ],
  trials: [
    trial('builds', 'create index (text)', 'CREATE INDEX o_email ON orders (email)', 'drop index o_email'),
    trial(
      'builds',
      'create index (expression)',
      'CREATE INDEX o_lower_email ON orders (lower(email))',
      'drop index o_lower_email',
    ),
    trial(
      'builds',
      'create index (composite)',
      'CREATE INDEX o_status_placed ON orders (status, placed_at)',
      'drop index o_status_placed',
    ),
    trial(
      'builds',
      'create index (partial)',
      "CREATE INDEX o_open ON orders (placed_at) WHERE status IN ('new', 'paid')",
      'drop index o_open',
    ),
    trial(
      'builds',
      'add unique constraint',
      'ALTER TABLE orders ADD CONSTRAINT o_external_ref UNIQUE (external_ref)',
      'alter table orders drop constraint o_external_ref',
    ),
    trial(
      'scans',
      'set not null',
      'ALTER TABLE orders ALTER COLUMN ship_name SET NOT NULL',
      'alter table orders alter column ship_name drop not null',
    ),
    trial(
      'scans',
      'add check',
      "ALTER TABLE orders ADD CONSTRAINT o_paid CHECK (paid >= 0 AND (status <> 'paid' OR paid_at IS NOT NULL))",
      'alter table orders drop constraint o_paid',
    ),
    trial(
      'scans',
      'validate foreign key',
      'ALTER TABLE orders VALIDATE CONSTRAINT orders_store_fk',
      `alter table orders drop constraint orders_store_fk,
         add constraint orders_store_fk foreign key (store_id) references stores (id) not valid`,
    ),
    trial(
      'scans',
      'add foreign key',
      'ALTER TABLE orders ADD CONSTRAINT o_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id)',
      'alter table orders drop constraint o_customer_fk',
    ),
    trial('scans', 'refresh materialized view', 'REFRESH MATERIALIZED VIEW daily_sales', nothing),
    instant(
      'scans',
      'add column (constant default)',
      'ALTER TABLE orders ADD COLUMN fraud_score integer NOT NULL DEFAULT 0',
    ),
    instant('scans', 'drop column', 'ALTER TABLE orders DROP COLUMN referrer'),
    trial(
      'narrower',
      'alter type (narrower varchar)',
      'ALTER TABLE orders ALTER COLUMN coupon TYPE varchar(12)',
    ),
    trial(
      'volatile',
      'add column (volatile default)',
      'ALTER TABLE orders ADD COLUMN uid uuid NOT NULL DEFAULT gen_random_uuid()',
    ),
    trial(
      'update all',
      'update (all rows)',
      'UPDATE orders SET priority = CASE WHEN express THEN 2 ELSE 1 END',
    ),
    trial('writes', 'update (some rows)', "UPDATE orders SET status = 'archived' WHERE status = 'cancelled'"),
    trial('delete', 'delete (half)', 'DELETE FROM orders WHERE id % 2 = 0'),
    trial('cluster', 'cluster', 'CLUSTER orders USING orders_customer_id_idx'),
  ],
}

function loadOrders(rows: number): string {
  return `insert into orders
    select g, customer, corpus.zipf(400, 2.5), 'SO-' || (2016 + g * 8 / ${rows}) || '-' || lpad(g::text, 9, '0'),
           (array['shipped', 'shipped', 'delivered', 'delivered', 'delivered', 'cancelled', 'paid', 'new'])
             [case when g > ${rows} * 0.98 then 7 + g % 2 else corpus.zipf(6, 1) end],
           lower(first || '.' || last) || customer || '@' || (array['gmail.com', 'example.com', 'web.de', 'outlook.com'])[corpus.zipf(4, 2)],
           case when random() < 0.6 then '+49 ' || 100 + customer % 900 || ' ' || 1000000 + customer * 7 % 9000000 end,
           (array['EUR', 'USD', 'GBP', 'SEK'])[corpus.zipf(4, 3)],
           net, round(net * 0.19, 2), 4.90, case when random() < 0.2 then round(net * 0.1, 2) else 0 end,
           case when random() < 0.03 then net else 0 end, net + round(net * 0.19, 2) + 4.90,
           first || ' ' || last, last || ' Street ' || customer % 180, city, lpad((customer * 37 % 99999)::text, 5, '0'), 'DE',
           first || ' ' || last, last || ' Street ' || customer % 180, city, lpad((customer * 37 % 99999)::text, 5, '0'), 'DE',
           corpus.agent(), '10.0.0.0'::inet + customer % 16000000,
           case when random() < 0.5 then 'https://www.example.com/campaigns/' || corpus.zipf(300, 3) || '?utm_source=newsletter' end,
           case when random() < 0.15 then 'SAVE' || corpus.zipf(40, 2) end, s.text,
           1 + corpus.zipf(6, 3), 200 + corpus.zipf(8000, 3), random() < 0.04, random() < 0.1,
           case when random() < 0.3 then corpus.zipf(3, 1) end,
           case when random() < 0.25 then array[corpus.word(), corpus.word()] end,
           gen_random_uuid(), placed, placed + interval '5 min', case when g % 9 > 0 then placed + interval '2 days' end,
           placed + interval '3 days'
      from (select g, corpus.zipf(${Math.ceil(rows / 6)}, 1.4) as customer, corpus.first_name() as first,
                   corpus.last_name() as last, corpus.city() as city, (4 + 300 * power(random(), 4))::numeric(12, 2) as net,
                   timestamptz '2016-01-04Z' + g * (interval '8 years' / ${rows}) + random() * interval '10 min' as placed,
                   case when random() < 0.12 then corpus.zipf(20000, 1) end as sentence
              from generate_series(1, ${rows}) as g offset 0) as drawn
      left join corpus.sentences as s on s.id = sentence`
}
