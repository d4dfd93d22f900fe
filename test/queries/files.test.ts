import { describe, expect, it } from 'vitest'
import { findQueries, type QuerySettings } from '../../src/queries/find.ts'
import { foundIn, shown } from './found-in.ts'

const code = 'const a = sql`SELECT 1`'
const named = '-- name: a :one\nSELECT 1'

async function filesFound(
  files: Readonly<Record<string, string | Uint8Array>>,
  settings?: QuerySettings,
): Promise<readonly (string | undefined)[]> {
  return (await foundIn(files, settings)).queries.map(({ span }) => span?.file)
}

describe('by convention', () => {
  it.each([
    ['src/a.ts', code],
    ['app/a.jsx', code],
    ['db/query.sql', named],
    ['latest/contest.ts', code],
    ['src/building/a.ts', code],
  ])('queries are in %s', async (file, text) => {
    expect(await filesFound({ [file]: text })).toEqual([file])
  })

  it.each([
    ['node_modules/x/a.ts', code],
    ['packages/x/node_modules/y/a.js', code],
    ['dist/a.js', code],
    ['build/a.js', code],
    ['vendor/a.sql', named],
    ['.next/a.js', code],
    ['src/a.test.ts', code],
    ['src/a.spec.tsx', code],
    ['src/__tests__/a.ts', code],
    ['test/a.ts', code],
    ['tests/a.sql', named],
    ['src/a.d.ts', code],
    ['web/a.min.js', code],
    ['migrations/001_a.sql', named],
    ['migrations/seed.ts', code],
    ['src/a.py', code],
    ['src/a.sql', 'SELECT 1'],
  ])('queries are not in %s', async (file, text) => {
    expect(await foundIn({ [file]: text })).toEqual({ queries: [], limits: [] })
  })

  it('some may be left out', async () => {
    const files = { 'src/a.ts': code, 'src/generated/a.ts': code, 'db/a.sql': named }
    expect(await filesFound(files, { exclude: ['src/generated', '**/*.sql'] })).toEqual(['src/a.ts'])
  })
})

describe('sqlc.yaml', () => {
  const configs: readonly [string, string][] = [
    [
      'sqlc.yaml',
      'version: "2"\nsql:\n  - engine: postgresql\n    queries: vendor/q\n  - engine: mysql\n    queries: ["my/a.sql", "my/b"]\n',
    ],
    ['sqlc.yml', 'version: 1\npackages:\n  - queries: ./vendor/q/\n  - engine: sqlite\n    queries: my\n'],
    [
      'sqlc.json',
      '{"version": "2", "sql": [{"engine": "postgresql", "queries": "vendor/q/*.sql"}, {"engine": "mysql", "queries": "my"}]}',
    ],
  ]

  it.each(configs)('%s says where queries are, and which are of another database', async (file, config) => {
    const files = {
      [file]: config,
      'vendor/q/a.sql': named,
      'vendor/r/a.sql': named,
      'my/a.sql': named,
      'my/b/c.sql': named,
    }
    expect(await filesFound(files)).toEqual(['vendor/q/a.sql'])
  })

  it('names files from its own folder', async () => {
    const config =
      'version: "2"\nsql: [{ engine: mysql, queries: ../my }, { engine: mysql, queries: ../../../other }]'
    const files = { 'go/store/sqlc.yaml': config, 'go/my/a.sql': named, 'my/a.sql': named }
    expect(await filesFound(files)).toEqual(['my/a.sql'])
  })

  it.each([
    ['version: [', 'it is neither YAML nor JSON'],
    [new Uint8Array([0xff, 0xfe]), 'it is not UTF-8'],
  ])('that cannot be read is said: %s', async (config, why) => {
    const { queries, limits } = await foundIn({ 'sqlc.yaml': config, 'a.sql': named })
    expect(queries).toHaveLength(1)
    expect(limits.map(shown)).toEqual([`1: sqlc.yaml is not searched for queries: ${why}.`])
  })

  it.each(['null', '[]', 'sql: 1', 'sql: [1, null, { queries: 1 }, { queries: [2] }]', 'a: &a [*a]'])(
    'may hold anything: %s',
    async (config) => {
      expect((await foundIn({ 'sqlc.yaml': config, 'a.sql': named })).queries).toHaveLength(1)
    },
  )

  it('with a bomb of aliases does no harm', async () => {
    const levels = Array.from(
      { length: 30 },
      (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]`,
    )
    const { limits } = await foundIn({ 'sqlc.yaml': `a0: &a0 [x]\n${levels.join('\n')}\nsql: *a30` })
    expect(limits.map(shown)).toEqual([
      '1: sqlc.yaml is not searched for queries: it is neither YAML nor JSON.',
    ])
  })
})

describe('files that the configuration names', () => {
  it('are the only ones', async () => {
    const files = { 'db/a.sql': 'SELECT 1', 'db/b.sql': named, 'src/a.ts': code, 'test/a.ts': code }
    expect(await filesFound(files, { files: ['./db', 'test/**'] })).toEqual([
      'db/a.sql',
      'db/b.sql',
      'test/a.ts',
    ])
    expect(await filesFound(files, { files: ['db/**'], exclude: ['db/b.sql'] })).toEqual(['db/a.sql'])
  })

  it('are no migrations', async () => {
    const found = await foundIn({ 'migrations/1.sql': 'SELECT 1' }, { files: ['migrations'] })
    expect(found).toEqual({ queries: [], limits: [] })
  })

  it('are said when nobody here understands their language, or there are none', async () => {
    const files = { 'src/a.py': 'x', 'src/b.go': 'x', 'src/c.md': 'x' }
    const { limits } = await foundIn(files, { files: ['src', 'sql/*.sql'] })
    expect(limits.map(shown)).toEqual([
      'src/a.py and 1 more of `queries` are not searched for queries: only .sql, TypeScript and JavaScript are understood.',
      'No file matches "sql/*.sql" of `queries`.',
    ])
  })
})

describe('a file that cannot be read', () => {
  it.each([
    [
      'a.sql',
      new Uint8Array([...new TextEncoder().encode(`${named} WHERE a = '`), 0xe4, 0x27]),
      'it is not UTF-8',
    ],
    ['a.ts', new Uint8Array([...new TextEncoder().encode(code), 0xff]), 'it is not UTF-8'],
    ['a.ts', `${code}\0`, 'it holds NUL characters'],
    ['a.ts', `${code}${' '.repeat(2 * 1024 * 1024)}`, 'it is larger than 2 MB'],
    ['a.sql', `${named}${' '.repeat(2 * 1024 * 1024)}`, 'it is larger than 2 MB'],
  ])('is said: %s', async (file, content, why) => {
    const { queries, limits } = await foundIn({ [file]: content, 'z.ts': code })
    expect(queries.map(({ span }) => span?.file)).toEqual(['z.ts'])
    expect(limits.map(shown)).toEqual([`1: ${file} is not searched for queries: ${why}.`])
  })

  it('is said when the configuration names it', async () => {
    const tree = { list: () => Promise.resolve(['a.sql', 'b.ts']), read: () => Promise.resolve(undefined) }
    const { limits } = await findQueries(tree, { files: ['a.sql'] }, () => false)
    expect(limits.map(shown)).toEqual(['1: a.sql is not searched for queries: it cannot be read.'])
    expect(await findQueries(tree, {}, () => false)).toEqual({ queries: [], limits: [] })
  })

  it('is no matter where it holds no queries', async () => {
    const large = 'x'.repeat(3 * 1024 * 1024)
    const files = { 'a.js': large, 'b.sql': large, 'c.ts': new Uint8Array([0xff, 0xfe, 0]), 'd.sql': '' }
    expect(await foundIn(files)).toEqual({ queries: [], limits: [] })
  })

  it('has a byte order mark that does not count', async () => {
    const { queries } = await foundIn({ 'a.sql': `\u{feff}${named}` })
    expect(queries).toMatchObject([{ span: { start: { line: 2, column: 1, offset: 16 } } }])
  })
})
