/** The tarball as users get it: packed, installed into an empty folder, and run there by root and by a plain user. */
import { execFile, type ExecFileException } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../..', import.meta.url))

interface Ended {
  readonly exitCode: number
  readonly output: string
}

interface Account {
  readonly uid: number
  readonly gid: number
}

const isRoot = process.getuid?.() === 0
/** `nobody` of Linux. */
const plainUser: Account = { uid: 65534, gid: 65534 }

/** Runs a program in an environment of its own; as another user only root can. */
function execute(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly home: string; readonly as?: Account },
): Promise<Ended> {
  const { cwd, home, as } = options
  const { PATH = '', npm_config_cache: cache } = process.env
  const env = {
    PATH,
    HOME: home,
    GIT_CONFIG_GLOBAL: '/dev/null',
    // the machine's own cache, so that nothing is downloaded twice
    ...(as === undefined && cache !== undefined ? { npm_config_cache: cache } : {}),
  }
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { cwd, env, ...as, maxBuffer: 2 ** 24 },
      (error: ExecFileException | null, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error)
        else resolve({ exitCode: error === null ? 0 : Number(error.code), output: stdout + stderr })
      },
    )
  })
}

async function succeed(...call: Parameters<typeof execute>): Promise<string> {
  const { exitCode, output } = await execute(...call)
  if (exitCode !== 0) throw new Error(`${call[0]} ${call[1].join(' ')} ended with ${exitCode}:\n${output}`)
  return output
}

const noRegistry = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/

/** A project with one migration in production and one new, harmful one. */
async function project(dir: string, as: Account | undefined): Promise<void> {
  const home = process.env['HOME'] ?? dir
  const git = (...args: readonly string[]): Promise<string> =>
    succeed('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], { cwd: dir, home })
  await mkdir(path.join(dir, 'migrations'), { recursive: true })
  await writeFile(path.join(dir, '.gitignore'), 'node_modules\npackage*.json\n')
  await writeFile(
    path.join(dir, 'migrations/001_orders.sql'),
    'CREATE TABLE orders (id bigint, status text);\n',
  )
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'history')
  await writeFile(
    path.join(dir, 'migrations/002_index.sql'),
    'CREATE INDEX orders_status_idx ON orders (status);\n',
  )
  if (as !== undefined) await succeed('chown', ['-R', `${as.uid}:${as.gid}`, dir], { cwd: dir, home })
}

describe('the packed tarball', () => {
  let folder = ''
  let unreachable: string | undefined

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(path.join(tmpdir(), 'pgr-pack-')))
    await chmod(folder, 0o755)
    const home = process.env['HOME'] ?? folder
    const npm = ['--no-audit', '--no-fund', '--loglevel=error']
    await succeed('npm', ['pack', ...npm, '--pack-destination', folder], { cwd: repository, home })
    const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
    if (tarball === undefined) throw new Error('npm pack made no tarball.')
    const empty = path.join(folder, 'installed')
    await mkdir(empty, { mode: 0o755 })
    await writeFile(path.join(empty, 'package.json'), '{"private": true}\n')
    const install = ['install', ...npm, '--prefer-offline', path.join(folder, tarball)]
    const { exitCode, output } = await execute('npm', install, { cwd: empty, home })
    if (exitCode !== 0 && noRegistry.test(output)) unreachable = output
    else if (exitCode !== 0) throw new Error(`npm install ended with ${exitCode}:\n${output}`)
  }, 600_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('runs where it is installed', async ({ skip }) => {
    if (unreachable !== undefined) return skip(`the npm registry cannot be reached: ${unreachable}`)
    const cwd = path.join(folder, 'installed')
    await project(cwd, undefined)
    const { exitCode, output } = await execute('npx', ['pgrehearse', 'check'], { cwd, home: folder })
    expect(output).toContain('require-concurrent-index')
    expect(output).toMatch(/measured on PostgreSQL 18\./)
    expect(exitCode).toBe(1)
  })

  it.runIf(isRoot)('runs for a plain user who may not write where it is installed', async ({ skip }) => {
    if (unreachable !== undefined) return skip(`the npm registry cannot be reached: ${unreachable}`)
    const cwd = path.join(folder, 'plain')
    const home = path.join(folder, 'home')
    await mkdir(cwd)
    await mkdir(home)
    await chown(home, plainUser.uid, plainUser.gid)
    await symlink(path.join(folder, 'installed/node_modules'), path.join(cwd, 'node_modules'))
    await project(cwd, plainUser)
    const { exitCode, output } = await execute('npx', ['pgrehearse', 'check'], { cwd, home, as: plainUser })
    expect(output).toContain('require-concurrent-index')
    expect(output).toMatch(/measured on PostgreSQL 18\./)
    expect(exitCode).toBe(1)
  })

  it('explains its rules and types a configuration there', async ({ skip }) => {
    if (unreachable !== undefined) return skip(`the npm registry cannot be reached: ${unreachable}`)
    const cwd = path.join(folder, 'installed')
    const options = { cwd, home: folder }
    expect(await succeed('npx', ['pgrehearse', 'explain', 'require-concurrent-index'], options)).toContain(
      'CREATE INDEX CONCURRENTLY',
    )
    const script =
      "import { defineConfig } from 'pgrehearse'; console.log(JSON.stringify(defineConfig({ failOn: 'info' })))"
    expect(await succeed('node', ['--input-type=module', '--eval', script], options)).toBe(
      '{"failOn":"info"}\n',
    )
  })
})
