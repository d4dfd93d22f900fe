import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig, type LoadedConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/core/errors.ts'

const known = {
  rules: async () => ['ban-rename-column', 'ban-truncate'],
  reserved: async () => ['edited-migration'],
  sources: async () => ['flyway', 'golang-migrate', 'plain-sql'],
}

let dir: string

beforeEach(async () => {
  dir = await realpath(await mkdtemp(path.join(tmpdir(), 'pgrehearse-config-')))
})

afterEach(async () => {
  await rm(dir, { recursive: true })
})

async function write(name: string, text: string | Uint8Array): Promise<void> {
  const file = path.join(dir, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, text)
}

function load(from = '.', options: { file?: string; enabled?: boolean } = {}): Promise<LoadedConfig> {
  return loadConfig({ cwd: path.join(dir, from), enabled: true, known, ...options })
}

/** What the user reads: the message, and the hint below it. */
async function printed(name: string, text: string | Uint8Array): Promise<string> {
  await write(name, text)
  const error: unknown = await load().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError', { cause: error })
  expect(error.exitCode).toBe(2)
  const lines = [error.message, ...(error.hint === undefined ? [] : [`hint: ${error.hint}`])]
  return lines.join('\n').replaceAll(dir, '<dir>')
}

const none = (): LoadedConfig => ({ config: {}, file: undefined, root: dir })

describe('finding the configuration', () => {
  it('needs none', async () => {
    expect(await load()).toEqual(none())
  })

  it.each([
    [
      'pgrehearse.yml',
      'rules:\n  ban-truncate: off\n',
      'Rename it to pgrehearse.config.yml, or name it with --config.',
    ],
    ['.pgrehearse.yaml', 'failOn: never', 'Rename it to pgrehearse.config.yaml, or name it with --config.'],
    ['.pgrehearserc', '{"failOn": "never"}', 'Write it as pgrehearse.config.yaml.'],
    [
      '.pgrehearserc.json',
      '{"failOn": "never"}',
      'Rename it to pgrehearse.config.json, or name it with --config.',
    ],
    ['pgrehearse.toml', 'failOn = "never"', 'Write it as pgrehearse.config.yaml.'],
    ['pgrehearse.config.cjs', '', 'Write it as pgrehearse.config.yaml.'],
  ])('says that %s is not read', async (name, text, hint) => {
    await write(name, text)
    await write('services/x.sql', '')
    const message = `${name} is not read: the configuration is called pgrehearse.config.yaml (or .ts, .js, .mjs, .json, .yml).`
    expect(await load()).toEqual({ ...none(), unread: { code: 'config-not-read', message, hint } })
    expect((await load('.', { enabled: false })).unread).toBeUndefined()
    await write('pgrehearse.config.json', '{}')
    expect((await load()).unread).toBeUndefined()
  })

  it('says so of one above', async () => {
    await write('.git/HEAD', 'ref: refs/heads/main')
    await write('pgrehearse.yaml', 'failOn: never')
    await write('services/x.sql', '')
    expect((await load('services')).unread?.message).toMatch(/^\.\.\/pgrehearse\.yaml is not read/)
  })

  it.each([
    ['pgrehearse.yml', 'include: other.yml\nlint:\n  script: pgrehearse\n  rules:\n    - if: $CI\n'],
    ['pgrehearse.json', '{"schemaVersion": 1,\n"migrations": []}'],
    ['.pgrehearse', '#!/bin/sh\n'],
    ['pgrehearse.js', 'export const rules = 1'],
    ['pgrehearse-report.json', '{"failOn": "never"}'],
    ['.pgrehearse-baseline.yaml', 'rules: x'],
    ['pgrehearse.yaml', ''],
  ])('takes %s for something else where it sets nothing of ours', async (name, text) => {
    await write(name, text)
    expect(await load()).toEqual(none())
  })

  it('looks in parents up to the root of the repository, whose folder becomes the project root', async () => {
    await write('.git/HEAD', 'ref: refs/heads/main')
    await write('pgrehearse.config.yaml', 'failOn: warning')
    await write('services/shop/x.sql', '')
    expect(await load('services/shop')).toEqual({
      config: { failOn: 'warning' },
      file: path.join(dir, 'pgrehearse.config.yaml'),
      root: dir,
    })
  })

  it('does not look above the repository', async () => {
    await write('pgrehearse.config.yaml', 'failOn: warning')
    await write('repo/.git', 'gitdir: elsewhere')
    expect((await load('repo')).file).toBeUndefined()
  })

  it('does not look in parents without git', async () => {
    await write('pgrehearse.config.yaml', 'failOn: warning')
    await write('inner/x', '')
    expect((await load('inner')).file).toBeUndefined()
  })

  it('reads none with --no-config, not even a broken one', async () => {
    await write('pgrehearse.config.yaml', ': : :')
    expect((await load('.', { enabled: false })).config).toEqual({})
  })

  it('keeps the current folder as project root with --config', async () => {
    await write('ci/rehearse.yml', 'cacheDir: .cache')
    const loaded = await load('.', { file: 'ci/rehearse.yml' })
    expect(loaded.root).toBe(dir)
    expect(loaded.config.cacheDir).toBe(path.join(dir, '.cache'))
  })

  it('refuses two files in one folder', async () => {
    await write('pgrehearse.config.json', '{}')
    expect(await printed('pgrehearse.config.yaml', '')).toMatchInlineSnapshot(`
      "There are 2 configuration files in <dir>: pgrehearse.config.json, pgrehearse.config.yaml.
      hint: Keep one of them, or choose one with --config."
    `)
  })
})

describe('reading the configuration', () => {
  it('takes an empty file for an empty configuration', async () => {
    await write('pgrehearse.config.json', '')
    expect((await load()).config).toEqual({})
  })

  it('reads durations, one folder or many, and severities into one form', async () => {
    await write(
      'pgrehearse.config.yaml',
      [
        'migrations: { dir: db, source: flyway }',
        'runner: { lockTimeout: 5s, statementTimeout: 1.5 min }',
        'statementTimeout: 250',
        'rules: { ban-truncate: off, ban-rename-column: { severity: info } }',
      ].join('\n'),
    )
    expect((await load()).config).toEqual({
      migrations: [{ dir: 'db', source: 'flyway' }],
      runner: { lockTimeout: 5000, statementTimeout: 90_000 },
      statementTimeout: 250,
      rules: { 'ban-truncate': 'off', 'ban-rename-column': 'info' },
    })
  })

  it.each([
    ['[db/queries, "src/**/*.ts"]', { files: ['db/queries', 'src/**/*.ts'] }],
    ['{ files: [db], exclude: [db/old], tags: [pg] }', { files: ['db'], exclude: ['db/old'], tags: ['pg'] }],
    [
      '{ preparedStatements: named, searchPath: [shop, public] }',
      { preparedStatements: 'named', searchPath: ['shop', 'public'] },
    ],
    ['false', false],
  ])('reads queries: %s', async (text, queries) => {
    await write('pgrehearse.config.yaml', `queries: ${text}`)
    expect((await load()).config).toEqual({ queries })
  })

  it('takes a key whose children are commented out for absent', async () => {
    await write('pgrehearse.config.yaml', 'server:\n  # url: postgres://x\nrunner:\n  lockTimeout:\n')
    expect((await load()).config).toEqual({ runner: {} })
  })

  it('runs TypeScript, with an import of pgrehearse that needs no installation', async () => {
    await write(
      'pgrehearse.config.ts',
      `import { defineConfig, defineRule } from 'pgrehearse'
       const url: string | undefined = process.env['PGREHEARSE_TEST_NO_SUCH_VARIABLE']
       const mine = defineRule({ id: 'avoid-friday', title: 'Avoid Fridays', severity: 'info', since: '1',
         messages: {}, statement() {} })
       export default defineConfig({ server: { url }, customRules: [mine], rules: { 'avoid-friday': 'error' } })`,
    )
    const { config } = await load()
    expect(config.server).toEqual({})
    expect(config.rules).toEqual({ 'avoid-friday': 'error' })
    expect(config.customRules?.map((rule) => rule.id)).toEqual(['avoid-friday'])
  })

  it.each([
    ['pgrehearse.config.js', 'module.exports = { failOn: "never" }'],
    ['pgrehearse.config.mjs', 'export default { failOn: "never" }'],
    ['pgrehearse.config.json', '{ "failOn": "never" }'],
    ['pgrehearse.config.yml', 'failOn: never'],
  ])('reads %s', async (name, text) => {
    await write(name, text)
    expect((await load()).config).toEqual({ failOn: 'never' })
  })
})

describe('what a broken configuration says', () => {
  it('points to each wrong key', async () => {
    const text = `
migrations:
  dirr: db
  transaction: sometimes
rulez: 3
rules:
  ban-truncate: loud
  ban-rename-column: { severity: loud }
statementTimeout: 5 parsecs
timeZone: Mars/Base
roles: [app, 3]
server: { pgVersion: 9, url: "mysql://root:secret@db" }
`
    const message = await printed('pgrehearse.config.yaml', text)
    expect(message).toMatchInlineSnapshot(`
      "pgrehearse.config.yaml is not a valid configuration:
      ✖ Unrecognized key: "rulez". Did you mean "rules"?
      ✖ Unrecognized key: "dirr". Did you mean "dir"?
        → at migrations
      ✖ Expected a time zone of the IANA database, for example "UTC" or "Europe/Berlin"
        → at timeZone
      ✖ Expected a duration such as "5s", "500ms", "1min", or milliseconds as a whole number
        → at statementTimeout
      ✖ Invalid option: expected one of "statement"|"file"|"simple query"|"run"
        → at migrations.transaction
      ✖ Invalid input: expected string, received number
        → at roles[1]
      ✖ Expected "off", "error", "warning", "info", or an object with a severity, a reason or options
        → at rules["ban-truncate"]
      ✖ Expected a URL that begins with postgres:// or postgresql://
        → at server.url
      ✖ Expected a major version of Postgres from 14
        → at server.pgVersion
      ✖ Invalid option: expected one of "off"|"error"|"warning"|"info"
        → at rules["ban-rename-column"].severity
      hint: docs/configuration.md of the package describes every key; \`pgrehearse init\` writes a commented example."
    `)
    expect(message).not.toContain('secret')
  })

  it('points into a list of folders', async () => {
    const text = 'migrations: [{ dir: a }, { dir: b, exclud: [x] }]'
    expect(await printed('pgrehearse.config.yaml', text)).toMatchInlineSnapshot(`
      "pgrehearse.config.yaml is not a valid configuration:
      ✖ Unrecognized key: "exclud". Did you mean "exclude"?
        → at migrations[1]
      hint: docs/configuration.md of the package describes every key; \`pgrehearse init\` writes a commented example."
    `)
  })

  it.each([
    ['true', ['Expected a list of files, an object, or false']],
    ['{ file: [db] }', ['Unrecognized key: "file". Did you mean "files"?']],
    ['{ tags: [sql.type] }', ['Expected the name of a template tag', '→ at queries.tags[0]']],
    ['[""]', ['Expected a text that is not empty', '→ at queries[0]']],
  ])('says what is wrong with queries: %s', async (text, said) => {
    const message = await printed('pgrehearse.config.yaml', `queries: ${text}`)
    for (const part of said) expect(message).toContain(part)
  })

  it('names the rule that was meant', async () => {
    expect(await printed('pgrehearse.config.yaml', 'rules: { ban-trunkate: off }')).toMatchInlineSnapshot(`
      "pgrehearse.config.yaml is not a valid configuration:
      ✖ No rule is called "ban-trunkate". Did you mean "ban-truncate"?
        → at rules["ban-trunkate"]
      hint: docs/configuration.md of the package describes every key; \`pgrehearse init\` writes a commented example."
    `)
  })

  it('says that a finding of the engine is not a rule', async () => {
    expect(await printed('pgrehearse.config.yaml', 'rules: { edited-migration: off }'))
      .toMatchInlineSnapshot(`
      "pgrehearse.config.yaml is not a valid configuration:
      ✖ "edited-migration" is not a rule: pgrehearse finds it itself, with a fixed severity
        → at rules["edited-migration"]
      hint: docs/configuration.md of the package describes every key; \`pgrehearse init\` writes a commented example."
    `)
  })

  it('names the sources there are', async () => {
    expect(await printed('pgrehearse.config.yaml', 'migrations: { source: liquid }')).toMatchInlineSnapshot(`
      "pgrehearse.config.yaml is not a valid configuration:
      ✖ No migration source is called "liquid". Known: flyway, golang-migrate, plain-sql
        → at migrations[0].source
      hint: docs/configuration.md of the package describes every key; \`pgrehearse init\` writes a commented example."
    `)
  })

  it('says that a watchdog of no time at all is none', async () => {
    expect(await printed('pgrehearse.config.json', '{ "statementTimeout": 0 }')).toMatchInlineSnapshot(`
      "pgrehearse.config.json is not a valid configuration:
      ✖ Expected a duration greater than 0
        → at statementTimeout
      hint: docs/configuration.md of the package describes every key; \`pgrehearse init\` writes a commented example."
    `)
  })

  it('refuses a rule of the user’s own that lacks its parts', async () => {
    const text = "export default { customRules: [{ id: 'avoid-friday', title: 'Avoid Fridays' }] }"
    expect(await printed('pgrehearse.config.mjs', text)).toMatchInlineSnapshot(`
      "pgrehearse.config.mjs is not a valid configuration:
      ✖ Expected a rule made by defineRule(): a kebab-case id, title, severity, messages, a preset and options where it has them, and a statement, transaction, run or query function
        → at customRules[0]
      hint: docs/configuration.md of the package describes every key; \`pgrehearse init\` writes a commented example."
    `)
  })

  it('refuses a rule of the user’s own that takes the name of another', async () => {
    const text = `const rule = { id: 'ban-truncate', title: 'x', severity: 'info', since: '1', messages: {}, statement() {} }
      export default { customRules: [rule] }`
    expect(await printed('pgrehearse.config.mjs', text)).toMatchInlineSnapshot(`
      "pgrehearse.config.mjs is not a valid configuration:
      ✖ There is already a rule called "ban-truncate"
        → at customRules[0].id
      hint: docs/configuration.md of the package describes every key; \`pgrehearse init\` writes a commented example."
    `)
  })

  it('gives the place of a JSON error', async () => {
    expect(await printed('pgrehearse.config.json', '{\n  "failOn": "error",,\n}')).toMatchInlineSnapshot(
      `"pgrehearse.config.json:2:21 is not valid JSON: Expected double-quoted property name."`,
    )
  })

  it('gives the place of a YAML error, and not the line, which may hold a password', async () => {
    const text = 'failOn: error\nserver: { url: postgres://u:secret@h/d\nrules: [x'
    const message = await printed('pgrehearse.config.yaml', text)
    expect(message).toMatchInlineSnapshot(
      `"pgrehearse.config.yaml:3:1 is not valid YAML: Flow map in block collection must be sufficiently indented and end with a }."`,
    )
    expect(message).not.toContain('secret')
  })

  it('gives the message of code that throws', async () => {
    const text = "throw new Error('no network today')"
    expect(await printed('pgrehearse.config.ts', text)).toMatchInlineSnapshot(
      `"pgrehearse.config.ts could not be loaded: no network today"`,
    )
  })

  it('gives the place of a syntax error in code', async () => {
    expect(await printed('pgrehearse.config.ts', 'export default { failOn: ')).toMatchInlineSnapshot(`
      "pgrehearse.config.ts could not be loaded: ParseError: Unexpected token
        <dir>/pgrehearse.config.ts:1:25"
    `)
  })

  it('says when code exports nothing', async () => {
    expect(await printed('pgrehearse.config.ts', 'export const config = {}')).toMatchInlineSnapshot(`
      "pgrehearse.config.ts exports no configuration.
      hint: Write \`export default defineConfig({ … })\`."
    `)
  })

  it('says when the file is not text', async () => {
    const bytes = new Uint8Array([0x66, 0x3a, 0xff, 0xfe])
    expect(await printed('pgrehearse.config.ts', bytes)).toMatchInlineSnapshot(`
      "pgrehearse.config.ts is not UTF-8 text.
      hint: Save it as UTF-8."
    `)
  })

  it('says when the file of --config is not there or not of a kind we read', async () => {
    await expect(load('.', { file: 'nope.yaml' })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: There is no configuration file nope.yaml.]`,
    )
    await write('x.toml', '')
    await expect(load('.', { file: 'x.toml' })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: x.toml is not a configuration file that pgrehearse can read.]`,
    )
  })
})
