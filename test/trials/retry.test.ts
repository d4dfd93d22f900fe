/** Migrations really broken off, on one server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TransactionMode } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { RetryGround, type Aftermath, type Interruption } from '../../src/replay/retry-ground.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migration } from '../replay/laboratory.ts'
import { majors, openMajor } from '../replay/servers.ts'

let server: PostgresServer
let seeded: string

beforeAll(async () => {
  await loadParser()
  server = await openMajor(majors.at(-1) ?? 18)
  seeded = await server.createDatabase()
  const owner = await server.connectMigrator(seeded)
  await owner.query(
    'create table t (id int, n int, made timestamptz default clock_timestamp());' +
      'insert into t (id, n) values (1, 1), (2, 2);' +
      'create index t_id on t (id);' +
      'create table p (id int) partition by list (id); create table p1 partition of p for values in (1);',
  )
  await owner.end()
})

afterAll(() => server[Symbol.asyncDispose]())

interface Cut extends Pick<Interruption, 'kind' | 'how'> {
  /** Index of the statement. */
  readonly at: number
  readonly from?: number
}

/** What becomes of the script when it is broken off and run again. */
async function aftermath(
  text: string,
  { at, ...cut }: Cut,
  mode: TransactionMode = 'statement',
): Promise<Aftermath> {
  const script = migration(text, mode)
  const statement = script.statements[at]
  if (statement === undefined) throw new Error('no such statement')
  const signal = new AbortController().signal
  await using ground = new RetryGround({
    server,
    seeded,
    bare: seeded,
    sessionOptions: { statementTimeoutMs: 20_000, signal, scriptsDiscard: false, scriptsSetDefaults: false },
    copy: (database) => server.createDatabase({ template: database }),
  })
  await ground.choose(script, [{ schema: '', name: 't' }])
  return await ground.breakOff({ ...cut, statement })
}

const index = 'create index concurrently t_n on t (n)'
const leftover = { kind: 'fails', invalid: ['t_n'], sqlstate: '42P07', at: { index: 0 } }

describe('inside of a statement', () => {
  test('CREATE INDEX CONCURRENTLY leaves the same invalid index, killed or by lock_timeout', async () => {
    expect(await aftermath(index, { kind: 'inside', at: 0 })).toMatchObject(leftover)
    expect(await aftermath(index, { kind: 'inside', at: 0, how: 'lock timeout' })).toMatchObject(leftover)
  })

  test('IF NOT EXISTS takes the invalid index for done', async () => {
    const mild = index.replace('t_n', 'if not exists t_n')
    expect(await aftermath(mild, { kind: 'inside', at: 0 })).toMatchObject({
      kind: 'ends otherwise',
      invalid: ['t_n'],
      schema: { changes: [{ type: 'changed', facts: ['valid'] }] },
    })
  })

  test('dropped first, it resumes; so does DROP INDEX CONCURRENTLY', async () => {
    const mended = `drop index concurrently if exists t_n;\n${index}`
    expect((await aftermath(mended, { kind: 'inside', at: 1 })).kind).toBe('resumes')
    const dropped = await aftermath('drop index concurrently t_id', { kind: 'inside', at: 0 })
    expect(dropped).toEqual({ kind: 'resumes', invalid: ['t_id'] })
  })

  test('REINDEX leaves an index beside, DETACH PARTITION a half of its work', async () => {
    expect(await aftermath('reindex index concurrently t_id', { kind: 'inside', at: 0 })).toMatchObject({
      kind: 'ends otherwise',
      invalid: ['t_id_ccnew'],
    })
    const detach = 'alter table p detach partition p1 concurrently'
    expect(await aftermath(detach, { kind: 'inside', at: 0 })).toMatchObject({
      kind: 'fails',
      sqlstate: '55000',
    })
  })

  test('code with COMMIT has done a part of its work', async () => {
    const code = 'do $$ begin for i in 1..3 loop update t set n = n + 1; commit; end loop; end $$'
    expect(await aftermath(code, { kind: 'inside', at: 0 })).toMatchObject({
      kind: 'ends otherwise',
      rows: [{ table: 't', columns: ['n'] }],
    })
    const batches = code.replace('n + 1', '7 where n <> 7')
    expect((await aftermath(batches, { kind: 'inside', at: 0 })).kind).toBe('resumes')
  })

  test('a procedure too, which is as it was afterwards', async () => {
    const body = 'begin insert into t (id) values (3); commit; insert into t (id) values (4); end'
    const script = `create procedure p() language plpgsql as $$ ${body} $$; call p(); drop procedure p`
    expect(await aftermath(script, { kind: 'inside', at: 1, from: 1 })).toMatchObject({
      kind: 'ends otherwise',
      schema: { equal: true },
      rows: [{ table: 't', rows: { before: 4, after: 5 } }],
    })
  })
})

describe('behind a statement', () => {
  const twice = 'update t set n = n + 1, made = now(); alter table t add column note text'

  test('what is done once more is seen in the rows, and new times are not', async () => {
    expect(await aftermath(twice, { kind: 'after', at: 0 })).toMatchObject({
      kind: 'ends otherwise',
      schema: { equal: true },
      rows: [{ table: 't', columns: ['n'] }],
    })
    expect((await aftermath(twice.replace('n + 1', '7'), { kind: 'after', at: 0 })).kind).toBe('resumes')
  })

  test('a tool that goes on does nothing twice', async () => {
    expect((await aftermath(twice, { kind: 'after', at: 0, from: 1 })).kind).toBe('resumes')
  })

  test('what cannot be done twice is named', async () => {
    const script = 'begin; alter table t add column a int; commit; alter table t add column b int'
    expect(await aftermath(script, { kind: 'after', at: 2 }, 'simple query')).toMatchObject({
      kind: 'fails',
      at: { index: 1 },
      message: 'column "a" of relation "t" already exists',
    })
  })

  test('what does not come to its end here anyway is compared with nothing', async () => {
    const script = 'alter table t drop column if exists n; alter table t add check (id > 1)'
    expect(await aftermath(script, { kind: 'after', at: 0 })).toEqual({
      kind: 'not comparable',
      message: 'check constraint "t_id_check" of relation "t" is violated by some row',
    })
  })
})

test('nothing of all that is left on the server', async () => {
  const admin = await server.connectAdmin()
  const { rows } = await admin.query<{ n: number }>(
    "select count(*)::int as n from pg_database where not datistemplate and datname <> 'postgres'",
  )
  await admin.end()
  expect(rows).toEqual([{ n: 1 }])
})
