import { instant, trial, type Shape } from './shape.ts'

/** Messages with random keys, arrays, an enum, a domain, a trigger and room for HOT updates. */
export const messages: Shape = {
  name: 'messages',
  title: 'messages, uuid keys, a row trigger, 4 indexes',
  use: 'fresh',
  history: [
    `CREATE TYPE message_kind AS ENUM ('text', 'image', 'call', 'system');
CREATE DOMAIN score AS numeric(6, 3) CHECK (VALUE >= 0);
CREATE TABLE conversations (id uuid PRIMARY KEY, topic text, opened_on date NOT NULL);`,
    `CREATE TABLE messages (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    conversation_id uuid NOT NULL,
    sender_id integer NOT NULL,
    kind message_kind NOT NULL DEFAULT 'text',
    body text,
    labels text[] NOT NULL DEFAULT '{}',
    relevance score,
    client inet,
    bytes integer,
    sent_at timestamptz NOT NULL,
    updated_at timestamptz
) WITH (fillfactor = 85);`,
    `CREATE INDEX messages_conversation_idx ON messages (conversation_id, sent_at);
CREATE INDEX messages_sender_idx ON messages (sender_id);
CREATE INDEX messages_sent_at_idx ON messages USING brin (sent_at);`,
    `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END;
$$;
CREATE TRIGGER messages_touch BEFORE UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION touch();`,
    'ALTER TABLE messages ADD CONSTRAINT messages_conversation_fk FOREIGN KEY (conversation_id) REFERENCES conversations (id) NOT VALID;',
  ],
  load: (rows) => {
    const conversations = Math.ceil(rows / 15)
    return [
      `insert into conversations
         select md5('c' || id)::uuid, s.text, date '2021-01-01' + id * 1400 / ${conversations}
           from generate_series(1, ${conversations}) as id left join corpus.sentences as s using (id)`,
      `insert into messages (conversation_id, sender_id, kind, body, labels, relevance, client, bytes, sent_at, updated_at)
         select md5('c' || least(${conversations}, greatest(1, g / 15 + 40 - corpus.zipf(80, 1))))::uuid, corpus.zipf(${Math.ceil(rows / 30)}, 2),
                (enum_range(null::message_kind))[corpus.zipf(4, 4)], case when g % 11 > 0 then concat_ws(' ', s.text, t.text) end,
                case when random() < 0.3 then array[corpus.word(), corpus.word()] else '{}' end,
                case when random() < 0.8 then round(random()::numeric * 10, 3) end, '172.16.0.0'::inet + corpus.zipf(60000, 2),
                40 + corpus.zipf(4000, 5), sent, case when random() < 0.1 then sent + interval '1 min' end
           from (select g, corpus.zipf(20000, 1) as a, case when random() < 0.4 then corpus.zipf(20000, 1) end as b,
                        timestamptz '2021-01-01Z' + g * (interval '1400 days' / ${rows}) as sent
                   from generate_series(1, ${rows}) as g offset 0) as drawn
           left join corpus.sentences as s on s.id = a left join corpus.sentences as t on t.id = b`,
    ]
  },
  trials: [
    trial(
      'builds',
      'create index (integer)',
      'CREATE INDEX m_bytes ON messages (bytes)',
      'drop index m_bytes',
    ),
    trial('builds', 'create index (text)', 'CREATE INDEX m_body ON messages (body)', 'drop index m_body'),
    trial(
      'builds',
      'create unique index',
      'CREATE UNIQUE INDEX m_unique ON messages (conversation_id, id)',
      'drop index m_unique',
    ),
    trial(
      'builds',
      'create index concurrently',
      'CREATE INDEX CONCURRENTLY m_client ON messages (client, sent_at)',
      'drop index m_client',
    ),
    trial(
      'gin',
      'create index (GIN)',
      'CREATE INDEX m_labels ON messages USING gin (labels)',
      'drop index m_labels',
    ),
    trial(
      'scans',
      'set not null',
      'ALTER TABLE messages ALTER COLUMN bytes SET NOT NULL',
      'alter table messages alter column bytes drop not null',
    ),
    trial(
      'scans',
      'add check',
      "ALTER TABLE messages ADD CONSTRAINT m_body CHECK (kind <> 'call' OR bytes > 0)",
      'alter table messages drop constraint m_body',
    ),
    trial(
      'scans',
      'validate foreign key',
      'ALTER TABLE messages VALIDATE CONSTRAINT messages_conversation_fk',
      `alter table messages drop constraint messages_conversation_fk,
         add constraint messages_conversation_fk foreign key (conversation_id) references conversations (id) not valid`,
    ),
    trial(
      'scans',
      'create table as',
      'CREATE TABLE senders AS SELECT sender_id, count(*), max(sent_at) FROM messages GROUP BY 1',
      'drop table senders',
    ),
    instant(
      'scans',
      'add column (constant default)',
      'ALTER TABLE messages ADD COLUMN pinned boolean NOT NULL DEFAULT false',
    ),
    trial('type', 'alter type (integer to bigint)', 'ALTER TABLE messages ALTER COLUMN bytes TYPE bigint'),
    trial(
      'volatile',
      'add column (volatile default)',
      'ALTER TABLE messages ADD COLUMN seen_at timestamptz NOT NULL DEFAULT clock_timestamp()',
    ),
    trial('vacuum', 'vacuum full', 'VACUUM FULL messages'),
    trial('update all', 'update (all rows)', 'UPDATE messages SET bytes = coalesce(bytes, 0) + 16'),
    trial('some', 'update (some rows)', "UPDATE messages SET body = '' WHERE kind = 'system'"),
    trial('delete', 'delete (half)', "DELETE FROM messages WHERE sent_at < '2022-12-02'"),
  ],
}
