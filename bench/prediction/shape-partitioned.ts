import { instant, trial, type Shape } from './shape.ts'

/** First days of the months that have a partition; the last only ends the one before. */
const months = Array.from({ length: 13 }, (_, at) =>
  at < 12 ? `2024-${String(at + 1).padStart(2, '0')}-01` : '2025-01-01',
)

const partitions = months.slice(0, -1).map((from, at) => {
  const name = `payments_2024_${String(at + 1).padStart(2, '0')}`
  return `CREATE TABLE ${name} PARTITION OF payments FOR VALUES FROM ('${from}') TO ('${months[at + 1] ?? ''}');`
})

/** Payments in a partition per month, and the next month's, imported and not attached yet. */
export const partitioned: Shape = {
  name: 'partitioned',
  title: 'payments, 12 partitions and a default, 3 indexes each',
  use: 'hold-out',
  history: [
    'CREATE TABLE merchants (id integer PRIMARY KEY, name text NOT NULL, country char(2));',
    `CREATE TABLE payments (
    id bigint NOT NULL,
    merchant_id integer NOT NULL,
    paid_at timestamptz NOT NULL,
    amount numeric(12, 2) NOT NULL,
    currency char(3) NOT NULL,
    method text NOT NULL,
    reference text NOT NULL,
    fee numeric(8, 4),
    settled boolean NOT NULL,
    memo text,
    PRIMARY KEY (id, paid_at)
) PARTITION BY RANGE (paid_at);`,
    partitions.join('\n'),
    `CREATE TABLE payments_other PARTITION OF payments DEFAULT;
CREATE INDEX payments_merchant_idx ON payments (merchant_id, paid_at);
CREATE INDEX payments_reference_idx ON payments (reference);`,
    'CREATE TABLE payments_2025_01 (LIKE payments INCLUDING DEFAULTS INCLUDING CONSTRAINTS);',
  ],
  load: (rows) => [
    `insert into merchants select id, corpus.last_name() || ' & ' || corpus.last_name(), 'DE'
       from generate_series(1, ${Math.ceil(rows / 200)}) as id`,
    loadPayments('payments', 1, rows, "timestamptz '2024-01-01Z'", `interval '365.9 days' / ${rows}`),
    loadPayments(
      'payments_2025_01',
      rows + 1,
      rows + Math.ceil(rows / 8),
      "timestamptz '2025-01-01Z'",
      `interval '30 days' / ${Math.ceil(rows / 8)}`,
    ),
  ],
  trials: [
    trial(
      'builds',
      'create index (integer)',
      'CREATE INDEX p_merchant ON payments (merchant_id)',
      'drop index p_merchant',
    ),
    trial(
      'builds',
      'create index (text)',
      'CREATE INDEX p_memo ON payments (memo, method)',
      'drop index p_memo',
    ),
    trial(
      'builds',
      'add unique constraint',
      'ALTER TABLE payments ADD CONSTRAINT p_reference UNIQUE (reference, paid_at)',
      'alter table payments drop constraint p_reference',
    ),
    trial(
      'attach',
      'attach partition',
      "ALTER TABLE payments ATTACH PARTITION payments_2025_01 FOR VALUES FROM ('2025-01-01') TO ('2025-02-01')",
    ),
    trial(
      'scans',
      'set not null',
      'ALTER TABLE payments ALTER COLUMN fee SET NOT NULL',
      'alter table payments alter column fee drop not null',
    ),
    trial(
      'scans',
      'add check',
      'ALTER TABLE payments ADD CONSTRAINT p_amount CHECK (amount > 0)',
      'alter table payments drop constraint p_amount',
    ),
    trial(
      'scans',
      'add foreign key',
      'ALTER TABLE payments ADD CONSTRAINT p_merchant_fk FOREIGN KEY (merchant_id) REFERENCES merchants (id)',
      'alter table payments drop constraint p_merchant_fk',
    ),
    trial(
      'scans',
      'create table as',
      'CREATE TABLE totals AS SELECT merchant_id, currency, count(*), sum(amount) FROM payments GROUP BY 1, 2',
      'drop table totals',
    ),
    instant(
      'scans',
      'add column (constant default)',
      'ALTER TABLE payments ADD COLUMN attempt smallint NOT NULL DEFAULT 1',
    ),
    instant('scans', 'drop column', 'ALTER TABLE payments DROP COLUMN fee'),
    trial(
      'type',
      'alter type (integer to bigint)',
      'ALTER TABLE payments ALTER COLUMN merchant_id TYPE bigint',
    ),
    trial(
      'volatile',
      'add column (volatile default)',
      'ALTER TABLE payments ADD COLUMN uid uuid NOT NULL DEFAULT gen_random_uuid()',
    ),
    trial(
      'update all',
      'update (all rows)',
      'UPDATE payments SET settled = true, fee = round(amount * 0.014, 4)',
    ),
    trial(
      'writes',
      'update (some rows)',
      "UPDATE payments SET method = 'card' WHERE method IN ('visa', 'mastercard')",
    ),
    trial('delete', 'delete (half)', "DELETE FROM payments WHERE paid_at < '2024-07-01'"),
  ],
}

function loadPayments(table: string, from: number, to: number, start: string, step: string): string {
  const merchants = Math.ceil(to / 200)
  return `insert into ${table} (id, merchant_id, paid_at, amount, currency, method, reference, fee, settled, memo)
    select g, least(corpus.zipf(${merchants}, 2.2), (select count(*) from merchants)), ${start} + (g - ${from}) * (${step}),
           amount, (array['EUR', 'CHF', 'PLN'])[corpus.zipf(3, 3)],
           (array['sepa', 'card', 'visa', 'mastercard', 'paypal', 'giropay'])[corpus.zipf(6, 1.5)],
           'RF' || substr(md5(g::text), 1, 4) || '-' || (2024000000 + g * 7), round(amount * 0.012 + 0.25, 4), random() < 0.9,
           case when random() < 0.7 then 'Invoice ' || corpus.zipf(90000, 1) || ' ' || corpus.last_name() || ', ' || corpus.city() end
      from (select g, (1 + 400 * power(random(), 3))::numeric(12, 2) as amount
              from generate_series(${from}, ${to}) as g offset 0) as drawn`
}
