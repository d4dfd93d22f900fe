import { expect, test } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import { migrationRoots } from '../../src/review/migration-roots.ts'
import { cleanEnv, repositoryWith, type Workspace } from './repository.ts'

function repository(): Promise<Workspace> {
  return repositoryWith({
    'one/migrations/001_a.sql': 'SELECT 1;',
    'one/migrations/002_b.sql': 'SELECT 1;',
    'two/migrations/001_a.sql': 'SELECT 1;',
    'sql/001_a.sql': 'SELECT 1;',
    'sql/002_b.sql': 'SELECT 1;',
  })
}

async function rootsOf({ path }: Workspace, dirs?: readonly string[]): Promise<readonly string[]> {
  const settings = dirs === undefined ? {} : { settings: { dirs } }
  const request = { cwd: path, paths: [], all: false, base: 'HEAD', env: cleanEnv, ...settings }
  return (await migrationRoots(request)).map(({ dir }) => dir)
}

const lock = { 'one/migrations/migration_lock.toml': 'provider = "mysql"\n' }

test('a folder that is changed cannot be made to look like another database’s', async () => {
  const repo = await repository()
  await repo.write({ ...lock, 'one/migrations/003_c.sql': 'DROP TABLE a;' })
  await expect(rootsOf(repo)).rejects.toThrow(UsageError)
  await expect(rootsOf(repo)).rejects.toThrow(
    /^one\/migrations holds migrations for plain SQL files at .*; now it looks like Prisma for another database than Postgres \(one\/migrations\/migration_lock\.toml\), so that what changes in it would not be judged\.$/,
  )
  expect(await rootsOf(repo, ['two/migrations'])).toEqual(['two/migrations'])
})

test('what was left alone before, or is new, may be left alone', async () => {
  const repo = await repository()
  await repo.write({
    'sql/003_c.sql': 'SELECT 1;',
    'three/migrations/migration_lock.toml': 'provider = "mysql"\n',
  })
  expect(await rootsOf(repo)).toEqual(['one/migrations', 'two/migrations'])
})

test('a new folder of migrations does not hide a changed one of another name', async () => {
  const repo = await repositoryWith({ 'sql/001_a.sql': 'SELECT 1;', 'sql/002_b.sql': 'SELECT 1;' })
  await repo.write({ 'sql/003_c.sql': 'DROP TABLE a;', 'x/migrations/001_a.sql': 'SELECT 1;' })
  await expect(rootsOf(repo)).rejects.toThrow(
    /^sql holds .*; now other folders look more like migrations, so/,
  )
})
