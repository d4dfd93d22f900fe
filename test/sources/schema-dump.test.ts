import { describe, expect, test } from 'vitest'
import type { MigrationSet } from '../../src/core/source.ts'
import { findSource } from '../../src/sources/index.ts'
import { treeOf } from './file-tree.ts'

const header = `--
-- PostgreSQL database dump
--

\\restrict abc

SELECT pg_catalog.set_config('search_path', '', false);
`
const table = 'CREATE TABLE public.users (\n    id bigint\n);\n'

async function load(
  contents: Readonly<Record<string, string>>,
  start: string | undefined,
  source = 'plain-sql',
): Promise<MigrationSet> {
  const found = findSource(source)
  if (found === undefined) throw new Error(`no ${source}`)
  const tree = treeOf(contents)
  const root = { source, dir: 'db/migrations', found: 'layout' } as const
  return found.load(root, tree, start === undefined ? {} : { start })
}

const later = { 'db/migrations/2_b.sql': 'ALTER TABLE users ADD x int;' }

describe('migrations.start', () => {
  test('the dump stands before the first script, and what it sets is gone after it', async () => {
    const { foundation, scripts } = await load(
      { ...later, 'db/structure.sql': header + table },
      'db/structure.sql',
    )
    expect(foundation?.dump).toMatchObject({ file: 'db/structure.sql', transaction: { mode: 'file' } })
    expect(foundation?.dump?.text).toBe(`${header}${table}\nRESET ALL;\n`)
    expect(scripts.map(({ file }) => file)).toEqual(['db/migrations/2_b.sql'])
  })

  test('what only a superuser may touch is left out without moving the rest', async () => {
    const text =
      'CREATE SCHEMA public;\nALTER SCHEMA public OWNER TO x;\nCREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;\n' +
      "CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;\nCOMMENT ON EXTENSION citext IS ';';\n"
    const { foundation } = await load({ ...later, 'db/s.sql': text }, 'db/s.sql')
    const dumped = foundation?.dump?.text ?? ''
    expect(dumped.trim()).toBe(
      `CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;\n${' '.repeat(35)}\n\nRESET ALL;`,
    )
    expect(dumped.indexOf('CREATE EXTENSION')).toBe(text.indexOf('CREATE EXTENSION IF NOT EXISTS citext'))
  })

  test('a dump among the migrations is none of them', async () => {
    const { scripts } = await load({ ...later, 'db/migrations/1_a.sql': table }, 'db/migrations/1_a.sql')
    expect(scripts.map(({ file }) => file)).toEqual(['db/migrations/2_b.sql'])
  })

  test('one that is not there is a problem', async () => {
    const { problems, foundation } = await load(later, 'db/structure.sql')
    expect(problems).toEqual([
      {
        code: 'unreadable-file',
        file: 'db/structure.sql',
        message: 'migrations.start of the configuration names db/structure.sql, which cannot be read.',
      },
    ])
    expect(foundation).toBeUndefined()
  })

  test.each([
    ['Rails', "INSERT INTO \"schema_migrations\" (version) VALUES\n('1'),\n('3');\n"],
    ['dbmate', "INSERT INTO public.schema_migrations (version) VALUES\n    ('0001'),\n    ('3');\n"],
    ['pg_dump', 'COPY public.schema_migrations (at, version) FROM stdin;\nx\t1\ny\t3\n\\.\n'],
    [
      'pg_dump --inserts',
      'INSERT INTO public.schema_migrations VALUES (1, true);\nINSERT INTO public.schema_migrations VALUES (3, true);\n',
    ],
  ])('scripts that have run according to the rows of %s do not run again', async (_, rows) => {
    const contents = {
      'db/migrations/1_a.sql': '',
      'db/migrations/2_b.sql': '',
      'db/migrations/3_c.sql': '',
      'db/structure.sql': `${table}${rows}SELECT 2;\n`,
    }
    const { foundation, scripts } = await load(contents, 'db/structure.sql')
    expect(foundation?.holds).toEqual(['db/migrations/1_a.sql', 'db/migrations/3_c.sql'])
    expect(scripts).toHaveLength(3)
  })

  test('golang-migrate’s one version stands for all before it', async () => {
    const contents = {
      'db/migrations/1_a.up.sql': '',
      'db/migrations/9_b.up.sql': '',
      'db/migrations/10_c.up.sql': '',
      'db/structure.sql': 'COPY public.schema_migrations (version, dirty) FROM stdin;\n9\tf\n\\.\n',
    }
    const { foundation } = await load(contents, 'db/structure.sql', 'golang-migrate')
    expect(foundation?.holds).toEqual(['db/migrations/1_a.up.sql', 'db/migrations/9_b.up.sql'])
  })
})

describe('without it', () => {
  test('a dump beside migrations that begin in the middle is named, and not used', async () => {
    const set = await load({ ...later, 'db/structure.sql': header + table }, undefined)
    expect(set.foundation).toBeUndefined()
    expect(set.limits).toEqual([
      {
        code: 'dump-not-used',
        message:
          'db/migrations/2_b.sql changes users, which no migration before it creates; db/structure.sql is a dump that may be where the history starts, and was not used.',
        hint: "Say migrations: { start: 'db/structure.sql' } in the configuration when it is.",
      },
    ])
  })

  test.each([
    ['the history is complete', { 'db/migrations/1_a.sql': 'create table if not exists public."users" ();' }],
    ['the file is no dump', { 'db/structure.sql': table }],
    ['it belongs elsewhere', { 'db/structure.sql': '', 'other/structure.sql': header }],
  ])('nothing is said when %s', async (_, contents) => {
    const set = await load({ ...later, 'db/structure.sql': header, ...contents }, undefined)
    expect(set.limits).toBeUndefined()
  })
})
