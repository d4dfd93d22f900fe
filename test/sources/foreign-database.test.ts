import { expect, test } from 'vitest'
import { foreignDatabase } from '../../src/sources/foreign-database.ts'
import { goose } from '../../src/sources/goose.ts'
import { golangMigrate } from '../../src/sources/golang-migrate.ts'
import { plainSql } from '../../src/sources/plain-sql.ts'
import { unsupportedFolders } from '../../src/sources/owners.ts'
import { treeOf } from './file-tree.ts'

test.each([
  ['migrations/mysql', 'MySQL'],
  ['db/sqlite3/migrations', 'SQLite'],
  ['migrations_sqlite', 'SQLite'],
  ['mysql-migrations', 'MySQL'],
  ['db/migration/h2', 'H2'],
  ['migrations/postgres', undefined],
  ['migrations', undefined],
  ['plugins/mysql/store/migrations', undefined],
  ['services/mysqldump/migrations', undefined],
  ['constructor/migrations', undefined],
])('%s is for %s', (dir, database) => {
  expect(foreignDatabase(dir)).toBe(database)
})

test('projects on several databases: what is not for Postgres is left to nobody, and said', async () => {
  const tree = treeOf({
    'assets/postgres/001_a.sql': '-- +goose Up\nSELECT 1;',
    'assets/mysql/001_a.sql': '-- +goose Up\nSELECT 1;',
    'store/postgres/1_a.up.sql': 'SELECT 1;',
    'store/sqlite/1_a.up.sql': 'SELECT 1;',
    'sql/pg/migrations/001_a.sql': 'SELECT 1;',
    'sql/clickhouse/migrations/001_a.sql': 'SELECT 1;',
    'sql/clickhouse/schema.sql': 'SELECT 1;',
  })
  const found = [goose, golangMigrate, plainSql].map((source) => source.detect(tree))
  const dirs = (await Promise.all(found)).map((roots) => roots.map(({ dir }) => dir))
  expect(dirs).toEqual([['assets/postgres'], ['store/postgres'], ['sql/pg/migrations']])
  expect((await unsupportedFolders(tree)).map(({ tool, dir }) => `${dir}: ${tool}`)).toEqual([
    'assets/mysql: goose for another database than Postgres',
    'sql/clickhouse/migrations: migrations for ClickHouse',
    'store/sqlite: migrations for SQLite',
  ])
})
