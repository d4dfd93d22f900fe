import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TransactionMode } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { replay, type ReplayOutcome, type ReplayRequest } from '../../src/replay/replay.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { majors } from '../postgres/servers.ts'
import { script } from '../sql/scripts.ts'
import { words } from './laboratory.ts'
import { openMajor } from './servers.ts'

const history = `
create table orgs (id bigint generated always as identity primary key, name text not null);
create table users (id bigint generated always as identity primary key, org_id bigint references orgs, code text);
`

describe.each(majors)('replay on Postgres %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  async function rehearse(
    review: readonly string[],
    options: { mode?: TransactionMode; before?: readonly string[] } & Partial<ReplayRequest> = {},
  ): Promise<ReplayOutcome> {
    const { mode = 'file', before = [history], ...request } = options
    const migrations = (texts: readonly string[], prefix: string): ReplayRequest['review'] =>
      layOutTransactions(
        texts.map((text, at) => parseScript(script(text, mode, `${prefix}${at}.sql`))),
        mode === 'run',
      )
    return replay({
      server,
      history: migrations(before, 'h'),
      review: migrations(review, 'r'),
      sharesSession: mode === 'run',
      settings: { TimeZone: 'UTC' },
      roles: [],
      statementTimeoutMs: 30_000,
      signal: new AbortController().signal,
      progress: () => undefined,
      ...request,
    })
  }

  const outcomes = ({ migrations }: ReplayOutcome): string[] => migrations.map(({ outcome }) => outcome)
  const codes = ({ limits }: ReplayOutcome): string[] => limits.map(({ code }) => code)

  it('rehearses migrations one after the other', async () => {
    const result = await rehearse(['alter table users add column a int', 'alter table users drop column a'])
    expect(outcomes(result)).toEqual(['rehearsed', 'rehearsed'])
    expect(result.limits).toEqual([])
  })

  it('shows the locks that only rows bring about, because tables are seeded', async () => {
    const result = await rehearse(['insert into users (org_id) select id from orgs'])
    const effects = result.migrations[0]?.statements[0]?.effects ?? []
    expect(words(effects)).toContain('lock orgs RowShareLock')
  })

  it('calls a migration failed that fails in production too, and does not reach the next', async () => {
    const result = await rehearse(['alter table nowhere add column a int', 'select 1'])
    expect(outcomes(result)).toEqual(['failed', 'not rehearsed'])
    expect(words(result.migrations[0]?.statements[0]?.effects ?? [])).toEqual(['error 42P01'])
    expect(result.limits).toMatchObject([
      { code: 'not-rehearsed', message: expect.stringContaining('r1.sql') },
    ])
  })

  it.each([
    ["copy users to program 'id'", /our role on the throwaway server may not do it/],
    ['create extension no_such_extension', /does not have the extension "no_such_extension"/],
  ])('takes the blame for %j and goes on', async (statement, why) => {
    const result = await rehearse([statement, 'alter table users add column a int'])
    expect(outcomes(result)).toEqual(['not rehearsed', 'rehearsed'])
    expect(result.limits).toMatchObject([{ code: 'not-rehearsed', message: expect.stringMatching(why) }])
    expect(result.migrations[0]?.statements).toEqual([])
  })

  it('takes the blame for what builds on a step it could not rehearse', async () => {
    const result = await rehearse(['alter table needs_missing add column b int'], {
      before: [history, 'create extension no_such_extension; create table needs_missing (a int)'],
    })
    expect(outcomes(result)).toEqual(['rehearsed'])
    expect(codes(result)).toEqual(['history-step-failed'])
    const dependent = await rehearse(['alter table needs_missing add column b int'], {
      before: [history, 'create table needs_missing (a no_such_type)'],
    })
    expect(outcomes(dependent)).toEqual(['not rehearsed'])
    expect(codes(dependent)).toEqual(['history-step-failed', 'not-rehearsed'])
  })

  it('does not blame a migration for rows that we seeded, and says what to ask production', async () => {
    const result = await rehearse([
      "alter table users add constraint code_is_short check (code = 'x')",
      'alter table users add column a int',
    ])
    expect(outcomes(result)).toEqual(['rehearsed', 'rehearsed'])
    expect(result.limits).toMatchObject([
      {
        code: 'depends-on-data',
        sql: expect.stringContaining("select count(*) as must_be_zero from users where not (code = 'x')"),
      },
    ])
    expect(words(result.migrations[0]?.statements[0]?.effects ?? [])).toContain(
      'lock users AccessExclusiveLock',
    )
  })

  it('knows on the unseeded copy what the migrations before have changed', async () => {
    const result = await rehearse(
      [
        'alter table users set unlogged; alter table users rename to people; alter table people add column b int',
        "alter table people add constraint code_is_short check (code = 'x'); alter table people drop column b",
      ],
      { mode: 'statement' },
    )
    expect(codes(result)).toEqual(['depends-on-data'])
    const [check, drop] = result.migrations[1]?.statements ?? []
    expect(words(check?.effects ?? [])).toEqual(['lock people AccessExclusiveLock', 'scan people (validate)'])
    expect(drop?.effects).toContainEqual(
      expect.objectContaining({ existedBefore: false, change: { type: 'drop column', column: 'b' } }),
    )
  })

  it('runs a transaction again without the statement that it could not run, as if it had not been seen before', async () => {
    const result = await rehearse([
      'alter table users set unlogged; alter table users rename to people; create extension no_such_extension; alter table people add column b int',
      'alter table people add column a int',
    ])
    expect(outcomes(result)).toEqual(['not rehearsed', 'rehearsed'])
    expect(result.migrations[0]?.statements.map(({ effects }) => words(effects))).toEqual([
      expect.arrayContaining(['lock users AccessExclusiveLock', 'rewrite users (persistence)']),
      [],
      [],
    ])
    expect(words(result.migrations[1]?.statements[0]?.effects ?? [])).toEqual([
      'lock people AccessExclusiveLock',
    ])
  })

  it.each(['statement', 'simple query', 'run'] as const)(
    'goes on in mode %s without what it could not run, in earlier files too',
    async (mode) => {
      const result = await rehearse(
        [
          'alter table users add column a int; create extension no_such_extension; alter table users add column b int',
          'alter table orgs add column c int; create extension no_such_extension; alter table users add column d int',
          'alter table users drop column b, drop column d; alter table orgs drop column c',
        ],
        { mode },
      )
      expect(outcomes(result)).toEqual(['not rehearsed', 'not rehearsed', 'rehearsed'])
      expect(result.migrations.map(({ statements }) => statements.length)).toEqual([2, 2, 2])
      expect(codes(result)).toEqual(['not-rehearsed', 'not-rehearsed'])
    },
  )

  it('leaves a column that any row breaks to the rules', async () => {
    const result = await rehearse(['alter table users add column required int not null'])
    expect(outcomes(result)).toEqual(['rehearsed'])
    expect(result.limits).toEqual([])
  })

  it('finds the real failure behind one that our rows caused', async () => {
    const result = await rehearse([
      "alter table users add check (code = 'x'); alter table nowhere add column a int",
    ])
    expect(outcomes(result)).toEqual(['failed'])
    expect(words(result.migrations[0]?.statements.at(-1)?.effects ?? [])).toEqual(['error 42P01'])
  })

  it('creates the roles that the SQL names, and those that it creates itself may be created again', async () => {
    const name = `app_${major}_${Date.now()}`
    const result = await rehearse(
      [
        `create role ${name}; grant select on users to ${name}, someone_else_${name}; alter table users owner to ${name}`,
        "alter table orgs add check (name = 'x')",
      ],
      { mode: 'statement' },
    )
    expect(outcomes(result)).toEqual(['rehearsed', 'rehearsed'])
    expect(codes(result)).toEqual(['depends-on-data'])
  })

  it('sees locks that are given back before the statement ends', async () => {
    const result = await rehearse(
      [
        `do $$ begin
        begin alter table orgs add column a int; raise exception 'no'; exception when others then null; end;
      end $$`,
        `create procedure steps() language plpgsql as $$ begin
        alter table users add column a int; commit; create index on orgs (name); commit; end $$;
       call steps();`,
      ],
      { mode: 'statement' },
    )
    expect(outcomes(result)).toEqual(['rehearsed', 'rehearsed'])
    expect(result.limits).toEqual([])
    const gated = result.migrations.map(({ statements }) => words(statements.at(-1)?.gated ?? []))
    expect(gated).toEqual([
      ['lock orgs AccessExclusiveLock'],
      ['lock users AccessExclusiveLock', 'lock orgs ShareLock'],
    ])
  })

  it('lets a script create objects as the role that it sets', async () => {
    const owner = `owner_${major}_${Date.now()}`
    const text = `set role ${owner}; create schema s_${major}; create table public.as_owner (a int); reset role`
    const result = await rehearse([text], { mode: 'statement' })
    expect(outcomes(result)).toEqual(['rehearsed'])
    expect(result.limits).toEqual([])
  })

  it('leaves out ALTER SYSTEM and says so', async () => {
    const result = await rehearse(["alter system set work_mem = '8MB'", 'select 1'], { mode: 'statement' })
    expect(outcomes(result)).toEqual(['rehearsed', 'rehearsed'])
    expect(codes(result)).toEqual(['statement-refused'])
  })

  it('joins the files of a run in one transaction', async () => {
    const result = await rehearse(
      ['alter table users add column a int', 'alter table users add column b int'],
      { mode: 'run' },
    )
    expect(result.migrations.map(({ statements }) => words(statements[0]?.effects ?? []))).toEqual([
      ['lock users AccessExclusiveLock'],
      [],
    ])
  })

  it('cancels what runs too long and says so', async () => {
    const result = await rehearse(['select pg_sleep(3600)'], { statementTimeoutMs: 300 })
    expect(outcomes(result)).toEqual(['not rehearsed'])
    expect(result.limits[0]?.message).toContain('ran longer than 0.3 s')
  })

  it('calls a migration failed that ends its own session', async () => {
    const result = await rehearse(['select pg_terminate_backend(pg_backend_pid())', 'select 1'])
    expect(outcomes(result)).toEqual(['failed', 'not rehearsed'])
  })

  it('does not let a migration drop the database it runs in', async () => {
    const result = await rehearse([
      "do $$ begin execute format('drop database %I', current_database()); end $$",
    ])
    expect(outcomes(result)).toEqual(['failed'])
  })

  it('runs with the session settings of production', async () => {
    const result = await rehearse(['discard all; alter table users add column a int'], {
      mode: 'statement',
      settings: { TimeZone: 'Europe/Berlin', lock_timeout: '5000ms' },
    })
    expect(result.migrations[0]?.statements.at(-1)?.settings).toMatchObject({
      timeZone: 'Europe/Berlin',
      lockTimeoutMs: 5000,
    })
  })
  it('begins every file of a tool that reconnects as a new connection does', async () => {
    const result = await rehearse([
      "set lock_timeout = '5s'; create temp table scratch (id int)",
      'create table scratch (id bigint)',
    ])
    const statement = result.migrations[1]?.statements[0]
    expect(statement?.settings.lockTimeoutMs).toBe(0)
    expect(statement?.effects).toContainEqual(
      expect.objectContaining({ kind: 'catalog', object: expect.objectContaining({ schema: 'public' }) }),
    )
  })

  it('begins later files with what a file made the default of new connections', async () => {
    const result = await rehearse([
      "do $$ begin execute format('alter database %I set lock_timeout = 7000', current_database()); end $$",
      'alter table users add column a int',
    ])
    expect(result.migrations[1]?.statements[0]?.settings.lockTimeoutMs).toBe(7000)
  })
  it('measures the bytes of temporary files, of the statement that wrote them', async () => {
    const result = await rehearse([
      "set work_mem = '64kB'; create table big as select g, md5(g::text) as m from generate_series(1, 50000) g order by m; select count(*) from big",
    ])
    const bytes = result.migrations[0]?.statements.map(({ effects }) =>
      effects.map((effect) => (effect.kind === 'temp' ? effect.bytes : 0)).reduce((a, b) => a + b, 0),
    )
    expect(bytes).toEqual([0, expect.any(Number), 0])
    expect(bytes?.[1]).toBeGreaterThan(1_000_000)
  })
})
