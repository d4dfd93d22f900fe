import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readWithExtended } from '../../src/config/extend.ts'
import { filesInTree } from '../../src/config/files-in-tree.ts'
import { loadConfig } from '../../src/config/load.ts'
import { mergeConfigs } from '../../src/config/merge.ts'
import type { Config } from '../../src/config/schema.ts'
import { ConfigError } from '../../src/core/errors.ts'

const known = {
  rules: async () => ['ban-rename-column', 'ban-truncate'],
  reserved: async () => ['edited-migration'],
  sources: async () => ['flyway'],
  formats: async () => ['json'],
}

let dir: string

beforeEach(async () => {
  dir = await realpath(await mkdtemp(path.join(tmpdir(), 'pgrehearse-extends-')))
})

afterEach(() => rm(dir, { recursive: true }))

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true })
    await writeFile(path.join(dir, name), text)
  }
}

async function load(files: Readonly<Record<string, string>>): Promise<Config> {
  await write(files)
  return (await loadConfig({ cwd: dir, enabled: true, known })).config
}

async function complaint(files: Readonly<Record<string, string>>): Promise<string> {
  const error: unknown = await load(files).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError', { cause: error })
  return error.message.replaceAll(dir, '<dir>')
}

describe('merging', () => {
  it('merges objects by key, rules by rule, appends overrides, and replaces every other list and value', () => {
    const override = (name: string): object => ({ paths: [name], rules: {} })
    expect(
      mergeConfigs([
        {
          failOn: 'info',
          roles: ['a', 'b'],
          runner: { lockTimeout: '1s', statementTimeout: '1min' },
          rules: { x: { severity: 'off', reason: 'old' }, y: 'error' },
          overrides: [override('a')],
          queries: { files: ['a'] },
        },
        {
          extends: './a.yaml',
          failOn: null,
          roles: ['c'],
          runner: { lockTimeout: '2s' },
          rules: { x: { severity: 'error' } },
          overrides: [override('b')],
          queries: false,
        },
      ]),
    ).toEqual({
      failOn: 'info',
      roles: ['c'],
      runner: { lockTimeout: '2s', statementTimeout: '1min' },
      rules: { x: { severity: 'error' }, y: 'error' },
      overrides: [override('a'), override('b')],
      queries: false,
    })
  })
})

describe('extends', () => {
  it('takes files relative to the one that names them, later ones over earlier ones, itself over all', async () => {
    const config = await load({
      'pgrehearse.config.yaml': 'extends: [./shared/one.yaml, ./shared/two.json]\nfailOn: error\n',
      'shared/one.yaml': 'extends: ../root.yaml\nfailOn: info\ntimeZone: Europe/Paris\n',
      'shared/two.json': '{ "timeZone": "Asia/Tokyo", "rules": { "ban-truncate": "off" } }',
      'root.yaml': 'requireRehearsal: true\nrules: { ban-rename-column: warning, ban-truncate: info }\n',
    })
    expect(config).toEqual({
      failOn: 'error',
      timeZone: 'Asia/Tokyo',
      requireRehearsal: true,
      rules: { 'ban-rename-column': 'warning', 'ban-truncate': 'off' },
    })
  })

  it('finds packages as Node does, and runs those that are code', async () => {
    const config = await load({
      'pgrehearse.config.yaml': 'extends: ["@acme/policy", strict]\n',
      'node_modules/@acme/policy/package.json': '{ "name": "@acme/policy", "main": "policy.yaml" }',
      'node_modules/@acme/policy/policy.yaml': 'failOn: warning\n',
      'node_modules/strict/package.json': '{ "name": "strict", "exports": "./index.mjs", "type": "module" }',
      'node_modules/strict/index.mjs': 'export default { roles: ["r" + 1] }\n',
    })
    expect(config).toEqual({ failOn: 'warning', roles: ['r1'] })
  })

  it('lets a rule of the base be configured above it', async () => {
    const config = await load({
      'pgrehearse.config.ts':
        "import base from './base.ts'\nexport default { extends: './base.ts', rules: { 'ban-own': 'off' } }\n",
      'base.ts':
        "export default { customRules: [{ id: 'ban-own', title: 'Own', severity: 'info', messages: {}, statement() {} }] }\n",
    })
    expect(config.rules).toEqual({ 'ban-own': 'off' })
  })

  it.each([
    [
      'a missing file',
      { 'pgrehearse.config.yaml': 'extends: ./base.yaml' },
      'pgrehearse.config.yaml extends "./base.yaml", which does not exist.',
    ],
    [
      'a package that is not installed',
      { 'pgrehearse.config.yaml': 'extends: base.yaml' },
      'pgrehearse.config.yaml extends the package "base.yaml", which cannot be found here.',
    ],
    [
      'a circle',
      {
        'pgrehearse.config.yaml': 'extends: ./a.yaml',
        'a.yaml': 'extends: [./b.yaml]',
        'b.yaml': 'extends: ./a.yaml',
      },
      'These configurations extend one another in a circle: a.yaml → b.yaml → a.yaml.',
    ],
    [
      'a wrong key, in the file that has it',
      { 'pgrehearse.config.yaml': 'extends: ./a.yaml', 'a.yaml': 'failon: info' },
      'a.yaml is not a valid configuration:\n✖ Unrecognized key: "failon". Did you mean "failOn"?',
    ],
    [
      'something else',
      { 'pgrehearse.config.yaml': 'extends: 5' },
      'pgrehearse.config.yaml is not a valid configuration:\n✖ Expected a file or package, or a list of them\n  → at extends',
    ],
  ])('complains about %s', async (_, files, message) => {
    expect(await complaint(files)).toBe(message)
  })

  it('does not follow a bush of files without end', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, level) => [
        level === 0 ? 'pgrehearse.config.yaml' : `${level}.yaml`,
        level === 11 ? 'failOn: info' : `extends: [./${level + 1}.yaml, ./${level + 1}.yaml]`,
      ]),
    )
    expect(await complaint(files)).toContain('more than 50 files')
  })
})

describe('extends in a commit', () => {
  async function read(files: Readonly<Record<string, string>>): Promise<unknown> {
    const paths = Object.keys(files)
    const tree = {
      list: () => Promise.resolve(paths),
      read: (name: string) =>
        Promise.resolve(files[name] === undefined ? undefined : new TextEncoder().encode(files[name])),
    }
    return readWithExtended('app/c.yaml', filesInTree(tree, new Set(paths), 'of main (1a2b3c4)'))
  }

  it('reads files of the commit', async () => {
    const files = { 'app/c.yaml': 'extends: ../base.yaml\nfailOn: info', 'base.yaml': 'roles: [a]' }
    expect(await read(files)).toEqual({ failOn: 'info', roles: ['a'] })
  })

  it.each([
    ['./code.ts', 'which is code, and code of another commit is not run.'],
    ['package', 'which is not a file of that commit.'],
    ['/etc/base.yaml', 'which is not a file of that commit.'],
    ['../base.yaml', 'which does not exist there.'],
    ['../../base.yaml', 'which is outside of the repository.'],
  ])('refuses %s', async (said, why) => {
    const files = { 'app/c.yaml': `extends: ${said}`, 'app/code.ts': '' }
    const message = `app/c.yaml of main (1a2b3c4) extends ${JSON.stringify(said)}, ${why}`
    await expect(read(files)).rejects.toMatchObject({ name: 'ConfigError', message })
  })
})

describe('names', () => {
  it('are looked up in overrides, too', async () => {
    const text = 'overrides: [{ paths: [a], rules: { ban-trunctae: off, edited-migration: off } }]'
    expect(await complaint({ 'pgrehearse.config.yaml': text })).toBe(
      'pgrehearse.config.yaml is not a valid configuration:\n' +
        '✖ No rule is called "ban-trunctae". Did you mean "ban-truncate"?\n' +
        '  → at overrides[0].rules["ban-trunctae"]\n' +
        '✖ "edited-migration" is not a rule: pgrehearse finds it itself, with a fixed severity\n' +
        '  → at overrides[0].rules["edited-migration"]',
    )
  })

  it('of settings are those of Postgres, in lower case, and none that has a key or no meaning here', async () => {
    expect(
      (await load({ 'pgrehearse.config.yaml': 'settings: { Search_Path: app, "a.b": true, x: 5 }' }))
        .settings,
    ).toEqual({
      search_path: 'app',
      'a.b': 'on',
      x: '5',
    })
    const text = 'timeZone: UTC\nsettings: { TimeZone: UTC, client_encoding: latin1, "a b": 1 }'
    expect(await complaint({ 'pgrehearse.config.yaml': text })).toContain('Expected the name of a setting')
    const names = 'timeZone: UTC\nsettings: { TimeZone: UTC, idle_session_timeout: 1s }'
    expect(await complaint({ 'pgrehearse.config.yaml': names })).toBe(
      'pgrehearse.config.yaml is not a valid configuration:\n' +
        '✖ The time zone is given twice: keep this or `timeZone`\n  → at settings.timezone\n' +
        '✖ The rehearsal pauses between statements, so it cannot have this setting: leave it out\n' +
        '  → at settings.idle_session_timeout',
    )
  })

  it('are looked up in what is said of one database', async () => {
    const text =
      'databases: [{ name: a, rules: { ban-trunctae: off }, settings: { idle_session_timeout: 1 } }]'
    const message = await complaint({ 'pgrehearse.config.yaml': text })
    expect(message.match(/→ at .*/g)).toEqual([
      '→ at databases[0].rules["ban-trunctae"]',
      '→ at databases[0].settings.idle_session_timeout',
    ])
  })

  it('of reporters are not those of ours, nor taken', async () => {
    const reporter = (id: string): string => `{ id: '${id}', title: 'x', render: () => '' }`
    const text = `export default { customReporters: [${['json', 'own', 'own'].map(reporter).join(', ')}] }`
    const message = await complaint({ 'pgrehearse.config.mjs': text })
    expect(message.match(/There is already a report format called "\w+"/g)).toEqual([
      'There is already a report format called "json"',
      'There is already a report format called "own"',
    ])
  })
})

it('refuses policy: target-branch in code, which is never run from another commit', async () => {
  expect(await complaint({ 'pgrehearse.config.mjs': "export default { policy: 'target-branch' }" })).toBe(
    'pgrehearse.config.mjs says `policy: target-branch`, but it is code, and code of another commit is not run.',
  )
})
