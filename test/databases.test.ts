import { describe, expect, it } from 'vitest'
import type { Config } from '../src/config/schema.ts'
import { databaseName, databasesOf, type Database } from '../src/databases.ts'

const request = {
  cwd: '/nowhere',
  paths: [] as readonly string[],
  all: false,
  staged: false,
  env: {},
  only: [] as readonly string[],
}

const config: Config = {
  timeZone: 'UTC',
  rules: { 'ban-truncate': { severity: 'off' }, 'ban-drop-column': { severity: 'warning' } },
  databases: [
    { name: 'billing', migrations: [{ dir: 'services/billing/db' }], timeZone: 'Europe/Berlin' },
    {
      name: 'catalog',
      migrations: [{ dir: 'services/catalog/db' }],
      rules: { 'ban-drop-column': { severity: 'off' } },
      queries: { files: ['app/**'] },
    },
  ],
}

const namesOf = (databases: readonly Database[]): unknown =>
  databases.map(({ name, paths }) => [name, ...paths])

describe('databases of a configuration', () => {
  it('are judged with what is said of each in the place of what is said of all; rules are united', async () => {
    const [billing, catalog] = await databasesOf({ ...request, config })
    expect(billing?.config).toEqual({
      timeZone: 'Europe/Berlin',
      rules: config.rules,
      migrations: [{ dir: 'services/billing/db' }],
    })
    expect(catalog?.config).toMatchObject({
      timeZone: 'UTC',
      rules: { 'ban-truncate': { severity: 'off' }, 'ban-drop-column': { severity: 'off' } },
    })
  })

  it('have the code of their own folder, or that which the configuration names', async () => {
    const databases = await databasesOf({ ...request, config })
    expect(databases.map(({ codeDir }) => codeDir)).toEqual(['services/billing', undefined])
  })

  it('are chosen by name', async () => {
    expect(namesOf(await databasesOf({ ...request, config, only: ['catalog'] }))).toEqual([['catalog']])
    await expect(databasesOf({ ...request, config, only: ['catalogue'] })).rejects.toMatchObject({
      message: 'There is no database called "catalogue".',
      hint: 'Did you mean "catalog"?',
    })
  })

  it('are chosen by the paths that lie in them', async () => {
    const paths = ['services/billing/db/2.sql', 'services/billing/db/3.sql']
    expect(namesOf(await databasesOf({ ...request, config, paths }))).toEqual([['billing', ...paths]])
    expect(namesOf(await databasesOf({ ...request, config, paths: ['services'] }))).toEqual([
      ['billing', 'services'],
      ['catalog', 'services'],
    ])
  })

  it('leave a path that lies in none of them to the common configuration', async () => {
    const [one, ...others] = await databasesOf({ ...request, config, paths: ['x/1.sql'] })
    expect(others).toEqual([])
    expect(one?.name).toBeUndefined()
    expect(one?.config.databases).toBeUndefined()
  })

  it('speak of files that are gone one each, not all at once', async () => {
    const spoken = async (own: Config, file: string): Promise<unknown> =>
      (await databasesOf({ ...request, config: own })).map(({ speaksFor }) => speaksFor?.(file))
    expect(await spoken(config, 'services/catalog/db/9.sql')).toEqual([false, true])
    expect(await spoken(config, 'services/billing/app.sql')).toEqual([true, false])
    expect(await spoken(config, 'elsewhere.sql')).toEqual([true, false])
    const apart = (config.databases ?? []).map((database) => ({
      ...database,
      baseline: `${database.name}.yaml`,
    }))
    expect(await spoken({ ...config, databases: apart }, 'elsewhere.sql')).toEqual([undefined, undefined])
  })

  it('let the first of all tell which folders are nobody’s, and none where some are chosen', async () => {
    const besides = async (only: readonly string[]): Promise<unknown> =>
      (await databasesOf({ ...request, config, only })).map((database) => database.besides)
    expect(await besides([])).toEqual([['services/billing/db', 'services/catalog/db'], undefined])
    expect(await besides(['billing'])).toEqual([undefined])
  })

  it('are one for each entry of `migrations`', async () => {
    const migrations = [{ dir: 'db/main/migrations' }, { dir: 'db/reports/migrations' }]
    expect(namesOf(await databasesOf({ ...request, config: { migrations } }))).toEqual([
      ['db-main'],
      ['db-reports'],
    ])
  })
})

describe('the name of a database', () => {
  it.each([
    ['services/billing/db/migrations', ['services/catalog/migrations'], 'services-billing'],
    ['migrations', ['legacy/migrations'], 'migrations'],
    ['db/Main_DB/sql', ['db/other'], 'db-main-db'],
    ['apps/a-very-long-name-of-an-application/db', ['apps/b'], 'very-long-name-of-an-application'],
    ['services/assets/migrations/postgres', ['services/assets/migrations/pg'], 'assets-migrations-postgres'],
    [`apps/${'x'.repeat(40)}`, ['apps/b'], 'x'.repeat(32)],
    ['', ['x'], 'root'],
  ])('%s beside %j is %s', (dir, others, name) => {
    expect(databaseName(dir, [dir, ...others])).toBe(name)
  })
})
