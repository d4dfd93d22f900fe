import { beforeAll, describe, expect, it } from 'vitest'
import type { Effect } from '../../src/core/model.ts'
import { predictRun, type StatementPrediction } from '../../src/predict/index.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { locksOf, migrations, predictOn, rewritesOf, scansOf, summaryOf } from './predict-sql.ts'

beforeAll(loadParser)

const history = [
  `create table users (id int primary key, name varchar(50), at timestamp);
   create table orders (id serial primary key, user_id int references users (id));
   create index orders_user_idx on orders (user_id);`,
]

function effectsOf<K extends Effect['kind']>(prediction: StatementPrediction | undefined, kind: K) {
  return (prediction?.effects ?? []).filter(
    (effect): effect is Extract<StatementPrediction['effects'][number], { kind: K }> => effect.kind === kind,
  )
}

describe('locks inside a transaction', () => {
  it('are reported where they are taken, and again only when they become stronger', () => {
    const locks = predictOn(
      history,
      `lock table users in share mode;
       select * from users where id = 1;
       alter table users add column a int;
       update users set a = 1 where id = 1;
       alter table orders add column b int;`,
      { mode: 'file' },
    ).map((prediction) => locksOf(prediction))
    expect(locks).toEqual(['users S', '-', 'users AX', '-', 'orders AX'])
  })

  it('end with each statement in autocommit', () => {
    const locks = predictOn(history, 'alter table users add a int; alter table users add b int;')
    expect(locks.map((prediction) => locksOf(prediction))).toEqual(['users AX', 'users AX'])
  })

  it('end at COMMIT, and go back to the savepoint', () => {
    const predictions = predictOn(
      history,
      `begin; alter table users add a int; savepoint s; lock table orders; rollback to s;
       lock table orders; commit; alter table users add b int;`,
    )
    expect(predictions.map((prediction) => locksOf(prediction))).toEqual([
      '-', 'users AX', '-', 'orders AX', '-', 'orders AX', '-', 'users AX',
    ]) // prettier-ignore
  })

  it('last until commit, and say so', () => {
    const [lock] = effectsOf(predictOn(history, 'drop index orders_user_idx')[0], 'lock')
    expect(lock).toEqual({
      kind: 'lock',
      relation: { kind: 'table', schema: 'public', name: 'orders', existedBefore: true },
      mode: 'AccessExclusiveLock',
      until: 'commit',
      evidence: { by: 'predicted', source: 'drop index' },
    })
  })

  it('are none for the index of a constraint, which Postgres refuses to drop', () => {
    const [refused] = predictOn(
      ['create table parts (id int constraint parts_key unique)'],
      'drop index parts_key',
    )
    expect(locksOf(refused, true)).toBe('-')
  })

  it('name a relation as it was called when the statement began', () => {
    const predictions = predictOn(history, 'alter table users rename to people; alter table people add a int')
    expect(predictions.map((prediction) => locksOf(prediction))).toEqual(['users AX', 'people AX'])
  })
})

describe('a rollback', () => {
  it('takes back what the transaction did to the schema', () => {
    const predictions = predictOn(
      history,
      `begin; alter table users rename to people; alter table people alter name type text; rollback;
       alter table users alter name type varchar(10);`,
    )
    expect(rewritesOf(predictions.at(-1))).toBe('users')
  })
})

describe('what the run itself created', () => {
  it('did not exist before, also under the name of a table that did', () => {
    const predictions = predictOn(
      history,
      `create table tags (id int); alter table tags add column a int default random();
       drop table orders; create table orders (id int); create index on orders (id);`,
    )
    expect(predictions.map((prediction) => locksOf(prediction))).toEqual([
      '-', '-', 'orders AX; orders_id_seq AX; users AX', '-', '-',
    ]) // prettier-ignore
    const [rewrite] = effectsOf(predictions[1], 'rewrite')
    expect(rewrite?.relation).toMatchObject({ name: 'tags', existedBefore: false })
  })

  it('is remembered from one migration under review to the next', () => {
    const input = {
      history: migrations(history),
      review: migrations(['create table tags (id int)', 'create index on tags (id)']),
      timeZone: 'UTC',
    }
    expect(locksOf(predictRun(input)[1]?.[0])).toBe('-')
  })

  it('counts columns as well', () => {
    const predictions = predictOn(
      history,
      'alter table users add column a int; alter table users drop column a; alter table users drop column name',
    )
    expect(
      predictions.map((one) => effectsOf(one, 'catalog').map(({ existedBefore }) => existedBefore)),
    ).toEqual([[true], [false], [true]])
  })
})

describe('statements that cannot run in a transaction block', () => {
  it.each([
    ['create index concurrently on users (name)', 'CREATE INDEX CONCURRENTLY'],
    ['drop index concurrently orders_user_idx', 'DROP INDEX CONCURRENTLY'],
    ['reindex table concurrently users', 'REINDEX CONCURRENTLY'],
    ['reindex schema public', 'REINDEX SCHEMA'],
    ['vacuum users', 'VACUUM'],
    ['create database x', 'CREATE DATABASE'],
    ["alter system set work_mem = '1MB'", 'ALTER SYSTEM'],
    ['discard all', 'DISCARD ALL'],
  ])('fail there and do nothing else: %s', (sql, command) => {
    expect(predictOn(history, sql, { mode: 'file' })[0]?.effects).toMatchObject([
      {
        kind: 'error',
        sqlstate: '25001',
        message: `${command} cannot run inside a transaction block`,
        evidence: { by: 'known' },
      },
    ])
  })

  it('fail in a simple query of several statements, not in one of a single statement', () => {
    const both = 'create index concurrently on users (name); select 1'
    expect(effectsOf(predictOn(history, both, { mode: 'simple query' })[0], 'error')).toHaveLength(1)
    const one = 'create index concurrently on users (name)'
    expect(effectsOf(predictOn(history, one, { mode: 'simple query' })[0], 'error')).toHaveLength(0)
  })

  it.each([
    ['create index concurrently on users (name)', 'users SUX | - | users'],
    ['create index concurrently if not exists orders_user_idx on orders (user_id)', 'orders SUX | - | -'],
    ['drop index concurrently orders_user_idx', 'orders SUX | - | -'],
    ['reindex index concurrently orders_user_idx', 'orders SUX | - | orders'],
    ['reindex table concurrently users', 'users SUX | - | users'],
    ['vacuum users', 'users SUX | - | -'],
    ['vacuum (full) users', 'users AX | users | users'],
  ])('give their locks back when they end: %s', (sql, expected) => {
    const [prediction] = predictOn(history, sql)
    expect(summaryOf(prediction)).toBe(expected)
    for (const lock of effectsOf(prediction, 'lock')) {
      expect(lock).toMatchObject({ until: 'statement', evidence: { by: 'known' } })
    }
  })

  it('leave the schema as it was when they fail', () => {
    const predictions = predictOn(
      history,
      'create index concurrently i on users (name); alter table users rename to people',
      { mode: 'file' },
    )
    expect(locksOf(predictions[1])).toBe('users AX')
  })

  it('detach a partition concurrently, unless a default partition exists', () => {
    const partitioned = (extra: string) => [
      `create table ev (at date) partition by range (at);
       create table ev_1 partition of ev for values from ('2024-01-01') to ('2025-01-01'); ${extra}`,
    ]
    const sql = 'alter table ev detach partition ev_1 concurrently'
    expect(locksOf(predictOn(partitioned(''), sql)[0])).toBe('ev SUX; ev_1 AX')
    const [failing] = predictOn(partitioned('create table ev_d partition of ev default'), sql)
    expect(failing?.effects).toMatchObject([{ kind: 'error', sqlstate: '55000' }])
  })

  it('refuse CREATE INDEX CONCURRENTLY on a partitioned table', () => {
    const [prediction] = predictOn(
      ['create table ev (at date) partition by range (at)'],
      'create index concurrently on ev (at)',
    )
    expect(prediction?.effects).toMatchObject([{ kind: 'error', sqlstate: '0A000' }])
  })
})

describe('TimeZone', () => {
  const sql = 'alter table users alter at type timestamptz'

  it.each([
    ['UTC', '-'],
    ['Etc/GMT', '-'],
    ['Europe/Berlin', 'users'],
    ['Africa/Abidjan', 'users'],
  ])('%s decides whether timestamp becomes timestamptz by a rewrite', (timeZone, rewritten) => {
    expect(rewritesOf(predictOn(history, sql, { timeZone })[0])).toBe(rewritten)
  })

  it('is what the file sets', () => {
    const predictions = predictOn(history, `set local time zone 'UTC'; ${sql}`, {
      timeZone: 'Europe/Berlin',
      mode: 'file',
    })
    expect(rewritesOf(predictions[1])).toBe('-')
    expect(predictions[1]?.settings.timeZone).toBe('UTC')
  })
})

describe('tables that no file creates', () => {
  it('are taken to exist', () => {
    const predictions = predictOn(
      [],
      'create index on users (name); alter table if exists users drop column x',
    )
    expect(predictions.map((prediction) => locksOf(prediction))).toEqual(['users S', 'users AX'])
  })

  it('are not assumed under IF EXISTS once there is a history', () => {
    expect(locksOf(predictOn(history, 'drop table if exists legacy')[0])).toBe('-')
    expect(locksOf(predictOn(history, 'alter table legacy add column x int')[0])).toBe('legacy AX')
  })

  it('have columns whose type nobody knows: said, where the new type is often free', () => {
    const [toText, toBigint] = predictOn(
      [],
      'alter table users alter name type text; alter table users alter id type bigint',
    )
    expect(rewritesOf(toText)).toBe('-')
    expect(toText?.unknown).toContain('users.name')
    expect(rewritesOf(toBigint)).toBe('users')
  })

  it('may be indexes, too', () => {
    const [prediction] = predictOn([], 'drop index users_name_idx')
    expect(locksOf(prediction, true)).toBe('users_name_idx AX')
    expect(effectsOf(prediction, 'catalog')).toMatchObject([
      { object: { kind: 'index', name: 'users_name_idx' }, change: { type: 'drop', cascaded: false } },
    ])
  })
})

describe('code inside statements', () => {
  it('is read in DO blocks, and changes the schema for what follows', () => {
    const predictions = predictOn(
      history,
      `do $$ begin
         if not exists (select from information_schema.columns where column_name = 'x') then
           alter table users add column x int not null default 0;
           create table made (id int);
         end if;
       end $$;
       alter table made add column y int;`,
    )
    expect(locksOf(predictions[0])).toBe('users AX')
    expect(effectsOf(predictions[0], 'catalog')).toMatchObject([
      { object: { name: 'users' }, change: { type: 'add column', column: { name: 'x', filled: true } } },
      { object: { name: 'made' }, change: { type: 'create' } },
    ])
    expect(locksOf(predictions[1])).toBe('-')
  })

  it('says when it cannot be read', () => {
    const [prediction] = predictOn(history, "do $$ begin execute 'drop table ' || current_user; end $$")
    expect(prediction?.unknown).toBe('the DO block puts SQL together at run time')
  })

  it('is followed into functions that the files create, once', () => {
    const withFunction = [
      ...history,
      `create function grow() returns void language plpgsql as $$ begin
         alter table orders add column z int; perform grow(); end $$`,
    ]
    expect(locksOf(predictOn(withFunction, 'select grow()')[0])).toBe('orders AX')
  })

  it('of triggers runs when rows are written', () => {
    const withTrigger = [
      ...history,
      `create table audit (id int);
       create function log() returns trigger language plpgsql as
         $$ begin insert into audit values (new.id); return new; end $$;
       create trigger t after update on users for each row execute function log()`,
    ]
    expect(locksOf(predictOn(withTrigger, 'update users set name = 1 where id = 1')[0])).toBe(
      'audit RX; users RX',
    )
    expect(locksOf(predictOn(withTrigger, 'delete from users where id = 1')[0])).toBe('orders RS; users RX')
  })

  it('of the history changes the schema as well', () => {
    const dynamic = [...history, "do $$ begin execute 'alter table users alter name type text'; end $$"]
    expect(rewritesOf(predictOn(dynamic, 'alter table users alter name type varchar')[0])).toBe('-')
    expect(rewritesOf(predictOn(history, 'alter table users alter name type char(9)')[0])).toBe('users')
  })
})

describe('defaults', () => {
  it('of functions that the files create follow their volatility', () => {
    const functions = [
      ...history,
      `create function fixed() returns int language sql immutable as 'select 1';
       create function fresh() returns int language sql as 'select 1';`,
    ]
    expect(rewritesOf(predictOn(functions, 'alter table users add a int default fixed()')[0])).toBe('-')
    expect(rewritesOf(predictOn(functions, 'alter table users add a int default fresh()')[0])).toBe('users')
  })

  it('of unknown functions are taken as volatile', () => {
    expect(rewritesOf(predictOn(history, 'alter table users add a text default ulid()')[0])).toBe('users')
  })
})

describe('catalogue effects', () => {
  it('name constraints as Postgres will', () => {
    const [prediction] = predictOn(
      history,
      'alter table orders add check (user_id > 0), add unique (user_id), add foreign key (id) references users',
    )
    expect(effectsOf(prediction, 'catalog').map(({ object }) => object)).toEqual([
      { kind: 'table constraint', schema: 'public', name: 'orders_user_id_check', table: 'public.orders' },
      { kind: 'table constraint', schema: 'public', name: 'orders_user_id_key', table: 'public.orders' },
      { kind: 'table constraint', schema: 'public', name: 'orders_id_fkey', table: 'public.orders' },
    ])
  })

  it('tell the old and the new type', () => {
    const [prediction] = predictOn(history, 'alter table users alter name type varchar(100)')
    expect(effectsOf(prediction, 'catalog').map(({ change }) => change)).toEqual([
      {
        type: 'change type',
        column: 'name',
        from: 'character varying(50)',
        to: 'character varying(100)',
      },
    ])
  })

  it('tell what CASCADE removes', () => {
    const [prediction] = predictOn(history, 'drop table users cascade')
    expect(effectsOf(prediction, 'catalog').map(({ object, change }) => [object.name, change])).toEqual([
      ['orders_user_id_fkey', { type: 'drop', cascaded: true }],
      ['users', { type: 'drop', cascaded: false }],
    ])
  })
})

it('predicts scans of parts of a partitioned table once each', () => {
  const [prediction] = predictOn(
    [
      `create table ev (at date, v int) partition by range (at);
       create table ev_1 partition of ev for values from ('2024-01-01') to ('2025-01-01');`,
    ],
    'alter table ev alter v set not null, add check (v > 0)',
  )
  expect(scansOf(prediction)).toBe('ev_1')
  expect(effectsOf(prediction, 'scan')).toHaveLength(1)
})

// measured on PostgreSQL 18.4 and 15
describe('foreign keys of partitions', () => {
  const partitioned = [
    `create table p (id int primary key);
     create table ev (at date not null, p int references p) partition by range (at);
     create table ev_1 partition of ev for values from ('2020-01-01') to ('2021-01-01');
     create table ev_own (at date not null check (at >= '2021-01-01' and at < '2022-01-01'), p int references p);
     create table ev_none (at date not null check (at >= '2022-01-01' and at < '2023-01-01'), p int);`,
  ]
  const own = "alter table ev attach partition ev_own for values from ('2021-01-01') to ('2022-01-01');"
  const none = "alter table ev attach partition ev_none for values from ('2022-01-01') to ('2023-01-01');"

  it('lock the referenced table against reads when ATTACH replaces the triggers of an equal one', () => {
    const [attached, detached] = predictOn(partitioned, `${own} alter table ev detach partition ev_own;`)
    expect(summaryOf(attached)).toBe('ev SUX; ev_own AX; p AX | - | -')
    expect(locksOf(detached)).toBe('ev AX; ev_own AX; p SRX')
    expect(locksOf(predictOn(partitioned, none)[0])).toBe('ev SUX; ev_none AX; p SRX')
  })

  it('do not lock the referenced table when a partition is dropped, before it is detached', () => {
    const sql =
      'drop table ev_1; drop table ev_own; alter table ev detach partition ev_none; drop table ev_none;'
    const [inherited, attached, , detached] = predictOn([...partitioned, own, none], sql)
    expect(locksOf(inherited)).toBe('ev AX; ev_1 AX')
    expect(locksOf(attached)).toBe('ev AX; ev_own AX')
    expect(locksOf(detached)).toBe('ev_none AX; p AX')
  })

  it('are inherited, too, when they come with a column', () => {
    const column = 'alter table ev add column q int references p (id);'
    expect(locksOf(predictOn([...partitioned, column], 'drop table ev_1;')[0])).toBe('ev AX; ev_1 AX')
  })
})

it('says that it cannot see what a role owns', () => {
  const [drop, reassign] = predictOn(history, 'drop owned by app; reassign owned by app to boss;')
  expect(drop?.unknown).toBe('DROP OWNED drops whatever the role owns or was granted')
  expect(reassign?.unknown).toBe('REASSIGN OWNED alters whatever the role owns')
})
