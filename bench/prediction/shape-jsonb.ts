import { nothing, trial, type Shape } from './shape.ts'

/** Events of other systems as they came in, and an unlogged copy that a job works on. */
export const jsonb: Shape = {
  name: 'jsonb',
  title: 'webhooks, jsonb of 200 to 3000 bytes, 2 indexes',
  use: 'hold-out',
  history: [
    `CREATE TABLE webhooks (
    id bigint PRIMARY KEY,
    tenant_id integer NOT NULL,
    topic text NOT NULL,
    payload jsonb NOT NULL,
    attempts integer,
    received_at timestamptz NOT NULL
);
CREATE INDEX webhooks_tenant_idx ON webhooks (tenant_id, received_at);`,
    'CREATE UNLOGGED TABLE inbox (event_id bigint NOT NULL, topic text NOT NULL, body jsonb NOT NULL, seen_at timestamptz);',
    `CREATE MATERIALIZED VIEW topics AS
    SELECT tenant_id, topic, count(*) AS events, max(received_at) AS last FROM webhooks GROUP BY 1, 2;`,
    'CREATE TABLE webhook_log (webhook_id bigint NOT NULL, topic text NOT NULL, country text);',
  ],
  load: (rows) => [
    `insert into webhooks
       select g, corpus.zipf(3000, 2.5), topic,
              jsonb_build_object('id', gen_random_uuid(), 'type', topic, 'livemode', random() < 0.98,
                'created', 1704067200 + g * 3, 'actor', jsonb_build_object('id', 'usr_' || corpus.zipf(200000, 1.5),
                  'name', corpus.first_name() || ' ' || corpus.last_name(), 'country', (array['DE', 'FR', 'US', 'PL'])[corpus.zipf(4, 2)]))
              || case when random() < 0.5 then jsonb_build_object('request', jsonb_build_object('agent', corpus.agent(),
                   'ip', '10.' || g % 250 || '.' || corpus.zipf(250, 1) || '.7', 'idempotency_key', md5(g::text))) else '{}' end
              || case when topic like 'order%' then jsonb_build_object('lines', (
                   select jsonb_agg(jsonb_build_object('sku', 'SKU-' || corpus.zipf(8000, 2) + line * 0, 'quantity', line, 'note', s.text))
                     from generate_series(1, 1 + g % 7) as line)) else '{}' end
              || case when random() < 0.1 then jsonb_build_object('description', p.text) else '{}' end,
              case when random() < 0.9 then 1 else corpus.zipf(9, 2) end, timestamptz '2024-01-01Z' + g * interval '3 s'
         from (select g, (array['order.created', 'order.paid', 'customer.updated', 'invoice.sent', 'ping'])[corpus.zipf(5, 1.4)] as topic,
                      corpus.zipf(20000, 1.5) as sentence, corpus.zipf(4000, 1) as paragraph
                 from generate_series(1, ${rows}) as g offset 0) as drawn
         left join corpus.sentences as s on s.id = sentence left join corpus.paragraphs as p on p.id = paragraph`,
    `insert into inbox select id, topic, payload, null from webhooks where id <= ${Math.ceil(rows / 2)}`,
    'refresh materialized view topics',
  ],
  trials: [
    trial(
      'gin',
      'create index (GIN)',
      'CREATE INDEX w_payload ON webhooks USING gin (payload jsonb_path_ops)',
      'drop index w_payload',
    ),
    trial(
      'builds',
      'create index (expression)',
      "CREATE INDEX w_actor ON webhooks ((payload -> 'actor' ->> 'id'))",
      'drop index w_actor',
    ),
    trial(
      'builds',
      'create index (partial)',
      'CREATE INDEX w_retries ON webhooks (received_at) WHERE attempts > 1',
      'drop index w_retries',
    ),
    trial(
      'builds',
      'create index (text)',
      'CREATE INDEX w_topic ON webhooks (topic, tenant_id)',
      'drop index w_topic',
    ),
    trial(
      'builds',
      'add primary key',
      'ALTER TABLE inbox ADD PRIMARY KEY (event_id)',
      'alter table inbox drop constraint inbox_pkey, alter column event_id set not null',
    ),
    trial(
      'scans',
      'set not null',
      'ALTER TABLE webhooks ALTER COLUMN attempts SET NOT NULL',
      'alter table webhooks alter column attempts drop not null',
    ),
    trial(
      'scans',
      'add check',
      "ALTER TABLE webhooks ADD CONSTRAINT w_type CHECK (payload ->> 'type' = topic)",
      'alter table webhooks drop constraint w_type',
    ),
    trial('scans', 'refresh materialized view', 'REFRESH MATERIALIZED VIEW topics', nothing),
    trial(
      'scans',
      'insert select (join)',
      `INSERT INTO webhook_log
SELECT w.id, i.topic, w.payload -> 'actor' ->> 'country' FROM webhooks AS w JOIN inbox AS i ON i.event_id = w.id`,
    ),
    trial('logged', 'set logged', 'ALTER TABLE inbox SET LOGGED'),
    trial(
      'generated',
      'add column (stored, generated)',
      "ALTER TABLE webhooks ADD COLUMN country text GENERATED ALWAYS AS (payload -> 'actor' ->> 'country') STORED",
    ),
    trial('type', 'alter type (integer to bigint)', 'ALTER TABLE webhooks ALTER COLUMN attempts TYPE bigint'),
    trial(
      'update all',
      'update (all rows)',
      "UPDATE webhooks SET payload = payload - 'livemode' || jsonb_build_object('version', 2)",
    ),
    trial('writes', 'update (some rows)', 'UPDATE webhooks SET attempts = 0 WHERE attempts > 1'),
    trial('delete', 'delete (half)', 'DELETE FROM webhooks WHERE id % 2 = 0'),
  ],
}
