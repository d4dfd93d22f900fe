import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { needsGate, planGate } from '../../src/replay/gate-plan.ts'
import { gateLocks, type GateLock, type GateResult } from '../../src/replay/gate.ts'
import { loadParser, parseStatement } from '../../src/sql/parse.ts'
import { majors, openMajor } from './servers.ts'

const schema = `
create table orgs (id int primary key);
create table users (id bigint primary key, name text, org_id int references orgs);
create table orders (id int primary key, user_id bigint references users, total int);
create table items (order_id int references orders, line int);
create index users_name_idx on users (name);
insert into orgs values (1);
insert into users values (1, 'x', 1);
create procedure three_commits() language plpgsql as $$ begin
  alter table users add a int; commit;
  create index on orders (total); commit;
  alter table orgs add b int; commit;
  alter table users drop a; commit;
end $$;
create procedure swap() language plpgsql as $$ begin
  alter table orgs rename to old_orgs; alter table items rename to orgs; commit;
  alter table old_orgs add x int; commit; alter table users add x int;
end $$;
create function careful() returns void language plpgsql as $$ begin
  begin alter table orgs add x int; raise 'no'; exception when others then null; end;
end $$;
create function outer_call() returns int language sql as $$ select careful(); select 1 $$;
create function plain() returns void language plpgsql as $$ begin raise exception 'x'; end $$;
`

const rolledBack = (body: string): string =>
  `do $$ begin begin ${body}; raise 'no'; exception when others then null; end; end $$`

const cases: readonly {
  readonly title: string
  readonly sql: string
  readonly requests: string
  readonly waits?: boolean
}[] = [
  {
    title: 'a subtransaction that was rolled back',
    sql: rolledBack('alter table orgs add x int'),
    requests: 'orgs:AX',
  },
  {
    title: 'a procedure that commits',
    sql: 'call three_commits()',
    requests: 'users:AX > orders:S > orgs:AX > users:AX',
  },
  {
    title: 'a block with three statements, in order',
    sql: 'do $$ begin alter table users add q int; create index on orders (total); alter table items add foreign key (line) references orgs; end $$',
    requests: 'users:AX > orders:S > items:SRX > orgs:SRX',
  },
  { title: 'a function with a handler', sql: 'select careful()', requests: 'orgs:AX' },
  {
    title: 'a loop of failing attempts',
    sql: 'do $$ begin for i in 1..3 loop begin alter table users add x int; raise $r$no$r$; exception when others then null; end; end loop; end $$',
    requests: 'users:AX > users:AX > users:AX',
  },
  {
    title: 'a lock that is strengthened later',
    sql: rolledBack('create index on orders (total); alter table orders add z int'),
    requests: 'orders:S > orders:AX',
  },
  {
    title: 'a lock below ShareLock',
    sql: rolledBack('alter table items validate constraint items_order_id_fkey; alter table items add y int'),
    requests: 'items:SUX > items:AX',
  },
  {
    title: 'writes between strong locks without stopping for them',
    sql: 'do $$ begin create index on orders (total); update orders set total = 1; insert into orders values (5); end $$',
    requests: 'orders:S',
  },
  {
    title: 'CREATE INDEX CONCURRENTLY, which waits for transactions',
    sql: 'create index concurrently i on users (name)',
    requests: 'users:SUX',
    waits: true,
  },
  {
    title: 'DROP INDEX CONCURRENTLY, which waits for transactions',
    sql: 'drop index concurrently users_name_idx',
    requests: 'users:SUX',
    waits: true,
  },
  {
    title: 'a drop that reaches other tables',
    sql: 'drop table orders cascade',
    requests: 'orders:AX > items:AX > users:AX',
  },
  { title: 'nothing where nothing is locked', sql: 'select count(*) from users', requests: '' },
]

describe.each(majors)('the gate pass on Postgres %i', (major) => {
  let server: PostgresServer
  let base: string
  let tables: readonly number[]

  beforeAll(async () => {
    server = await openMajor(major)
    base = await server.createDatabase()
    const migrator = await server.connectMigrator(base)
    await migrator.query(schema)
    const { rows } = await migrator.query<{ oid: number }>(
      `select oid::int from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    )
    tables = rows.map(({ oid }) => oid)
    await migrator.end()
  })

  afterAll(() => server[Symbol.asyncDispose]())

  async function gate(
    statement: string,
    options: {
      timeoutMs?: number
      prelude?: (client: Client) => Promise<void>
      tables?: readonly number[]
    } = {},
  ): Promise<GateResult> {
    const database = await server.createDatabase({ template: base })
    try {
      return await gateLocks({
        server,
        database,
        prelude: options.prelude ?? (async () => undefined),
        statement,
        tables: options.tables ?? tables,
        timeoutMs: options.timeoutMs ?? 60_000,
      })
    } finally {
      // Fails when a connection of ours were still there.
      await server.dropDatabase(database)
    }
  }

  it.each(cases)('shows $title, five times alike', async ({ sql, requests, waits = false }) => {
    for (let round = 1; round <= 5; round += 1) {
      const result = await gate(sql)
      expect(result).toMatchObject({ complete: true, waitsForTransactions: waits })
      expect(result.error).toBeUndefined()
      expect(inWords(result.requests)).toBe(requests)
    }
  })

  it('continues a transaction that already holds tables, and does not report those again', async () => {
    const result = await gate(
      `do $$ begin begin alter table orgs add x int; alter table users add x int; raise 'no'; exception when others then null; end; end $$`,
      {
        prelude: async (client) => {
          await client.query('begin')
          await client.query('alter table users add early int')
        },
      },
    )
    expect(inWords(result.requests)).toBe('orgs:AX')
    expect(inWords(result.held)).toContain('users:AX')
    expect(result.complete).toBe(true)
  })

  it('does not let limits that the migration set end a wait', async () => {
    const result = await gate('call three_commits()', {
      prelude: async (client) => {
        await client.query(`set lock_timeout = '1ms'; set statement_timeout = '5ms'`)
      },
    })
    expect(result.error).toBeUndefined()
    expect(inWords(result.requests)).toBe('users:AX > orders:S > orgs:AX > users:AX')
  })

  it('tells the error of the statement itself', async () => {
    const result = await gate('do $$ begin alter table orgs add x int; alter table nope add x int; end $$')
    expect(result).toMatchObject({ complete: true, error: { sqlstate: '42P01' } })
    expect(inWords(result.requests)).toBe('orgs:AX')
  })

  it('gives up on a statement that does not end, and tells what it saw', async () => {
    const result = await gate('do $$ begin alter table orgs add x int; perform pg_sleep(3600); end $$', {
      timeoutMs: 1000,
    })
    expect(result).toMatchObject({ complete: false, why: 'the statement did not end within 1 s' })
    expect(inWords(result.requests)).toBe('orgs:AX')
  })

  it('gives up on a statement that waits for somebody else', async () => {
    let other: Client | undefined
    const prelude = async (client: Client): Promise<void> => {
      const { rows } = await client.query<{ name: string }>('select current_database() as name')
      other = await server.connectMigrator(rows[0]?.name ?? '')
      await other.query('select pg_advisory_lock(1)')
    }
    const database = await server.createDatabase({ template: base })
    const request = {
      server,
      database,
      prelude,
      statement: 'select pg_advisory_lock(1)',
      tables,
      timeoutMs: 1000,
    }
    expect(await gateLocks(request)).toMatchObject({
      complete: false,
      why: 'the statement waited for a lock of type advisory that no gate holds; stopped after 1 s',
    })
    await other?.end()
    await server.dropDatabase(database)
  })

  it('says that it lost a table which was renamed and committed', async () => {
    const result = await gate('call swap()', { timeoutMs: 3000 })
    expect(result).toMatchObject({
      complete: false,
      why: expect.stringContaining('was renamed and committed'),
    })
    // what it saw behind the loss depends on who was faster
    expect(inWords(result.requests)).toMatch(/^orgs:AX > items:AX/)
  })

  it('stops when it is told to', async () => {
    const database = await server.createDatabase({ template: base })
    const signal = AbortSignal.timeout(300)
    const request = { server, database, prelude: async () => undefined, tables, timeoutMs: 60_000, signal }
    const result = await gateLocks({ ...request, statement: 'select pg_sleep(3600)' })
    expect(result).toMatchObject({ complete: false, why: 'the run was aborted' })
    await server.dropDatabase(database)
  })

  it('survives a statement that ends its own session', async () => {
    const result = await gate('select pg_terminate_backend(pg_backend_pid())')
    expect(result).toMatchObject({ complete: true, error: { sqlstate: '57P01' } })
  })

  it('says when a table could not be gated', async () => {
    expect(await gate('select 1', { tables: [...tables, 1] })).toMatchObject({
      complete: false,
      why: '1 of the tables to gate could not be gated',
    })
  })

  it('rejects when the prelude fails, and leaves nobody connected', async () => {
    const prelude = async (client: Client): Promise<void> => {
      await client.query('nonsense')
    }
    await expect(gate('select 1', { prelude })).rejects.toThrow('syntax error')
  })

  it('plans gates for code that can give locks back, through the routines it calls', async () => {
    await loadParser()
    const client = await server.connectAdmin(base)
    const plan = (sql: string): ReturnType<typeof planGate> =>
      planGate(client, { sql, ...parseStatement(sql) })
    const all = { tables: expect.arrayContaining([...tables]), leftOut: 0 }
    expect(await plan('call three_commits()')).toEqual(all)
    expect(await plan('select outer_call()')).toEqual(all)
    expect(await plan('select "careful"()')).toEqual(all)
    expect(await plan('do $$ begin perform careful(); end $$')).toEqual(all)
    expect(await plan(`do $$ begin raise exception 'x'; end $$`)).toBeUndefined()
    expect(await plan('select plain(), lower($$a$$)')).toBeUndefined()
    expect(await plan('alter table users add x int default length($$careful()$$)')).toBeUndefined()
    await client.query(
      Array.from({ length: 30 }, (_, index) => `create table public.extra_${index} (id int)`).join(';'),
    )
    const few = await plan(
      'do $$ begin alter table orders add x int; exception when others then null; end $$',
    )
    const names = await client.query<{ name: string }>(
      'select relname::text as name from pg_class where oid = any ($1) order by 1',
      [few?.tables],
    )
    expect(names.rows.map(({ name }) => name)).toEqual(['items', 'orders', 'users'])
    expect(
      (await plan('do $$ begin execute format(name); exception when others then null; end $$'))?.leftOut,
    ).toBe(10)
    await client.query(Array.from({ length: 30 }, (_, index) => `drop table public.extra_${index}`).join(';'))
    await client.end()
  })
})

describe('needsGate', () => {
  it.each([
    ['do $$ begin x(); exception when others then null; end $$', true],
    ['do $$ begin commit; end $$', true],
    ['do $$ begin rollback and chain; end $$', true],
    [`do $$ begin raise exception 'no'; end $$`, false],
    ['do $$ begin alter table t add x int; end $$', false],
    ['call p()', true],
    ['alter table t add x int', false],
    ['do $$ begin exception when others then null; end $$ language nonsense extra', true],
  ])('says of %s: %s', async (sql, expected) => {
    await loadParser()
    expect(needsGate({ sql, ...parseStatement(sql) })).toBe(expected)
  })
})

const short: Readonly<Record<string, string>> = {
  AccessShareLock: 'AS',
  RowShareLock: 'RS',
  RowExclusiveLock: 'RX',
  ShareUpdateExclusiveLock: 'SUX',
  ShareLock: 'S',
  ShareRowExclusiveLock: 'SRX',
  ExclusiveLock: 'X',
  AccessExclusiveLock: 'AX',
}

function inWords(locks: readonly GateLock[]): string {
  return locks.map(({ relation, mode }) => `${relation.name}:${short[mode]}`).join(' > ')
}
