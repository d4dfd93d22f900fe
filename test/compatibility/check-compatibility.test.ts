import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors, openMajor } from '../replay/servers.ts'
import { check, lines, reviewed, withStage } from './laboratory.ts'
import { checkCompatibility } from '../../src/compatibility/check-compatibility.ts'

const shop = `
  CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, name text);
  CREATE TABLE orders (
    id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, status varchar(20) NOT NULL DEFAULT 'new',
    note text, total numeric(10,2) NOT NULL DEFAULT 0);
  CREATE UNIQUE INDEX users_email_key ON users (email);
  ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);
  CREATE FUNCTION vat(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'select $1 * 0.19';
  CREATE FUNCTION noted(bigint) RETURNS text LANGUAGE sql STABLE AS 'select note from orders where id = $1';
  CREATE TYPE mood AS ENUM ('sad', 'fine');
  CREATE SCHEMA billing;
  CREATE TABLE billing.invoices (id bigint, amount integer);
`
const old = 'old code on new schema'

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const found = async (
    setup: string,
    review: readonly string[],
    texts: Parameters<typeof check>[2],
    more: Parameters<typeof check>[3] & {
      readonly mode?: 'file' | 'statement' | 'simple query' | 'run'
    } = {},
  ): Promise<ReturnType<typeof lines>> => {
    const { mode, ...options } = more
    return lines(
      await check(server, { setup, review, ...(mode === undefined ? {} : { mode }) }, texts, options),
    )
  }

  test('finds the reason, and the statement of a transaction after which queries fail', async () => {
    const review = [
      `SET LOCAL lock_timeout = '2s';
       ALTER TABLE orders ADD COLUMN email text;
       ALTER TABLE orders DROP COLUMN note;
       ALTER TABLE users RENAME TO accounts;
       DROP FUNCTION vat(numeric);
       ALTER TABLE orders ALTER COLUMN status TYPE integer USING 0, ALTER COLUMN status DROP DEFAULT;`,
      `DROP TYPE mood; DROP INDEX users_email_key; ALTER TABLE accounts DROP CONSTRAINT users_name_key;
       DROP SCHEMA billing CASCADE; REVOKE DELETE ON orders FROM CURRENT_USER;`,
    ]
    const texts = {
      by_column: 'SELECT o.id, o.note FROM orders o WHERE o.user_id = $1',
      by_table: 'SELECT name FROM users WHERE id = $1',
      by_function: 'SELECT vat(total) FROM orders WHERE id = $1',
      in_function: 'SELECT noted(id) FROM orders WHERE id = 1',
      by_type: 'SELECT $1::mood',
      by_operator: "SELECT id FROM orders WHERE status LIKE 'n%'",
      by_enum: "UPDATE orders SET status = 'paid' WHERE id = $1",
      by_schema: 'SELECT sum(amount) FROM billing.invoices',
      truncating: 'TRUNCATE billing.invoices',
      deleting: 'DELETE FROM orders WHERE id = $1',
      untouched: 'SELECT total FROM orders WHERE id = $1',
      quoting: 'SELECT "total" FROM public."orders"',
    }
    expect(await found(shop, review, texts)).toEqual({
      by_column: [`V1.sql:2 ${old}: missing column 42703 public.orders.note`],
      by_table: [`V1.sql:3 ${old}: missing relation 42P01 public.users`],
      by_function: [`V1.sql:4 ${old}: missing function 42883 vat(numeric)`],
      in_function: [`V1.sql:2 ${old}: missing column 42703 public.orders.note`],
      by_type: [`V2.sql:0 ${old}: missing type 42704 mood`],
      by_operator: [`V1.sql:5 ${old}: type mismatch 42883 integer ~~ unknown`],
      by_enum: [`V1.sql:5 ${old}: type mismatch 22P02`],
      by_schema: [`V2.sql:3 ${old}: missing relation 42P01 billing.invoices`],
      truncating: [`V2.sql:3 ${old}: missing relation 42P01 billing.invoices (derived)`],
      deleting: [`V2.sql:4 ${old}: permission 42501`],
      untouched: [],
      quoting: [],
    })
  })

  test.each(['file', 'statement', 'simple query', 'run'] as const)(
    'walks through migrations in mode %s',
    async (mode) => {
      const review = [
        'ALTER TABLE orders ADD COLUMN a int; ALTER TABLE orders RENAME COLUMN note TO remark; SELECT 1;',
        'CREATE TABLE more (id int); DROP INDEX users_email_key; CREATE UNIQUE INDEX users_id_email ON users (id, email);',
      ]
      const texts = {
        note: 'SELECT note FROM orders',
        upsert: 'INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING',
        fresh: { new: 'SELECT remark FROM orders' },
      }
      expect(await found(shop, review, texts, { mode })).toEqual({
        note: [`V1.sql:1 ${old}: missing column 42703 public.orders.note`],
        upsert: [`V2.sql:1 ${old}: conflict target lost 42P10`],
        fresh: ['V1.sql:1 new code on old schema: missing column 42703 public.orders.remark'],
      })
    },
  )

  test('finds names that become ambiguous, and constraints that ON CONFLICT names', async () => {
    const review = [
      'ALTER TABLE users ADD COLUMN note text; ALTER TABLE users DROP CONSTRAINT users_name_key;',
    ]
    const texts = {
      joined: 'SELECT note FROM orders JOIN users ON users.id = user_id',
      upsert: 'INSERT INTO users VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_name_key DO NOTHING',
    }
    expect(await found(shop, review, texts)).toEqual({
      joined: [`V1.sql:0 ${old}: ambiguous name 42702 note`],
      upsert: [`V1.sql:1 ${old}: conflict target lost 42704 users_name_key`],
    })
  })

  test('finds what fails only between two commits', async () => {
    const review = [
      'ALTER TABLE users RENAME COLUMN name TO full_name;',
      'CREATE TABLE other (id int);',
      'ALTER TABLE users ADD COLUMN a int; ALTER TABLE users RENAME COLUMN full_name TO name;',
    ]
    const texts = { name: 'SELECT name FROM users', star: 'SELECT id, email FROM users' }
    expect(await found(shop, review, texts)).toEqual({
      name: [`V1.sql:0 ${old}: missing column 42703 public.users.name until V3.sql:1`],
      star: [],
    })
    // in one transaction nobody sees it
    expect(await found(shop, [review.join('')], texts)).toEqual({ name: [], star: [] })
  })

  test('finds INSERTs that omit what is required', async () => {
    const review = [
      `ALTER TABLE users ADD COLUMN city text NOT NULL;
       ALTER TABLE orders ALTER COLUMN status DROP DEFAULT;
       CREATE DOMAIN required AS text NOT NULL; ALTER TABLE billing.invoices ADD COLUMN kind required;
       ALTER TABLE users ADD COLUMN visits int NOT NULL DEFAULT 0, ADD COLUMN number int GENERATED ALWAYS AS IDENTITY;`,
    ]
    const city = `V1.sql:0 ${old}: required column omitted 23502 public.users.city (derived)`
    const status = `V1.sql:1 ${old}: required column omitted 23502 public.orders.status (derived)`
    const texts = {
      listed: 'INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      selected: 'INSERT INTO users (id, email) SELECT id, email FROM users',
      positional: 'INSERT INTO users VALUES ($1, $2, $3)',
      below: 'WITH x AS (INSERT INTO users (id, email) VALUES (1, $1) RETURNING id) SELECT id FROM x',
      defaulted: 'INSERT INTO orders (id, user_id, status) VALUES ($1, $2, DEFAULT)',
      given: 'INSERT INTO orders (id, user_id, status) VALUES ($1, $2, $3)',
      domain: 'INSERT INTO billing.invoices (id) VALUES (1)',
      copied: 'COPY users (id, email) FROM STDIN',
      updated: 'UPDATE users SET email = $1',
    }
    expect(await found(shop, review, texts)).toEqual({
      listed: [city],
      selected: [city],
      positional: [city],
      below: [city],
      defaulted: [status],
      given: [],
      domain: [`V1.sql:3 ${old}: required column omitted 23502 billing.invoices.kind (derived)`],
      copied: [city],
      updated: [],
    })
  })

  test('leaves INSERTs alone that a trigger, a rule or the schema of before explains', async () => {
    const setup = `${shop}
      CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.city := 'x'; RETURN NEW; END $$;
      CREATE TRIGGER fill BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION fill();
      CREATE VIEW people AS SELECT id, email FROM users;`
    const outcome = await check(
      server,
      {
        setup,
        review: ['ALTER TABLE users ADD COLUMN city text NOT NULL; COMMENT ON TABLE users IS $$x$$;'],
      },
      {
        filled: 'INSERT INTO users (id, email) VALUES ($1, $2)',
        view: 'INSERT INTO people (id, email) VALUES ($1, $2)',
        never: 'INSERT INTO orders (id) VALUES ($1)',
        copy: 'COPY users FROM STDIN',
      },
    )
    expect(lines(outcome)).toEqual({
      filled: [],
      view: [],
      never: [
        'not checkable: Postgres refuses it on the schema that it was written for: null value in column "user_id" of relation "orders" violates not-null constraint (SQLSTATE 23502).',
      ],
      copy: [`V1.sql:0 ${old}: other 22P04 (derived)`],
    })
    expect(outcome.limits).toMatchObject([{ code: 'insert-trigger-may-fill' }])
    expect(outcome.limits[0]?.message).toContain('filled gives no value to public.users.city')
  })

  test('takes every form of statement', async () => {
    const setup = `${shop} CREATE SEQUENCE numbers; CREATE MATERIALIZED VIEW sums AS SELECT sum(total) FROM orders;
      CREATE PROCEDURE clean(bigint) LANGUAGE sql AS 'delete from orders where id = $1';`
    const review = [
      `ALTER TYPE mood ADD VALUE 'great'; ALTER TABLE users ADD COLUMN mood mood;`,
      'DROP MATERIALIZED VIEW sums; DROP PROCEDURE clean(bigint); ALTER TABLE orders RENAME COLUMN note TO remark;',
    ]
    const missing = `${old}: missing`
    const texts = {
      locked: 'SELECT id FROM orders WHERE id = $1 FOR UPDATE SKIP LOCKED',
      sequence: "SELECT nextval('numbers')",
      lock: 'LOCK TABLE orders IN SHARE MODE',
      copy: 'COPY (SELECT note FROM orders) TO STDOUT',
      explained: 'EXPLAIN ANALYZE SELECT note FROM orders',
      temporary: 'CREATE TEMP TABLE x AS SELECT note FROM orders',
      copied: 'COPY orders (id, note) TO STDOUT',
      refresh: 'REFRESH MATERIALIZED VIEW CONCURRENTLY sums',
      call: 'CALL clean($1)',
      cursor: 'DECLARE c CURSOR FOR SELECT note FROM orders',
      notify: 'NOTIFY orders',
      set: "SET LOCAL statement_timeout = '1s'",
      values: 'VALUES ($1::int, $2::text)',
      cte: 'WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone',
      written: 'UPDATE orders SET note = $1 WHERE id = ANY ($2)',
      fresh: { new: "SELECT id FROM users WHERE mood = 'great'" },
      // 14 does not know it; it never gives users an e-mail address
      merge:
        'MERGE INTO users u USING orders o ON o.user_id = u.id WHEN NOT MATCHED THEN INSERT (id) VALUES (1)',
    }
    expect(await found(setup, review, texts)).toEqual({
      locked: [],
      sequence: [],
      lock: [],
      copy: [`V2.sql:2 ${missing} column 42703 public.orders.note (derived)`],
      explained: [`V2.sql:2 ${missing} column 42703 public.orders.note`],
      temporary: [`V2.sql:2 ${missing} column 42703 public.orders.note`],
      copied: [`V2.sql:2 ${missing} column 42703 public.orders.note (derived)`],
      refresh: [`V2.sql:0 ${missing} relation 42P01 public.sums (derived)`],
      call: [`V2.sql:1 ${missing} function 42883`],
      cursor: [`V2.sql:2 ${missing} column 42703 public.orders.note`],
      notify: [],
      set: [],
      values: [],
      cte: [],
      written: [`V2.sql:2 ${missing} column 42703 public.orders.note`],
      fresh: ['V1.sql:1 new code on old schema: missing column 42703 public.users.mood'],
      merge: [expect.stringContaining('not checkable')],
    })
  })

  test('compares results', async () => {
    const setup = `${shop} CREATE VIEW list AS SELECT id, note, total FROM orders;`
    const review = [
      `DROP VIEW list; ALTER TABLE orders ADD COLUMN channel text; ALTER TABLE orders DROP COLUMN note;
       CREATE VIEW list AS SELECT total, id FROM orders;`,
      `ALTER TABLE users ALTER COLUMN email DROP NOT NULL; ALTER TABLE users RENAME COLUMN name TO full_name;
       ALTER TABLE orders ALTER COLUMN status TYPE varchar(40);
       ALTER TABLE billing.invoices ALTER COLUMN amount TYPE bigint;`,
    ]
    const texts = {
      star: 'SELECT * FROM orders',
      view: 'SELECT * FROM list',
      inner: 'SELECT * FROM (SELECT id, status FROM orders) x',
      returning: 'DELETE FROM users WHERE id = $1 RETURNING *',
      nullable: 'SELECT email FROM users',
      joined: 'SELECT u.email FROM orders LEFT JOIN users u ON u.id = user_id',
      united: 'SELECT email FROM users UNION SELECT status FROM orders',
      type: 'SELECT amount AS sum FROM billing.invoices',
      length: 'SELECT status FROM orders',
      count: 'SELECT count(*) FROM orders',
    }
    expect(await found(setup, review, texts)).toEqual({
      star: [
        'V1.sql:2 result of *: note column removed',
        'V1.sql:1 result of *: channel column added',
        'V1.sql:1 cached plan',
      ],
      view: ['V1.sql:3 result of *: note column removed; order changed to total, id', 'V1.sql:3 cached plan'],
      inner: ['V2.sql:2 cached plan'],
      returning: [
        'V2.sql:0 result of *: email nullable now',
        'V2.sql:1 result of *: name renamed to full_name',
        'V2.sql:1 cached plan',
      ],
      nullable: ['V2.sql:0 result: email nullable now'],
      joined: [],
      united: [],
      type: ['V2.sql:3 result: sum changed from integer to bigint', 'V2.sql:3 cached plan'],
      length: ['V2.sql:2 cached plan'],
      count: [],
    })
  })

  test('finds an order of deployment, or that there is none', async () => {
    const add = ['ALTER TABLE users ADD COLUMN city text;']
    const rename = ['ALTER TABLE users RENAME COLUMN name TO full_name;']
    const byOldName = 'SELECT name FROM users'
    const orders = (review: readonly string[], ...all: readonly Parameters<typeof check>[2][]) =>
      withStage(server, { setup: shop, review }, async (stage) => {
        const outcome: (string | undefined)[] = []
        for (const texts of all) {
          const { deployment } = await checkCompatibility(stage, reviewed(texts), {
            budgetMs: 60_000,
            progress: () => {},
          })
          outcome.push(deployment?.order)
        }
        return outcome
      })
    expect(
      await orders(
        add,
        { a: byOldName },
        { a: { new: 'SELECT id FROM users' } },
        { a: { new: 'SELECT city FROM users' } },
      ),
    ).toEqual([undefined, 'any', 'migrations first'])
    expect(
      await orders(
        rename,
        { a: { old: byOldName } },
        { a: { old: byOldName, new: 'SELECT id FROM users' } },
        { a: { old: byOldName, new: 'SELECT full_name FROM users' } },
        // it is in the new code, too
        { a: byOldName, b: { new: 'SELECT id FROM users' } },
      ),
    ).toEqual(['code first', 'code first', 'none', 'none'])
  })

  test('tells mistakes in new code from what is missing here', async () => {
    const texts = {
      typo: { new: 'SELECT emial FROM users' },
      syntax: { new: 'SELCT 1' },
      changed: { old: 'SELECT email FROM users', new: 'SELECT email FROM user_s' },
      was_broken: { old: 'SELECT a FROM elsewhere', new: 'SELECT b FROM elsewhere' },
      extension: { new: 'SELECT st_distance(email, name) FROM users' },
      own_table: { new: 'SELECT x FROM staging' },
      creates: { new: 'CREATE TEMP TABLE staging (x int)' },
      right: { new: 'SELECT * FROM pg_catalog.pg_authid' },
    }
    const outcome = await found(shop, ['ALTER TABLE users ADD COLUMN city text;'], texts)
    const fails = 'new code on new schema'
    expect(outcome).toMatchObject({
      typo: [`? ${fails}: missing column 42703 emial`],
      syntax: [`? ${fails}: other 42601`],
      changed: [`? ${fails}: missing relation 42P01 user_s`],
      was_broken: [expect.stringContaining('not checkable: Postgres refuses it on the schema after')],
      extension: [expect.stringContaining('But it may come from an extension')],
      own_table: [expect.stringContaining('But another query creates that table')],
      creates: [expect.stringContaining('does not look into a statement of this kind')],
      right: [expect.stringContaining('But rights are given by others')],
    })
  })

  test('looks names up where the application does', async () => {
    const review = ['ALTER TABLE billing.invoices RENAME COLUMN amount TO cents;']
    const texts = { amount: 'SELECT amount FROM invoices' }
    expect(await found(shop, review, texts)).toMatchObject({
      amount: [expect.stringContaining('not checkable')],
    })
    expect(await found(shop, review, texts, { searchPath: ['billing', 'public'] })).toEqual({
      amount: [`V1.sql:0 ${old}: missing column 42703 billing.invoices.amount`],
    })
  })

  test('gives parameters the types that drivers give them', async () => {
    const setup = `${shop} CREATE DOMAIN code AS text NOT NULL CHECK (VALUE <> ''); CREATE TABLE codes (code code PRIMARY KEY);`
    const review = ['ALTER TABLE users DROP COLUMN name; ALTER TABLE codes DROP CONSTRAINT codes_pkey;']
    const texts = {
      untyped: 'SELECT id FROM users WHERE ($1 IS NULL OR name = $1) AND ($2 IS NULL OR email = $3)',
      fine: 'SELECT id FROM users WHERE $1 IS NULL',
      number: 'SELECT id FROM users WHERE $1 IS NULL OR id > $1 AND $2 IS NULL OR total > $2'
        .replace('users', 'users, orders')
        .replaceAll('id', 'users.id'),
      unsure: 'SELECT id FROM users WHERE $1 IS NULL OR name = $1 OR id = $1',
      domain: 'INSERT INTO codes VALUES ($1) ON CONFLICT (code) DO NOTHING',
    }
    expect(await found(setup, review, texts)).toEqual({
      untyped: [`V1.sql:0 ${old}: missing column 42703 public.users.name`],
      fine: [],
      number: [],
      unsure: [expect.stringContaining('not checkable')],
      domain: [`V1.sql:1 ${old}: conflict target lost 42P10`],
    })
  })

  test('survives bad input', async () => {
    const review = ['ALTER TABLE users DROP COLUMN name;']
    const outcome = await found(shop, review, {
      several: 'SELECT 1; DROP TABLE users',
      empty: '',
      comment: '-- nothing',
      zero: 'SELECT 1\0; DROP TABLE users',
      deep: `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`,
      long: `SELECT name FROM users WHERE id IN (${Array.from({ length: 120_000 }, (_, i) => i + 1_000_000).join(',')})`,
      unknown: 'SELECT no_such_function(id) FROM users',
      analyze: '(ANALYZE) DELETE FROM users',
      execute: 'EXECUTE x',
      begin: 'BEGIN',
      discard: 'DISCARD ALL',
      many: `SELECT ${Array.from({ length: 300 }, (_, i) => `$${i + 1}`).join(', ')}`,
      fine: 'SELECT name FROM users',
    })
    const broken = [`V1.sql:0 ${old}: missing column 42703 public.users.name`]
    const notCheckable = [expect.stringContaining('not checkable')]
    expect(outcome).toEqual({
      several: notCheckable,
      empty: [],
      comment: [],
      zero: notCheckable,
      deep: notCheckable,
      long: broken,
      unknown: notCheckable,
      analyze: notCheckable,
      execute: notCheckable,
      begin: [],
      discard: [],
      many: [],
      fine: broken,
    })
  })

  test.runIf(major === 18)(
    'stops what takes too long to plan, and asks for the others all the same',
    async () => {
      const setup = `${shop}
      CREATE FUNCTION forever() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN LOOP END LOOP; END $$;
      CREATE FUNCTION stubborn() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN LOOP
        BEGIN PERFORM pg_sleep(100); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;`
      const texts = {
        loops: 'SELECT id FROM users WHERE id = forever()',
        catches: 'SELECT id FROM users WHERE id = stubborn()',
        fine: 'SELECT name FROM users',
      }
      const late = 'not checkable: Postgres takes longer than 0.3 s to plan it, so it was stopped.'
      const review = ['ALTER TABLE users DROP COLUMN name;', 'CREATE TABLE other (id int);']
      expect(await found(setup, review, texts, { queryTimeoutMs: 300 })).toEqual({
        loops: [late],
        catches: [late],
        fine: [`V1.sql:0 ${old}: missing column 42703 public.users.name`],
      })
    },
  )

  test('lets no query set the stage for others', async () => {
    const setup = `${shop}
      CREATE SCHEMA shadow; CREATE TABLE shadow.users (name text);
      CREATE FUNCTION act() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('search_path', 'shadow, public', false);
        PERFORM set_config('default_transaction_read_only', 'off', false);
        PERFORM set_config('statement_timeout', '1', false);
        END $$;
      CREATE FUNCTION cuckoo() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.act(); RETURN 1; END $$;`
    const texts = {
      poison: 'SELECT cuckoo()',
      fine: 'SELECT name FROM users',
      also: 'SELECT u.name FROM users u',
    }
    const review = ['ALTER TABLE users DROP COLUMN name;', 'CREATE TABLE other (id int);']
    const broken = [`V1.sql:0 ${old}: missing column 42703 public.users.name`]
    expect(await found(setup, review, texts)).toEqual({ poison: [], fine: broken, also: broken })
  })

  test('says what it had no time for', async () => {
    const outcome = await check(server, { setup: shop, review: [] }, { a: 'SELECT 1' }, { budgetMs: -1 })
    expect(lines(outcome)).toEqual({ a: [expect.stringContaining('The time for checking queries was over')] })
  })

  test('has nothing to compare with when the migrations fail', async () => {
    const outcome = await check(
      server,
      { setup: shop, review: ['ALTER TABLE nobody ADD COLUMN a int;'] },
      { fine: 'SELECT 1', broken: 'SELECT x FROM y', fresh: { new: 'SELECT z FROM users' } },
    )
    expect(lines(outcome)).toEqual({
      fine: [],
      broken: [expect.stringContaining('not checkable')],
      fresh: [],
    })
    expect(outcome.limits).toMatchObject([{ code: 'queries-not-compared' }])
    expect(outcome.deployment).toBeUndefined()
  })

  test('leaves no database and no session behind', async () => {
    await withStage(
      server,
      { setup: shop, review: ['DROP TABLE billing.invoices; DROP SCHEMA billing;', 'DROP TYPE mood;'] },
      async (stage) => {
        const admin = await server.connectAdmin()
        const count = async (): Promise<unknown> => {
          const { rows } = await admin.query<{ databases: string; sessions: string }>(
            `select (select count(*) from pg_database) as databases,
                  (select count(*) from pg_stat_activity where backend_type = 'client backend') as sessions`,
          )
          return rows[0]
        }
        const before = await count()
        await checkCompatibility(
          stage,
          reviewed({ a: 'SELECT * FROM billing.invoices', b: 'SELECT $1::mood' }),
          {
            budgetMs: 60_000,
            progress: () => {},
          },
        )
        // a backend takes a moment to go
        await expect.poll(count).toEqual(before)
        await admin.end()
      },
    )
  })
})
