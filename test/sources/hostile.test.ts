import { describe, expect, test } from 'vitest'
import type { FileTree } from '../../src/core/source.ts'
import { sources } from '../../src/sources/index.ts'
import { treeOf } from './file-tree.ts'

/** Texts on which a loop or an expression that looks back takes the square of their length: minutes, at this one. */
const length = 200_000
const fill = (piece: string): string => piece.repeat(Math.ceil(length / piece.length))

const hostile: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['empty lines in the first migration', { 'm/1_a.up.sql': fill('\n') }],
  ['goose: variables without end', { 'm/1_a.sql': `-- +goose Up\n-- +goose ENVSUB ON\n${fill('${A:-')}` }],
  ['semicolons behind search_path', { 'm/1_a.sql': `-- +goose Up\nsearch_path ${fill(';')}` }],
  ['psql: literals before a variable', { 'migrations/1_a.sql': `${fill("'a' ")}:x` }],
  ['Atlas: comments without end', { 'm/atlas.sum': '', 'm/1_a.sql': fill('/* ') }],
  ['Atlas: blanks before what is no block', { 'm/atlas.sum': '', 'm/1_a.sql': `x${fill(' ')}BEGINx` }],
  ['Atlas: empty lines in atlas.hcl', { 'm/atlas.sum': '', 'm/1_a.sql': ';', 'atlas.hcl': fill('\n') }],
  ['Flyway: blanks in a property', { 'flyway.conf': `a${fill(' ')}b`, 'db/migration/V1__a.sql': ';' }],
  [
    'Flyway: placeholders without brackets',
    {
      'flyway.conf': 'flyway.placeholderPrefix=\nflyway.placeholderSuffix=\n',
      'db/migration/V1__a.sql': 'SELECT 1;',
    },
  ],
  [
    'Flyway: a list without end',
    { 'flyway.toml': `[flyway]\nlocations = [\n${fill('x\n')}`, 'm/V1__a.sql': ';' },
  ],
  ['Flyway: initSql', { 'flyway.conf': `flyway.initSql='${fill(';/*')}`, 'db/migration/V1__a.sql': ';' }],
  ['YAML: brackets', { 'dbconfig.yml': fill('['), 'm/1_a.sql': '-- +migrate Up\n;' }],
  ['YAML: an alias that names nothing', { 'dbconfig.yml': 'a: *b', 'm/1_a.sql': '-- +migrate Up\n;' }],
  [
    'YAML: aliases of aliases',
    {
      'src/main/resources/application.yml': `a0: &a0 [x]\n${Array.from({ length: 40 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]\n`).join('')}`,
      'src/main/resources/db/migration/V1__a.sql': ';',
    },
  ],
  ['Liquibase: a changelog of nothing but lists', { 'changelog/c.yaml': `databaseChangeLog: ${fill('- ')}` }],
  ['Liquibase: elements in elements', { 'changelog/c.xml': `<databaseChangeLog>${fill('<a>')}` }],
  [
    'Sqitch: changes without scripts',
    {
      'sqitch.plan': `%project=x\n\n${Array.from({ length: 5000 }, (_, at) => `a${at} 2024-01-01T00:00:00Z x <x@x>\n`).join('')}`,
      'deploy/b.sql': ';',
    },
  ],
]

describe('files that mean harm cost little and end nothing', () => {
  test.each(hostile)('%s', { timeout: 20_000 }, async (_, texts) => {
    const tree = treeOf(texts)
    for (const source of sources) {
      for (const root of await source.detect(tree)) {
        const { problems } = await source.load(root, tree, {})
        expect(problems.length).toBeLessThan(100)
        for (const { message } of problems) expect(message.length).toBeLessThan(1000)
      }
    }
  })

  test('Liquibase: changelogs that include each other come to an end', { timeout: 20_000 }, async () => {
    const include = (at: number): string => `<include file="changelog/${at}.xml"/>`
    const text = (at: number): string => `<databaseChangeLog>${include(at + 1).repeat(2)}</databaseChangeLog>`
    const tree = treeOf(
      Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`changelog/${at}.xml`, text(at)])),
    )
    const source = sources.find(({ id }) => id === 'liquibase')
    const roots = (await source?.detect(tree)) ?? []
    expect(roots.map(({ configFile }) => configFile)).toEqual(['changelog/0.xml'])
    const [root] = roots
    const set = root && (await source?.load(root, tree, {}))
    expect(set?.problems.length).toBeLessThan(200)
    expect(set?.problems.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^More than 10000 files are included here/),
    )
  })

  test('a configuration is read once, however many folders ask for it', async () => {
    const folders = Array.from({ length: 200 }, (_, at) => [`m${at}/1_a.sql`, '-- +migrate Up\nSELECT 1;\n'])
    const tree = treeOf({
      ...Object.fromEntries(folders),
      'dbconfig.yml': 'production: { dialect: postgres }',
    })
    let reads = 0
    const counted: FileTree = {
      list: () => tree.list(),
      read: (file) => {
        if (file === 'dbconfig.yml') reads += 1
        return tree.read(file)
      },
    }
    for (const source of sources) await source.detect(counted)
    expect(reads).toBeLessThan(5)
  })

  test('a dump whose rows never end', { timeout: 20_000 }, async () => {
    const source = sources.find(({ id }) => id === 'golang-migrate')
    const tree = treeOf({ 'm/1_a.up.sql': ';', 'dump.sql': fill('COPY schema_migrations FROM stdin;\n1\n') })
    const set = await source?.load({ source: 'golang-migrate', dir: 'm', found: 'layout' }, tree, {
      start: 'dump.sql',
    })
    expect(set?.foundation?.holds).toEqual(['m/1_a.up.sql'])
  })
})
