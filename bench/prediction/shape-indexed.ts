import { instant, trial, type Shape } from './shape.ts'

/** User accounts that every team has added an index to. */
export const indexed: Shape = {
  name: 'indexed',
  title: 'accounts, 16 columns, 10 indexes',
  use: 'hold-out',
  history: [
    `CREATE TABLE organizations (id integer PRIMARY KEY, name text NOT NULL, plan text NOT NULL);
CREATE TYPE account_state AS ENUM ('invited', 'active', 'suspended', 'closed');`,
    `CREATE TABLE accounts (
    id bigserial PRIMARY KEY,
    organization_id integer NOT NULL REFERENCES organizations (id),
    email text NOT NULL,
    username text NOT NULL,
    full_name text,
    state account_state NOT NULL DEFAULT 'invited',
    role text NOT NULL DEFAULT 'member',
    external_id uuid,
    logins integer NOT NULL DEFAULT 0,
    balance numeric(14, 4) NOT NULL DEFAULT 0,
    locale varchar(8),
    time_zone varchar(40),
    referred_by bigint,
    last_seen_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);`,
    `CREATE UNIQUE INDEX accounts_email_key ON accounts (lower(email));
CREATE UNIQUE INDEX accounts_username_key ON accounts (username);
CREATE INDEX accounts_organization_idx ON accounts (organization_id, state);
CREATE INDEX accounts_external_id_idx ON accounts (external_id);
CREATE INDEX accounts_last_seen_idx ON accounts (last_seen_at DESC NULLS LAST);
CREATE INDEX accounts_created_idx ON accounts (created_at);
CREATE INDEX accounts_referred_idx ON accounts (referred_by) WHERE referred_by IS NOT NULL;
CREATE INDEX accounts_name_idx ON accounts (full_name text_pattern_ops);
CREATE INDEX accounts_open_idx ON accounts (organization_id, created_at) WHERE deleted_at IS NULL;`,
    'CREATE TABLE sessions (token uuid NOT NULL, account_id bigint NOT NULL, opened_at timestamptz NOT NULL);',
  ],
  load: (rows) => [
    `insert into organizations
       select id, corpus.last_name() || ' ' || corpus.city() || ' GmbH', (array['free', 'team', 'business'])[corpus.zipf(3, 2)]
         from generate_series(1, ${Math.ceil(rows / 25)}) as id`,
    `insert into accounts (organization_id, email, username, full_name, state, role, external_id, logins, balance,
                           locale, time_zone, referred_by, last_seen_at, created_at, deleted_at)
       select corpus.zipf(${Math.ceil(rows / 25)}, 2), first || '.' || last || case when g % 3 > 0 then g::text else '+' || g end
                || '@' || lower(last) || corpus.zipf(2000, 3) || '.com',
              lower(left(first, 1) || last) || g, first || ' ' || last,
              (enum_range(null::account_state))[case when random() < 0.85 then 2 else corpus.zipf(4, 1) end],
              (array['member', 'admin', 'owner', 'guest'])[corpus.zipf(4, 3)],
              case when random() < 0.4 then gen_random_uuid() end, corpus.zipf(5000, 6), round((random() * 100)::numeric, 2),
              (array['en_US', 'de_DE', 'fr_FR', 'pt_BR'])[corpus.zipf(4, 2)], 'Europe/' || corpus.city(),
              case when random() < 0.2 then corpus.zipf(g, 1) end,
              case when random() < 0.8 then created + random() * (timestamptz '2025-01-01Z' - created) end, created,
              case when random() < 0.07 then created + interval '90 days' end
         from (select g, corpus.first_name() as first, corpus.last_name() as last,
                      timestamptz '2015-06-01Z' + sqrt(g::float8 / ${rows}) * interval '9 years' as created
                 from generate_series(1, ${rows}) as g offset 0) as drawn`,
    `insert into sessions
       select gen_random_uuid(), corpus.zipf(${rows}, 1.3), timestamptz '2024-12-01Z' + g * interval '3 s'
         from generate_series(1, ${Math.ceil(rows * 0.6)}) as g`,
  ],
  trials: [
    trial(
      'builds',
      'create index (text)',
      'CREATE INDEX a_role_email ON accounts (email)',
      'drop index a_role_email',
    ),
    trial(
      'builds',
      'create index concurrently',
      'CREATE INDEX CONCURRENTLY a_org_name ON accounts (organization_id, full_name)',
      'drop index a_org_name',
    ),
    trial(
      'builds',
      'create unique index',
      'CREATE UNIQUE INDEX a_org_user ON accounts (organization_id, username)',
      'drop index a_org_user',
    ),
    trial(
      'builds',
      'add primary key',
      'ALTER TABLE sessions ADD PRIMARY KEY (token)',
      'alter table sessions drop constraint sessions_pkey, alter column token set not null',
    ),
    trial('vacuum', 'reindex table', 'REINDEX TABLE accounts'),
    trial(
      'scans',
      'add foreign key',
      'ALTER TABLE sessions ADD CONSTRAINT s_account FOREIGN KEY (account_id) REFERENCES accounts (id)',
      'alter table sessions drop constraint s_account',
    ),
    trial(
      'scans',
      'set not null',
      'ALTER TABLE accounts ALTER COLUMN full_name SET NOT NULL',
      'alter table accounts alter column full_name drop not null',
    ),
    trial(
      'scans',
      'add check',
      'ALTER TABLE accounts ADD CONSTRAINT a_seen CHECK (last_seen_at IS NULL OR last_seen_at >= created_at)',
      'alter table accounts drop constraint a_seen',
    ),
    trial(
      'scans',
      'create table as',
      "CREATE TABLE active AS SELECT id, email, state FROM accounts WHERE state = 'active'",
      'drop table active',
    ),
    instant(
      'scans',
      'alter type (wider varchar)',
      'ALTER TABLE accounts ALTER COLUMN locale TYPE varchar(20)',
    ),
    instant(
      'scans',
      'add column (constant default)',
      'ALTER TABLE accounts ADD COLUMN beta boolean NOT NULL DEFAULT false',
    ),
    trial('type', 'alter type (integer to bigint)', 'ALTER TABLE accounts ALTER COLUMN logins TYPE bigint'),
    trial(
      'volatile',
      'add column (volatile default)',
      'ALTER TABLE accounts ADD COLUMN uid uuid DEFAULT gen_random_uuid()',
    ),
    trial('vacuum', 'vacuum full', 'VACUUM FULL accounts'),
    trial(
      'update all',
      'update (all rows)',
      'UPDATE accounts SET last_seen_at = coalesce(last_seen_at, created_at)',
    ),
    trial('writes', 'update (some rows)', "UPDATE accounts SET time_zone = 'UTC' WHERE state <> 'active'"),
    trial('delete', 'delete (half)', 'DELETE FROM accounts WHERE id % 2 = 0'),
  ],
}
