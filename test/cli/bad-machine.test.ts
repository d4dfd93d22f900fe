/** Machines and repositories on which nothing can be rehearsed, and what is said about them. */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serverTrouble } from '../../src/postgres/trouble.ts'
import { folderWith, run, type RunResult } from './run.ts'
import { privateTemp } from './traces.ts'

const temp = privateTemp()

const files = { 'migrations/001.sql': 'CREATE TABLE users (id bigint PRIMARY KEY);\n' }

function git(cwd: string, ...args: readonly string[]): void {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com']
  execFileSync('git', [...identity, ...args], { cwd, stdio: 'ignore' })
}

/** A repository whose migrations are all committed. */
async function repository(): Promise<string> {
  const folder = await folderWith(files)
  git(folder, 'init', '--quiet', '--initial-branch=main')
  git(folder, 'add', '--all')
  git(folder, 'commit', '--quiet', '--message', 'history')
  return folder
}

function complaint({ exitCode, stdout, stderr }: RunResult): string {
  expect(stdout).toBe('')
  const said = stderr.split('\n').filter((line) => /^(?:error|hint):/.test(line))
  return [`exit ${exitCode}`, ...said].join('\n')
}

describe('what is new', () => {
  it('cannot be told without git, and the ways out are named', async () => {
    const result = await run(['check'], { cwd: await folderWith(files) })
    expect(complaint(result)).toMatch(
      /^exit 2\nerror: What is new cannot be told: .* is not in a git working tree\./,
    )
    expect(complaint(result)).toMatch(/Name the new migration files or their folder .* --all\./)
  })

  it('cannot be told when git is not installed', async () => {
    const bin = await folderWith()
    await symlink(process.execPath, path.join(bin, 'node'))
    const result = await run(['check'], { cwd: await repository(), env: { PATH: bin } })
    expect(complaint(result)).toMatch(
      /^exit 2\nerror: What is new cannot be told: git is not installed\.\nhint: .*--all/,
    )
  })

  it('cannot be told from a base that does not exist', async () => {
    const result = await run(['check', '--base', 'origin/nowhere'], { cwd: await repository() })
    expect(complaint(result)).toMatch(
      /^exit 2\nerror: There is no commit "origin\/nowhere" in this repository\.\nhint: .*Fetch it first/,
    )
  })

  it('does not take a base that looks like an option of git for one', async () => {
    const result = await run(['check', '--base', '--upload-pack=touch /tmp/pgrehearse-proof'], {
      cwd: await repository(),
    })
    expect(complaint(result)).toMatch(/^exit 2\nerror: There is no commit "--upload-pack/)
  })

  it('is one line, and no server, when there is nothing', async () => {
    const { exitCode, stdout, stderr } = await run(['check'], {
      cwd: await repository(),
      env: { TMPDIR: path.join(temp.dir, 'no-server-can-start-here') },
    })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  })

  it('cannot be found in a folder without migrations', async () => {
    const result = await run(['check', '--all'], {
      cwd: await folderWith({ 'README.md': 'Nothing here.\n' }),
    })
    expect(complaint(result)).toMatch(/^exit 2\nerror: No migrations were found\.\nhint: .*Flyway/)
  })
})

describe('the server', () => {
  it('is missing where the wanted major is not installed', async () => {
    const result = await run(['check', '--all', '--pg-version', '99'], { cwd: await folderWith(files) })
    expect(complaint(result)).toMatch(/^exit 3\nerror: Postgres 99 is not available.*\nhint: .*--server-url/)
  })

  it('is missing where the configured folder holds none', async () => {
    const folder = await folderWith({
      ...files,
      'pgrehearse.config.json': '{"server": {"binaries": "/nonexistent"}}',
    })
    const result = await run(['check', '--all'], { cwd: folder })
    expect(complaint(result)).toMatch(/^exit 3\nerror: \/nonexistent holds no Postgres: .*\nhint: /)
  })

  it('cannot be made in a temporary folder that does not exist', async () => {
    const missing = path.join(temp.dir, 'missing')
    const result = await run(['check', '--all'], {
      cwd: await folderWith(files),
      env: { TMPDIR: missing },
    })
    expect(complaint(result)).toMatch(
      /^exit 3\nerror: No temporary folder can be used: .*ENOENT.*\nhint: .*Set TMPDIR/,
    )
  })

  it.skipIf(process.getuid?.() === 0)(
    'cannot be made in a temporary folder that is not writable',
    async () => {
      const closed = path.join(temp.dir, 'closed')
      await mkdir(closed, { mode: 0o555 })
      const result = await run(['check', '--all'], {
        cwd: await folderWith(files),
        env: { TMPDIR: closed },
      })
      expect(complaint(result)).toMatch(
        /^exit 3\nerror: No temporary folder can be used: .*EACCES.*\nhint: .*Set TMPDIR/,
      )
    },
  )

  it('cannot be made in a temporary folder that is mounted read-only', async ({ skip }) => {
    const mounted = await mountedTemp('ro,size=1m')
    if (mounted === undefined) return skip('mounting a tmpfs needs root and the right to mount')
    const result = await run(['check', '--all'], {
      cwd: await folderWith(files),
      env: { TMPDIR: mounted },
    })
    expect(complaint(result)).toMatch(
      /^exit 3\nerror: No temporary folder can be used: .*EROFS.*\nhint: .*Set TMPDIR/,
    )
  })

  it('cannot be made on a full disk, and leaves nothing there', async ({ skip }) => {
    const mounted = await mountedTemp('size=20m')
    if (mounted === undefined) return skip('mounting a tmpfs needs root and the right to mount')
    const result = await run(['check', '--all'], {
      cwd: await folderWith(files),
      env: { TMPDIR: mounted },
    })
    expect(complaint(result)).toMatch(/^exit 3\nerror: The disk is full: .*\nhint: .*Free some space/)
    expect(await readdir(mounted)).toEqual([])
  })

  it('blames no migration when the disk becomes full under it', async ({ skip }) => {
    const mounted = await mountedTemp('size=80m')
    if (mounted === undefined) return skip('mounting a tmpfs needs root and the right to mount')
    // unlogged, so that the table fills the disk and not the WAL, for which the server would stop
    const filling =
      'CREATE UNLOGGED TABLE much AS SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, 100000) n;\n'
    const { exitCode, stdout } = await run(['check', '--all'], {
      cwd: await folderWith({ ...files, 'migrations/002.sql': filling }),
      env: { TMPDIR: mounted },
    })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('could not be rehearsed')
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('No space left on device')
    expect(await readdir(mounted)).toEqual([])
  })
})

describe('trouble of the server', () => {
  it.each([
    ['53100', 'could not extend file: No space left on device', 'The server ran out of something: could not'],
    [
      '57P02',
      'terminating connection because of crash',
      'The server went away during the rehearsal: terminating',
    ],
    [
      undefined,
      'Connection terminated unexpectedly',
      'The server went away during the rehearsal: Connection',
    ],
  ])('with SQLSTATE %s is the environment’s', (code, message, sentence) => {
    const trouble = serverTrouble(Object.assign(new Error(message), { code }))
    expect(trouble?.exitCode).toBe(3)
    expect(trouble?.message).toContain(sentence)
    expect(trouble?.hint).toBeDefined()
  })

  it('is not what a mistake in our own SQL is', () => {
    expect(serverTrouble(Object.assign(new Error('syntax error'), { code: '42601' }))).toBeUndefined()
    expect(serverTrouble(new TypeError('x is not a function'))).toBeUndefined()
  })

  it('never looks like a bug, however full the disk is', async ({ skip }) => {
    const mounted = await mountedTemp('size=46m')
    if (mounted === undefined) return skip('mounting a tmpfs needs root and the right to mount')
    const filling =
      'CREATE TABLE much AS SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, 100000) n;\n'
    const { exitCode, stderr } = await run(['check', '--all'], {
      cwd: await folderWith({ ...files, 'migrations/002.sql': filling }),
      env: { TMPDIR: mounted },
    })
    expect([0, 3]).toContain(exitCode)
    expect(stderr).not.toContain('bug in pgrehearse')
    expect(await readdir(mounted)).toEqual([])
  })
})

/** A file system of its own, gone when the test is done; undefined where none may be mounted. */
async function mountedTemp(options: string): Promise<string | undefined> {
  const dir = await folderWith()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `${options},mode=1777`, 'tmpfs', dir], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => {
    execFileSync('umount', [dir])
  })
  return dir
}
