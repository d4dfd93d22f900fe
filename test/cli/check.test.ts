import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/model.ts'
import { addFiles, ended, folderWith, run, start } from './run.ts'

const history = {
  'db/migrations/001_users.sql': 'create table users (id bigint primary key, email text not null);\n',
}
const harmless = { 'db/migrations/002_notes.sql': 'create table notes (id bigint primary key, body text);\n' }
const harmful = { 'db/migrations/002_index.sql': 'create index users_email_idx on users (email);\n' }
/** Any attempt to start a server ends with exit code 3. */
const noServer = { 'pgrehearse.config.yaml': 'server: { binaries: no/such/folder }\n' }

function git(cwd: string, ...args: readonly string[]): void {
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
    cwd,
    stdio: 'pipe',
  })
}

/** A repository whose main branch has the files, with a branch checked out on top. */
async function repositoryWith(files: Readonly<Record<string, string>>): Promise<string> {
  const cwd = await folderWith(files)
  git(cwd, 'init', '--quiet', '--initial-branch', 'main')
  git(cwd, 'add', '--all')
  git(cwd, 'commit', '--quiet', '--message', 'history')
  git(cwd, 'switch', '--quiet', '--create', 'feature')
  return cwd
}

describe('exit codes of check', () => {
  it('is 0 when the new migrations harm nobody', async () => {
    const cwd = await repositoryWith(history)
    await addFiles(cwd, harmless)
    const { exitCode, stdout } = await run([], { cwd })
    expect(stdout).toContain('db/migrations/002_notes.sql')
    expect(exitCode).toBe(0)
  })

  it('replays without a cache when the budget is generous, and predicts when it is not', async () => {
    const cwd = await repositoryWith(history)
    await addFiles(cwd, harmful)
    const evidenceOf = async (budget: string): Promise<unknown> => {
      const { stdout } = await run(['check', '--budget', budget, '--format', 'json'], { cwd })
      return (JSON.parse(stdout) as Report).evidence
    }
    expect(await evidenceOf('3s')).toBe('predicted')
    expect(await evidenceOf('120s')).toBe('measured')
  })

  it('is 1 when one of them does, and names the rule and the receipt', async () => {
    const cwd = await repositoryWith(history)
    await addFiles(cwd, harmful)
    const { exitCode, stdout } = await run(['check'], { cwd })
    expect(stdout).toContain('require-concurrent-index')
    expect(stdout).toContain('create index users_email_idx on users (email)')
    expect(stdout).toMatch(/ShareLock/)
    expect(exitCode).toBe(1)
  })

  it('is 0 for the same with --fail-on never', async () => {
    const cwd = await repositoryWith(history)
    await addFiles(cwd, harmful)
    const { exitCode, stdout } = await run(['--fail-on', 'never'], { cwd })
    expect(stdout).toContain('require-concurrent-index')
    expect(exitCode).toBe(0)
  })

  it('is 2 without git, paths and --all, and names the ways', async () => {
    const cwd = await folderWith(history)
    const { exitCode, stdout, stderr } = await run([], { cwd })
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('--all')
  })

  it('is 2 when the base cannot be had', async () => {
    const cwd = await repositoryWith(history)
    const { exitCode, stdout, stderr } = await run(['--base', 'no-such-branch'], { cwd })
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('no-such-branch')
  })

  it('is 3 when no server can be had', async () => {
    const cwd = await repositoryWith({ ...history, ...noServer })
    await addFiles(cwd, harmless)
    const { exitCode, stdout, stderr } = await run([], { cwd })
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
    expect(stderr).toMatch(/^error: .*no\/such\/folder holds no Postgres/m)
    expect(stderr).toMatch(/^hint: {2}\S/m)
  })

  it('is 1 with --require-rehearsal for a migration that cannot be rehearsed, and 0 without', async () => {
    const cwd = await folderWith({ 'migrations/001_a.sql': 'create extension postgis;\n' })
    const lax = await run(['--all'], { cwd })
    expect(lax.stdout).toMatch(/could not be rehearsed/i)
    expect(lax.exitCode).toBe(0)
    expect((await run(['--all', '--require-rehearsal'], { cwd })).exitCode).toBe(1)
  })
})

describe('nothing under review', () => {
  it('says so in one line, starts no server, and writes the reports that were asked for', async () => {
    const cwd = await repositoryWith({ ...history, ...noServer })
    const { exitCode, stdout } = await run(['--format', 'json:out/report.json', '--format', 'junit:x.xml'], {
      cwd,
    })
    expect(exitCode).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(1)
    const report = JSON.parse(await readFile(path.join(cwd, 'out/report.json'), 'utf8')) as Report
    expect(report.migrations).toEqual([])
    expect(await readFile(path.join(cwd, 'x.xml'), 'utf8')).toContain('<testsuites')
  })
})

describe('lint', () => {
  it('finds the same without a server', async () => {
    const cwd = await repositoryWith({ ...history, ...noServer })
    await addFiles(cwd, harmful)
    const { exitCode, stdout, stderr } = await run(['lint'], { cwd })
    expect(stdout).toContain('require-concurrent-index')
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
    expect((await run(['check', '--no-replay'], { cwd })).stdout).toBe(stdout)
  })
})

describe('reports', () => {
  it('has JSON and nothing else on standard output, and the phases on standard error', async () => {
    const cwd = await repositoryWith(history)
    await addFiles(cwd, harmful)
    const { exitCode, stdout, stderr } = await run(['--format', 'json', '--format', 'sarif:x.sarif'], { cwd })
    const report = JSON.parse(stdout) as Report
    expect(report.exitCode).toBe(exitCode)
    expect(report.findings.map(({ ruleId }) => ruleId)).toContain('require-concurrent-index')
    expect(stderr.trim().split('\n').length).toBeGreaterThan(1)
    expect(stderr).not.toContain('\u001b')
    expect(JSON.parse(await readFile(path.join(cwd, 'x.sarif'), 'utf8'))).toMatchObject({ version: '2.1.0' })
  })

  it('survives a reader that has seen enough, with the exit code of the report', async () => {
    const cwd = await repositoryWith(history)
    await addFiles(cwd, harmful)
    const child = start(['lint'], { cwd })
    child.stdout?.destroy()
    const { exitCode, stderr } = await ended(child)
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
  })

  it('colours the report by FORCE_COLOR and prints the same text', async () => {
    const cwd = await repositoryWith(history)
    await addFiles(cwd, harmful)
    const plain = await run(['lint'], { cwd })
    const colored = await run(['lint'], { cwd, env: { FORCE_COLOR: '1' } })
    expect(colored.stdout).toContain('\u001b[')
    // oxlint-disable-next-line no-control-regex
    expect(colored.stdout.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain.stdout)
  })

  it('ends with exit code 3 when a report cannot be written', async () => {
    const cwd = await repositoryWith(history)
    await addFiles(cwd, harmful)
    const { exitCode, stderr } = await run(['lint', '--format', 'json:/dev/full'], { cwd })
    expect(stderr).toContain('error: The report /dev/full could not be written: no space left on the device.')
    expect(exitCode).toBe(3)
  })
})

describe('the configuration', () => {
  it('of a parent folder makes that folder the project, with paths as the user sees them', async () => {
    const cwd = await repositoryWith({
      ...history,
      'pgrehearse.config.yaml': 'migrations: { dir: db/migrations }\n',
    })
    await addFiles(cwd, harmful)
    const { exitCode, stdout } = await run(['lint', '../migrations/002_index.sql'], {
      cwd: await makeFolder(cwd, 'db/tools'),
    })
    expect(stdout).toContain('db/migrations/002_index.sql')
    expect(exitCode).toBe(1)
  })

  it('switches rules off, and loses against the command line', async () => {
    const cwd = await repositoryWith({
      ...history,
      'pgrehearse.config.yaml':
        'failOn: info\nrules: { require-concurrent-index: warning, require-lock-timeout: off }\n',
    })
    await addFiles(cwd, harmful)
    expect((await run(['lint'], { cwd })).exitCode).toBe(1)
    const { exitCode, stdout } = await run(['lint', '--fail-on', 'error'], { cwd })
    expect(stdout).not.toContain('queue up behind this statement')
    expect(stdout).toContain('By configuration, require-lock-timeout is off.')
    expect(exitCode).toBe(0)
  })

  it('brings a rule of the user’s own', async () => {
    const config = `import { defineConfig, defineRule } from 'pgrehearse'
      const rule = defineRule({
        id: 'avoid-notes', title: 'Avoid tables called notes', severity: 'error', since: '1',
        messages: { called: ({ table }: { table: string }) => \`The table \${table} says nothing.\` },
        statement({ effects, report }) {
          for (const effect of effects) {
            if (effect.kind === 'catalog' && effect.change.type === 'create' && effect.object.name === 'notes')
              report('called', { table: 'notes' }, { because: [effect] })
          }
        },
      })
      export default defineConfig({ customRules: [rule] })`
    const cwd = await repositoryWith({ ...history, 'pgrehearse.config.ts': config })
    await addFiles(cwd, harmless)
    const { exitCode, stdout } = await run(['lint'], { cwd })
    expect(stdout).toContain('The table notes says nothing.')
    expect(exitCode).toBe(1)
  })
})

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends the run with %d and leaves no process and no file', async (signal, expected) => {
    const cwd = await folderWith({ 'migrations/001_a.sql': 'select pg_sleep(600);\n' })
    // the server runs as another user when we are root
    await chmod(cwd, 0o755)
    const temporary = await makeFolder(cwd, 'tmp', 0o777)
    const child = start(['check', '--all', '--debug'], { cwd, env: { TMPDIR: temporary } })
    const result = ended(child)
    const isSleeping = (): boolean => processesIn(temporary).some((title) => title.includes('SELECT'))
    while (!isSleeping() && child.exitCode === null) await setTimeout(50)
    child.kill(signal)
    const { exitCode, stdout, stderr } = await result
    expect(stderr).toContain(`Interrupted by ${signal}.`)
    expect({ exitCode, stdout }).toEqual({ exitCode: expected, stdout: '' })
    expect(processesIn(temporary)).toEqual([])
    expect(await readdir(temporary)).toEqual([])
  })
})

async function makeFolder(cwd: string, name: string, mode = 0o755): Promise<string> {
  const folder = path.join(cwd, name)
  await mkdir(folder, { recursive: true })
  // mkdir's own mode is cut by the umask
  await chmod(folder, mode)
  return folder
}

/** Command lines of the processes that work below the folder, as a server does in its data folder. */
function processesIn(folder: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    try {
      if (!readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)) return []
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
    } catch {
      return [] // gone in the meantime
    }
  })
}
