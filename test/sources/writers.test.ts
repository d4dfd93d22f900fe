import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Migration } from '../../src/core/model.ts'
import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  NewPiece,
} from '../../src/core/source.ts'
import { atlasSum } from '../../src/sources/atlas-sum.ts'
import { sources } from '../../src/sources/index.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { treeOf } from './file-tree.ts'

const formats = fileURLToPath(new URL('../../fixtures/formats', import.meta.url))

const now = new Date('2026-01-02T03:04:05Z')
const added: NewPiece = {
  sql: 'ALTER TABLE t ADD CONSTRAINT positive CHECK (n > 0) NOT VALID;\n',
  transaction: true,
  title: 'check positive',
}
const built: NewPiece = {
  sql: 'CREATE INDEX CONCURRENTLY t_by_n ON t (n);\n',
  transaction: false,
  title: 'index t by n',
}

beforeAll(async () => {
  await loadParser()
})

function readFixture(name: string): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {}
  for (const part of ['base', 'branch']) {
    const folder = path.join(formats, name, part)
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = path.join(entry.parentPath, entry.name)
      files[path.relative(folder, file).replaceAll(path.sep, '/')] = readFileSync(file)
    }
  }
  return files
}

/** Atlas' fixture has a checksum that does not fit, which nobody but its author may mend. */
function withSum(name: string, contents: Record<string, Uint8Array>): Record<string, Uint8Array> {
  if (name !== 'atlas') return contents
  const hashed = Object.keys(contents)
    .filter((file) => /^migrations\/.*\.sql$/.test(file))
    .sort()
    .map((file) => ({ name: path.basename(file), bytes: contents[file] ?? new Uint8Array() }))
  return { ...contents, 'migrations/atlas.sum': new TextEncoder().encode(atlasSum(hashed)) }
}

interface Loaded {
  readonly source: MigrationSource
  readonly files: FileTree
  readonly set: MigrationSet
}

async function load(contents: Record<string, Uint8Array | string>): Promise<Loaded> {
  const files = treeOf(contents)
  const roots = (await Promise.all(sources.map((source) => source.detect(files)))).flat()
  const [root] = roots
  const source = sources.find(({ id }) => id === root?.source)
  if (root === undefined || source === undefined) throw new Error('no root')
  return { source, files, set: await source.load(root, files, {}) }
}

/** The fixture with the pieces behind one of its scripts: which scripts follow it, and the files that differ. */
async function written(
  name: string,
  pieces: readonly NewPiece[],
  choose: (scripts: readonly MigrationScript[]) => MigrationScript | undefined = lastOf,
): Promise<{
  readonly changed: Readonly<Record<string, string>>
  readonly following: readonly Migration[]
  readonly problems: readonly string[]
}> {
  const contents = withSum(name, readFixture(name))
  const { source, files, set } = await load(contents)
  const script = choose(set.scripts)
  if (script === undefined || source.writer === undefined) throw new Error('nothing to follow')
  const outcome = await source.writer.write({
    before: files,
    files,
    set,
    script,
    outside: false,
    pieces,
    now,
  })
  if ('cannot' in outcome) throw new Error(outcome.cannot)
  const changed = Object.fromEntries(outcome.files.map(({ path: file, text }) => [file, text]))
  const after = await load({ ...contents, ...changed })
  const laidOut = layOutTransactions(after.set.scripts.map(parseScript), after.set.sharesSession)
  const at = after.set.scripts.findIndex(({ file, id }) => file === script.file && id === script.id)
  const known = new Set(set.problems.map(({ message }) => message))
  return {
    changed,
    following: laidOut.slice(at + 1, at + 1 + pieces.length),
    problems: after.set.problems.map(({ message }) => message).filter((message) => !known.has(message)),
  }
}

/** The last one, of those that the branch of Liquibase's fixture adds. */
function lastOf(scripts: readonly MigrationScript[]): MigrationScript | undefined {
  return scripts.findLast(({ repeatable, file }) => !repeatable && !/grants|functions/.test(file))
}

const both = [
  'atlas',
  'dbmate',
  'diesel',
  'flyway',
  'golang-migrate',
  'goose',
  'graphile-migrate',
  'liquibase',
  'plain-sql',
  'prisma',
  'rambler',
  'schema-dump',
  'sql-migrate',
  'sqlx',
  'supabase',
]

describe('new files in the format of a tool', () => {
  it.each(both)('%s reads them back right behind, each in its transaction', async (name) => {
    const { changed, following, problems } = await written(name, [added, built])
    expect(problems).toEqual([])
    expect(following.map(({ statements }) => statements.map(({ sql }) => `${sql};\n`).join(''))).toEqual([
      added.sql,
      built.sql,
    ])
    expect(following[1]?.statements.every(({ inTransactionBlock }) => !inTransactionBlock)).toBe(true)
    expect(changed).toMatchSnapshot()
  })
})

describe('a script that has to run outside of a transaction', () => {
  const index = 'CREATE INDEX CONCURRENTLY i ON t (n);\n'
  const batches = 'DO $$\nBEGIN\n  COMMIT;\nEND $$;\n'

  /** The marks that the tool wants for the last script, which now holds this. */
  async function marked(
    contents: Record<string, string>,
  ): Promise<Readonly<Record<string, string>> | string> {
    const { source, files, set } = await load(contents)
    const script = set.scripts.at(-1)
    if (script === undefined || source.writer === undefined) throw new Error('nothing to mark')
    const request = { before: files, files, set, script, outside: true, pieces: [], now }
    const outcome = await source.writer.write(request)
    if ('cannot' in outcome) return outcome.cannot
    return Object.fromEntries(outcome.files.map(({ path: file, text }) => [file, text]))
  }

  it('says so in the form of its tool', async () => {
    const up = `-- migrate:up\n${index}-- migrate:down\n`
    expect(await marked({ 'migrations/1_a.sql': up })).toEqual({
      'migrations/1_a.sql': `-- migrate:up transaction:false\n${index}-- migrate:down\n`,
    })
    expect(await marked({ 'migrations/1_a.sql': `-- +migrate Up\n${index}` })).toEqual({
      'migrations/1_a.sql': `-- +migrate Up notransaction\n${index}`,
    })
    expect(await marked({ 'migrations/1_a.sql': `-- +goose Up\n${index}` })).toEqual({
      'migrations/1_a.sql': `-- +goose Up\n-- +goose NO TRANSACTION\n${index}`,
    })
    expect(
      await marked({ 'db/c.sql': `--liquibase formatted sql\n--changeset a:1 context:x\n${batches}` }),
    ).toEqual({
      'db/c.sql': `--liquibase formatted sql\n--changeset a:1 context:x runInTransaction:false splitStatements:false\n${batches}`,
    })
  })

  it('says so beside the file where the tool wants it there', async () => {
    const flyway = { 'sql/V1__a.sql': batches, 'sql/V1__a.sql.conf': 'encoding=UTF-8' }
    expect(await marked(flyway)).toEqual({
      'sql/V1__a.sql.conf': 'encoding=UTF-8\nexecuteInTransaction=false\n',
    })
    expect(await marked({ 'sql/V1__a.sql': index })).toEqual({})
    const diesel = {
      'diesel.toml': '',
      'migrations/2024-01-01-000000_a/up.sql': index,
      'migrations/2024-01-01-000000_a/metadata.toml': 'run_in_transaction = true\n# ours\n',
    }
    expect(await marked(diesel)).toEqual({
      'migrations/2024-01-01-000000_a/metadata.toml': 'run_in_transaction = false\n# ours\n',
    })
  })

  it('is refused where the tool knows no way', async () => {
    const pop = { 'database.yml': 'development:\n  dialect: postgres\n', 'migrations/1_a.up.sql': index }
    expect(await marked(pop)).toMatch(/^pop runs every file in a transaction/)
    expect(await marked({ 'migrations/1_a.sql': `-- Up Migration\n${index}` })).toMatch(
      /^node-pg-migrate runs every/,
    )
  })
})
