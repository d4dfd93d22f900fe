/** Migrations under review on a clone of production: a database of a server of ours that is reached by URL. */
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { CheckOptions } from '../../src/check-options.ts'
import { rehearseOnClone, type CloneRun } from '../../src/rehearsal/clone.ts'
import type { Report } from '../../src/core/model.ts'
import { loadReporter, reporterNames } from '../../src/reporters/index.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { WireSession } from '../../src/replay/wire.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { start } from '../cli/run.ts'
import { bareServer, type BareServer } from '../postgres/bare-server.ts'
import { branchWith, checked } from '../replay/checked.ts'
import { cleanEnv, temporaryFolder } from '../review/repository.ts'

const canary = 'canary@example.com'
const rows = 30_000

let server: BareServer
let admin: Client
let clones = 0

/** As the one who creates clones knows it. */
function urlOf(database: string): string {
  return server.url.replace('/postgres?', `/${database}?`)
}

beforeAll(async () => {
  server = await bareServer()
  const started = server.start()
  for (let tries = 0; ; tries++) {
    admin = new Client(server.url)
    admin.on('error', () => undefined)
    const connected = await admin.connect().then(
      () => true,
      () => false,
    )
    if (connected) break
    if (tries > 100 || started.exitCode !== null) throw new Error('The server does not start.')
    await sleep(50)
  }
  await admin.query('create database production')
  const production = new Client(urlOf('production'))
  await production.connect()
  await production.query(`
    create table schema_migrations (version varchar primary key);
    insert into schema_migrations values ('1');
    create table users (id bigint generated always as identity primary key, email text not null, age text);
    insert into users (email, age) select 'user' || n, n % 90 from generate_series(1, ${rows}) n;
    insert into users (email, age) values ('${canary}', '${canary}'), ('${canary}', '7');
    create table audit (id bigserial primary key, user_id bigint references users);
    create table events (id bigint not null, at date not null) partition by range (at);
    create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01');
    insert into events select n, '2024-02-03' from generate_series(1, 100) n;
    analyze users`)
  await production.end()
})
afterAll(async () => {
  await admin.end().catch(() => undefined)
  await server[Symbol.asyncDispose]()
})

async function newClone(): Promise<string> {
  const name = `clone_${++clones}`
  await admin.query(`create database ${name} template production`)
  return urlOf(name)
}

const history = {
  'db/migrations/1_users.sql':
    '-- migrate:up\nCREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, age text);\n-- migrate:down\nDROP TABLE users;\n',
}

function up(sql: string): string {
  return `-- migrate:up\n${sql}\n-- migrate:down\nSELECT 1;\n`
}

interface ByCommand extends Partial<CheckOptions> {
  readonly url: string
  /** Milliseconds. */
  readonly timeout?: number
}

/** Options with commands that hand out `url`, and write what they did into the folder. */
async function byCommand({ url, timeout, ...more }: ByCommand): Promise<{
  readonly options: Partial<CheckOptions>
  readonly log: string[]
  readonly destroyed: () => Promise<string>
}> {
  const folder = await temporaryFolder()
  const log: string[] = []
  const options: Partial<CheckOptions> = {
    config: {
      server: {
        create: 'echo creating >&2; echo "$CLONE_URL"',
        destroy: `echo "destroyed $PGREHEARSE_CLONE_URL" >> ${folder}/destroyed`,
        ...(timeout === undefined ? {} : { timeout }),
      },
      sampling: { budget: 0 },
    },
    env: { ...cleanEnv, CLONE_URL: url },
    log: (line) => log.push(line),
    prove: false,
    down: false,
    retry: false,
    ...more,
  }
  return { options, log, destroyed: () => readFile(join(folder, 'destroyed'), 'utf8') }
}

describe('the migrations under review on a clone of production', () => {
  const sql = `CREATE INDEX users_age ON users (age);
DO $$ BEGIN RAISE NOTICE 'first %', (SELECT email FROM users WHERE age = '7' ORDER BY id DESC LIMIT 1); END $$;
ALTER TABLE users ALTER COLUMN age TYPE integer USING age::integer;`

  it('are measured there, and fail in words that hold no value', async () => {
    const url = await newClone()
    const workspace = await branchWith(history, { 'db/migrations/2_age.sql': up(sql) })
    const { options, log, destroyed } = await byCommand({ url })
    const { report } = await checked(workspace, options)
    expect(await destroyed()).toBe(`destroyed ${url}\n`)
    expectMeasured(report)
    const failures = report.findings.filter(({ ruleId }) => ruleId === 'migration-fails')
    expect(failures.map(({ messageId, span, message }) => [messageId, span.start.line, message])).toEqual([
      [
        'on clone',
        4,
        'The migration fails here on a clone of production: invalid input syntax for type integer: "…" (SQLSTATE 22P02).',
      ],
    ])
    const { password } = new URL(url)
    for (const name of reporterNames) {
      const render = await loadReporter(name)
      const text = render(report, { color: false, width: 100 })
      expect(text, name).not.toContain('canary')
      expect(text, name).not.toContain(password)
    }
    expect(log).toContain('server.create: creating')
    expect(log).toContain(`Clone, db/migrations/2_age.sql:3: NOTICE: first ${canary}`)
    expect(log).toContain(
      `Clone, db/migrations/2_age.sql:4: ERROR 22P02: invalid input syntax for type integer: "${canary}"`,
    )
    expect(log.join('\n')).not.toContain(password)
  })

  function expectMeasured({ migrations, production, trials }: Report): void {
    const [index] = migrations[0]?.statements ?? []
    expect(index?.cost).toMatchObject({
      basis: { by: 'clone', server: expect.stringMatching(/^18\./) as string },
      tables: [{ table: 'public.users', rows: expect.closeTo(rows, -2) as number, from: 'clone' }],
      unknownTables: [],
    })
    expect(production?.sources.map(({ kind }) => kind)).toEqual(['clone'])
    const trial = trials?.find(({ kind }) => kind === 'clone')
    expect(trial?.outcome).toBe('finding')
    expect(trial?.lines[0]).toMatch(
      /^db\/migrations\/2_age\.sql:2 CREATE INDEX users_age .*30,002 rows of users read.*ShareLock on users/,
    )
  }
})

it('what only production has is judged with the rest, and named as what the clone showed', async () => {
  const events = {
    'db/migrations/0_events.sql': up(
      'CREATE TABLE events (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);',
    ),
  }
  const sql = `ALTER TABLE events ALTER COLUMN id TYPE numeric;
ALTER TABLE events ADD COLUMN kind text;
TRUNCATE users CASCADE;`
  const workspace = await branchWith({ ...history, ...events }, { 'db/migrations/2_more.sql': up(sql) })
  const { options } = await byCommand({ url: await newClone() })
  const { report } = await checked(workspace, options)
  const lines = report.trials?.find(({ kind }) => kind === 'clone')?.lines
  expect(lines?.slice(0, 2)).toEqual([
    'db/migrations/2_more.sql:2 ALTER TABLE events ALTER COLUMN id TYPE numeric: unlike in the rehearsal, it rewrites events_2024 to change a column type',
    'db/migrations/2_more.sql:4 TRUNCATE users CASCADE: unlike in the rehearsal, it empties audit, which only a foreign key leads to; takes AccessExclusiveLock on audit (reads and writes wait)',
  ])
  expect(lines?.filter((line) => line.includes('unlike'))).toHaveLength(2)
  const rewrite = [...report.findings, ...report.harmless].find(
    ({ ruleId }) => ruleId === 'avoid-table-rewrite',
  )
  expect(rewrite).toMatchObject({
    span: { start: { line: 2 } },
    wait: { ms: { onClone: { server: report.server?.version } } },
  })
  expect(rewrite?.wait?.ms.onClone).not.toHaveProperty('estimatedMs')
  const render = await loadReporter('terminal')
  const text = render(report, { color: false, width: 10_000 })
  const basis = String.raw`measured on a clone of production \(18\.\d+, [\d.]+ MB\)`
  expect(text).toMatch(new RegExp(String.raw`[\d.]+ m?s in all, ${basis}`))
  expect(text).toMatch(
    /empties audit, which only a foreign key leads to — measured on a clone of production \(PostgreSQL 18\.\d+\)/,
  )
  expect(text).not.toMatch(/estimated (?:at|from)/)
})

it('a statement on a clone has its own time, without that of the look behind it', async () => {
  const client = new Client(server.url)
  await client.connect()
  const wire = new WireSession(client)
  const commands = [{ sql: 'select 1', isTimed: true }, { sql: 'select pg_sleep(0.5)' }]
  const [timed, behind] = await wire.run(commands, { sync: true })
  await wire.end()
  expect(timed?.durationMs).toBeLessThan(behind?.durationMs ?? 0)
})

describe('a clone', () => {
  const run = async (
    sql: string,
    by: ByCommand,
  ): Promise<CloneRun & { readonly log: readonly string[]; readonly destroyed: string }> => {
    await loadParser()
    const scripts = Object.entries({ ...history, 'db/migrations/2_more.sql': up(sql) }).map(
      ([file, text], at) =>
        parseScript({
          source: 'dbmate',
          file,
          version: String(at + 1),
          title: file,
          text,
          start: text.indexOf('\n') + 1,
          end: text.indexOf('-- migrate:down'),
          transaction: { mode: 'file', why: 'dbmate default' },
          repeatable: false,
        }),
    )
    const [first, ...rest] = layOutTransactions(scripts, false)
    const { options, log, destroyed } = await byCommand(by)
    const whole = {
      cwd: await temporaryFolder(),
      all: false,
      sharedServer: false,
      signal: new AbortController().signal,
      progress: () => {},
      ...options,
    } as unknown as CheckOptions
    const ran = await rehearseOnClone(whole, {
      history: first === undefined ? [] : [first],
      review: rest,
      sharesSession: false,
    }).catch(async (error: unknown) => {
      throw Object.assign(error as Error, { destroyed: await destroyed() })
    })
    return { ...ran, log, destroyed: await destroyed() }
  }

  it('is watched where code does the work, and a table that is called by a value is not named', async () => {
    const named = `(SELECT email FROM users WHERE age = '7' AND email LIKE 'canary%')`
    const { outcome } = await run(
      `DO $$ BEGIN EXECUTE format('CREATE TABLE %I AS SELECT * FROM users', ${named}); END $$;
DO $$ BEGIN EXECUTE format('UPDATE %I SET age = 1', ${named}); END $$;
DO $$ BEGIN EXECUTE 'ALTER TABLE users ALTER COLUMN age TYPE varchar(50)'; END $$;
DO $$ BEGIN EXECUTE format('ALTER TABLE users RENAME TO users_%s', (SELECT 77)); END $$;
DO $$ BEGIN EXECUTE format('ALTER TABLE users_%s ADD COLUMN x float DEFAULT random()', (SELECT 77)); END $$;`,
      { url: await newClone() },
    )
    const rewritten = outcome?.statements.map(({ effects }) =>
      effects.flatMap(({ kind, relation }) => (kind === 'rewrite' ? relation.name : [])),
    )
    expect(rewritten).toEqual([[], [], ['users'], [], []])
    const told = outcome?.statements.map(({ effects, rowsRead }) => ({ effects, rowsRead }))
    expect(JSON.stringify(told)).not.toContain(canary)
  })

  it('that others use may be production: it is refused, and destroy is not told of it', async () => {
    const url = await newClone()
    const other = new Client({ connectionString: url, application_name: 'the shop' })
    await other.connect()
    await expect(run('SELECT 1;', { url })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('(the shop), so it may be production itself'),
      destroyed: 'destroyed \n',
    })
    const allowed = await run('SELECT 1;', { url, sharedServer: true })
    await other.end()
    expect(allowed.outcome?.statements).toHaveLength(1)
  })

  it('is one for the versions of a run, and another one for the next run', async () => {
    const url = await newClone()
    const [one, next] = [
      [14, 18],
      [14, 18],
    ]
    const first = await run('SELECT 1;', { url, pgVersions: one })
    expect(first.destroyed).toBe(`destroyed ${url}\n`)
    // nobody has created or destroyed anything for it
    await expect(run('SELECT 1;', { url, pgVersions: one })).rejects.toMatchObject({ code: 'ENOENT' })
    const other = await run('SELECT 1;', { url, pgVersions: next })
    expect(other.destroyed).toBe(`destroyed ${url}\n`)
  })

  it('that cannot be reached is said, without its password', async () => {
    const { notRun, limits, destroyed } = await run('SELECT 1;', { url: urlOf('nowhere') })
    expect(notRun).toMatch(
      /^the clone of production at .* cannot be used: database "nowhere" does not exist$/,
    )
    expect(limits.map(({ code }) => code)).toEqual(['clone-failed'])
    expect(JSON.stringify(limits)).not.toContain(new URL(server.url).password)
    expect(destroyed).toContain('nowhere')
  })

  it('that lacks a migration of the history gives no finding', async () => {
    const url = await newClone()
    const client = new Client(url)
    await client.connect()
    await client.query("update schema_migrations set version = '0'")
    await client.end()
    const { outcome } = await run('ALTER TABLE users ADD COLUMN age integer;', { url })
    expect(outcome?.missing?.map(({ file }) => file)).toEqual(['db/migrations/1_users.sql'])
    expect(outcome?.failure?.error).toEqual({
      sqlstate: '42701',
      message: 'column "age" of relation "users" already exists',
    })
  })

  it('has time for its migrations, and no more', async () => {
    const { outcome } = await run('SELECT pg_sleep(60);', { url: await newClone(), timeout: 1500 })
    expect(outcome?.ended ?? (outcome?.failure?.tooLong === true ? 'too long' : undefined)).toBe('too long')
  })

  it('is destroyed when the run is killed', async () => {
    const workspace = await branchWith(history, { 'db/migrations/2_slow.sql': up('SELECT pg_sleep(60);') })
    await writeFile(
      join(workspace.path, 'pgrehearse.config.yaml'),
      'server:\n  create: echo "$CLONE_URL"\n  destroy: echo "$PGREHEARSE_CLONE_URL" > destroyed\n',
    )
    const url = await newClone()
    const child = start(['check'], { cwd: workspace.path, env: { CLONE_URL: url } })
    let said = ''
    child.stderr?.setEncoding('utf8')
    for await (const text of child.stderr ?? []) {
      said += String(text)
      if (said.includes('Running db/migrations/2_slow.sql on the clone')) break
    }
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    const destroyed = (): Promise<string> => readFile(join(workspace.path, 'destroyed'), 'utf8')
    await vi.waitFor(async () => expect(await destroyed(), said).toBe(`${url}\n`), { timeout: 20_000 })
  })

  it('that is still being created when the run is killed: what creates it ends, and what that has started', async () => {
    const workspace = await branchWith(history, { 'db/migrations/2_more.sql': up('SELECT 1;') })
    await writeFile(
      join(workspace.path, 'pgrehearse.config.yaml'),
      'server:\n  create: sleep 600 & echo "sleeper $!" >&2; wait\n  destroy: touch destroyed\n',
    )
    const child = start(['check'], { cwd: workspace.path })
    let said = ''
    child.stderr?.setEncoding('utf8')
    for await (const text of child.stderr ?? []) {
      said += String(text)
      if (/sleeper \d+/.test(said)) break
    }
    child.kill('SIGKILL')
    const sleeper = Number(/sleeper (\d+)/.exec(said)?.[1])
    await expect.poll(() => isRunning(sleeper), { timeout: 10_000 }).toBe(false)
    const destroyed = (): Promise<string> => readFile(join(workspace.path, 'destroyed'), 'utf8')
    await vi.waitFor(async () => expect(await destroyed()).toBe(''), { timeout: 10_000 })
  })
})

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0)
  } catch {
    return false
  }
}
