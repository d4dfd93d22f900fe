import type { Client } from 'pg'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { seedTables, type SeedOptions, type SeedReport } from '../../src/replay/seed.ts'
import { majors, openMajor } from './servers.ts'

describe.each(majors)('seeding on Postgres %i', (major) => {
  let server: PostgresServer
  let database: string
  let admin: Client
  /** A superuser with the usual search path. */
  let observer: Client

  beforeAll(async () => {
    server = await openMajor(major)
    await server.ensureRoles(['app_owner'])
    return async () => {
      await server[Symbol.asyncDispose]()
    }
  })

  beforeEach(async () => {
    database = await server.createDatabase()
    admin = await server.connectAdmin(database)
    observer = await server.connectAdmin(database)
    await observer.query('set search_path = public, pg_catalog')
    return async () => {
      await observer.end()
      await admin.end()
      await server.dropDatabase(database)
    }
  })

  /** Runs the schema as the migrator, then seeds. */
  async function seed(schema: string, options: Partial<SeedOptions> = {}): Promise<SeedReport> {
    const migrator = await server.connectMigrator(database)
    await migrator.query(schema)
    await migrator.end()
    return seedTables(admin, { connectMigrator: () => server.connectMigrator(database), ...options })
  }

  async function rows(sql: string): Promise<readonly unknown[]> {
    const result = await observer.query({ text: sql, rowMode: 'array' })
    return result.rows
  }

  /** Adds every foreign key and CHECK anew: the server itself says whether the rows hold. */
  async function revalidate(): Promise<void> {
    const constraints =
      await rows(`select c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid)
      from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
      where c.contype in ('f', 'c') and c.conparentid = 0 and c.coninhcount = 0 and n.nspname !~ '^pg_|^information_schema'`)
    for (const [table, name, definition] of constraints as readonly string[][]) {
      await observer.query(
        `alter table ${table} drop constraint ${name}; alter table ${table} add constraint ${name} ${definition}`,
      )
    }
  }

  it('gives every empty table two rows that hold together, fires no trigger and moves no sequence', async () => {
    const report = await seed(`
      create table users (id bigserial primary key, email text not null unique, created_at timestamptz not null default now());
      create table orders (id bigint generated always as identity primary key, user_id bigint not null references users, total numeric(10,2) not null);
      create table items (order_id bigint references orders, line int, sku varchar(8) not null, primary key (order_id, line));
      create table log (what text);
      create function note() returns trigger language plpgsql as $$ begin insert into log values (tg_table_name); return new; end $$;
      create trigger note after insert on orders for each row execute function note();`)
    expect(report.unseeded).toEqual([])
    expect(report.seeded).toEqual([
      { table: 'public.items', rows: 2 },
      { table: 'public.log', rows: 2 },
      { table: 'public.orders', rows: 2 },
      { table: 'public.users', rows: 2 },
    ])
    await revalidate()
    expect(await rows('select count(*)::int from log where what not like $$pgrehearse%$$')).toEqual([[0]])
    expect(await rows('select is_called from users_id_seq')).toEqual([[false]])
    expect(await rows('select is_called from orders_id_seq')).toEqual([[false]])
    expect(
      await rows(
        `select distinct reltuples::int, relpages from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
      ),
    ).toEqual([[-1, 0]])
    expect(
      await rows(
        'select count(*)::int from pg_statistic s join pg_class c on c.oid = s.starelid where c.oid >= 16384',
      ),
    ).toEqual([[0]])
  })

  it('keeps its keys out of the way of real ones, yet below the maximum', async () => {
    await seed(`
      create table small (id smallint primary key); create table medium (id int primary key); create table large (id bigint primary key);
      create table coded (code varchar(20) primary key); create table tagged (id uuid primary key);
      create table short (code char(3) primary key, n numeric(6) unique, f double precision unique)`)
    expect(await rows('select min(id) > 31000, max(id) < 32767 from small')).toEqual([[true, true]])
    expect(await rows('select min(id) > 2146000000, max(id) < 2147483647 from medium')).toEqual([
      [true, true],
    ])
    expect(await rows('select min(id) > 9e18, max(id) < 9223372036854775807 from large')).toEqual([
      [true, true],
    ])
    expect(await rows(`select count(*)::int from coded where code like 'pgrehearse-%'`)).toEqual([[2]])
    expect(await rows(`select count(*)::int from tagged where id::text like 'feedface-%'`)).toEqual([[2]])
    expect(await rows('select count(*)::int, min(n) > 900000 from short')).toEqual([[2, true]])
  })

  it('knows a value of every type', async () => {
    const types = `bool, "char", name, bytea, int2, int4, int8, float4, float8, numeric, numeric(3), numeric(4,4), numeric(12,2), money,
      text, varchar, varchar(1), varchar(3), char(1), char(5), bpchar, date, time, timetz, timestamp, timestamptz(3), interval, uuid, json, jsonb,
      inet, cidr, macaddr, macaddr8, bit, bit(5), varbit(4), point, line, lseg, box, path, polygon, circle, tsvector, tsquery, pg_lsn, oid,
      regclass, regtype, regproc, regrole, regnamespace, pg_snapshot, int4range, int8range, numrange, daterange, tsrange, tstzrange,
      int4multirange, datemultirange, int[], text[], varchar(3)[], uuid[][], jsonb[], mood, mood[], pair, pair[], spanned, low, low[], lower_low, code, moods, citext, hstore, ltree`
    const columns = types.split(/,(?![^(]*\))/).map((type, index) => `c${index} ${type.trim()} not null`)
    const report = await seed(`create extension citext; create extension hstore; create extension ltree;
      create type mood as enum ('sad', 'it''s "ok"'); create type pair as (x int, y text); create type spanned as range (subtype = float8);
      create domain low as int check (value < 10) check (value % 2 = 0); create domain lower_low as low not null check (value > 5);
      create domain code as varchar(4) check (value ~ '^[A-Z]{2}\\d{2}$'); create domain moods as mood[] check (cardinality(value) > 0);
      create table zoo (${columns.join(', ')})`)
    expect(report).toEqual({ seeded: [{ table: 'public.zoo', rows: 2 }], unseeded: [] })
  })

  it.each([
    ['a range of numbers', 'age int not null check (age between 18 and 120)'],
    ['a list', `status text not null check (status in ('draft', 'sent'))`],
    ['a list of varchar', `status varchar(10) not null check (status in ('draft', 'sent'))`],
    ['exclusive bounds', 'n int not null check (n > 4711 and n < 4713)'],
    ['negative numbers', 'n int not null check (n <= -400)'],
    ['a length', 'code text not null check (length(code) = 7)'],
    ['a long text', 'code text not null check (char_length(code) >= 500)'],
    ['a regular expression', `code text not null check (code ~ '^[A-Z]{3}-\\d{4}(x|y)?$')`],
    ['a pattern', `path text not null check (path like '/srv/%/data_')`],
    ['letter case', 'code text not null check (code = upper(code))'],
    ['an e-mail address', `mail text not null check (mail ~* '^[^@\\s]+@[^@\\s]+\\.[a-z]+$')`],
    ['two columns in order', 'starts date not null, ends date not null, check (ends > starts)'],
    ['a sum', 'a int not null, b int not null, total int not null, check (total = a + b)'],
    ['exactly one of three', 'a int, b text, c date, check (num_nonnulls(a, b, c) = 1)'],
    [
      'a tagged union',
      `kind text not null check (kind in ('card', 'iban')), card text, iban text,
      check (kind = 'card' and card is not null and iban is null or kind = 'iban' and iban is not null and card is null)`,
    ],
    ['a document of a kind', `doc jsonb not null check (jsonb_typeof(doc) = 'object' and doc ? 'name')`],
    ['an array that is not empty', 'tags text[] not null check (array_length(tags, 1) >= 1)'],
    ['a boolean', 'accepted bool not null check (accepted)'],
    ['a date from then on', `d date not null check (d >= '2031-05-05')`],
    ['a function of the users', 'n int not null check (is_odd(n))'],
    ['a unique list', `level text not null unique check (level in ('a', 'b'))`],
    ['a default that fits alone', `v text not null default 'x-42-y' check (md5(v) = md5('x-42-y'))`],
  ])('meets a CHECK about %s', async (_, columns) => {
    const report =
      await seed(`create function is_odd(n int) returns bool language plpgsql as $$ begin return n % 2 = 1; end $$;
      create table t (id int primary key, ${columns})`)
    expect(report).toEqual({ seeded: [{ table: 'public.t', rows: 2 }], unseeded: [] })
    await revalidate()
  })

  it('says what it could not fill, and why', async () => {
    const report = await seed(`
      create table impossible (n int not null check (n > 5 and n < 3));
      create table watched (id int);
      create function f() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger always before insert on watched for each row execute function f();
      alter table watched enable always trigger always;
      create table hollow (id int primary key) partition by range (id);
      create table refers (id int not null references hollow);
      create table may_refer (id int references hollow);`)
    expect(report.seeded).toEqual([{ table: 'public.may_refer', rows: 2 }])
    expect(report.unseeded).toEqual([
      { table: 'public.hollow', why: 'it has no partitions' },
      {
        table: 'public.impossible',
        why: 'new row for relation "impossible" violates check constraint "impossible_n_check"',
      },
      {
        table: 'public.refers',
        why: 'its foreign key refers_id_fkey needs a row of public.hollow, which has none',
      },
      { table: 'public.watched', why: 'a trigger or rule of it fires ALWAYS or in REPLICA mode' },
    ])
  })

  it('leaves children without a parent row alone, and drops the reference where it may be NULL', async () => {
    const report = await seed(`
      create table parent (id int primary key, n int not null check (n > 5 and n < 3));
      create table strict (id int primary key, parent_id int not null references parent);
      create table lax (id int primary key, parent_id int references parent);
      create table grandchild (id int primary key, strict_id int not null references strict);`)
    expect(report.seeded).toEqual([{ table: 'public.lax', rows: 2 }])
    expect(report.unseeded).toEqual([
      {
        table: 'public.grandchild',
        why: 'its foreign key grandchild_strict_id_fkey needs a row of public.strict that could not be made',
      },
      {
        table: 'public.parent',
        why: 'new row for relation "parent" violates check constraint "parent_n_check"',
      },
      {
        table: 'public.strict',
        why: 'its foreign key strict_parent_id_fkey needs a row of public.parent that could not be made',
      },
    ])
    expect(await rows('select parent_id from lax')).toEqual([[null], [null]])
  })

  it('fills circles, self references, shared and composite foreign keys', async () => {
    const report = await seed(
      `
      create table a (id int primary key, b_id int not null); create table b (id bigint primary key, a_id int not null references a);
      alter table a add foreign key (b_id) references b deferrable;
      create table tree (id int primary key, parent_id int not null references tree);
      create table apart (id int primary key, other_id int not null references apart check (other_id <> 0), check (other_id <> id));
      create table tenant (id smallint primary key);
      create table member (tenant_id smallint references tenant, id uuid, primary key (tenant_id, id));
      create table post (tenant_id int not null references tenant, author uuid not null, id int, editor uuid,
        primary key (tenant_id, id), foreign key (tenant_id, author) references member,
        foreign key (tenant_id, editor) references member (tenant_id, id) match full);
      create table profile (member_tenant smallint, member_id uuid, primary key (member_tenant, member_id), foreign key (member_tenant, member_id) references member);
      create table country (code char(2) primary key check (code = upper(code)));
      create table city (name text primary key, country varchar(10) not null references country);
      create type rank as enum ('low', 'high');
      create table level (name rank primary key); create table player (id int primary key, level rank not null references level);`,
    )
    expect(report.unseeded).toEqual([])
    expect(report.seeded.every(({ rows: count }) => count === 2)).toBe(true)
    await revalidate()
  })

  it('refers to real rows where the history left some, and leaves those tables as they are', async () => {
    const report = await seed(`
      create table currency (code char(3) primary key, name text not null); insert into currency values ('EUR', 'Euro');
      create table tenant (id int primary key); insert into tenant values (7), (8), (9);
      create table account (tenant_id int references tenant, id int, primary key (tenant_id, id)); insert into account values (8, 1), (9, 1);
      create table price (id int primary key, currency char(3) not null references currency, unique (currency));
      create table booking (id int primary key, tenant_id int not null references tenant, account_id int not null,
        foreign key (tenant_id, account_id) references account);`)
    expect(report.unseeded).toEqual([])
    expect(report.seeded).toEqual([
      { table: 'public.booking', rows: 2 },
      { table: 'public.price', rows: 1 },
    ])
    await revalidate()
    expect(await rows('select * from currency')).toEqual([['EUR', 'Euro']])
    expect(await rows('select count(*)::int from tenant')).toEqual([[3]])
    expect(await rows('select tenant_id, account_id from booking order by 1')).toEqual([
      [8, 1],
      [9, 1],
    ])
  })

  it('puts a row into every partition, the DEFAULT one included', async () => {
    const report = await seed(
      `
      create table place (id int primary key);
      create table event (id bigint generated always as identity, place_id int not null references place, at timestamptz not null, primary key (id, at)) partition by range (at);
      create table event_2023 partition of event for values from ('2023-01-01') to ('2024-01-01');
      create table event_2031 partition of event for values from ('2031-01-01') to ('2032-01-01');
      create table event_old partition of event for values from (minvalue) to ('2001-01-01');
      create table event_rest partition of event default;
      create table region (name text not null, n int) partition by list (name);
      create table region_eu partition of region for values in ('eu', 'uk'); create table region_null partition of region for values in ('us');
      create table region_rest partition of region default;
      create table shard (id uuid primary key, owner text) partition by hash (id);
      create table shard_0 partition of shard for values with (modulus 3, remainder 0);
      create table shard_1 partition of shard for values with (modulus 3, remainder 1);
      create table shard_2 partition of shard for values with (modulus 3, remainder 2);
      create table deep (a int, b text) partition by range (a); create table deep_1 partition of deep for values from (1) to (100) partition by list (b);
      create table deep_1_x partition of deep_1 for values in ('x'); create table deep_1_y partition of deep_1 for values in ('y');
      create table deep_2 partition of deep for values from (100) to (maxvalue);
      create table tenant (id int primary key) partition by hash (id);
      create table tenant_0 partition of tenant for values with (modulus 2, remainder 0);
      create table tenant_1 partition of tenant for values with (modulus 2, remainder 1);
      create table bill (tenant_id int references tenant, id int, primary key (tenant_id, id)) partition by hash (tenant_id);
      create table bill_0 partition of bill for values with (modulus 2, remainder 0);
      create table bill_1 partition of bill for values with (modulus 2, remainder 1);
      create table visit (id int primary key, event_id bigint not null, event_at timestamptz not null, foreign key (event_id, event_at) references event);
      `,
    )
    expect(report.unseeded).toEqual([])
    for (const leaf of [
      'event_2023',
      'event_2031',
      'event_old',
      'event_rest',
      'region_eu',
      'region_null',
      'region_rest',
      'shard_0',
      'shard_1',
      'shard_2',
      'deep_1_x',
      'deep_1_y',
      'deep_2',
      'tenant_0',
      'tenant_1',
      'bill_0',
      'bill_1',
    ]) {
      expect(await rows(`select '${leaf}', count(*)::int > 0 from ${leaf}`)).toEqual([[leaf, true]])
    }
    await revalidate()
    expect(await rows(`select at > '8000-01-01' from event_rest`)).toEqual([[true]])
  })

  it('copes with a schema that is hard to please', async () => {
    const report = await seed(difficultSchema)
    expect(report.unseeded).toEqual([
      {
        table: 'public.big_32 and 1 more of public.big',
        why: 'only the first 32 partitions of a table are seeded',
      },
    ])
    expect(report.seeded.map(({ table }) => table)).toHaveLength(26)
    await revalidate()
  })

  it.runIf(major >= 18)('contains the period of a temporal foreign key', async () => {
    const report = await seed(`create extension btree_gist;
      create table stay (id int, during daterange, primary key (id, during without overlaps));
      create table visit (stay_id int not null, during daterange not null,
        foreign key (stay_id, period during) references stay (id, period during));`)
    expect(report).toEqual({
      seeded: [
        { table: 'public.stay', rows: 2 },
        { table: 'public.visit', rows: 2 },
      ],
      unseeded: [],
    })
    await revalidate()
  })

  it('copes with row security, identities, generated columns, exclusion and deferrable keys, inheritance', async () => {
    const report = await seed(`create extension btree_gist;
      create table secret (id int primary key, who text not null default current_user); alter table secret enable row level security; alter table secret force row level security;
      create policy none on secret using (false);
      create table made (id int generated always as identity, twice int generated always as (2 * 3) stored, unique (id));
      create table booked (room int, during tstzrange, exclude using gist (room with =, during with &&));
      create table once (during daterange not null, exclude using gist (during with &&) deferrable);
      create table later (id int, flag bool not null, constraint one_each unique (flag) deferrable initially deferred);
      create table base (id int primary key, name text); create table special (extra int not null) inherits (base);
      create table refers (base_id int not null references base);
      create table empty ();
      create unlogged table fleeting (id int); create table "Odd ""Name""" ("Odd Column" int primary key, "select" text check ("select" <> 'x'));`)
    expect(report.unseeded).toEqual([])
    expect(Object.fromEntries(report.seeded.map(({ table, rows: count }) => [table, count]))).toEqual({
      'public.secret': 2,
      'public.made': 2,
      'public.booked': 2,
      'public.once': 1,
      'public.later': 2,
      'public.base': 2,
      'public.special': 2,
      'public.refers': 2,
      'public.empty': 2,
      'public.fleeting': 2,
      'public."Odd ""Name"""': 2,
    })
    await revalidate()
    expect(
      await rows('select count(*)::int from (select flag from later group by flag having count(*) > 1) d'),
    ).toEqual([[0]])
  })

  it('writes into tables that belong to a superuser, and takes the borrowed powers back', async () => {
    const report = await seed('create schema theirs; create table mine (id int)')
    expect(report.unseeded).toEqual([])
    await admin.query(`create table theirs.t (id int primary key); alter table theirs.t enable row level security;
      alter schema theirs owner to current_user; revoke all on schema theirs from public`)
    const again = await seedTables(admin, { connectMigrator: () => server.connectMigrator(database) })
    expect(again).toEqual({ seeded: [{ table: 'theirs.t', rows: 2 }], unseeded: [] })
    expect(
      await rows(`select rolbypassrls, pg_has_role(oid, 'pg_write_all_data', 'member') from pg_roles
        where rolname = '${server.migrator}'`),
    ).toEqual([[false, false]])
    expect(await rows('select count(*)::int from pg_db_role_setting')).toEqual([[0]])
  })

  it('runs the code of constraints without the rights of a superuser', async () => {
    await seed(`create table witness (super text);
      create function spy(n int) returns bool language plpgsql as $$ begin
        begin execute 'reset role'; exception when others then null; end;
        begin execute 'set session authorization default'; exception when others then null; end;
        insert into witness values (current_setting('is_superuser')); return true; end $$;
      create table t (id int check (spy(id)));`)
    expect(await rows(`select distinct super from witness where super not like 'pgrehearse%'`)).toEqual([
      ['off'],
    ])
  })

  it.each([
    ['never ends', 'perform pg_sleep(3600)', /canceling statement due to statement timeout/],
    ['ends its session', 'perform pg_terminate_backend(pg_backend_pid())', /seeding ended early/],
    ['raises', `raise 'no'`, /^no$/],
  ])('survives a CHECK that %s', async (_, body, why) => {
    const report = await seed(
      `create function f(n int) returns bool language plpgsql as $$ begin ${body}; return true; end $$;
      create table fine (id int); create table t (id int not null check (f(id)));`,
      { statementTimeoutMs: 200 },
    )
    expect(report.unseeded.find(({ table }) => table === 'public.t')?.why).toMatch(why)
  })

  it('does what it can without a superuser, and says what it could not', async () => {
    const migrator = await server.connectMigrator(database)
    await migrator.query(`create table child (id int primary key, p int not null); create table parent (id int primary key); alter table child add foreign key (p) references parent;
      create function f() returns trigger language plpgsql as $$ begin return new; end $$; create table watched (id int);
      create trigger f before insert on watched for each row execute function f();`)
    await migrator.query('set session_replication_role = origin').catch(() => undefined)
    const report = await seedTables(migrator, {
      connectMigrator: async () => {
        const client = await server.connectMigrator(database)
        const query = client.query.bind(client)
        // Stands for a server on which the role may not set it.
        client.query = ((text: unknown, ...rest: unknown[]) =>
          text === 'set session_replication_role = replica'
            ? query('select 1')
            : (query as (...all: unknown[]) => unknown)(text, ...rest)) as typeof client.query
        return client
      },
    })
    await migrator.end()
    expect(report.seeded.map(({ table }) => table)).toEqual(['public.child', 'public.parent'])
    expect(report.unseeded).toEqual([
      { table: 'public.watched', why: 'its triggers cannot be kept from firing without a superuser' },
    ])
  })

  it('stops when it is told to', async () => {
    await expect(
      seed('create table t (id int)', { signal: AbortSignal.abort(new Error('stop')) }),
    ).rejects.toThrow('stop')
  })
})

/** Checks across columns, expression and partial keys, composite partition keys that others refer to, odd names. */
const difficultSchema = `
create extension citext; create extension btree_gist; create extension ltree;
create type addr as (street text, city text); create type st as enum('new','paid'); create domain nn as text not null; create domain email as citext check (value ~ '^[^@]+@[^@]+$');
create domain pct as numeric(5,2) check (value between 0 and 100);
create table p1 (a int, b text not null, c st, "i" int, "x" int, "we""ird" text default 'q', primary key (a), check ("i" < "x"));
create table lp (k bool not null, s st not null) partition by list (k); create table lp_t partition of lp for values in (true); create table lp_f partition of lp for values in (false);
create table le (id int, s st) partition by list (s); create table le_n partition of le for values in (null); create table le_new partition of le for values in ('new'); create table le_d partition of le default;
create table hm (a int, b text, primary key (a,b)) partition by hash (a,b); create table hm0 partition of hm for values with (modulus 2, remainder 0); create table hm1 partition of hm for values with (modulus 2, remainder 1);
create table rm (a int, b date, primary key (a,b)) partition by range (a,b); create table rm1 partition of rm for values from (1,'2020-01-01') to (5,'2021-01-01'); create table rm2 partition of rm for values from (5,'2021-01-01') to (maxvalue, maxvalue);
create table refhm (a int not null, b text not null, foreign key (a,b) references hm); create table refrm (a int not null, b date not null, foreign key (a,b) references rm);
create table comp (id int, ad addr check ((ad).city is not null), ad2 addr not null);
create table pu (id int, tenant int references p1, active bool, primary key (id)); create unique index on pu (tenant) where active; create unique index on pu (lower(tenant::text));
create table em (e email primary key, p pct not null default 50, n nn); create table emref (e email not null references em);
create table tm (created timestamptz not null check (created <= now()), upd timestamptz check (upd >= created), exp date check (exp > '2020-01-01' and exp < '2020-01-03'));
create table fut (d timestamptz not null check (d > now()));
create table exo (a text check (a in ('x') or a is null), b text, c text, check ((a is null) <> (b is null)), check (coalesce(b,c) is not null), check (num_nulls(a,b,c) = 1));
create table gen (w int check (w > 0), h int, area int generated always as (w*h) stored check (area > 100));
create table phone (n text check (n ~ '^\\+[1-9]\\d{1,14}$'), z text check (z ~ '^\\d{5}(-\\d{4})?$'), hex char(7) check (hex ~* '^#[a-f0-9]{6}$'), slug text unique check (slug ~ '^[a-z0-9]+(?:-[a-z0-9]+)*$'), cur char(3) not null check (cur = upper(cur) and length(cur)=3), ip text check (ip ~ '^(\\d{1,3}\\.){3}\\d{1,3}$'), u text check (u like 'https://%' and length(u) < 40));
create table kv (k ltree primary key, v jsonb check (v ? 'a' and v ? 'b' and jsonb_typeof(v->'a') is not null), arr int[] check (array_length(arr,1) = 3), arr2 text[] check ('x' = any(arr2)), arr3 text[] check (cardinality(arr3) between 1 and 5));
create table sc (start_at int, end_at int, check (start_at < end_at), exclude using gist (int4range(start_at,end_at) with &&));
create table one (id bool primary key default true check (id)); create table oneref (o bool not null references one);
create table att (x int, id int, at date) ; create table attp (id int, at date, x int) partition by range (at); alter table attp attach partition att for values from ('2024-01-01') to ('2025-01-01');
create table big (id int, at date) partition by range (at); do $$ begin for i in 0..33 loop execute format('create table big_%s partition of big for values from (%L) to (%L)', i, date '2020-01-01'+i*30, date '2020-01-01'+i*30+30); end loop; end $$;
create table cyc1 (id int primary key, n int not null); create table cyc2 (id int primary key, n int not null references cyc1); alter table cyc1 add foreign key (n) references cyc2; create table cyc3 (id int primary key references cyc3(id));
create rule r as on insert to p1 do also insert into comp values (99);
create table num (a numeric(2,2) primary key, b numeric(1), c real unique, d money, e "char" unique, f bit(3) unique, g smallint check (g in (1,2)) ) ;`
