import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { folderWith, run } from './run.ts'

const known = {
  rules: async () => ['ban-rename-column', 'require-concurrent-index'],
  reserved: async () => [],
  sources: async () => ['flyway', 'plain-sql'],
}

describe('init', () => {
  it('writes a configuration that changes nothing and two GitLab jobs', async () => {
    const cwd = await folderWith({ 'db/migrations/001_a.sql': 'select 1;\n' })
    const { exitCode, stdout } = await run(['init'], { cwd })
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^Wrote pgrehearse\.config\.yaml\.\nWrote \.gitlab-ci\.yml\.\n\nNext: /)
    expect(stdout).toContain('PGREHEARSE_GITLAB_TOKEN')
    expect((await loadConfig({ cwd, enabled: true, known })).config).toEqual({})
    const text = await readFile(path.join(cwd, 'pgrehearse.config.yaml'), 'utf8')
    expect(text).toContain('Found: plain-sql in "db/migrations".')
    const job = parse(await readFile(path.join(cwd, '.gitlab-ci.yml'), 'utf8')) as Record<string, object>
    expect(Object.keys(job)).toEqual(['pgrehearse', 'pgrehearse-review'])
    expect(job['pgrehearse']).toMatchObject({
      stage: 'test',
      artifacts: { reports: { codequality: 'gl-code-quality-report.json' } },
    })
  })

  it('writes a configuration whose every key is valid once its # is gone', async () => {
    const cwd = await folderWith({ 'db/migrations/001_a.sql': 'select 1;\n' })
    await run(['init'], { cwd })
    const file = path.join(cwd, 'pgrehearse.config.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replaceAll(/^#(?= {2}|[a-z])/gm, ''))
    const { config } = await loadConfig({ cwd, enabled: true, known })
    expect(Object.keys(config).toSorted()).toEqual([
      'base',
      'baseline',
      'cacheDir',
      'failOn',
      'migrations',
      'overrides',
      'policy',
      'presets',
      'queries',
      'requireRehearsal',
      'review',
      'roles',
      'rules',
      'runner',
      'server',
      'settings',
      'snapshot',
      'tables',
      'timeZone',
      'transactions',
    ])
    expect(config.migrations).toMatchObject([{ source: 'plain-sql', dir: 'db/migrations' }])
  })

  it('names the databases of a repository that has several', async () => {
    const cwd = await folderWith({ 'a/migrations/001_a.sql': 'select 1;\n', 'b/migrations/001_b.sql': '' })
    await run(['init'], { cwd })
    const file = path.join(cwd, 'pgrehearse.config.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(
      file,
      text.slice(text.indexOf('#databases:')).split('\n\n')[0]?.replaceAll(/^#/gm, '') ?? '',
    )
    expect((await loadConfig({ cwd, enabled: true, known })).config).toEqual({
      databases: [
        { name: 'a', migrations: [{ dir: 'a/migrations' }] },
        { name: 'b', migrations: [{ dir: 'b/migrations' }] },
      ],
    })
    const { stdout } = await run(['doctor'], { cwd })
    expect(stdout).toContain('✓ Migrations: a/migrations (a), b/migrations (b)\n')
  })

  it('keeps a folder whose name is YAML of its own inside the comment', async () => {
    const cwd = await folderWith({ 'm\nserver: {superuser: true}\n#/001_a.sql': 'select 1;\n' })
    await run(['init'], { cwd })
    expect((await loadConfig({ cwd, enabled: true, known })).config).toEqual({})
  })

  it('overwrites nothing, and prints the job instead', async () => {
    const cwd = await folderWith({
      'pgrehearse.config.json': '{}',
      '.gitlab-ci.yml': 'test:\n  script: [x]\n',
    })
    const { exitCode, stdout } = await run(['init'], { cwd })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('pgrehearse.config.json is there already and stays as it is.')
    expect(stdout).toContain(
      '.gitlab-ci.yml is there already and stays as it is. Add these jobs to it:\n\n# Judges',
    )
    expect(existsSync(path.join(cwd, 'pgrehearse.config.yaml'))).toBe(false)
    expect(await readFile(path.join(cwd, '.gitlab-ci.yml'), 'utf8')).toBe('test:\n  script: [x]\n')
    await writeFile(path.join(cwd, '.gitlab-ci.yml'), 'pgrehearse:\n  script: [x]\n')
    const again = await run(['init'], { cwd })
    expect(again.stdout).toContain('has a job pgrehearse already')
    expect(again.stdout).not.toContain('Next:')
  })

  it('writes nothing with --dry-run', async () => {
    const cwd = await folderWith()
    const { exitCode, stdout } = await run(['init', '--dry-run'], { cwd })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('None were found here.')
    expect(existsSync(path.join(cwd, 'pgrehearse.config.yaml'))).toBe(false)
    expect(existsSync(path.join(cwd, '.gitlab-ci.yml'))).toBe(false)
  })

  it('prints the jobs in a subfolder of the repository, where GitLab would not read it', async () => {
    const cwd = await folderWith()
    await mkdir(path.join(cwd, '.git'))
    await mkdir(path.join(cwd, 'service'))
    const { stdout } = await run(['init'], { cwd: path.join(cwd, 'service') })
    expect(stdout).toContain('at the root of the repository. Add these jobs to it:')
    expect(stdout).toContain('  script:\n    - cd service\n    - npx --yes')
    expect(existsSync(path.join(cwd, 'service/.gitlab-ci.yml'))).toBe(false)
  })
})

describe('doctor', () => {
  it('starts a server and says what it found', async () => {
    const cwd = await folderWith({ 'db/migrations/001_a.sql': 'select 1;\n' })
    const { exitCode, stdout } = await run(['doctor'], { cwd })
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^✓ Node /m)
    expect(stdout).toMatch(/^✓ Postgres installed: .*\b18 \(npm\)/m)
    expect(stdout).toMatch(/^✓ PostgreSQL 18\.\S+ \(embedded\) starts and runs SQL/m)
    expect(stdout).toMatch(/^✓ Migrations: db\/migrations \(plain-sql\)$/m)
    expect(stdout).toMatch(/^! No git history to compare with: .*\n {2}→ Name the migrations/m)
  })

  it('ends with exit code 3 and the remedy when no server can be had', async () => {
    const cwd = await folderWith({ 'pgrehearse.config.yaml': 'server: { binaries: no/such/folder }\n' })
    const { exitCode, stdout } = await run(['doctor'], { cwd })
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/^✗ No server: .*no\/such\/folder holds no Postgres.*\n {2}→ /m)
    expect(stdout).toMatch(/^✓ Configuration pgrehearse\.config\.yaml is valid$/m)
  })

  it('ends with exit code 2 when the configuration is broken, and examines the rest', async () => {
    const cwd = await folderWith({ 'pgrehearse.config.yaml': 'failOn: critical\n' })
    const { exitCode, stdout } = await run(['doctor'], { cwd })
    expect(exitCode).toBe(2)
    expect(stdout).toMatch(/^✗ pgrehearse\.config\.yaml is not a valid configuration:\n {2}✖ /m)
    expect(stdout).toMatch(/^✓ Node /m)
  })

  it('knows a GitLab job that is not in a merge request pipeline', async () => {
    const cwd = await folderWith()
    const { stdout } = await run(['doctor'], { cwd, env: { GITLAB_CI: 'true' } })
    expect(stdout).toMatch(/^! GitLab CI: this is not a merge request pipeline.*\n {2}→ Add `rules:/m)
  })
})
