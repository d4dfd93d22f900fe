import { describe, expect, test } from 'vitest'
import { flyway } from '../../src/sources/flyway.ts'
import { emptyFiles, treeOf } from './file-tree.ts'

const root = { source: 'flyway', dir: 'sql', found: 'layout' } as const

const files = (...names: readonly string[]): ReturnType<typeof emptyFiles> =>
  emptyFiles(...names.map((name) => `sql/${name}`))

describe('finding the folder', () => {
  test.each([
    ['sql/V1__a.sql', 'sql'],
    ['src/main/resources/db/migration/V1__a.sql', 'src/main/resources/db/migration'],
    ['db/migration/2024/V1__a.sql', 'db/migration'],
    ['schema/V1__a.sql', 'schema'],
    ['V1__a.sql', ''],
    ['db/migration/R__views.sql', 'db/migration'],
  ])('%s lies in the location "%s"', async (path, dir) => {
    expect(await flyway.detect(emptyFiles(path))).toEqual([{ source: 'flyway', dir, found: 'layout' }])
  })

  test('knows one location with subfolders as one root', async () => {
    const tree = emptyFiles(
      'db/migration/V1__a.sql',
      'db/migration/2024/V2__b.sql',
      'db/migration/2025/q1/V3__c.sql',
    )
    expect(await flyway.detect(tree)).toHaveLength(1)
  })

  test('passes over build output and the folders of other databases', async () => {
    const tree = emptyFiles(
      'src/main/resources/db/migration/postgresql/V1__a.sql',
      'src/main/resources/db/migration/h2/V1__a.sql',
      'target/classes/db/migration/postgresql/V1__a.sql',
      'build/resources/main/db/migration/postgresql/V1__a.sql',
    )
    const roots = await flyway.detect(tree)
    expect(roots.map(({ dir }) => dir)).toEqual(['src/main/resources/db/migration'])
    const set = await flyway.load(roots[0] ?? root, tree, {})
    expect(set.scripts.map(({ file }) => file)).toEqual([
      'src/main/resources/db/migration/postgresql/V1__a.sql',
    ])
  })

  test.each([
    ['flyway.conf', 'flyway.locations=filesystem:db/core, filesystem:db/extra\n'],
    ['conf/flyway.conf', 'flyway.locations=filesystem:db/core,filesystem:db/extra\n'],
    [
      'flyway.toml',
      '[flyway]\nlocations = [\n  "filesystem:db/core", # first\n  "filesystem:db/extra",\n]\n',
    ],
  ])('reads the locations of %s', async (configFile, text) => {
    const tree = treeOf({
      [configFile]: text,
      'db/core/V1__a.sql': '',
      'db/extra/V2__b.sql': '',
      'sql/V3__c.sql': '',
    })
    const roots = await flyway.detect(tree)
    expect(roots).toEqual([
      { source: 'flyway', dir: 'db/core', otherDirs: ['db/extra'], found: 'config file', configFile },
      { source: 'flyway', dir: 'sql', found: 'layout' },
    ])
    const set = await flyway.load(roots[0] ?? root, tree, {})
    expect(set.scripts.map(({ file }) => file)).toEqual(['db/core/V1__a.sql', 'db/extra/V2__b.sql'])
  })

  test('reads the locations of a Spring Boot module, relative to its resources', async () => {
    const tree = treeOf({
      'shop/src/main/resources/application.properties': 'spring.flyway.locations=classpath:db/{vendor}\n',
      'shop/src/main/resources/db/postgresql/V1__a.sql': '',
      'shop/src/main/resources/db/oracle/V1__a.sql': '',
    })
    expect((await flyway.detect(tree)).map(({ dir }) => dir)).toEqual([
      'shop/src/main/resources/db/postgresql',
    ])
  })

  test('does not follow a location out of the project', async () => {
    const tree = treeOf({ 'flyway.conf': 'flyway.locations=filesystem:../../etc\n', 'sql/V1__a.sql': '' })
    expect(await flyway.detect(tree)).toEqual([root])
  })

  test('leaves Refinery its folder, which has the same names', async () => {
    const tree = treeOf({ 'Cargo.toml': '[dependencies]\nrefinery = "0.8"\n', 'migrations/V1__a.sql': '' })
    expect(await flyway.detect(tree)).toEqual([])
  })
})

describe('order', () => {
  test('compares versions part by part as numbers, with _ for a dot', async () => {
    const set = await flyway.load(
      root,
      files('V10__f.sql', 'V2__c.sql', 'V1_10__b.sql', 'V1.9__a.sql', 'V2.0.1__d.sql', 'V3__e.sql'),
      {},
    )
    expect(set.scripts.map(({ version }) => version)).toEqual(['1.9', '1.10', '2', '2.0.1', '3', '10'])
  })

  test('runs repeatable migrations last, in the order of their descriptions', async () => {
    const set = await flyway.load(root, files('R__b_view.sql', 'R__a_view.sql', 'V1__z.sql'), {})
    expect(set.scripts.map(({ title, repeatable }) => [title, repeatable])).toEqual([
      ['z', false],
      ['a view', true],
      ['b view', true],
    ])
  })

  test('starts a new database at the newest baseline', async () => {
    const names = ['B3__old.sql', 'B5__base.sql', 'V4__d.sql', 'V5__e.sql', 'V6__f.sql', 'R__v.sql']
    const set = await flyway.load(root, files(...names), {})
    expect(set.scripts.map(({ file }) => file)).toEqual(['sql/B5__base.sql', 'sql/V6__f.sql', 'sql/R__v.sql'])
    expect(set.baseline).toBe('sql/B5__base.sql')
    expect(set.skipped?.map(({ file, reason }) => `${file}: ${reason}`)).toEqual([
      'sql/V4__d.sql: sql/B5__base.sql replaces it on a new database',
      'sql/V5__e.sql: sql/B5__base.sql replaces it on a new database',
    ])
  })

  test.each([
    ['V1__a.sql', 'V1.0__b.sql', 'Version 1'],
    ['V1_1__a.sql', 'V1.1__b.sql', 'Version 1.1'],
    ['2023/R__a.sql', '2024/R__a.sql', 'Version R "a"'],
  ])('refuses %s beside %s', async (first, second, version) => {
    const set = await flyway.load(root, files(first, second), {})
    expect(set.problems).toMatchObject([{ code: 'duplicate-version' }])
    expect(set.problems[0]?.message).toContain(version)
    expect(set.problems[0]?.message).toContain(first)
    expect(set.problems[0]?.message).toContain(second)
  })

  test('runs all migrations on one connection', async () => {
    expect((await flyway.load(root, files('V1__a.sql'), {})).sharesSession).toBe(true)
  })
})

describe('files that do not run', () => {
  test.each([
    ['U1__a.sql', 'undo migrations run only on a rollback', false],
    [
      'afterEachMigrate__grant.sql',
      'Flyway runs it in the transaction of every migration, and we do not',
      true,
    ],
    ['beforeClean.sql', 'Flyway does not run beforeClean when it migrates', false],
    ['createSchema.sql', 'nothing sets off createSchema here', false],
    ['V1_a.sql', 'Flyway ignores it: "1_a" is not a version (the name needs __ after the version)', false],
    ['Views.sql', 'Flyway ignores it: "iews" is not a version (the name needs __ after the version)', false],
    ['schema.sql', 'its name starts with no prefix that Flyway knows', false],
    ['R1__a.sql', 'Flyway ignores it: R1__a.sql is neither a migration nor a callback', false],
  ])('says of %s: %s', async (name, reason, affectsOthers) => {
    const set = await flyway.load(root, files(name), {})
    expect(set.scripts).toEqual([])
    expect(set.skipped).toEqual([{ file: `sql/${name}`, reason, affectsOthers }])
  })

  test('says that Java migrations leave a gap', async () => {
    const path = 'src/main/java/db/migration/V2__Backfill.java'
    const set = await flyway.load(root, emptyFiles('sql/V1__a.sql', path), {})
    expect(set.skipped).toEqual([{ file: path, reason: 'Java migrations are not run', affectsOthers: true }])
  })
})

describe('transactions', () => {
  const transactionOf = async (
    contents: Readonly<Record<string, string>>,
    options: Parameters<typeof flyway.load>[2] = {},
  ): Promise<unknown> => (await flyway.load(root, treeOf(contents), options)).scripts[0]?.transaction

  test('wraps a migration in one by default', async () => {
    expect(await transactionOf({ 'sql/V1__a.sql': 'SELECT 1;' })).toEqual({
      mode: 'file',
      why: 'Flyway default',
    })
  })

  test('has none when a statement cannot run in one', async () => {
    expect(await transactionOf({ 'sql/V1__a.sql': '\nCREATE INDEX CONCURRENTLY i ON t (a);' })).toEqual({
      mode: 'statement',
      why: 'Flyway runs a script with CREATE INDEX CONCURRENTLY (line 2) outside a transaction',
    })
  })

  test('refuses both kinds in one script', async () => {
    const tree = treeOf({ 'sql/V1__a.sql': 'SELECT 1;\nCREATE INDEX CONCURRENTLY i ON t (a);' })
    const set = await flyway.load(root, tree, {})
    expect(set.scripts).toHaveLength(1)
    expect(set.problems).toEqual([
      {
        code: 'refused-by-tool',
        file: 'sql/V1__a.sql',
        message:
          'Flyway refuses sql/V1__a.sql: CREATE INDEX CONCURRENTLY in line 2 cannot run in a transaction, ' +
          'other statements of the file need one; move it to a migration of its own, or set mixed.',
      },
    ])
  })

  test('takes both kinds when mixed is set', async () => {
    const text = 'SELECT 1;\nCREATE INDEX CONCURRENTLY i ON t (a);'
    const set = await flyway.load(
      root,
      treeOf({
        'flyway.toml':
          'flyway.mixed = true\nflyway.postgresql.transactional.lock = false\n[flyway]\nlocations = ["filesystem:sql"]\n',
        'sql/V1__a.sql': text,
      }),
      {},
    )
    expect(set.problems).toEqual([])
    expect(set.scripts[0]?.transaction.mode).toBe('statement')
  })

  test('follows the configuration of the script itself', async () => {
    expect(
      await transactionOf({
        'sql/V1__a.sql': 'SELECT 1;',
        'sql/V1__a.sql.conf': 'executeInTransaction=false\n',
      }),
    ).toEqual({ mode: 'statement', why: 'V1__a.sql.conf says executeInTransaction=false' })
  })

  test('follows the script configuration against what the statements need, as Flyway does', async () => {
    expect(
      await transactionOf({
        'sql/V1__a.sql': 'VACUUM t;',
        'sql/V1__a.sql.conf': 'executeInTransaction=true\n',
      }),
    ).toEqual({ mode: 'file', why: 'V1__a.sql.conf says executeInTransaction=true' })
  })

  test('puts all pending migrations in one with group', async () => {
    expect(await transactionOf({ 'sql/V1__a.sql': '', 'flyway.conf': 'flyway.group=true\n' })).toEqual({
      mode: 'run',
      why: 'flyway.conf says group=true',
    })
  })

  test('takes the transaction of the configuration first', async () => {
    const transaction = { mode: 'statement', why: 'configuration' } as const
    expect(await transactionOf({ 'sql/V1__a.sql': '' }, { transaction })).toEqual(transaction)
  })
})

describe('placeholders', () => {
  const tree = treeOf({
    'flyway.conf': 'flyway.placeholders.owner=shop\nflyway.placeholders.role=reader\nflyway.table=history\n',
    'sql/V1__a.sql':
      'GRANT ${role} TO ${owner}; -- ${flyway:defaultSchema}, ${flyway:table}, ${flyway:filename}',
  })

  test('are filled in from the configuration, options first', async () => {
    const set = await flyway.load(root, tree, { placeholders: { role: 'writer' } })
    expect(set.scripts[0]?.text).toBe('GRANT writer TO shop; -- public, history, V1__a.sql')
    expect(set.problems).toEqual([])
  })

  test('without a value keep the script from running, and are all named', async () => {
    const set = await flyway.load(root, treeOf({ 'sql/V1__a.sql': 'SELECT ${a}, ${b}, ${a};' }), {})
    expect(set.scripts).toEqual([])
    expect(set.problems).toEqual([
      {
        code: 'unresolved-placeholder',
        file: 'sql/V1__a.sql',
        message:
          'sql/V1__a.sql uses ${a}, ${b}, for which no value is known; give one under placeholders in the configuration.',
      },
    ])
  })

  test('are not looked up on the prototype of objects', async () => {
    const set = await flyway.load(root, treeOf({ 'sql/V1__a.sql': '${constructor}' }), {})
    expect(set.problems).toHaveLength(1)
  })

  test('stay as they are when replacement is off', async () => {
    const set = await flyway.load(
      root,
      treeOf({ 'flyway.conf': 'flyway.placeholderReplacement=false\n', 'sql/V1__a.sql': "SELECT '${a}';" }),
      {},
    )
    expect(set.scripts[0]?.text).toBe("SELECT '${a}';")
  })

  test("take the default of a Spring variable, whatever the environment's value is", async () => {
    const contents = {
      'src/main/resources/application.yml':
        'spring:\n  flyway:\n    placeholders:\n      db-schema: ${SCHEMA:shop}\n',
      'src/main/resources/db/migration/V1__a.sql': 'CREATE SCHEMA ${db-schema};',
    }
    const spring = treeOf(contents)
    const [found] = await flyway.detect(spring)
    const set = await flyway.load(found ?? root, spring, {})
    expect(set.scripts[0]?.text).toBe('CREATE SCHEMA shop;')
  })
})

describe('callbacks', () => {
  test('of the whole run are scripts between the migrations, in transactions of their own', async () => {
    const names = ['V1__a', 'R__v', 'afterMigrate__2', 'afterMigrate', 'beforeMigrate', 'beforeRepeatables']
    const tree = treeOf({
      'flyway.conf': 'flyway.schemas=shop\nflyway.group=true\n',
      ...Object.fromEntries(
        [...names, 'createSchema', 'afterVersioned'].map((name) => [`sql/${name}.sql`, '']),
      ),
    })
    const { scripts, skipped } = await flyway.load(root, tree, {})
    expect(scripts.map(({ file, transaction: { mode } }) => `${file} ${mode}`)).toEqual([
      'sql/createSchema.sql file',
      'sql/beforeMigrate.sql file',
      'sql/V1__a.sql run',
      'sql/afterVersioned.sql file',
      'sql/beforeRepeatables.sql file',
      'sql/R__v.sql run',
      'sql/afterMigrate.sql file',
      'sql/afterMigrate__2.sql file',
    ])
    expect(scripts.map(({ repeatable }) => repeatable)).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
      true,
      true,
    ])
    expect(skipped).toEqual([])
  })

  test('of each migration count with what they set; the rest is said', async () => {
    const tree = treeOf({
      'sql/V1__a.sql': '',
      'sql/beforeEachMigrate.sql': "-- ours\nSET lock_timeout = '4s'; SET LOCAL statement_timeout TO 60000;",
      'sql/beforeEachMigrate__role.sql': 'SET ROLE owner;',
    })
    const { foundation, skipped, scripts } = await flyway.load(root, tree, {})
    expect(foundation?.settings).toEqual({ lock_timeout: '4s', statement_timeout: '60000' })
    expect(skipped).toMatchObject([{ file: 'sql/beforeEachMigrate__role.sql', affectsOthers: true }])
    expect(scripts).toHaveLength(1)
  })

  test('end their session', async () => {
    const tree = treeOf({ 'sql/V1__a.sql': '', 'sql/beforeMigrate.sql': "SET lock_timeout = '1s';" })
    const { scripts } = await flyway.load(root, tree, {})
    expect(scripts[0]?.text).toBe("SET lock_timeout = '1s';\n;\nRESET ROLE;\nRESET ALL;\n")
  })
})

describe('the session', () => {
  test.each([
    ["SELECT pg_catalog.set_config('search_path', '', false);", 'RESET search_path;\n'],
    ['set search_path to x;', 'RESET search_path;\n'],
    ['SET ROLE owner;', 'RESET ROLE;\n'],
    ["SET lock_timeout = '1s'; SET LOCAL search_path = x;", ''],
  ])('has its search_path and role put back after %s', async (sql, after) => {
    const { scripts } = await flyway.load(root, treeOf({ 'sql/V1__a.sql': sql }), {})
    expect(scripts[0]?.text).toBe(after === '' ? sql : `${sql}\n;\n${after}`)
  })

  test('begins with initSql and the default schema, in which Flyway’s table stands', async () => {
    const conf =
      "flyway.schemas=shop,other\nflyway.table=history\nflyway.initSql=SET role_mode = 'x'; SELECT 1\n"
    const { foundation } = await flyway.load(root, treeOf({ 'flyway.conf': conf, 'sql/V1__a.sql': '' }), {})
    expect(foundation?.settings).toEqual({ role_mode: 'x', search_path: '"shop", "$user", public' })
    expect(foundation?.sql).toMatch(
      /^SELECT 1;\nCREATE SCHEMA IF NOT EXISTS "shop";\nCREATE SCHEMA IF NOT EXISTS "other";\nCREATE TABLE "shop"."history" /,
    )
  })
})

test('flyway.toml has the connection in tables of its own', async () => {
  const toml =
    '[environments.default]\nschemas = ["wrong"]\n[environments.prod]\nschemas = ["shop"]\nuser = "app"\n[flyway]\nenvironment = "prod"\n'
  const tree = treeOf({ 'flyway.toml': toml, 'sql/V1__a.sql': '${flyway:user} ${flyway:defaultSchema}' })
  const { scripts, foundation } = await flyway.load(root, tree, {})
  expect(scripts[0]?.text).toBe('app shop')
  expect(foundation?.settings).toEqual({ search_path: '"shop", "$user", public' })
})

describe('script configuration', () => {
  test('says the encoding, and whether to run at all', async () => {
    const tree = treeOf({
      'flyway.conf': 'flyway.encoding=ISO-8859-1\n',
      'sql/V1__a.sql': new Uint8Array([0x2d, 0x2d, 0xe9]),
      'sql/V2__b.sql': '-- é',
      'sql/V2__b.sql.conf': 'encoding=UTF-8\n',
      'sql/V3__c.sql': '',
      'sql/V3__c.sql.conf': 'shouldExecute=false\n',
      'sql/V4__d.sql': '',
      'sql/V4__d.sql.conf': 'encoding=KLINGON\n',
    })
    const { scripts, skipped, problems } = await flyway.load(root, tree, {})
    expect(scripts.map(({ text }) => text)).toEqual(['--é', '-- é'])
    expect(skipped).toMatchObject([{ file: 'sql/V3__c.sql' }])
    expect(problems).toMatchObject([{ code: 'unreadable-file', file: 'sql/V4__d.sql' }])
  })
})

test('placeholders have no case, and Flyway’s own ones come from the configuration', async () => {
  const conf =
    'flyway.user=app\nflyway.url=jdbc:postgresql://db:5432/shop?ssl=true\nflyway.placeholders.OWNER=o\n'
  const sql = '${owner} ${Flyway:User} ${flyway:database} ${flyway:environment}'
  const { scripts } = await flyway.load(root, treeOf({ 'flyway.conf': conf, 'sql/V1__a.sql': sql }), {})
  expect(scripts[0]?.text).toBe('o app shop default')
})

test.each([
  [
    'a configuration that leaves the lock as it is',
    'flyway.locations=filesystem:sql\n',
    ['refused-by-tool warning'],
  ],
  ['one that switches it off', 'flyway.postgresql.transactional.lock=false\n', []],
  ['none', undefined, []],
])('CREATE INDEX CONCURRENTLY waits for Flyway itself with %s', async (_, conf, problems) => {
  const set = await flyway.load(
    root,
    treeOf({
      ...(conf === undefined ? {} : { 'flyway.conf': conf }),
      'sql/V1__a.sql': 'CREATE INDEX CONCURRENTLY i ON t (a);',
    }),
    {},
  )
  expect(set.problems.map(({ code, severity }) => `${code} ${severity}`)).toEqual(problems)
})
