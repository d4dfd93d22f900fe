import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectLocks, type CollectedLocks } from '../../src/blocking/collect-locks.ts'
import type { QueryLock } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors, startServer } from '../postgres/servers.ts'
import { queryOf, stageOf } from './stage.ts'

const schema = `
create table orders (id bigint primary key, status text);
create table audit (what text);
create table items (id bigint primary key, order_id bigint references orders);
create function put(text) returns void language plpgsql as $$ begin execute 'insert into ' || $1 || ' values (1)'; end $$;
create function audit_orders() returns trigger language plpgsql as $$
begin perform put('audit'); return new; end $$;
create trigger orders_audit after update on orders for each row execute function audit_orders();
create function endless() returns int language plpgsql immutable as $$
begin loop begin perform pg_sleep(9); exception when query_canceled then null; end; end loop; end $$;
create function picky() returns int language plpgsql immutable as $$
begin raise exception 'not for you' using errcode = '42703'; end $$;
create table members (name text);
create table documents (id int, owner text);
alter table documents enable row level security;
create policy own on documents using (owner in (select name from members));
create schema app; create table app.notes (id int);`

describe.each(majors)('collectLocks on PostgreSQL %i', (major) => {
  let server: PostgresServer
  let database = ''
  beforeAll(async () => {
    await loadParser()
    server = await startServer(major)
    database = await server.createDatabase()
    const migrator = await server.connectMigrator(database)
    await migrator.query(schema)
    await migrator.end()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  function collect(
    sqls: readonly string[],
    options: { readonly budgetMs?: number; readonly searchPath?: string } = {},
  ): Promise<CollectedLocks> {
    const queries = sqls.map((sql) => queryOf(sql))
    return collectLocks(stageOf(server, database), queries, {
      budgetMs: 60_000,
      progress: () => {},
      ...options,
    })
  }

  test('no query stops it', async () => {
    const long = `select * from orders where id in (${Array.from({ length: 150_000 }, (_, index) => index).join(',')})`
    const { locks, unknown } = await collect([
      'select * form orders',
      'select * from orders; drop table orders',
      'select missing(1) from orders',
      'select similarity(status, $1) from orders',
      'select * from nowhere',
      long,
      'select * from orders where id = $2',
      'select count(*) from orders -- and a comment',
      'vacuum orders',
      '',
    ])
    expect([...unknown.keys()].map((sql) => sql.slice(0, 40)).toSorted()).toEqual(
      [
        '',
        'select * form orders',
        'select * from nowhere',
        'select * from orders; drop table orders'.slice(0, 40),
        'select missing(1) from orders',
        'select similarity(status, $1) from orders'.slice(0, 40),
        'vacuum orders',
      ].toSorted(),
    )
    expect(words(locks.get(long))).toEqual(['AccessShareLock orders', 'AccessShareLock orders_pkey'])
    expect(words(locks.get('select count(*) from orders -- and a comment'))).toHaveLength(2)
    expect(words(locks.get('select * from orders where id = $2'))).toHaveLength(2)
  })

  test('a query whose planning never ends is given up, and the next one goes on', async () => {
    const loop = 'select * from orders where id = endless()'
    const { locks, unknown, limits } = await collect([loop, 'select * from audit'], { budgetMs: 1500 })
    expect(unknown.get(loop)).toMatch(/planning it took longer than/)
    expect(words(locks.get(loop))).toEqual(['AccessShareLock orders', 'AccessShareLock orders_pkey'])
    expect(words(locks.get('select * from audit'))).toEqual(['AccessShareLock audit'])
    expect(limits.map(({ code }) => code)).toContain('query-locks-unknown')
  })

  test('a query that is taken everywhere but here waits all the same', async () => {
    const sql = 'select * from orders where id = picky()'
    const { locks, limits } = await collect([sql, 'select * from audit'])
    expect(words(locks.get(sql))).toEqual(['AccessShareLock orders', 'AccessShareLock orders_pkey'])
    expect(limits.map(({ message }) => message)).toEqual([
      `The locks of ${sql} are derived from the catalogue only: planning it failed (not for you) on the throwaway server.`,
    ])
  })

  test('a chain of foreign keys that is longer than our stack is followed in part', async () => {
    const chain = Array.from({ length: 2000 }, (_, at) =>
      at === 0
        ? 'create table chain0 (id int primary key);'
        : `create table chain${at} (id int primary key references chain${at - 1} on delete cascade);`,
    )
    const own = await server.createDatabase()
    const migrator = await server.connectMigrator(own)
    for (const table of chain) await migrator.query(table)
    await migrator.end()
    const sql = 'delete from chain0'
    const { locks, limits } = await collectLocks(stageOf(server, own), [queryOf(sql)], {
      budgetMs: 60_000,
      progress: () => {},
    })
    expect(words(locks.get(sql))).toContain('RowExclusiveLock chain100')
    expect(limits.map(({ message }) => message)).toEqual([
      `${sql} may wait for more locks than are known: what it sets off goes deeper than can be followed.`,
    ])
  })

  test('dynamic SQL in a trigger is said once, with its name', async () => {
    const { unknown, limits } = await collect([
      `update orders set status = 'x' where id = 1`,
      `update orders set status = 'y' where id = 1`,
      `select * from orders`,
    ])
    expect(unknown.size).toBe(2)
    expect(limits).toHaveLength(1)
    expect(limits[0]?.message).toMatch(/function put\(\) puts SQL together at run time/)
  })

  test('tables in policies are read by whoever is subject to them', async () => {
    const { locks } = await collect(['select * from documents'])
    expect(locks.get('select * from documents')).toContainEqual({
      relation: { schema: 'public', name: 'members', kind: 'table' },
      mode: 'AccessShareLock',
      through: 'policy',
      name: 'own',
    })
  })

  test('an insert opens what it refers to even without a value', async () => {
    const sql = 'insert into items (id) values ($1)'
    const { locks } = await collect([sql])
    expect(locks.get(sql)).toContainEqual({
      relation: { schema: 'public', name: 'orders', kind: 'table' },
      mode: 'RowShareLock',
      through: 'foreign key',
      name: 'items_order_id_fkey',
    })
  })

  test('names are looked up as the application does', async () => {
    expect((await collect(['select * from notes'])).unknown.size).toBe(1)
    const { locks } = await collect(['select * from notes'], { searchPath: 'app, public' })
    expect(words(locks.get('select * from notes'))).toEqual(['AccessShareLock notes'])
  })
})

function words(locks: readonly QueryLock[] = []): readonly string[] {
  return locks.map(({ mode, relation }) => `${mode} ${relation.name}`)
}
