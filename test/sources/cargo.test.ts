import { describe, expect, test } from 'vitest'
import { configuredRoot } from '../../src/review/roots.ts'
import { folderOwners } from '../../src/sources/owners.ts'
import { sources } from '../../src/sources/index.ts'
import { treeOf } from './file-tree.ts'

async function rootsOf(contents: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const tree = treeOf(contents)
  const roots = await Promise.all(sources.map((source) => source.detect(tree)))
  return roots.flat().map(({ source, dir }) => `${source} ${dir}`)
}

async function ownersOf(contents: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const owners = await folderOwners(treeOf(contents))
  return owners.map(({ tool, source = 'none', dir }) => `${tool} (${source}) ${dir}`)
}

const sqlxDependency = '[dependencies]\nsqlx = { version = "0.8", features = ["postgres"] }\n'

describe('the folder', () => {
  test.each([
    ['beside the manifest', 'migrations', ''],
    ['named in code', 'schema/pg', 'sqlx::migrate!("schema/pg").run(&pool)'],
    ['given to a Migrator', 'sql/v2', 'Migrator::new(std::path::Path::new("./sql/v2"))'],
  ])('of sqlx is found %s', async (_, dir, code) => {
    const files = { 'Cargo.toml': sqlxDependency, 'src/main.rs': code, [`${dir}/1_a.sql`]: '' }
    expect(await rootsOf(files)).toEqual([`sqlx ${dir}`])
  })

  test('may lie outside of the package, but not outside of the project', async () => {
    const files = {
      'services/api/Cargo.toml': sqlxDependency,
      'services/api/src/db.rs': 'migrate!("../../db/changes"); migrate!("../../../../etc/1");',
      'db/changes/1_a.sql': '',
    }
    expect(await rootsOf(files)).toEqual(['sqlx db/changes'])
  })

  test('of a workspace is found beside the outer manifest', async () => {
    const files = {
      'Cargo.toml': '[workspace]\nmembers = ["api"]\n',
      'api/Cargo.toml': '[dependencies]\nsqlx.workspace = true\n',
      'migrations/20240101000000_a.sql': '',
    }
    expect(await rootsOf(files)).toEqual(['sqlx migrations'])
  })

  test('is the one that diesel.toml or sqlx.toml names', async () => {
    const diesel = {
      'diesel.toml': '[migrations_directory]\ndir = "db/diesel"\n',
      'db/diesel/1_a/up.sql': '',
    }
    expect(await rootsOf(diesel)).toEqual(['diesel db/diesel'])
    const sqlx = { 'sqlx.toml': '[migrate]\nmigrations-dir = "db/pg"\n', 'db/pg/1_a.sql': '' }
    expect(await rootsOf(sqlx)).toEqual(['sqlx db/pg'])
  })

  test('of Diesel is told from Hasura’s by the manifest or the initial setup', async () => {
    const files = { 'migrations/20240101000000_a/up.sql': '', 'migrations/20240101000000_a/down.sql': '' }
    expect(await ownersOf(files)).toEqual(['Hasura (none) migrations'])
    const manifest = '[dependencies]\ndiesel = { version = "2", features = ["postgres"] }\n'
    expect(await rootsOf({ ...files, 'Cargo.toml': manifest })).toEqual(['diesel migrations'])
    const setup = { 'migrations/00000000000000_diesel_initial_setup/up.sql': '' }
    expect(await rootsOf({ ...files, ...setup })).toEqual(['diesel migrations'])
  })

  test('keeps its tool when the configuration names it', async () => {
    const tree = treeOf({ 'Cargo.toml': sqlxDependency, 'migrations/1_a.up.sql': '' })
    const root = await configuredRoot(tree, sources, 'migrations', {})
    expect(root).toEqual({ source: 'sqlx', dir: 'migrations', found: 'configured' })
  })

  test('of refinery is not Flyway’s', async () => {
    const manifest = '[dependencies]\nrefinery = { version = "0.8", features = ["tokio-postgres"] }\n'
    const code = 'embed_migrations!("sql")'
    const files = { 'Cargo.toml': manifest, 'src/lib.rs': code, 'sql/a/V1__a.sql': '', 'sql/b/U2__b.sql': '' }
    expect(await rootsOf(files)).toEqual(['refinery sql'])
  })
})

describe('a project', () => {
  test('that queries with sqlx and migrates with dbmate is dbmate’s', async () => {
    const marked = { 'Cargo.toml': sqlxDependency, 'migrations/1_a.sql': '-- migrate:up\n-- migrate:down\n' }
    expect((await ownersOf(marked)).map((owner) => owner.split(' ')[0])).toEqual(['dbmate'])
    const summed = { 'Cargo.toml': sqlxDependency, 'migrations/1_a.sql': '', 'migrations/atlas.sum': '' }
    expect((await ownersOf(summed)).map((owner) => owner.split(' ')[0])).toEqual(['Atlas'])
  })

  test.each([
    ['features', 'sqlx = { version = "0.8", features = [\n "sqlite",\n "migrate" ] }', 'migrations'],
    ['a dependency table', '[dependencies.sqlx]\nversion = "0.8"\nfeatures = ["mysql"]\n', 'migrations'],
    ['the folder', 'sqlx = { version = "0.8", features = ["sqlite", "postgres"] }', 'migrations/sqlite'],
  ])('for another database is not taken: by %s', async (_, dependency, dir) => {
    const files = {
      'Cargo.toml': `[dependencies]\n${dependency}\n`,
      'src/main.rs': `sqlx::migrate!("${dir}")`,
      [`${dir}/1_a.sql`]: '',
    }
    expect(await rootsOf(files)).toEqual([])
    expect(await ownersOf(files)).toEqual([`sqlx for another database than Postgres (none) ${dir}`])
  })

  test('reads the features of the workspace', async () => {
    const files = {
      'Cargo.toml': '[workspace.dependencies]\ndiesel = { version = "2", features = ["sqlite"] }\n',
      'app/Cargo.toml': '[dependencies]\ndiesel = { workspace = true }\n',
      'app/migrations/2024-01-01-000000_a/up.sql': '',
    }
    expect(await rootsOf(files)).toEqual([])
  })

  test('for two databases keeps Postgres’ folder', async () => {
    const files = {
      'Cargo.toml': '[dependencies]\nsqlx = { version = "0.8", features = ["sqlite", "postgres"] }\n',
      'src/main.rs': 'migrate!("migrations/sqlite"); migrate!("migrations/postgres");',
      'migrations/sqlite/1_a.sql': '',
      'migrations/postgres/1_a.sql': '',
    }
    expect(await rootsOf(files)).toEqual(['sqlx migrations/postgres'])
  })

  test('beside another language’s leaves it its folder', async () => {
    const files = {
      'go.mod': '',
      'migrations/1_a.up.sql': '',
      'worker/Cargo.toml': sqlxDependency,
      'worker/src/main.rs': 'sqlx::query("SELECT 1")',
    }
    expect(await rootsOf(files)).toEqual(['golang-migrate migrations'])
    const own = { ...files, 'Cargo.toml': '[workspace]\n', 'worker/migrations/1_b.sql': '' }
    expect(await rootsOf(own)).toEqual(['sqlx worker/migrations', 'golang-migrate migrations'])
  })

  test('without such a crate keeps its plain SQL', async () => {
    const files = { 'Cargo.toml': '[dependencies]\nserde = "1"\n', 'migrations/1_a.sql': '' }
    expect(await rootsOf(files)).toEqual(['plain-sql migrations'])
  })
})
