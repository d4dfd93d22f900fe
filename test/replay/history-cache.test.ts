import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckOptions } from '../../src/check-options.ts'
import type { Migration, TransactionMode } from '../../src/core/model.ts'
import { serverIdentity } from '../../src/postgres/identity.ts'
import { rehearse, type Rehearsal } from '../../src/rehearsal/rehearse.ts'
import { encodeEntry } from '../../src/replay/cache-entry.ts'
import { HistoryCache } from '../../src/replay/history-cache.ts'
import { historyKey, keyName, type HistoryKey } from '../../src/replay/history-key.ts'
import type { PreparedHistory } from '../../src/replay/prepare-history.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { majors, majorsDir } from '../postgres/servers.ts'
import { script } from '../sql/scripts.ts'

let scratch: string
let dir: string

// what tests are given is made before beforeAll()
await loadParser()
beforeEach(async () => {
  scratch = await mkdtemp('/tmp/pgr-cache-')
  await chmod(scratch, 0o755)
  dir = join(scratch, 'cache')
})
afterEach(() => rm(scratch, { recursive: true, force: true }))

type Files = Readonly<Record<string, string>>

function migrations(files: Files, mode: TransactionMode = 'file'): readonly Migration[] {
  const scripts = Object.entries(files).map(([file, text]) => parseScript(script(text, mode, file)))
  return layOutTransactions(scripts, mode === 'run')
}

interface Run {
  /** What was rehearsed, without durations. */
  readonly outcome: unknown
  readonly messages: readonly string[]
  readonly limits: Rehearsal['limits']
}

const noOptions = {
  paths: [],
  all: false,
  replay: true,
  failOn: 'error',
  requireRehearsal: false,
  sharedServer: false,
  superuser: false,
  config: {},
  env: {},
} as const

async function run(
  history: readonly Migration[],
  review: Files,
  options: Partial<CheckOptions> & { readonly sharesSession?: boolean } = {},
): Promise<Run> {
  const messages: string[] = []
  const { sharesSession = false, ...more } = options
  const rehearsal = await rehearse(
    {
      ...noOptions,
      cwd: majorsDir,
      cacheDir: dir,
      signal: new AbortController().signal,
      progress: (message) => messages.push(message),
      now: new Date(),
      ...more,
    },
    { history, review: migrations(review), sharesSession },
  )
  const withoutTimes = JSON.stringify(rehearsal, (name, value: unknown) =>
    name === 'durationMs' ? 0 : value,
  )
  return { outcome: JSON.parse(withoutTimes), messages, limits: rehearsal.limits }
}

const entries = async (): Promise<readonly string[]> =>
  (await readdir(dir)).filter((name) => name.endsWith('.history'))

const taken = /^Taking \d+ migrations? of the history from the cache$/
const applied = /^Applying /
const unusable = /^Cache unusable: /

/** Which of the messages about the history and its cache came, in order. */
const story = ({ messages }: Run): readonly string[] =>
  messages.filter((text) => [taken, applied, unusable].some((one) => one.test(text)) || /cached/.test(text))

/** Every application of it makes other ids. */
const history: Files = {
  '1.sql': `create table orgs (id uuid primary key default gen_random_uuid(), name text);
    insert into orgs (name) values ('first');
    create role reader;`,
  '2.sql': `create table users (id bigint generated always as identity primary key, org uuid references orgs);
    grant select on users to reader, auditor;
    create extension no_such_extension;`,
}
const review: Files = {
  '3.sql': `do $$ begin raise notice 'org %', (select id from orgs where name = 'first'); end $$;
    alter table users add column name text default gen_random_uuid()::text;
    grant select on orgs to reviewer;
    create table notes (user_id bigint references users);`,
}

describe.each(majors)('the history cache with Postgres %i', (major) => {
  const pgVersion = major

  it('gives the same rehearsal, WAL and random ids included, without applying the history', async () => {
    const cold = await run(migrations(history), review, { pgVersion })
    expect(story(cold)).toEqual(['Applying 2 migrations of the history'])
    expect(cold.limits).toMatchObject([
      { code: 'history-step-failed', message: expect.stringContaining('no_such_extension') },
    ])
    expect(JSON.stringify(cold.outcome)).toContain('"message":"org ')

    const warm = await run(migrations(history), review, { pgVersion })
    expect(story(warm)).toEqual(['Taking 2 migrations of the history from the cache'])
    expect(warm.outcome).toEqual(cold.outcome)
    expect(await readdir(dir)).toEqual([
      '.gitignore',
      expect.stringMatching(/^[0-9a-f]{32}\.history$/),
      'rehearsals.json',
    ])
  })

  it('does not count our own look at what a slow statement has spilled as WAL of the one after it', async () => {
    const rehearsed = (seconds: number): Promise<Run> =>
      run([], { '1.sql': `select pg_sleep(${seconds}); create table t ();` }, { pgVersion })
    const wal = ({ outcome }: Run): readonly string[] =>
      JSON.stringify(outcome).match(/"kind":"wal","bytes":\d+/g) ?? []
    const quick = await rehearsed(0)
    expect(wal(quick)).toHaveLength(1)
    expect(wal(await rehearsed(0.02))).toEqual(wal(quick))
  })

  it('retries on tables without our rows, as a run without a cache does', async () => {
    const strict = { '3.sql': 'alter table users add constraint strict check (org is null and id = 0)' }
    const cold = await run(migrations(history), strict, { pgVersion })
    const warm = await run(migrations(history), strict, { pgVersion })
    expect(story(warm)).toEqual([expect.stringMatching(taken)])
    expect(warm.limits).toContainEqual(expect.objectContaining({ code: 'depends-on-data' }))
    expect(warm.outcome).toEqual(cold.outcome)
  })

  it('continues a kept beginning of the history', async () => {
    await run(migrations(history), review, { pgVersion })
    const longer = migrations({ ...history, '2b.sql': 'alter table orgs add column country text' })
    const continued = await run(longer, { '3.sql': 'alter table orgs drop column country' }, { pgVersion })
    expect(story(continued)).toEqual(['Applying 1 migration of the history, on top of 2 from the cache'])
    expect(continued.limits.map(({ code }) => code)).toEqual(['history-step-failed'])
    expect(continued.outcome).toMatchObject({ migrations: [{ outcome: 'rehearsed' }] })
    const again = await run(longer, { '3.sql': 'alter table orgs drop column country' }, { pgVersion })
    expect(story(again)).toEqual(['Taking 3 migrations of the history from the cache'])
    expect(again.outcome).toEqual(continued.outcome)
  })

  it('makes anew what does not start, although its checksum is right', async () => {
    const first = await run(migrations(history), review, { pgVersion })
    const [name = ''] = await entries()
    const content = (await readFile(join(dir, name))).toString('latin1')
    const [, manifest = ''] = content.split('\n')
    const { key, prepared } = JSON.parse(manifest) as { key: HistoryKey; prepared: PreparedHistory }
    const index = Buffer.from('[["PG_VERSION",3,0,1]]')
    const length = Buffer.from([index.length, 0, 0, 0])
    const bytes = Buffer.concat([length, index, Buffer.from('18\n'.padEnd(8192, '\0'))])
    await writeFile(join(dir, name), await encodeEntry({ key, prepared, image: { password: 'x', bytes } }))

    const second = await run(migrations(history), review, { pgVersion })
    expect(story(second)).toEqual([expect.stringMatching(unusable), expect.stringMatching(applied)])
    expect(second.limits).toEqual(first.limits)
    expect(story(await run(migrations(history), review, { pgVersion }))).toEqual([
      expect.stringMatching(taken),
    ])
  })
})

describe('the history cache', () => {
  it('serves runs that write it at the same time', async () => {
    const runs = await Promise.all([1, 2].map(() => run(migrations(history), review)))
    expect(runs.map(story)).toEqual([[expect.stringMatching(applied)], [expect.stringMatching(applied)]])
    expect(await readdir(dir)).toEqual(['.gitignore', expect.stringMatching(/\.history$/)])
    expect(story(await run(migrations(history), review))).toEqual([expect.stringMatching(taken)])
  })

  it.each<[string, Partial<CheckOptions> & { sharesSession?: boolean }]>([
    ['another TimeZone', { config: { timeZone: 'Europe/Berlin' } }],
    ['other timeouts of the runner', { config: { runner: { lockTimeout: 5000 } } }],
    ['further roles', { config: { roles: ['billing'] } }],
    ['a superuser', { superuser: true }],
    ['files that share a session', { sharesSession: true }],
  ])('does not use for %s what was kept without', async (_title, options) => {
    const small = migrations({ '1.sql': 'create table t (id int)' })
    await run(small, {})
    expect(story(await run(small, {}, options))).toEqual(['Applying 1 migration of the history'])
    expect(story(await run(small, {}, options))).toEqual([expect.stringMatching(taken)])
    expect(story(await run(small, {}))).toEqual([expect.stringMatching(taken)])
  })

  it('is not used for a folder with files that are committed', async () => {
    await run(migrations(history), review)
    const git = (...args: readonly string[]): void => void execFileSync('git', args, { cwd: scratch })
    git('init', '--quiet')
    git('add', '--all', '--force')
    expect(story(await run(migrations(history), review))).toEqual([
      `Cache unusable: ${dir} holds files that are committed to git, so they may be the branch's own`,
      'Applying 2 migrations of the history',
    ])
  })

  it('is not used for a folder that is committed and dressed up as a bare repository', async () => {
    const options = { cwd: scratch }
    await run(migrations(history), review, options)
    await mkdir(join(dir, 'objects'))
    await mkdir(join(dir, 'refs'))
    await Promise.all(['objects/keep', 'refs/keep'].map((name) => writeFile(join(dir, name), '')))
    await writeFile(join(dir, 'HEAD'), 'ref: refs/heads/main\n')
    const git = (...args: readonly string[]): void => void execFileSync('git', args, { cwd: scratch })
    git('init', '--quiet')
    git('add', '--all', '--force')
    const [first] = story(await run(migrations(history), review, options))
    expect(first).toMatch(/^Cache unusable: .* holds files that are committed to git/)
  })

  it('is used in the git folder of the clone, into which nothing can be committed', async () => {
    execFileSync('git', ['init', '--quiet'], { cwd: scratch })
    await writeFile(join(scratch, 'tracked.txt'), '')
    execFileSync('git', ['add', '--all'], { cwd: scratch })
    const options = { cwd: scratch, cacheDir: join(scratch, '.git/pgrehearse/cache') }
    await run(migrations(history), review, options)
    expect(story(await run(migrations(history), review, options))).toEqual([expect.stringMatching(taken)])
  })

  it('does not fail a run because of a file in its place', async () => {
    await writeFile(dir, '')
    const { messages, outcome } = await run(migrations({ '1.sql': 'create table t (id int)' }), {})
    expect(outcome).toMatchObject({ migrations: [], limits: [] })
    expect(messages.at(-1)).toMatch(/^The history is not cached: (?:EEXIST|ENOTDIR)/)
  })

  it.runIf(userInfo().uid === 0).each([
    ['its disk is full', 'size=64k', /^The history is not cached: ENOSPC/],
    ['it is read-only', 'ro', /^The history is not cached: EROFS/],
  ])('does not fail a run because %s', async (_title, options, said) => {
    await mkdir(dir)
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir])
    try {
      const { messages, outcome } = await run(migrations({ '1.sql': 'create table t (id int)' }), {})
      expect(outcome).toMatchObject({ migrations: [], limits: [] })
      expect(messages.at(-1)).toMatch(said)
      expect(await readdir(dir)).toEqual([])
    } finally {
      execFileSync('umount', [dir])
    }
  })

  it('is not written when the history changes more of the server than its databases', async () => {
    const settings = { '1.sql': "alter system set work_mem = '8MB'" }
    const superuser = { superuser: true }
    const first = await run(migrations(settings, 'statement'), {}, superuser)
    expect(story(first)).toEqual([
      expect.stringMatching(applied),
      'The history is not cached, because it changes settings of the whole server (ALTER SYSTEM)',
    ])
  })
})

describe('a key', () => {
  const name = (files: Files, circumstances = {}, mode: TransactionMode = 'file'): string =>
    keyName(historyKey(circumstances, migrations(files, mode)))

  it.each<[string, string]>([
    ['the text of a script', name({ ...history, '2.sql': 'select 1' })],
    ['white space in a script', name({ ...history, '2.sql': `${history['2.sql']}\n` })],
    ['the order', name(Object.fromEntries(Object.entries(history).toReversed()))],
    ['the name of a file', name({ '1.sql': history['1.sql'] ?? '', '2_.sql': history['2.sql'] ?? '' })],
    ['the number of scripts', name({ '1.sql': history['1.sql'] ?? '' })],
    ['the transaction mode', name(history, {}, 'statement')],
    ['the circumstances', name(history, { TimeZone: 'UTC' })],
  ])('changes with %s', (_title, other) => {
    expect(other).not.toBe(name(history))
    expect(name({ ...history })).toBe(name(history))
  })

  it('changes with the values that stand for placeholders, and with rows of COPY', () => {
    const [migration] = migrations({ '1.sql': 'create table ${name} (id int)' })
    const statements = (sql: string, copyData?: string): readonly Migration[] =>
      migration === undefined
        ? []
        : [
            {
              ...migration,
              statements: migration.statements.map((one) => ({
                ...one,
                sql,
                ...(copyData === undefined ? {} : { copyData }),
              })),
            },
          ]
    const keys = [statements('a'), statements('b'), statements('a', '1\n'), statements('a', '2\n')]
    expect(new Set(keys.map((one) => keyName(historyKey({}, one)))).size).toBe(4)
  })

  it('changes with what is sent in one message', () => {
    const [migration] = migrations({ '1.sql': 'select 1; select 2' }, 'simple query')
    const of = (parts: readonly (number | undefined)[]): string => {
      const statements = migration?.statements.map(({ part: _part, ...one }, at) => {
        const part = parts[at]
        return part === undefined ? one : { ...one, part }
      })
      return keyName(historyKey({}, migration && statements ? [{ ...migration, statements }] : []))
    }
    expect(of([0, 1])).not.toBe(of([0, 0]))
    expect(of([0, 0])).toBe(of([undefined, undefined]))
  })

  it('changes with the server, its settings and who runs migrations', async () => {
    const of = async (more: Parameters<typeof serverIdentity>[0]): Promise<string> =>
      keyName(historyKey(await serverIdentity(more), []))
    const projectDir = majorsDir
    const keys = await Promise.all([
      ...majors.map((pgVersion) => of({ projectDir, pgVersion })),
      of({ projectDir, superuser: true }),
    ])
    expect(new Set(keys).size).toBe(majors.length + 1)
    expect(await of({ projectDir, pgVersion: 18 })).toBe(await of({ projectDir: '/' }))
  })
})

describe('entries', () => {
  const key = historyKey({}, [])
  const prepared: PreparedHistory = { base: 'a', seeded: 'b', failedSteps: [], seedLimits: [] }
  const image = { password: 'p', bytes: Buffer.from('the image') }

  const open = (
    more: Partial<ConstructorParameters<typeof HistoryCache>[0]> = {},
  ): { cache: HistoryCache; said: string[] } => {
    const said: string[] = []
    const progress = (message: string): void => void said.push(message)
    return { cache: new HistoryCache({ dir, key, mayContinue: true, progress, ...more }), said }
  }

  async function keep(kept: HistoryKey): Promise<void> {
    await using cache = open({ key: kept }).cache
    cache.keep({ image }, prepared)
  }

  it('come back as they were kept, and only under their key', async () => {
    await keep(key)
    expect(await open().cache.find()).toEqual({ image, prepared, applied: 0 })
    expect(await open({ key: historyKey({ other: 1 }, []) }).cache.find()).toBeUndefined()
  })

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['cut off', (bytes) => bytes.subarray(0, bytes.length - 1), /it is damaged$/],
    ['changed in the image', (bytes) => Buffer.concat([bytes, Buffer.from('x')]), /it is damaged$/],
    ['changed in the manifest', (bytes) => replaced(bytes, '"base":"a"', '"base":"c"'), /it is damaged$/],
    [
      'of another format',
      (bytes) => replaced(bytes, 'history 2 ', 'history 1 '),
      /not written by this version/,
    ],
    ['empty', () => Buffer.alloc(0), /not written by this version of pgrehearse$/],
    ['something else', () => Buffer.from('PK\u0003\u0004\n'), /not written by this version of pgrehearse$/],
  ])('that are %s are said and not used', async (_title, damage, why) => {
    await keep(key)
    const [name = ''] = await entries()
    await writeFile(join(dir, name), damage(await readFile(join(dir, name))))
    const { cache, said } = open()
    expect(await cache.find()).toBeUndefined()
    expect(said).toEqual([expect.stringMatching(why)])
    expect(said[0]).toMatch(/^Cache unusable: [0-9a-f]{32}\.history: /)
  })

  it('under the name of another history are not used', async () => {
    const other = historyKey({ other: 1 }, [])
    await keep(other)
    await writeFile(
      join(dir, `${keyName(key)}.history`),
      await readFile(join(dir, `${keyName(other)}.history`)),
    )
    expect(await open().cache.find()).toBeUndefined()
  })

  const longer = (count: number, from = history): HistoryKey =>
    historyKey(
      {},
      Array.from({ length: count }, (_, at) => migrations({ [`${at}.sql`]: from['1.sql'] ?? '' })).flat(),
    )

  it('with a beginning are continued, the longest first, unless files share a session', async () => {
    await keep(longer(1))
    await keep(longer(3))
    expect(await open({ key: longer(4) }).cache.find()).toMatchObject({ applied: 3 })
    expect(await open({ key: longer(2) }).cache.find()).toMatchObject({ applied: 1 })
    expect(await open({ key: longer(4), mayContinue: false }).cache.find()).toBeUndefined()
    const fork = { ...longer(4), scripts: ['other', ...longer(3).scripts] }
    expect(await open({ key: fork }).cache.find()).toBeUndefined()
  })

  it('stay two: the one that was written and the one used last', async () => {
    const age = async (kept: HistoryKey, seconds: number): Promise<void> =>
      utimes(join(dir, `${keyName(kept)}.history`), Date.now() / 1000 - seconds, Date.now() / 1000 - seconds)
    await keep(longer(1))
    await age(longer(1), 300)
    await keep(longer(2))
    await age(longer(2), 200)
    await open({ key: longer(1) }).cache.find()
    await writeFile(join(dir, 'unrelated.txt'), '')
    await writeFile(join(dir, `${'0'.repeat(32)}.${'0'.repeat(12)}.unfinished`), '')
    await keep(longer(3))
    const expected = [longer(1), longer(3)].map((kept) => `${keyName(kept)}.history`)
    expect(new Set(await entries())).toEqual(new Set(expected))
    expect(await readdir(dir)).toContain('unrelated.txt')
    // another run may just be writing it
    expect((await readdir(dir)).filter((one) => one.endsWith('.unfinished'))).toHaveLength(1)
  })
})

function replaced(bytes: Buffer, from: string, to: string): Buffer {
  const text = bytes.toString('latin1')
  expect(text).toContain(from)
  return Buffer.from(text.replace(from, to), 'latin1')
}
