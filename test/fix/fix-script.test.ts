import { beforeAll, describe, expect, it } from 'vitest'
import type { Finding, RemedyMigration } from '../../src/core/model.ts'
import { fixScript } from '../../src/fix-script.ts'
import { sources } from '../../src/sources/index.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { treeOf } from '../sources/file-tree.ts'

beforeAll(async () => {
  await loadParser()
})

const concurrently: readonly RemedyMigration[] = [
  { sql: 'CREATE INDEX CONCURRENTLY i ON t (n);', transaction: false },
]
const twoSteps: readonly RemedyMigration[] = [
  {
    sql: "SET LOCAL lock_timeout = '2s';\nALTER TABLE t ADD CONSTRAINT c CHECK (n > 0) NOT VALID;",
    transaction: true,
  },
  { sql: 'ALTER TABLE t VALIDATE CONSTRAINT c;', transaction: true },
]
const backfill: readonly RemedyMigration[] = [
  { sql: 'DO $$\nBEGIN\n  UPDATE t SET n = 1;\n  COMMIT;\nEND $$;', transaction: false, note: 'in batches' },
]

/** The remedy that stands for every statement that begins so. */
interface Wanted {
  readonly statement: string
  readonly steps: readonly RemedyMigration[]
}

interface Options {
  readonly joinsHead?: boolean
  readonly file?: string
  readonly placeholders?: Readonly<Record<string, string>>
}

/** What becomes of the last file, or of that which is named: changed files by name, or why not. */
async function fixed(
  contents: Readonly<Record<string, string>>,
  wanted: readonly Wanted[],
  options: Options = {},
): Promise<Readonly<Record<string, string>> | string> {
  const files = treeOf(contents)
  const roots = (await Promise.all(sources.map((source) => source.detect(files)))).flat()
  const [root] = roots
  const source = sources.find(({ id }) => id === root?.source)
  if (root === undefined || source === undefined) throw new Error('no root')
  const { placeholders, file, joinsHead = true } = options
  const settings = placeholders === undefined ? {} : { placeholders }
  const set = await source.load(root, files, settings)
  const at = set.scripts.findLastIndex((script) => file === undefined || script.file === file)
  const migration = layOutTransactions(set.scripts.map(parseScript), set.sharesSession)[at]
  const script = set.scripts[at]
  if (script === undefined || migration === undefined) throw new Error('no script')
  const findings = wanted.map(({ statement, steps }): Finding => {
    const found = migration.statements.find(({ sql }) => sql.startsWith(statement))
    if (found === undefined) throw new Error(`no statement ${statement}`)
    return {
      ruleId: 'r',
      messageId: 'm',
      severity: 'error',
      message: '',
      span: found.span,
      object: '',
      evidence: 'measured',
      because: [],
      notes: [],
      fingerprint: statement,
      remedy: { summary: '', migrations: steps },
    }
  })
  const outcome = await fixScript(
    { source, root, files, options: settings },
    { script, migration, findings, hasTimeoutAt: () => false, joinsHead, now: new Date(0) },
  )
  if ('cannot' in outcome) return outcome.cannot
  return Object.fromEntries(
    [...outcome.changed].map(([path, bytes]) => [
      path.replace(/^.*migrations\//, ''),
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
    ]),
  )
}

const golang = (sql: string): Readonly<Record<string, string>> => ({
  'migrations/1_t.up.sql': 'CREATE TABLE t (n int);\n',
  'migrations/2_x.up.sql': sql,
})
const plain = (sql: string): Readonly<Record<string, string>> => ({
  'migrations/001_t.sql': 'CREATE TABLE t (n int);\n',
  'migrations/002_x.sql': sql,
})
const goose = (up: string): Readonly<Record<string, string>> => ({
  'migrations/00001_x.sql': `-- +goose Up\n${up}\n-- +goose Down\nSELECT 1;\n`,
})

describe('a tool whose files are one message each', () => {
  it('keeps a single statement in its file', async () => {
    expect(
      await fixed(golang('CREATE INDEX i ON t (n);\n'), [{ statement: 'CREATE', steps: concurrently }]),
    ).toEqual({
      '2_x.up.sql': 'CREATE INDEX CONCURRENTLY i ON t (n);\n',
    })
  })

  it('keeps the comment in front of a statement whose first step stays in the file', async () => {
    const sql = 'SELECT 1;\n\n-- never negative\nALTER TABLE t ADD CONSTRAINT c CHECK (n > 0);\n'
    const changed = await fixed(golang(sql), [{ statement: 'ALTER', steps: twoSteps }])
    expect(changed).toMatchObject({
      '2_x.up.sql': expect.stringMatching(/^SELECT 1;\s+-- never negative\nSET LOCAL lock_timeout/),
    })
  })

  it('gets a file for what runs outside of a transaction, and one for what stood behind', async () => {
    const sql =
      '-- ours\nSELECT 1;\n\n-- for the list\nCREATE INDEX i ON t (n); -- small\n\n-- last\nSELECT 2;\n'
    expect(await fixed(golang(sql), [{ statement: 'CREATE', steps: concurrently }])).toEqual({
      '2_x.up.sql': '-- ours\nSELECT 1;\n',
      '3_index_i.up.sql': '-- for the list\nCREATE INDEX CONCURRENTLY i ON t (n); -- small\n',
      '4_select_2.up.sql': '-- last\nSELECT 2;\n',
    })
  })

  it('begins a transaction in each file where the file has one of its own', async () => {
    const sql =
      "BEGIN;\nSET LOCAL work_mem = '1GB';\nSELECT 1;\nCREATE INDEX i ON t (n);\nSELECT 2;\nCOMMIT;\n"
    expect(await fixed(golang(sql), [{ statement: 'CREATE', steps: concurrently }])).toBe(
      "What stands in a file of its own would run without SET work_mem = '1GB'.",
    )
    const timed = sql.replace('work_mem', 'lock_timeout')
    expect(await fixed(golang(timed), [{ statement: 'CREATE', steps: concurrently }])).toEqual({
      '2_x.up.sql': "BEGIN;\nSET LOCAL lock_timeout = '1GB';\nSELECT 1;\nCOMMIT;\n",
      '3_index_i.up.sql': 'CREATE INDEX CONCURRENTLY i ON t (n);\n',
      '4_select_2.up.sql': "BEGIN;\nSET LOCAL lock_timeout = '1GB';\nSELECT 2;\nCOMMIT;\n",
    })
  })

  it('leaves the first step where the statement stood, unless it is to stand alone', async () => {
    const wanted = [{ statement: 'ALTER', steps: twoSteps }]
    const sql = 'SELECT 1;\nALTER TABLE t ADD CONSTRAINT c CHECK (n > 0);\n'
    const joined = await fixed(golang(sql), wanted)
    expect(Object.keys(joined)).toEqual(['2_x.up.sql', '3_validate_c.up.sql'])
    const apart = await fixed(golang(sql), wanted, { joinsHead: false })
    expect(Object.keys(apart)).toEqual(['2_x.up.sql', '3_check_c.up.sql', '4_validate_c.up.sql'])
  })

  it('says when there is no number left', async () => {
    const files = {
      ...golang('SELECT 1;\nCREATE INDEX i ON t (n);\n'),
      'migrations/3_y.up.sql': 'SELECT 3;\n',
    }
    const file = 'migrations/2_x.up.sql'
    expect(await fixed(files, [{ statement: 'CREATE', steps: concurrently }], { file })).toMatch(
      /not enough numbers between that of 2_x\.up\.sql and 3/,
    )
  })
})

describe('statements that commit by themselves', () => {
  it('stay in one file, with BEGIN and COMMIT where some belong together', async () => {
    const sql = 'SELECT 1;\n  ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0); SELECT 2;\n'
    expect(await fixed(plain(sql), [{ statement: 'ALTER', steps: twoSteps }])).toEqual({
      '002_x.sql': `SELECT 1;
  BEGIN;
  SET LOCAL lock_timeout = '2s';
ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0) NOT VALID;
  COMMIT;
  ALTER TABLE t VALIDATE CONSTRAINT c; SELECT 2;
`.replace('\nALTER TABLE t ADD', '\n  ALTER TABLE t ADD'),
    })
  })

  it('are taken out of the block that the file itself begins', async () => {
    const sql =
      "BEGIN;\nSET LOCAL lock_timeout = '1s';\nSELECT 1;\nCREATE INDEX i ON t (n);\nSELECT 2;\nCOMMIT;\n"
    expect(await fixed(plain(sql), [{ statement: 'CREATE', steps: concurrently }])).toEqual({
      '002_x.sql':
        "BEGIN;\nSET LOCAL lock_timeout = '1s';\nSELECT 1;\nCOMMIT;\nCREATE INDEX CONCURRENTLY i ON t (n);\n" +
        "BEGIN;\nSET LOCAL lock_timeout = '1s';\nSELECT 2;\nCOMMIT;\n",
    })
  })

  it('leave no block behind with nothing in it', async () => {
    const sql = '-- a\nBEGIN;\n-- b\nCREATE INDEX i ON t (n);\n-- c\nCOMMIT;\nSELECT 1;\n'
    expect(await fixed(plain(sql), [{ statement: 'CREATE', steps: concurrently }])).toEqual({
      '002_x.sql': '-- a\n-- b\n-- c\nCREATE INDEX CONCURRENTLY i ON t (n);\nSELECT 1;\n',
    })
  })

  it('are not taken out of a block with savepoints', async () => {
    const sql = 'BEGIN;\nSAVEPOINT a;\nCREATE INDEX i ON t (n);\nRELEASE a;\nCOMMIT;\n'
    expect(await fixed(plain(sql), [{ statement: 'CREATE', steps: concurrently }])).toMatch(
      /cannot stand there/,
    )
  })
})

describe('a tool that cuts files itself', () => {
  it('gets bodies between its marks, and keeps the marks of what stays', async () => {
    const up =
      '-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n  SELECT 1;\n$$;\n-- +goose StatementEnd\n' +
      'UPDATE t SET n = 1;\n' +
      '-- +goose StatementBegin\nSELECT 2;\n-- +goose StatementEnd\n'
    const changed = await fixed(goose(up), [{ statement: 'UPDATE', steps: backfill }])
    expect(changed).toMatchObject({
      '00002_backfill_t.sql': expect.stringContaining(
        '-- +goose NO TRANSACTION\n-- in batches\n-- +goose StatementBegin\nDO $$',
      ) as string,
      '00003_select_2.sql': expect.stringContaining(
        '-- +goose Up\n-- +goose StatementBegin\nSELECT 2;\n-- +goose StatementEnd\n',
      ) as string,
    })
  })

  it('gets its mark in the file itself where nothing is left that needs a transaction', async () => {
    expect(
      await fixed(goose('CREATE INDEX i ON t (n);\n'), [{ statement: 'CREATE', steps: concurrently }]),
    ).toEqual({
      '00001_x.sql':
        '-- +goose Up\n-- +goose NO TRANSACTION\nCREATE INDEX CONCURRENTLY i ON t (n);\n\n-- +goose Down\nSELECT 1;\n',
    })
  })
})

describe('what a person wrote', () => {
  it('is kept: comments inside of the statement stand above it', async () => {
    const sql = 'CREATE INDEX i -- for the list\n  ON t (n /* not null */);\n'
    expect(await fixed(golang(sql), [{ statement: 'CREATE', steps: concurrently }])).toEqual({
      '2_x.up.sql': '-- for the list\n/* not null */\nCREATE INDEX CONCURRENTLY i ON t (n);\n',
    })
  })

  it('keeps its line ends and byte order mark, in new files too', async () => {
    const sql = 'SELECT 1;\r\nCREATE INDEX i ON t (n);\r\nSELECT 2;\r\n'
    const changed = await fixed(
      { 'migrations/V1__t.sql': 'CREATE TABLE t (n int);\n', 'migrations/V2__x.sql': `\uFEFF${sql}` },
      [{ statement: 'CREATE', steps: concurrently }],
    )
    expect(changed).toEqual({
      'V2__x.sql': '\uFEFFSELECT 1;\r\n',
      'V3__index_i.sql': 'CREATE INDEX CONCURRENTLY i ON t (n);\r\n',
      'V4__select_2.sql': 'SELECT 2;\r\n',
    })
  })

  it('keeps its placeholders, and is not cut within one', async () => {
    const flyway = (sql: string): Readonly<Record<string, string>> => ({
      'migrations/V1__t.sql': 'CREATE TABLE t (n int);\n',
      'migrations/V2__x.sql': sql,
    })
    const placeholders = { name: 'a_much_longer_name' }
    const kept = 'CREATE TABLE ${name} (n int);\nCREATE INDEX i ON t (n);\nDROP TABLE ${name};\n'
    expect(
      await fixed(flyway(kept), [{ statement: 'CREATE INDEX', steps: concurrently }], { placeholders }),
    ).toEqual({
      'V2__x.sql': 'CREATE TABLE ${name} (n int);\n',
      'V3__index_i.sql': 'CREATE INDEX CONCURRENTLY i ON t (n);\n',
      'V4__drop_table_a_much_longer_name.sql': 'DROP TABLE ${name};\n',
    })
    const set = "SET work_mem = '${name}';\nSELECT 1;\nCREATE INDEX i ON t (n);\n"
    expect(
      await fixed(flyway(set), [{ statement: 'CREATE INDEX', steps: concurrently }], {
        placeholders: { name: '1GB' },
      }),
    ).toMatchObject({
      'V3__index_i.sql': "SET work_mem = '${name}';\nCREATE INDEX CONCURRENTLY i ON t (n);\n",
    })
    const inside = 'CREATE INDEX i ON ${name} (n);\n'
    expect(
      await fixed(flyway(inside), [{ statement: 'CREATE', steps: concurrently }], { placeholders }),
    ).toMatch(/placeholders/)
  })

  it('is not written into a script that runs again whenever it changes', async () => {
    const files = {
      'migrations/V1__t.sql': 'CREATE TABLE t (n int);\n',
      'migrations/R__x.sql': 'CREATE INDEX IF NOT EXISTS i ON t (n);\n',
    }
    expect(await fixed(files, [{ statement: 'CREATE', steps: concurrently }])).toMatch(/runs again whenever/)
  })
})

describe('a tool that always runs files in a transaction', () => {
  it('says so', async () => {
    const drizzle = {
      'drizzle/20250101000000_x/migration.sql': 'CREATE INDEX i ON t (n);\n',
      'drizzle/20250101000000_x/snapshot.json': '{"dialect": "postgresql"}',
    }
    expect(await fixed(drizzle, [{ statement: 'CREATE', steps: concurrently }])).toMatch(
      /^All pending files are one transaction/,
    )
  })
})
