import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openMajor } from '../replay/servers.ts'
import { seedTables } from '../../src/replay/seed.ts'
import { fillTables } from '../../src/sampling/fill.ts'
import { sampleRun } from '../../src/sampling/sample-run.ts'
import { find, productionOf, requestOf, sample, sized } from './sampled.ts'

/** Planning folds IMMUTABLE functions of constants: in indexes, statistics and partition keys. */
const folded = (
  folder: string,
): string => `create function leave_a_trace() returns int language plpgsql as $$ begin
    if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
      copy (select) to program 'touch ${join(folder, 'superuser')}';
    end if;
    return 1; end $$;
  create function folded(int) returns int language plpgsql immutable as $$ begin perform public.leave_a_trace(); return $1; end $$;
  create table part (id bigint not null, a int not null) partition by range ((a + folded(1)));
  create table part1 partition of part for values from (0) to (1000000);
  create table big (id bigint primary key, a int not null, note text);
  create index on big ((a + folded(1))); create index on big (id) where folded(1) = 1;
  create statistics more on (a + folded(1)), id from big;`

test('functions of migrations never run as a superuser, not even when a query is planned', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'untrusted-'))
  await chmod(folder, 0o777)
  try {
    const script = {
      sql: 'create index by_note on big (note); alter table part add column b int default random();',
    }
    const production = productionOf(sized('big', 2_000_000), sized('part', 2_000_000))
    const outcome = await sample(folded(folder), [script], production)
    expect(find(outcome, 'create index by_note').samples.length).toBeGreaterThan(0)
    expect(outcome.scanMsPerByte['large memory']).toBeGreaterThan(0)
    expect(await readdir(folder)).toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('VACUUM of what trials left runs no function of migrations in a session of the superuser', async () => {
  const server = await openMajor(18)
  const database = await server.createDatabase()
  const migrator = await server.connectMigrator(database)
  await migrator.query(`create function only_theirs(int) returns int language plpgsql immutable as $$ begin
      if session_user <> 'pgrehearse_migrator' then perform pg_sleep(1000); end if; return $1; end $$;
    create table big (id bigint primary key, a int not null, note text);
    create index on big using brin ((a + only_theirs(1))) with (pages_per_range = 1);`)
  await migrator.end()
  const admin = await server.connectAdmin(database)
  try {
    const report = await fillTables(admin, {
      tables: [{ schema: 'public', name: 'big', rows: 3000, toastBytesPerRow: 5000 }],
      signal: new AbortController().signal,
      connectMigrator: () => server.connectMigrator(database),
      endsAt: performance.now() + 8000,
    })
    expect(report.filled).toMatchObject([{ table: 'public.big', rows: 3000 }])
  } finally {
    await admin.end()
    await server.dropDatabase(database)
  }
}, 20_000)

test('sampling that does not end is given up', async () => {
  const request = await requestOf(
    'create table big (id bigint)',
    [{ sql: 'create index on big (id)' }],
    productionOf(sized('big', 1e6)),
  )
  const stop = new AbortController()
  const reason = new Error('stop')
  const sampled = sampleRun({ ...request, signal: stop.signal }, async () => {
    stop.abort(reason)
    return new Promise(() => {})
  })
  await expect(sampled).rejects.toBe(reason)
})

test('code that catches what cancels it is ended', async () => {
  const server = await openMajor(18)
  const database = await server.createDatabase()
  const migrator = await server.connectMigrator(database)
  await migrator.query(`create function stuck(int) returns boolean language plpgsql as $$ begin
      loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop; end $$;
    create table big (id bigint primary key, a int not null check (stuck(a)));`)
  await migrator.end()
  const admin = await server.connectAdmin(database)
  const connectMigrator = () => server.connectMigrator(database)
  try {
    const request = {
      tables: [{ schema: 'public', name: 'big', rows: 100 }],
      signal: new AbortController().signal,
    }
    const report = await fillTables(admin, { ...request, connectMigrator, endsAt: performance.now() + 300 })
    expect(report.filled).toEqual([])
    expect(report.unfilled).toEqual([
      { table: 'public.big', why: 'code of the migrations did not end when its time was over' },
    ])
    const seeded = await seedTables(admin, { connectMigrator, statementTimeoutMs: 100, timeoutMs: 300 })
    expect(seeded.seeded).toEqual([])
    expect(seeded.unseeded[0]?.why).toMatch(/^seeding ended early/)
    const aborted = fillTables(admin, {
      ...request,
      connectMigrator,
      endsAt: performance.now() + 60_000,
      signal: AbortSignal.timeout(200),
    })
    await expect(aborted).rejects.toThrow(/abort/i)
  } finally {
    await admin.end()
    await server.dropDatabase(database)
  }
})
