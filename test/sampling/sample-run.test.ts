import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { SampleOutcome, SampledStatement, StatementSample } from '../../src/cost/samples.ts'
import { sampleRun } from '../../src/sampling/sample-run.ts'
import { migration } from '../replay/laboratory.ts'
import { openMajor } from '../replay/servers.ts'
import { find, productionOf, requestOf, sample, sized } from './sampled.ts'

const shop = `create table customers (id bigint primary key, name text not null);
create table orders (id bigint primary key, customer_id bigint not null, status text, note text not null, placed timestamptz not null);
create index on orders (customer_id); create index on orders (placed);
create table elsewhere (id bigint primary key, note text);
create table few (id bigint primary key, note text);`

const production = productionOf(
  sized('orders', 2_000_000),
  sized('customers', 400_000),
  sized('few', 100_000),
)

describe.each([18, 14] as const)('PostgreSQL %i', (major) => {
  let outcome: SampleOutcome
  beforeAll(async () => {
    const scripts = [
      { sql: 'create index by_note on orders (note); alter table orders add column plain int;' },
      {
        mode: 'file' as const,
        sql: `alter table orders add column token uuid not null default gen_random_uuid();
          update orders set note = note || '!';
          update orders set status = 'new' where status is null;
          alter table orders alter column status set not null;
          select 1 / 0;
          alter table orders drop column plain;`,
      },
      {
        sql: `alter table orders add constraint fk foreign key (customer_id) references customers (id);
          create index concurrently by_status on orders (status);
          vacuum orders;
          update elsewhere set note = 'x';
          update few set note = 1 / (pg_size_bytes(current_setting('max_wal_size')) > 50 * 1024 * 1024)::int;`,
      },
    ]
    outcome = await sample(shop, scripts, production, { major })
  })

  test('two sizes and a run in proportion, as large as the budget allows', () => {
    const { samples } = find(outcome, 'create index by_note')
    const regimes = samples.map(({ regime }) => regime)
    expect(regimes.slice(0, 2)).toEqual(['large memory', 'large memory'])
    expect(regimes.at(-1)).toBe('scaled')
    const rows = samples.map((one) => one.rows['public.orders'] ?? 0)
    expect(rows[1]).toBeGreaterThanOrEqual(3 * (rows[0] ?? 0))
    // once more where there is time
    expect(rows.slice(2, -1)).toEqual(Array(rows.length - 3).fill(rows[1]))
    expect(outcome.server).toMatch(major === 18 ? /^18\./ : /^14\./)
    expect(outcome.tables['public.orders']).toMatchObject({ rows: Math.max(...rows) })
    expect(outcome.tables['public.orders']?.heapBytes).toBeGreaterThan(0.5 * 100 * Math.max(...rows))
  })

  test('what grows touches more pages of a larger table, what only changes the catalogue does not', () => {
    const growing = ['create index by_note', 'alter table orders add column token', 'update orders set note']
    for (const beginning of growing) expect(pagesRatio(find(outcome, beginning))).toBeGreaterThan(2)
    for (const beginning of ['alter table orders add column plain', 'alter table orders drop column plain'])
      expect(pagesRatio(find(outcome, beginning))).toBeLessThan(1.5)
  })

  test('in proportion a sort spills, and full pages are written again and again', () => {
    const build = ofRegimes(find(outcome, 'create index by_note'))
    expect(build.large.tempBytes).toBe(0)
    // before 18 maintenance_work_mem cannot be less than 1 MB, and so few rows fit into it
    const spilled = major === 18 ? 10 : 0
    expect(build.scaled.tempBytes).toBeGreaterThanOrEqual(spilled * rowsOf(build.scaled))
    const update = ofRegimes(find(outcome, 'update orders set note'))
    expect(update.large.walBytes).toBeGreaterThan(200 * rowsOf(update.large))
    expect(update.scaled.walBytes / rowsOf(update.scaled)).toBeGreaterThan(
      (1.5 * update.large.walBytes) / rowsOf(update.large),
    )
    expect(outcome.scanMsPerByte.scaled).toBeGreaterThan(0)
  })

  test('a statement on a smaller table has memory in proportion to that table', () => {
    // it fails with what two million rows of orders let the server have
    const { scaled } = ofRegimes(find(outcome, 'update few'))
    expect(scaled.rows['public.few']).toBeLessThan(100_000)
  })

  test('new files are counted before they are committed', () => {
    const { large } = ofRegimes(find(outcome, 'alter table orders add column token'))
    expect(large.newFileBytes).toBeGreaterThan(100 * rowsOf(large))
    expect(ofRegimes(find(outcome, 'create index concurrently')).large.newFileBytes).toBeGreaterThan(
      5 * rowsOf(large),
    )
  })

  test('a statement that fails says why, and the rest of its transaction goes on', () => {
    expect(find(outcome, 'select 1 / 0')).toMatchObject({
      samples: [],
      why: expect.stringContaining('22012'),
    })
    expect(find(outcome, 'alter table orders drop column plain').samples.length).toBeGreaterThanOrEqual(3)
    expect(find(outcome, 'alter table orders alter column status').samples.length).toBeGreaterThanOrEqual(3)
  })

  test('a foreign key of the review itself is satisfied; commands outside of transactions run', () => {
    expect(find(outcome, 'alter table orders add constraint fk').samples.length).toBeGreaterThanOrEqual(3)
    expect(find(outcome, 'create index concurrently').samples.length).toBeGreaterThanOrEqual(3)
    expect(find(outcome, 'vacuum').samples.length).toBeGreaterThanOrEqual(3)
  })

  test('a table of unknown size is not sampled', () => {
    expect(find(outcome, 'update elsewhere')).toMatchObject({
      samples: [],
      why: 'the size of public.elsewhere is not known',
    })
  })
})

test('a table that production has no more rows of is the sample itself', async () => {
  const outcome = await sample(
    shop,
    [{ sql: 'create unique index by_status on orders (status); update orders set note = note;' }],
    productionOf(sized('orders', 500)),
  )
  const { samples } = find(outcome, 'create unique index')
  const whole = samples.map(({ regime, rows }) => [regime, rows['public.orders']])
  expect(new Set(whole.map(String))).toEqual(new Set(['large memory,500']))
  expect(samples[0]?.matchedRows).toBe(500)
  expect(find(outcome, 'update orders').samples[0]?.matchedRows).toBe(500)
})

test('a table to attach has rows within its bounds', async () => {
  const outcome = await sample(
    `create table log (id bigint, at date) partition by range (at);
     create table log_2025 partition of log for values from ('2025-01-01') to ('2026-01-01');
     create table "Log 2026" (id bigint, at date);`,
    [{ sql: `alter table log attach partition "Log 2026" for values from ('2026-01-01') to ('2027-01-01')` }],
    productionOf(sized('log', 3000), sized('Log 2026', 2000)),
  )
  const { samples, why } = find(outcome, 'alter table log attach')
  expect(why).toBeUndefined()
  expect(samples.at(-1)?.rows['public.Log 2026']).toBe(2000)
})

test('the size of a partition is known with that of its table, and the other way round', async () => {
  const outcome = await sample(
    `create table p (id bigint not null, v text) partition by range (id);
    create table p1 partition of p for values from (0) to (1000000); create table p2 partition of p default;
    create table q (id bigint not null, v text) partition by list (id); create table q1 partition of q default;`,
    [{ sql: 'alter table p1 add constraint p1_v check (v is not null); create index on q (v);' }],
    productionOf(sized('p', 600), sized('q1', 300)),
  )
  const [check, index] = outcome.migrations[0] ?? []
  expect(check?.samples[0]?.rows['public.p']).toBe(600)
  expect(check?.samples[0]?.rows['public.p1']).toBeLessThanOrEqual(600)
  expect(index?.samples[0]?.rows).toMatchObject({ 'public.q1': 300 })
})

test('what takes too long with few rows does not eat up the time of the rest', async () => {
  const outcome = await sample(
    shop,
    [
      {
        sql: `update orders set note = (select max(o.note) from orders o where o.note < orders.note || orders.id);
          create index on orders (note)`,
      },
    ],
    production,
    { budgetMs: 8000 },
  )
  const [update, index] = outcome.migrations[0] ?? []
  expect(update).toMatchObject({
    samples: [],
    why: expect.stringContaining('too long'),
    cutOff: expect.anything(),
  })
  expect(index?.samples.length).toBeGreaterThanOrEqual(1)
})

test('a pipeline that fails loses the rest, and the next migration runs', async () => {
  const outcome = await sample(
    shop,
    [
      {
        mode: 'simple query',
        sql: 'update orders set note = note; select 1 / 0; update orders set note = note;',
      },
      { mode: 'run', sql: 'delete from orders where id % 2 = 0' },
      { mode: 'run', sql: 'create index on orders (note)' },
    ],
    productionOf(sized('orders', 5000)),
  )
  const [first, second, third] = outcome.migrations
  expect(first?.map(({ samples }) => samples.length > 0)).toEqual([true, false, false])
  expect(first?.[2]?.why).toContain('failed on synthetic rows (select 1 / 0)')
  expect(second?.[0]?.samples).not.toEqual([])
  expect(third?.[0]?.samples[0]?.newFileBytes).toBeGreaterThan(0)
})

test('a tiny budget gives few samples or none, and says so', async () => {
  const request = await requestOf(shop, [{ sql: 'create index on orders (note)' }], production, {
    budgetMs: 1500,
  })
  const outcome = await sampleRun(request)
  expect(outcome.migrations[0]?.[0]?.samples.length).toBeLessThan(3)
  const nothing = await sampleRun({ ...request, budgetMs: 1 })
  expect(nothing.migrations[0]?.[0]).toMatchObject({ samples: [], why: expect.stringContaining('time') })
  const history = [migration('select pg_sleep(60)', 'statement')]
  const slow = await sampleRun({ ...request, history })
  expect(slow.migrations[0]?.[0]?.why).toBe('the history took all the time for sampling')
})

test('a kept history is taken up, and the machine is measured where production is known', async () => {
  const request = await requestOf(
    shop,
    [{ sql: 'create index on orders (note)' }],
    productionOf(sized('orders', 400)),
  )
  await using server = await openMajor(18)
  const base = await server.createDatabase()
  const client = await server.connectMigrator(base)
  await client.query(`${shop} create table only_kept (id int)`)
  await client.end()
  const saved = await server.save?.()
  if (saved === undefined || 'refused' in saved) throw new Error('not saved')
  const kept = {
    image: saved.image,
    applied: 1,
    prepared: { base, seeded: base, failedSteps: [], seedLimits: [] },
  }
  const hardware = { sortMicrosPerRow: 1, scanBytesPerSecond: 1e9, walBytesPerSecond: 1e9 }
  const outcome = await sampleRun({ ...request, kept, production: { ...request.production, hardware } })
  expect(outcome.migrations[0]?.[0]?.samples[0]?.rows).toEqual({ 'public.orders': 400 })
  expect(outcome.hardware?.sortMicrosPerRow).toBeGreaterThan(0)
})

test('aborting ends it, and leaves nothing behind', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'samples-'))
  await chmod(scratch, 0o711)
  try {
    const controller = new AbortController()
    const scripts = [{ sql: 'update orders set note = note || pg_sleep(0.01)::text' }]
    const request = await requestOf(shop, scripts, production)
    const progress = (message: string): void => {
      if (message.startsWith('Sampling')) setTimeout(() => controller.abort(new Error('enough')), 200)
    }
    const serverOptions = { ...request.serverOptions, env: { ...process.env, TMPDIR: scratch } }
    await expect(
      sampleRun({ ...request, serverOptions, signal: controller.signal, progress }),
    ).rejects.toThrow('enough')
    expect(await readdir(scratch)).toEqual([])
  } finally {
    await rm(scratch, { recursive: true })
  }
})

test('a kept outcome is taken again, junk is not', async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'pgrehearse-samples-'))
  try {
    const sql = 'create index on orders (note); alter table orders add column plain int'
    const request = { ...(await requestOf(shop, [{ sql }], productionOf(sized('orders', 300)))), cacheDir }
    const cold = await sampleRun(request)
    const name = (await readdir(cacheDir)).find((one) => one.endsWith('.samples'))
    const progress: string[] = []
    const again = { ...request, progress: (message: string) => progress.push(message) }
    const warm = await sampleRun(again)
    expect({ ...warm, spentMs: 0 }).toEqual({ ...cold, spentMs: 0 })
    expect(progress).toEqual([])
    // more time may give more
    await sampleRun({ ...again, budgetMs: 3 * request.budgetMs })
    expect(progress).not.toEqual([])
    for (const junk of [
      '',
      '{"format":1}',
      '[]',
      `{"format":1,"budgetMs":1e9,"outcome":{"migrations":[[]]}}`,
    ]) {
      await writeFile(join(cacheDir, name ?? ''), junk)
      progress.length = 0
      await sampleRun({ ...again, budgetMs: 1 })
      expect(progress).not.toEqual([])
    }
    expect((await readdir(cacheDir)).filter((one) => one.endsWith('.unfinished'))).toEqual([])
  } finally {
    await rm(cacheDir, { recursive: true })
  }
})

/** Pages touched at the larger size against those at the smaller one, with settings as in production. */
function pagesRatio({ samples }: SampledStatement): number {
  const [small, large] = samples.filter(({ regime }) => regime === 'large memory')
  return (large?.pagesTouched ?? 0) / (small?.pagesTouched ?? 1)
}

/** The largest samples. */
function ofRegimes({ samples }: SampledStatement): {
  readonly large: StatementSample
  readonly scaled: StatementSample
} {
  const large = samples.findLast(({ regime }) => regime === 'large memory')
  const scaled = samples.findLast(({ regime }) => regime === 'scaled')
  if (large === undefined || scaled === undefined) throw new Error('there are not both')
  return { large, scaled }
}

function rowsOf({ rows }: StatementSample): number {
  return rows['public.orders'] ?? 0
}
