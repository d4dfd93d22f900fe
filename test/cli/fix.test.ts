import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/model.ts'
import { openFixture } from '../replay/format-fixture.ts'
import { cleanEnv, repositoryWith, type Workspace } from '../review/repository.ts'
import { folderWith, run, type RunResult } from './run.ts'

const env = Object.fromEntries(
  Object.entries(cleanEnv).flatMap(([name, value]) =>
    value !== undefined && name.startsWith('GIT_') ? [[name, value]] : [],
  ),
)

function fix(workspace: Pick<Workspace, 'path'>, ...args: readonly string[]): Promise<RunResult> {
  return run(['fix', '--base', 'main', ...args], { cwd: workspace.path, env })
}

/** What a check finds now: rule and file, without what was there only to be told. */
async function found(workspace: Workspace): Promise<readonly string[]> {
  const { stdout } = await run(['check', '--base', 'main', '--format', 'json'], { cwd: workspace.path, env })
  const { findings } = JSON.parse(stdout) as Report
  return findings.map(({ ruleId, span }) => `${ruleId} ${path.basename(span.file)}`)
}

async function difference(workspace: Workspace, whole: boolean): Promise<string> {
  await workspace.git('add', '--all')
  return workspace.git('diff', '--cached', '--no-color', ...(whole ? [] : ['--name-status']))
}

interface Case {
  readonly name: string
  /** Files of the branch that are in the way: there is no number left behind the one that is mended. */
  readonly without?: readonly string[]
  readonly left?: readonly string[]
  /** The files themselves are compared; else their names. */
  readonly isGolden?: true
}

const cases: readonly Case[] = [
  { name: 'plain-sql', isGolden: true },
  {
    name: 'golang-migrate',
    without: [
      'db/migrations/000009_name_accounts.up.sql',
      'db/migrations/000012_index_days.up.sql',
      'db/migrations/000012_index_days.down.sql',
    ],
  },
  { name: 'flyway', isGolden: true },
  {
    name: 'goose',
    isGolden: true,
    left: [
      'out-of-order-migration 20240301120000_name_depots.sql',
      // what its author has to decide
      'unsafe-retry 20240312102000_index_weights.sql',
      'down-leaves-differences 20240312102000_index_weights.sql',
    ],
  },
  { name: 'dbmate', isGolden: true, left: ['out-of-order-migration 20240515090000_add_notes.sql'] },
  { name: 'prisma', isGolden: true },
  { name: 'diesel' },
  { name: 'liquibase' },
  { name: 'sqlx' },
  { name: 'graphile-migrate', isGolden: true, without: ['migrations/committed/000005-index-joined.sql'] },
]

describe('fix', () => {
  it.each(cases)(
    '$name: a check of what it writes finds nothing that it fixed, and nothing new',
    async (one) => {
      const workspace = await openFixture(one.name)
      for (const file of one.without ?? []) await workspace.remove(file)
      await workspace.commit()
      const { stdout, exitCode } = await fix(workspace)
      expect(stdout).toMatch(/Fixed \d+ findings?:/)
      expect(await found(workspace)).toEqual(one.left ?? [])
      expect(exitCode).toBe(one.name === 'goose' ? 1 : 0)
      expect(await difference(workspace, one.isGolden === true)).toMatchSnapshot()
    },
  )
})

const shop = {
  'migrations/1_orders.sql': 'CREATE TABLE orders (id bigint PRIMARY KEY, total bigint);\n',
}

async function branchWith(files: Readonly<Record<string, string>>): Promise<Workspace> {
  const workspace = await repositoryWith(shop)
  await workspace.git('checkout', '--quiet', '-b', 'feature')
  await workspace.commit(files)
  return workspace
}

describe('the files that are written', () => {
  it('keep their line ends, byte order mark and mode, and are not touched by --dry-run', async () => {
    const name = 'migrations/2_index.sql'
    const text = '\uFEFF-- for the list\r\nCREATE INDEX orders_total ON orders (total);\r\nSELECT 1;\r\n'
    const workspace = await branchWith({ [name]: text })
    const file = path.join(workspace.path, name)
    await chmod(file, 0o640)
    const shown = await fix(workspace, '--dry-run')
    expect(shown.stdout).toContain('+CREATE INDEX CONCURRENTLY orders_total')
    expect(shown.stdout).toContain('Nothing was written: that would change 1 file.')
    expect(await readFile(file, 'utf8')).toBe(text)
    await fix(workspace)
    expect(await readFile(file, 'utf8')).toBe(text.replace('INDEX', 'INDEX CONCURRENTLY'))
    expect((await stat(file)).mode & 0o777).toBe(0o640)
    const again = await fix(workspace)
    expect(again.stdout).toBe('There is nothing to fix.\n')
  })

  it('are those of the rule that is named, and those that the command line names', async () => {
    const workspace = await branchWith({
      'migrations/2_index.sql': 'CREATE INDEX orders_total ON orders (total);\n',
      'migrations/3_note.sql': 'ALTER TABLE orders ADD COLUMN note text;\n',
    })
    const { stdout } = await fix(workspace, '--rule', 'require-concurrent-index', 'migrations/3_note.sql')
    expect(stdout).toContain('3_note.sql:1:1 require-lock-timeout: its rule was not named')
    expect(stdout).toContain('2_index.sql:1:1 require-concurrent-index: its file was not named')
    expect(await workspace.git('status', '--short')).toBe('')
  })

  it('are none that are merged', async () => {
    const workspace = await repositoryWith({
      ...shop,
      'migrations/2_index.sql': 'CREATE INDEX orders_total ON orders (total);\n',
    })
    await writeFile(path.join(workspace.path, 'migrations/3_x.sql'), 'SELECT 1;\n')
    const { stdout, exitCode } = await run(['fix', '--all'], { cwd: workspace.path, env })
    expect(exitCode).toBe(0)
    expect(stdout).not.toContain('Wrote')
    expect(await workspace.git('status', '--short')).toBe('?? migrations/3_x.sql')
  })
})

describe('a wrong command line', () => {
  it('names the rule that is meant', async () => {
    const { exitCode, stderr } = await run(['fix', '--rule', 'require-concurrent-indx'], {
      cwd: await folderWith(),
    })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('Did you mean require-concurrent-index?')
  })
})
