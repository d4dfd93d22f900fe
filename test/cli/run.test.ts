import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/model.ts'
import { addFiles, folderWith, run, start } from './run.ts'

/** A migration tool as many are: code, a table of its own that says what has run, a transaction for each file. */
const tool = `
import { createRequire } from 'node:module'
import { readdirSync } from 'node:fs'
const { Client } = createRequire(${JSON.stringify(import.meta.filename)})('pg')
const client = new Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await client.query('create table if not exists pgmigrations (id serial primary key, name text not null, run_on timestamp)')
const { rows } = await client.query('select name from pgmigrations order by id')
const done = rows.map(({ name }) => name)
console.log('token', process.env.PGREHEARSE_TOKEN ?? 'none')
const query = (sql, values) => client.query(sql, values)
const load = (name) => import(process.cwd() + '/db/changes/' + name + '.mjs')
const back = process.argv[2] === 'down' ? done.toReversed().slice(0, Number(process.argv[3])) : []
for (const name of back) {
  await client.query('begin')
  await (await load(name)).down(query)
  await client.query('delete from pgmigrations where name = $1', [name])
  await client.query('commit')
}
if (back.length > 0) process.exit(0)
for (const file of readdirSync('db/changes').toSorted()) {
  const name = file.replace('.mjs', '')
  if (done.includes(name)) continue
  const { up } = await load(name)
  await client.query('begin')
  await up(query)
  await client.query('insert into pgmigrations (name, run_on) values ($1, now())', [name])
  await client.query('commit')
}
await client.end()
`

const users = `export const up = async (query) => {
  await query('create table users (id bigint primary key, email text not null)')
  await query('insert into users values ($1, $2)', [1, "o'neil@example.org"])
}
`

const index = `export const up = async (query) => {
  const table = 'users'
  await query(\`create index users_email_idx on \${table} (email)\`)
  // pgrehearse-allow avoid-table-rewrite: it is small
  await query(\`alter table \${table} alter column email type varchar(50)\`)
}
export const down = async (query) => {
  await query('drop index users_email_idx')
}
`

const config =
  'migrations: { migrate: node migrate.mjs, dir: db/changes, down: node migrate.mjs down $PGREHEARSE_MIGRATIONS }\n'

function git(cwd: string, ...args: readonly string[]): void {
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
    cwd,
    stdio: 'pipe',
  })
}

/** The main branch has users, the branch on top of it has the index. */
async function repository(): Promise<string> {
  const cwd = await folderWith({
    'migrate.mjs': tool,
    'db/changes/001_users.mjs': users,
    'pgrehearse.config.yaml': config,
  })
  git(cwd, 'init', '--quiet', '--initial-branch', 'main')
  git(cwd, 'add', '--all')
  git(cwd, 'commit', '--quiet', '--message', 'history')
  git(cwd, 'switch', '--quiet', '--create', 'feature')
  await addFiles(cwd, { 'db/changes/002_index.mjs': index })
  return cwd
}

describe('check with a migrate command', () => {
  it('makes the history in the base revision and points into the code of what is new', async () => {
    const cwd = await repository()
    const env = { PGREHEARSE_TOKEN: 'glpat-secret' }
    const { exitCode, stdout, stderr } = await run(['check', '--format', 'json'], { cwd, env })
    expect(stderr).toContain('token none')
    const report = JSON.parse(stdout) as Report
    const [migration, ...others] = report.migrations
    expect(others).toEqual([])
    expect(migration).toMatchObject({
      file: 'db/changes/002_index.mjs',
      outcome: 'rehearsed',
      text: index,
      transaction: { mode: 'file' },
      recorded: { command: 'node migrate.mjs', knownBy: 'recorded in pgmigrations' },
    })
    expect(migration?.statements.map(({ sent, measured }) => [sent, measured])).toEqual([
      ['create index users_email_idx on users (email)', true],
      ['alter table users alter column email type varchar(50)', true],
    ])
    const places = report.findings.map(
      ({ ruleId, span, allowed }) =>
        `${ruleId} ${span.file}:${span.start.line}${allowed === undefined ? '' : ' allowed'}`,
    )
    expect(places).toContain('require-concurrent-index db/changes/002_index.mjs:3')
    expect(places).toContain('avoid-table-rewrite db/changes/002_index.mjs:5 allowed')
    const building = report.findings.find(({ ruleId }) => ruleId === 'require-concurrent-index')
    expect(building?.evidence).toBe('measured')
    expect(building?.because.some(({ kind }) => kind === 'lock')).toBe(true)
    expect(report.historyCount).toBe(1)
    expect(exitCode).toBe(1)
    // down by its command, which forgets the type
    expect(places).toContain('down-leaves-differences db/changes/002_index.mjs:8')
    const wayDown = report.trials?.filter(({ kind }) => kind === 'way down')
    expect(wayDown).toMatchObject([
      {
        about: 'db/changes/002_index.mjs',
        outcome: 'finding',
        says: 'Its way down leaves another schema than before.',
      },
    ])
    expect(wayDown?.[0]?.lines.join('\n')).toContain('AccessExclusiveLock on users')
    expect(wayDown?.[0]?.lines.join('\n')).not.toContain('pgmigrations')
  })

  it('says without a server that it does not know, by the target branch’s word', async () => {
    const cwd = await repository()
    // the branch would read files instead
    await addFiles(cwd, { 'pgrehearse.config.yaml': 'migrations: { dir: db/changes }\n' })
    const policy = ['--policy', 'target-branch', '--base', 'main']
    const { exitCode, stdout } = await run(['lint', '--format', 'json', ...policy], { cwd })
    const report = JSON.parse(stdout) as Report
    expect(report.notChecked.map(({ code }) => code)).toEqual(['command-not-run'])
    expect(exitCode).toBe(0)
  })
})

describe('run', () => {
  it('tells the statement that a command fails at, and what it did before', async () => {
    const cwd = await folderWith({
      'migrate.mjs': tool,
      'db/changes/001_users.mjs': users,
      'db/changes/002_wrong.mjs':
        "export const up = (query) => query('alter table nowhere add column a int')\n",
    })
    const { exitCode, stdout } = await run(['run', '--format', 'json', '--', 'node', 'migrate.mjs'], { cwd })
    const report = JSON.parse(stdout) as Report
    const failing = report.findings.filter(({ ruleId }) => ruleId === 'migration-fails')
    expect(failing.map(({ sent }) => sent)).toEqual(['alter table nowhere add column a int'])
    expect(exitCode).toBe(1)
  })

  it('does not leave a command behind when it is killed', async () => {
    const cwd = await folderWith({
      'slow.mjs':
        "import { writeFileSync } from 'node:fs'\nwriteFileSync('pid', String(process.pid))\nsetTimeout(() => {}, 60_000)\n",
    })
    const child = start(['run', '--', 'node', 'slow.mjs'], { cwd })
    const file = path.join(cwd, 'pid')
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') await setTimeout(50)
    const command = Number(readFileSync(file, 'utf8'))
    child.kill('SIGKILL')
    while (isRunning(command)) await setTimeout(50)
    expect(isRunning(command)).toBe(false)
  })

  it('says that nobody connected', async () => {
    const cwd = await folderWith({})
    const { exitCode, stderr } = await run(['run', '--', 'node', '-e', '0'], { cwd })
    expect(stderr).toContain('did not connect to the throwaway server')
    expect(exitCode).toBe(2)
  })
})

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0)
  } catch {
    return false
  }
}
