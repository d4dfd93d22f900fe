import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { openMajor } from '../replay/servers.ts'
import { inShort, surprised } from './surprise.ts'

/** Files that were written for psql and run by it. */
describe('psql-isms', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(18)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('what psql alone runs is said, and everything else is judged', async () => {
    const report = await surprised(server, {
      history: {
        'db/migrations/001_base.sql': `\\set ON_ERROR_STOP on
\\timing on
\\echo 'creating the base'
create table users (id bigint generated always as identity primary key, email text not null);
`,
        'db/migrations/002_include.sql': `\\i shared/roles.sql
\\ir ./tables/countries.sql
create table cities (id int primary key, country text not null references countries (code));
create index on users (email);
`,
        'db/migrations/003_variables.sql': `\\set schema_name billing
create schema :schema_name;
create table :"schema_name".invoices (id int primary key, user_id bigint references users);
select set_config('app.role', :'schema_name', false);
`,
        'db/migrations/004_copy.sql': `\\copy users (email) from 'seed/users.csv' csv
`,
      },
      added: {
        'db/migrations/005_conditions.sql': `\\if :{?tenant}
  alter table users add column tenant text;
\\else
  alter table users add column account text;
  alter table users add column tenant text;
\\endif
create index users_email_lower on users (lower(email));
`,
        'db/migrations/006_generated.sql': `select format('create index on %I (id)', relname) from pg_class where relname = 'users' \\gexec
\\connect other_database
alter table users alter column email type varchar(200);
`,
        'db/migrations/007_billing.sql': `alter table billing.invoices add column paid_at timestamptz;
alter table cities add column name text not null;
alter table orders add column note text;
`,
        'db/migrations/008_variable.sql': `alter table users add column region text;
insert into users (email, region) values ('a@example.com', :region);
create index users_region on users (region);
`,
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "not rehearsed: db/migrations/005_conditions.sql
      rehearsed: db/migrations/006_generated.sql
      not rehearsed: db/migrations/007_billing.sql
      not rehearsed: db/migrations/008_variable.sql
      info db/migrations/005_conditions.sql:2 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/005_conditions.sql:7 require-concurrent-index: Building users_email_lower blocks every write to users until it is done.
      error db/migrations/006_generated.sql:3 avoid-table-rewrite: Every read and write of users waits while Postgres writes all rows anew: email changes from text to varchar(200).
      warning db/migrations/006_generated.sql:3 avoid-lossy-type-change: The change stops with an error at the first users.email that is longer than 200 characters, and writes of such values fail from then on.
      info db/migrations/007_billing.sql:1 require-lock-timeout: New reads and writes of billing.invoices queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/007_billing.sql:2 avoid-required-column: The migration fails as soon as cities holds a row, and every INSERT of running code that omits name fails from then on.
      info db/migrations/008_variable.sql:1 require-lock-timeout: New reads and writes of users queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.
      error db/migrations/008_variable.sql:3 require-concurrent-index: Building users_region blocks every write to users until it is done.
      not checked: db/migrations/005_conditions.sql:1:1: The psql commands \\if, \\else and \\endif are not run: only psql itself understands them.
        What they would have done (include a file, set a variable, copy data, connect elsewhere) is missing from the rehearsal. The statements of all branches of \\if are run.
      not checked: db/migrations/006_generated.sql:1:89: The psql commands \\gexec and \\connect are not run: only psql itself understands them.
        What they would have done (include a file, set a variable, copy data, connect elsewhere) is missing from the rehearsal.
      not checked: No migration that ran here creates what the history builds on (relation "countries" does not exist), so 1 step of the history did not replay: db/migrations/002_include.sql:3.
        It may build on SQL that only psql reads or makes (\\i, \\gexec). Rehearse on a server where the platform, the seed or the code that brings it has run (\`server.image\`, --server-url), or let a first migration create it. Everything that does not build on it is judged all the same.
      not checked: Only psql itself can fill in its variables (\`:name\`), so 3 steps of the history did not replay: db/migrations/003_variables.sql:2, 3, 4.
        Give their values as \`migrations: { placeholders: … }\` in the configuration. Everything that does not build on it is judged all the same.
      not checked: db/migrations/005_conditions.sql:5:3: This statement could not be rehearsed and is judged by prediction: psql decides by \\if or \\connect whether it runs in this database (column "tenant" of relation "users" already exists).
      not checked: db/migrations/007_billing.sql:1:1: The statements of lines 1, 2 and 3 could not be rehearsed and are judged by prediction: it may build on SQL that only psql reads or makes (\\i, \\gexec): schema "billing" does not exist, and 2 more like it.
      not checked: db/migrations/008_variable.sql:2:1: This statement could not be rehearsed and is judged by prediction: a psql variable stands here, and only psql itself can fill it in.
        Give its value as \`migrations: { placeholders: … }\` in the configuration."
    `)
  })

  test('a typo stays the author’s, also where psql ran something that is not in the files', async () => {
    const report = await surprised(server, {
      history: {
        'db/migrations/001_base.sql': 'create table users (id int primary key, email text);',
      },
      added: {
        'db/migrations/002_typo.sql':
          '\\echo hello\nalter table users add column emial text, drop column emali;',
      },
    })
    expect(inShort(report)).toMatchInlineSnapshot(`
      "failed: db/migrations/002_typo.sql
      error db/migrations/002_typo.sql:2 ban-drop-column: Every query of running code that names users.emali fails once this commits, and the data is gone.
      error db/migrations/002_typo.sql:2 migration-fails: The migration fails here: column "emali" of relation "users" does not exist (SQLSTATE 42703)."
    `)
  })
})
