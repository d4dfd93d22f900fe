/** `server: { image }` on a real container engine, from the command line to what it leaves behind. */
import { execFileSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { addFiles, folderWith, run, start } from '../cli/run.ts'
import { containers, containersInTheEnd, image, imageThatRuns } from './engine.ts'

// Ryuk's image cannot be had everywhere
const env = { TESTCONTAINERS_RYUK_DISABLED: 'true' }

afterEach(async () => {
  const left = await containersInTheEnd()
  if (left.length > 0) throw new Error(`Containers are left: ${left.join(', ')}`)
})

const history = {
  'migrations/001_init.sql': `
create extension ip4r;
create table hosts (id bigint generated always as identity primary key, name text not null, net ip4r);
create index hosts_net on hosts using gist (net);
create role host_reader;
grant select on hosts to host_reader, postgres;
`,
}
const branch = {
  'migrations/002_more.sql': `
create index hosts_name on hosts (name);
alter table hosts alter column net type iprange;
`,
}

/** A repository with the history on main and the branch on top. */
async function repository(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const cwd = await folderWith({ ...history, ...files })
  const git = (...args: readonly string[]): void =>
    void execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd })
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  git('commit', '--quiet', '--message=history')
  git('switch', '--quiet', '--create=feature')
  await addFiles(cwd, branch)
  git('add', '--all')
  git('commit', '--quiet', '--message=branch')
  return cwd
}

describe('a repository whose history needs an extension', () => {
  it('is told of the remedy without the image, and rehearsed with it', async () => {
    const cwd = await repository()
    const without = await run(['check', '--base', 'main', '--format', 'json'], { cwd, env })
    expect(without.stdout).toContain('extension \\"ip4r\\" is not available')
    expect(without.stdout).toMatch(/"outcome": ?"not rehearsed"/)

    await addFiles(cwd, { 'pgrehearse.config.json': JSON.stringify({ server: { image } }) })
    const { stdout, stderr, exitCode } = await run(['check', '--base', 'main', '--format', 'json'], {
      cwd,
      env,
    })
    const report = JSON.parse(stdout) as {
      readonly server: { readonly version: string; readonly kind: string }
      readonly migrations: readonly { readonly outcome: string }[]
      readonly findings: readonly { readonly ruleId: string; readonly evidence: string }[]
      readonly notChecked: readonly unknown[]
    }
    expect(stderr).toContain(`Starting a container of ${image}`)
    expect(report.server.kind).toBe(`container ${image}`)
    expect(report.migrations.map(({ outcome }) => outcome)).toEqual(['rehearsed'])
    expect(report.notChecked).toEqual([])
    expect(report.findings.map(({ ruleId, evidence }) => `${ruleId} ${evidence}`)).toContain(
      'require-concurrent-index measured',
    )
    expect(exitCode).toBe(1)
  })

  it('is told durations from sizes where servers of our own lack the extension', async () => {
    const cwd = await repository({
      'pgrehearse.config.json': JSON.stringify({
        server: { image },
        tables: { hosts: { rows: 50_000_000 } },
      }),
    })
    const { stdout, stderr } = await run(['check', '--base', 'main'], { cwd, env })
    expect(stderr).not.toContain('bug')
    expect(stdout).toContain('(container')
    // the table needs ip4r, which the server for samples lacks
    expect(stdout).toContain('estimated from sizes')
    expect(stdout).toContain('not sampled, because')
  })
})

describe('an image of which no server comes', () => {
  it.each([['check', '--all'], ['doctor']])('%s says that it cannot be pulled', async (...args) => {
    const cwd = await folderWith(history)
    const missing = 'localhost:1/no/such:image'
    const { stdout, stderr, exitCode } = await run([...args, '--image', missing], { cwd, env })
    expect(exitCode).toBe(3)
    expect(stdout + stderr).toContain(`The image ${missing} cannot be pulled: `)
  })

  it('says what a container that ends at once has printed, without the password', async () => {
    const other = await imageThatRuns('local/pgrehearse-test-env:1', '/usr/bin/env')
    const cwd = await folderWith(history)
    const { stderr, exitCode } = await run(['check', '--all', '--image', other], { cwd, env })
    expect(exitCode).toBe(3)
    expect(stderr).toContain('ended while it started (exit code 0). It printed last:')
    expect(stderr).toContain('POSTGRES_PASSWORD=***')
    expect(stderr).not.toMatch(/[0-9a-f]{48}/)
  })

  it('says that it is of another major than was asked for', async () => {
    const cwd = await folderWith(history)
    const { stderr, exitCode } = await run(['check', '--all', '--image', image, '--pg-version', '17'], {
      cwd,
      env,
    })
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/is Postgres 15\.\d+, but Postgres 17 was asked for/)
  })
})

it('doctor tries the image', async () => {
  const cwd = await folderWith(history)
  const { stdout, exitCode } = await run(['doctor', '--image', image], { cwd, env })
  expect(stdout).toMatch(/✓ Container engine \d+\.\d+/)
  expect(stdout).toMatch(/✓ PostgreSQL 15\.\d+ \(container \S+\) starts and runs SQL/)
  expect(exitCode).toBe(0)
})

describe('a run that is interrupted', () => {
  const slow = { 'migrations/002.sql': 'select pg_sleep(3600);\n' }

  async function interrupted(signal: NodeJS.Signals, until: (child: ChildProcess) => Promise<void>) {
    const cwd = await folderWith({ ...history, ...slow })
    const child = start(['check', '--all', '--image', image], { cwd, env })
    await until(child)
    child.kill(signal)
    const [exitCode] = (await once(child, 'close')) as [number | null]
    return exitCode
  }

  async function rehearsing(child: ChildProcess): Promise<void> {
    let said = ''
    for await (const chunk of child.stderr ?? []) {
      said += String(chunk)
      if (said.includes('Rehearsing migrations/002.sql')) return
    }
    throw new Error(`It ended before it could be interrupted:\n${said}`)
  }

  it('by SIGTERM in a statement takes the container with it', async () => {
    expect(await interrupted('SIGTERM', rehearsing)).toBe(143)
    expect(await containers()).toEqual([])
  })

  it('by SIGINT while the container starts takes it with it', async () => {
    expect(await interrupted('SIGINT', () => sleep(2000))).toBe(130)
    expect(await containers()).toEqual([])
  })

  it('by SIGKILL leaves it to the watchdog', async () => {
    expect(await interrupted('SIGKILL', rehearsing)).toBeNull()
  })
})
