import { expect, test } from 'vitest'
import type { MigrationScript, MigrationSet } from '../../src/core/source.ts'
import { liquibase } from '../../src/sources/liquibase.ts'
import { plainSql } from '../../src/sources/plain-sql.ts'
import { treeOf } from './file-tree.ts'

const header = '--liquibase formatted sql\n'

async function loadAll(contents: Readonly<Record<string, string>>): Promise<MigrationSet> {
  const tree = treeOf(contents)
  const [root, ...others] = await liquibase.detect(tree)
  if (root === undefined || others.length > 0) throw new Error(`found ${others.length + 1} roots`)
  return liquibase.load(root, tree, {})
}

/** One file of formatted SQL, and the set it makes. */
function loadOne(text: string): Promise<MigrationSet> {
  return loadAll({ 'db/changelog/a.sql': header + text })
}

function sqlOf({ text, start, end, parts }: MigrationScript): readonly string[] {
  return (parts ?? [{ start, end }]).map((part) => text.slice(part.start, part.end))
}

function idsOf({ scripts }: MigrationSet): readonly (string | undefined)[] {
  return scripts.map(({ id }) => id)
}

test('each changeset is a script of its own, in its own transaction, without its rollback', async () => {
  const { scripts, problems } = await loadOne(
    `--changeset ann:1\nCREATE TABLE a (x int);\nINSERT INTO a VALUES (1);\n--rollback DROP TABLE a;\n
--changeset ann:2 runInTransaction:false\nCREATE INDEX CONCURRENTLY i ON a (x);\n/* liquibase rollback\nDROP INDEX i;\n*/\n`,
  )
  expect(problems).toEqual([])
  expect(scripts.map(({ id, transaction }) => [id, transaction])).toEqual([
    ['db/changelog/a.sql::ann:1', { mode: 'file', why: 'Liquibase default' }],
    ['db/changelog/a.sql::ann:2', { mode: 'statement', why: 'changeset says runInTransaction:false' }],
  ])
  expect(scripts.map(sqlOf)).toEqual([
    ['CREATE TABLE a (x int)', 'INSERT INTO a VALUES (1)'],
    ['CREATE INDEX CONCURRENTLY i ON a (x)'],
  ])
})

test.each([
  ['runOnChange:true', { repeatable: true }],
  ['runAlways:true', { repeatable: true }],
  ['logicalFilePath:old.sql', { id: 'old.sql::ann:1' }],
  ['splitStatements:false runInTransaction:false', { transaction: { mode: 'simple query' } }],
  ['runWith:psql', { transaction: { mode: 'statement', why: 'changeset says runWith:psql' } }],
])('understands %s', async (attributes, expected) => {
  const { scripts } = await loadOne(`--changeset ann:1 ${attributes}\nSELECT 1;\n`)
  expect(scripts).toMatchObject([expected])
})

test.each(['dbms:oracle', 'dbms:!postgresql', 'ignore:true', 'context:@test', 'contextFilter:"@a and b"'])(
  'leaves a changeset out that says %s, and says so',
  async (attributes) => {
    const { scripts, skipped } = await loadOne(`--changeset ann:1 ${attributes}\nSELECT 1;\n`)
    expect(scripts).toEqual([])
    expect(skipped).toMatchObject([{ file: 'db/changelog/a.sql', affectsOthers: false }])
  },
)

test('contexts and labels of liquibase.properties decide what runs', async () => {
  const set = await loadAll({
    'liquibase.properties': 'contexts=prod\nlabelFilter: billing or core\nchangelogFile: db/c.xml\n',
    'db/c.xml': '<databaseChangeLog><include file="db/a.sql" context="!test"/></databaseChangeLog>',
    'db/a.sql': `${header}--changeset a:1 context:prod,stage\nSELECT 1;
--changeset a:2 context:"not prod"\nSELECT 2;
--changeset a:3 labels:reports\nSELECT 3;
--changeset a:4 labels:core,reports context:"(prod and !test)"\nSELECT 4;
`,
  })
  expect(idsOf(set)).toEqual(['db/a.sql::a:1', 'db/a.sql::a:4'])
  expect(set.limits).toEqual([])
})

test('fills in properties, the first value first, and leaves what has none as it is', async () => {
  const { scripts, problems } = await loadOne(
    `--property name:tab value:t_\${suffix}\n--property name:suffix value:x dbms:postgresql,h2
--property name:suffix value:y\n--changeset ann:1\nSELECT '\${TAB}', '\${nobody}';\n`,
  )
  expect(scripts.map(sqlOf)).toEqual([["SELECT 't_x', '${nobody}'"]])
  expect(problems).toMatchObject([
    { code: 'unresolved-placeholder', message: expect.stringContaining('${nobody}') },
  ])
})

test('values that name each other come to an end', async () => {
  const value = '${a}'.repeat(100)
  const { scripts } = await loadOne(`--property name:a value:${value}\n--changeset ann:1\nSELECT '\${a}';\n`)
  expect(scripts[0]?.text.length).toBeLessThan(20_000_000)
})

test('lines to ignore keep their places and say nothing', async () => {
  const { scripts } = await loadOne(
    '--changeset ann:1\n--ignoreLines:1\nnonsense;\nSELECT 1;\n--ignoreLines:start\nmore;\n--ignoreLines:end\nSELECT 2;\n',
  )
  expect(scripts.map(sqlOf)).toEqual([['SELECT 1', 'SELECT 2']])
  expect(scripts[0]?.text.split('\n')).toHaveLength(10)
})

test.each([
  ['--changeset ann: 1\nSELECT 1;', 'no blank between author and id'],
  ['-changeset ann:1\nSELECT 1;', 'does not know `-changeset ann:1`'],
  ['--changeset ann:1\n--changeset ann:2\nSELECT 1;', 'finds no SQL in changeset ann:1'],
  ['--changeset ann:1\nCOPY t (a) FROM stdin;\n1\n\\.', 'has COPY FROM STDIN in changeset ann:1'],
  ['--changeset ann:1\nSELECT 1;\n- rollback x', 'does not know `- rollback x`'],
])('says what Liquibase refuses: %j', async (text, message) => {
  const { problems } = await loadOne(`${text}\n`)
  expect(problems).toMatchObject([{ code: 'refused-by-tool', message: expect.stringContaining(message) }])
})

test('refuses an id that stands twice in a file', async () => {
  const set = await loadOne('--changeset a:1\nSELECT 1;\n--changeset a:1\nSELECT 2;\n')
  expect(set.problems).toMatchObject([{ code: 'duplicate-version' }])
})

test('says once that preconditions are not evaluated', async () => {
  const { limits } = await loadOne(
    '--changeset ann:1\n--preconditions onFail:MARK_RAN\n--precondition-table-exists table:a\nSELECT 1;\n',
  )
  expect(limits).toEqual([
    {
      code: 'preconditions-not-evaluated',
      message: 'Preconditions are not evaluated but taken to hold: ann:1.',
    },
  ])
})

const files = {
  'src/main/resources/db/changelog/2.10.sql': `${header}--changeset a:10\nSELECT 10;\n`,
  'src/main/resources/db/changelog/2.9.sql': 'SELECT 9;',
  'src/main/resources/db/other.sql': 'SELECT 0;\nSELECT 00;',
}

test.each([
  [
    'XML',
    'db.changelog-master.xml',
    `<databaseChangeLog xmlns="x"><!-- <include file="gone.sql"/> -->
     <include file="../other.sql" relativeToChangelogFile="true"/>
     <includeAll path="classpath:db/changelog/" endsWithFilter=".sql"/></databaseChangeLog>`,
  ],
  [
    'YAML',
    'db.changelog-master.yaml',
    `databaseChangeLog:
  - include: { file: ../other.sql, relativeToChangelogFile: true }
  - includeAll: { path: db/changelog/, endsWithFilter: .sql }`,
  ],
  [
    'JSON',
    'changelog.json',
    `{"databaseChangeLog": [{"include": {"file": "db/other.sql"}},
      {"includeAll": {"path": "db/changelog", "endsWithFilter": "SQL"}}]}`,
  ],
])('runs what a root changelog in %s names, in its order', async (_, name, changelog) => {
  const set = await loadAll({ ...files, [`src/main/resources/db/changelog/${name}`]: changelog })
  const dir = 'src/main/resources/db'
  expect(idsOf(set)).toEqual([
    `${dir}/other.sql::includeAll:raw`,
    `${dir}/changelog/2.10.sql::a:10`,
    `${dir}/changelog/2.9.sql::includeAll:raw`,
  ])
  expect(set.root).toMatchObject({ found: 'config file', dir: `${dir}/changelog`, otherDirs: [dir] })
})

test('takes the SQL of XML changesets where it stands, and leaves out what is no SQL', async () => {
  const set = await loadAll({
    'db/changelog.xml': `<databaseChangeLog>
<changeSet id="1" author="a"><sql>SELECT 1 &lt; 2; SELECT 2</sql>
  <sql><![CDATA[SELECT '<b>']]></sql><rollback>DROP</rollback></changeSet>
<changeSet id="2" author="a"><createTable tableName="t"/><sql>SELECT 3</sql></changeSet>
<changeSet id="3" author="a" runInTransaction="false"><sqlFile path="x.sql" relativeToChangelogFile="true"/></changeSet>
</databaseChangeLog>`,
    'db/x.sql': 'SELECT 4; SELECT 5;',
  })
  expect(set.scripts.map(sqlOf)).toEqual([
    ['SELECT 1 < 2', 'SELECT 2', "SELECT '<b>'"],
    ['SELECT 4', 'SELECT 5'],
  ])
  expect(set.scripts.map(({ file, id }) => [file, id])).toEqual([
    ['db/changelog.xml', 'db/changelog.xml::a:1'],
    ['db/x.sql', 'db/changelog.xml::a:3'],
  ])
  const lineOf = (script: MigrationScript | undefined): number | undefined =>
    script?.text.slice(0, script.text.indexOf("SELECT '<b>'")).split('\n').length
  expect(lineOf(set.scripts[0])).toBe(3)
  expect(set.skipped).toEqual([
    {
      file: 'db/changelog.xml',
      reason: 'changeset a:2 is not SQL alone (createTable, sql)',
      affectsOthers: true,
    },
  ])
})

test('a missing include is what Liquibase stops at; a circle of includes ends', async () => {
  const set = await loadAll({
    'db/changelog.xml':
      '<databaseChangeLog><include file="db/changelog.xml"/><include file="no.sql"/></databaseChangeLog>',
  })
  expect(set.problems).toMatchObject([
    { code: 'refused-by-tool', message: expect.stringContaining('no.sql') },
  ])
})

test('files without a root changelog run by path, which is said', async () => {
  const set = await loadAll({
    'db/changelog/10/a.sql': `${header}--changeset a:2\nSELECT 1;`,
    'db/changelog/9/a.sql': `${header}--changeset a:1\nSELECT 1;`,
  })
  expect(set.root).toEqual({ source: 'liquibase', dir: 'db/changelog', found: 'marker comment' })
  expect(idsOf(set)).toEqual(['db/changelog/10/a.sql::a:2', 'db/changelog/9/a.sql::a:1'])
  expect(set.limits).toMatchObject([{ code: 'order-assumed' }])
})

test('folders that a changelog includes belong to no other tool', async () => {
  const tree = treeOf({
    'changelog.yaml': 'databaseChangeLog:\n- includeAll: { path: db/migrations }',
    'db/migrations/001_a.sql': '',
    'db/migrations/002_b.sql': '',
  })
  expect(await liquibase.detect(tree)).toMatchObject([{ dir: 'db/migrations', configFile: 'changelog.yaml' }])
  expect(await plainSql.detect(tree)).toEqual([])
})

test('a changelog of releases is none of Liquibase’s', async () => {
  const tree = treeOf({
    'changelog.yml': '- 1.0: first',
    'migrations/001_a.sql': '',
    'migrations/002_b.sql': '',
  })
  expect(await liquibase.detect(tree)).toEqual([])
  expect(await plainSql.detect(tree)).toHaveLength(1)
})

test('its tables stand in the configured schema, which unqualified names mean', async () => {
  const set = await loadAll({
    'src/main/resources/application.yml':
      'spring:\n  liquibase:\n    change-log: classpath:db/root.xml\n    default-schema: shop\n',
    'src/main/resources/db/root.xml': '<databaseChangeLog><include file="db/a.sql"/></databaseChangeLog>',
    'src/main/resources/db/a.sql': 'SELECT 1;',
  })
  expect(set.foundation?.settings).toEqual({ search_path: '"shop", "$user", public' })
  expect(set.foundation?.sql).toContain('CREATE TABLE "shop"."databasechangelog"')
})
