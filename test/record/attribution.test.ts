import { beforeAll, describe, expect, it } from 'vitest'
import { attribute } from '../../src/record/attribution.ts'
import type { CandidateFile, OutputLine } from '../../src/record/model.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { recorded, text, type MadeUp } from './made-up.ts'

beforeAll(loadParser)

interface Given {
  readonly files: readonly CandidateFile[]
  readonly output?: readonly OutputLine[]
  readonly underReview?: readonly string[]
  readonly direction?: 'up' | 'down'
}

/** The file of each statement that is not bookkeeping, BEGIN or COMMIT. */
function filesOf(
  steps: readonly (string | MadeUp)[],
  { files, output = [], underReview, direction = 'up' }: Given,
) {
  const statements = recorded(steps)
  const chapters = attribute(statements, {
    files,
    underReview: underReview ?? files.map(({ path }) => path),
    output,
    failed: statements.find(({ sent }) => sent.error !== undefined),
    direction,
  })
  return chapters.flatMap(({ file, recordedAs, statements: own }) =>
    own
      .filter(({ kind, tag }) => kind === 'work' && tag !== 'TransactionStmt')
      .map(({ sql }) => `${file?.path ?? recordedAs ?? '?'}: ${sql}`),
  )
}

const file = (path: string, content = ''): CandidateFile => ({ path, text: content })
const a = 'alter table a add column x int'
const b = 'alter table b add column x int'

describe('attribute', () => {
  it.each<[string, string, string, (one: 1 | 2) => string | MadeUp, string?, string?]>([
    [
      'Rails',
      'db/migrate/20260101000000_a.rb',
      'db/migrate/20260102000000_b.rb',
      (one) => ({
        sql: 'INSERT INTO "schema_migrations" ("version") VALUES ($1)',
        parameters: [text(one === 1 ? '20260101000000' : '20260102000000')],
      }),
    ],
    [
      'Knex',
      'migrations/20260101000000_a.js',
      'migrations/20260102000000_b.js',
      (one) =>
        `insert into "knex_migrations" ("batch", "migration_time", "name") values (${one}, now(), '2026010${one}000000_${one === 1 ? 'a' : 'b'}.js')`,
    ],
    [
      'Django',
      'shop/migrations/0001_initial.py',
      'blog/migrations/0001_initial.py',
      (one) =>
        `INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('${one === 1 ? 'shop' : 'blog'}', '0001_initial', now())`,
    ],
    [
      'Alembic',
      'alembic/versions/x_a.py',
      'alembic/versions/y_b.py',
      (one) =>
        one === 1
          ? "INSERT INTO alembic_version (version_num) VALUES ('abc123')"
          : "UPDATE alembic_version SET version_num='def456' WHERE alembic_version.version_num = 'abc123x'",
      "revision: str = 'abc123'",
      "revision = 'def456'",
    ],
    [
      'TypeORM',
      'src/migrations/1700000000001-A.ts',
      'src/migrations/1700000000002-B.ts',
      (one) =>
        `INSERT INTO "migrations"("timestamp", "name") VALUES (170000000000${one}, '${one === 1 ? 'A' : 'B'}170000000000${one}')`,
      'export class A1700000000001 implements',
      'export class B1700000000002 implements',
    ],
    [
      'Flyway',
      'sql/V1__a.sql',
      'sql/V2__b.sql',
      (one) =>
        `INSERT INTO "public"."flyway_schema_history" ("installed_rank", "version", "script") VALUES (${one}, '${one}', 'V${one}__${one === 1 ? 'a' : 'b'}.sql')`,
    ],
    [
      'diesel',
      'migrations/2026-01-01-000000_a/up.sql',
      'migrations/2026-01-02-000000_b/up.sql',
      (one) => `INSERT INTO __diesel_schema_migrations (version) VALUES ('2026010${one}000000')`,
    ],
    [
      'Liquibase, with paths of its own',
      'db/one.xml',
      'db/two.xml',
      (one) =>
        `INSERT INTO databasechangelog (ID, AUTHOR, FILENAME, MD5SUM, DEPLOYMENT_ID) VALUES ('1', 'ada', 'old/${one}.xml', '9:ab', '5339117914')`,
      '<changeSet id="1" author="ada" logicalFilePath="old/1.xml">',
      '<databaseChangeLog logicalFilePath="old/2.xml">',
    ],
    [
      'Directus',
      'migrations/20230401A-update-icons.js',
      'migrations/20230401B-themes.js',
      (one) =>
        `insert into "directus_migrations" ("name", "version") values ('${one === 1 ? 'Update Icons' : 'Themes'}', '20230401${one === 1 ? 'A' : 'B'}')`,
    ],
    [
      'goose',
      'migrations/00001_a.sql',
      'migrations/00002_b.sql',
      (one) => `INSERT INTO goose_db_version (version_id, is_applied) VALUES (${one}, true)`,
    ],
  ])('%s: what it records behind a file tells its statements', (_, one, two, write, oneText, twoText) => {
    expect(
      filesOf([a, write(1), b, write(2)], { files: [file(one, oneText ?? ''), file(two, twoText ?? '')] }),
    ).toEqual([`${one}: ${a}`, `${two}: ${b}`])
  })

  it('golang-migrate: what it records before and behind a file', () => {
    const files = [file('m/000001_a.up.sql'), file('m/000002_b.up.sql')]
    const write = (version: number, dirty: boolean): MadeUp => ({
      sql: 'INSERT INTO "public"."schema_migrations" (version, dirty) VALUES ($1, $2)',
      parameters: [text(String(version), 20), text(String(dirty), 16)],
    })
    expect(
      filesOf([write(1, true), a, write(1, false), write(2, true), b, write(2, false)], { files }),
    ).toEqual([`${files[0]?.path}: ${a}`, `${files[1]?.path}: ${b}`])
  })

  it('golang-migrate on the way down: it records where it will be', () => {
    const files = [1, 2, 3].map((one) => file(`m/00000${one}_x.up.sql`))
    const underReview = files.slice(1).map(({ path }) => path)
    const write = (version: number, dirty: boolean): string =>
      `INSERT INTO "public"."schema_migrations" (version, dirty) VALUES (${version}, ${dirty})`
    const steps = [write(2, true), b, write(2, false), write(1, true), a, write(1, false)]
    expect(filesOf(steps, { files, underReview, direction: 'down' })).toEqual([
      `${files[2]?.path}: ${b}`,
      `${files[1]?.path}: ${a}`,
    ])
  })

  it('Django on the way down: it prints where it goes to as well', () => {
    const files = ['0002_a', '0003_b', '0004_c'].map((name) => file(`shop/migrations/${name}.py`))
    const underReview = files.slice(1).map(({ path }) => path)
    const output = [
      { text: '  Target specific migration: 0002_a, from shop', atMs: 1 },
      { text: '  Unapplying shop.0004_c...', atMs: 2 },
    ]
    const steps = [{ sql: a, startedAtMs: 10, fails: '42703' }]
    expect(filesOf(steps, { files, underReview, output, direction: 'down' })).toEqual([
      `${files[2]?.path}: ${a}`,
    ])
  })

  it('Prisma: the second word names only the id of the first', () => {
    const files = [
      file('prisma/migrations/20260101_a/migration.sql'),
      file('prisma/migrations/20260102_b/migration.sql'),
    ]
    const id = (one: number): string => `0000000${one}-0000-4000-8000-000000000000`
    const write = (one: number): string =>
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('${id(one)}', 'x', '2026010${one}_${one === 1 ? 'a' : 'b'}')`
    const done = (one: number): string =>
      `UPDATE _prisma_migrations SET finished_at = now() WHERE id = '${id(one)}'`
    expect(filesOf([write(1), a, done(1), write(2), b, done(2)], { files })).toEqual([
      `${files[0]?.path}: ${a}`,
      `${files[1]?.path}: ${b}`,
    ])
  })

  const django = (app: string, name: string): string =>
    `INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('${app}', '${name}', now())`

  it('Django: every app has a 0001_initial, and those of libraries have no file here', () => {
    const files = [file('home/migrations/0001_initial.py'), file('home/migrations/0002_page.py')]
    const steps = [a, django('auth', '0001_initial'), b, django('home', '0001_initial')]
    expect(filesOf(steps, { files })).toEqual([`auth.0001_initial: ${a}`, `${files[0]?.path}: ${b}`])
  })

  it('Django: an app is called as its configuration says', () => {
    const files = [
      { ...file('src/wagtail/migrations/0001_initial.py'), apps: ['wagtailcore'] },
      { ...file('src/wagtail/users/migrations/0001_initial.py'), apps: ['wagtailusers'] },
    ]
    const steps = [a, django('wagtailusers', '0001_initial'), b, django('wagtailcore', '0001_initial')]
    expect(filesOf(steps, { files })).toEqual([`${files[1]?.path}: ${a}`, `${files[0]?.path}: ${b}`])
    const other = [a, django('users', '0001_initial')]
    expect(filesOf(other, { files })).toEqual([`users.0001_initial: ${a}`])
  })

  const revision = (one: string, before: string): CandidateFile =>
    file(`versions/${one}.py`, `revision: str = '${one}'\ndown_revision: str | None = '${before}'\n`)
  const rows = (one: string, before: string): string =>
    `UPDATE alembic_version SET version_num='${one}' WHERE alembic_version.version_num = '${before}'`

  it('Alembic: a revision that joins two branches is not the one whose row goes', () => {
    const files = [revision('a1', 'z0'), revision('b2', 'z0'), revision('c3', 'x')]
    const steps = [
      a,
      "DELETE FROM alembic_version WHERE alembic_version.version_num = 'a1'",
      rows('c3', 'b2'),
    ]
    expect(filesOf(steps, { files })).toEqual([`versions/c3.py: ${a}`])
  })

  it.each([
    ['the output', [{ text: 'INFO  [alembic.runtime.migration] Running upgrade c1 -> b2, note', atMs: 1 }]],
    ['the chain of revisions', []],
  ])('Alembic: %s tells which revision failed, whatever the order of names', (_, output) => {
    const files = [revision('a3', 'b2'), revision('b2', 'c1'), revision('c1', 'z0')]
    const steps = [a, rows('c1', 'z0'), { sql: b, fails: '42P01' }]
    expect(filesOf(steps, { files, output })).toEqual([`versions/c1.py: ${a}`, `versions/b2.py: ${b}`])
  })

  it('Django: the output tells which migration failed, also where it is a library’s', () => {
    const files = [file('shop/migrations/0002_note.py'), file('shop/migrations/0003_more.py')]
    const output = [
      { text: '  Applying shop.0002_note... OK', atMs: 1 },
      { text: '  Applying taggit.0005_auto...Traceback (most recent call last):', atMs: 2 },
    ]
    const steps = [a, django('shop', '0002_note'), { sql: b, fails: '42P01' }]
    expect(filesOf(steps, { files, output })).toEqual([`${files[0]?.path}: ${a}`, `taggit.0005_auto: ${b}`])
  })

  it('a failure belongs to the first file that is not recorded', () => {
    const files = [file('m/001_a.js'), file('m/002_b.js')]
    expect(
      filesOf(
        [a, "insert into pgmigrations (name, run_on) values ('001_a', now())", { sql: b, fails: '42P01' }],
        {
          files,
        },
      ),
    ).toEqual([`m/001_a.js: ${a}`, `m/002_b.js: ${b}`])
  })

  it('without records, what the command printed before tells it', () => {
    const files = [file('m/001_a.js'), file('m/002_b.js')]
    const output = [
      { text: '> running 001_a.js', atMs: 5 },
      { text: '> running 002_b.js', atMs: 105 },
    ]
    const steps = [
      { sql: a, startedAtMs: 10 },
      { sql: b, startedAtMs: 110 },
    ]
    expect(filesOf(steps, { files, output })).toEqual([`m/001_a.js: ${a}`, `m/002_b.js: ${b}`])
  })

  it('a path that is printed names one file, though another folder has one of that name', () => {
    const files = [file('m/mysql/001_a.sql'), file('m/postgres/001_a.sql'), file('m/postgres/002_b.sql')]
    const output = [
      { text: 'applying m/postgres/001_a.sql', atMs: 5 },
      { text: 'applying m/postgres/002_b.sql', atMs: 105 },
    ]
    const steps = [
      { sql: a, startedAtMs: 10 },
      { sql: b, startedAtMs: 110 },
    ]
    expect(filesOf(steps, { files, output })).toEqual([
      `m/postgres/001_a.sql: ${a}`,
      `m/postgres/002_b.sql: ${b}`,
    ])
  })

  it('a name that is printed without its folder, and that files of several folders have, names none', () => {
    const files = [file('m/orders/001_a.sql'), file('m/users/001_a.sql'), file('m/users/002_b.sql')]
    const steps = [
      { sql: a, startedAtMs: 10 },
      { sql: b, startedAtMs: 110 },
    ]
    const lines = (...atMs: readonly [number, number]): readonly OutputLine[] => [
      { text: 'running 001_a.sql', atMs: atMs[0] },
      { text: 'running 002_b.sql', atMs: atMs[1] },
    ]
    const expected = [`?: ${a}`, `m/users/002_b.sql: ${b}`]
    expect(filesOf(steps, { files, output: lines(5, 105) })).toEqual(expected)
    expect(filesOf(steps, { files, output: lines(50, 150) })).toEqual(expected)
    const words = [{ text: '2 of 3: sql', atMs: 105 }, ...lines(5, 105).slice(1)]
    expect(filesOf(steps, { files, output: words })).toEqual([
      `m/users/002_b.sql: ${a}`,
      `m/users/002_b.sql: ${b}`,
    ])
  })

  it('the only file under review is it, and of several nobody knows', () => {
    const files = [file('m/001_a.js'), file('m/002_b.js')]
    expect(filesOf([a], { files, underReview: ['m/002_b.js'] })).toEqual([`m/002_b.js: ${a}`])
    expect(filesOf([a], { files })).toEqual([`?: ${a}`])
  })
})
