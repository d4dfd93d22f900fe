import { describe, expect, it } from 'vitest'
import { databasesOf } from '../../src/databases.ts'
import { mergeConfigs } from '../../src/config/merge.ts'
import type { KnownNames } from '../../src/config/name-issues.ts'
import { patternProblem } from '../../src/config/pattern.ts'
import { readOptions } from '../../src/config/rule-options.ts'
import { validateConfig } from '../../src/config/validate.ts'
import type { RuleOptions } from '../../src/rule.ts'

const description = 'What it does.'
const options: RuleOptions = {
  columns: { type: 'boolean', default: false, description },
  most: { type: 'integer', default: 3, minimum: 1, maximum: 9, description },
  timeout: { type: 'duration', default: 1000, description },
  prefix: { type: 'text', default: '', description },
  table: { type: 'pattern', default: '^a$', description },
  side: { type: 'choice', choices: ['left', 'right'], default: 'left', description },
  types: { type: 'list', choices: ['money', 'json'], default: [], description },
  names: { type: 'list', default: [], description },
}

const known: KnownNames = {
  rules: () => Promise.resolve(['require-order', 'ban-plain']),
  ruleOptions: () => Promise.resolve({ 'require-order': options }),
  reserved: () => Promise.resolve([]),
  sources: () => Promise.resolve([]),
}

const given = (said: object): Promise<unknown> =>
  validateConfig({ rules: { 'require-order': { options: said } } }, 'pgrehearse.config.yaml', known)

it('reads what is right, durations in milliseconds', () => {
  const said = {
    columns: true,
    most: 9,
    timeout: '5s',
    prefix: '',
    table: '^[a-z]+(_[a-z]+)*$',
    side: 'right',
    types: ['json'],
    names: ['x'],
  }
  const { values, problems } = readOptions('require-order', options, said)
  expect(problems).toEqual([])
  expect(values).toEqual({ ...said, timeout: 5000 })
})

describe('what is wrong is said with its place', () => {
  it.each([
    [{ columnz: true }, 'require-order has no option "columnz". Did you mean "columns"?', 'columnz'],
    [{ toString: true }, 'require-order has no option "toString". It has: columns', 'toString'],
    [{ columns: 'yes' }, 'Expected true or false', 'columns'],
    [{ most: 10 }, 'Expected a whole number from 1 to 9', 'most'],
    [{ most: 1.5 }, 'Expected a whole number from 1 to 9', 'most'],
    [{ timeout: 'soon' }, 'Expected a duration such as "5s"', 'timeout'],
    [{ table: '(' }, 'Expected a regular expression (JavaScript, flag u)', 'table'],
    [{ table: '(a+)+$' }, 'This regular expression can take forever on a long name', 'table'],
    [{ side: 'lift' }, 'Expected one of "left", "right". Did you mean "left"?', 'side'],
    [{ types: 'json' }, 'Expected a list', 'types'],
    [{ types: ['json', 'monye'] }, 'Did you mean "money"?', 'types[1]'],
    [{ names: [3] }, 'Expected a text', 'names[0]'],
  ])('%j', async (said, message, path) => {
    await expect(given(said)).rejects.toThrow(message)
    await expect(given(said)).rejects.toThrow(`at rules["require-order"].options.${path}`)
  })

  it('of a rule without options', async () => {
    const config = { databases: [{ name: 'a', rules: { 'ban-plain': { options: { x: 1 } } } }] }
    await expect(validateConfig(config, 'c.yaml', known)).rejects.toThrow('ban-plain has no options')
  })

  it('of overrides: options hold in every file', async () => {
    const config = { overrides: [{ paths: ['x'], rules: { 'require-order': { options: { most: 1 } } } }] }
    await expect(validateConfig(config, 'c.yaml', known)).rejects.toThrow('say them under `rules`')
  })

  it('of a preset', async () => {
    await expect(validateConfig({ presets: ['paranoid'] }, 'c.yaml', known)).rejects.toThrow(
      'Expected "recommended", "strict" or "security"',
    )
  })
})

describe('patterns', () => {
  it.each(['^[a-z][a-z0-9]*(_[a-z0-9]+)*$', '^(?!tmp_).*$', '_id$', '^.{1,30}$'])('%s will do', (source) => {
    expect(patternProblem(source)).toBeUndefined()
  })

  it.each(['[', '\\p{Nope}', '^(\\w+\\s?)*$', '(a|a)*b', 'x'.repeat(201)])('%s will not', (source) => {
    expect(patternProblem(source)).toBeDefined()
  })
})

describe('what is said twice of a rule', () => {
  it('keeps the severity where only options are said, and the options where only a severity is', () => {
    const base = { rules: { a: 'warning', b: { severity: 'info', reason: 'r', options: { x: 1, y: 1 } } } }
    const top = { rules: { a: { options: { z: 1 } }, b: 'error' } }
    expect(mergeConfigs([base, top])).toEqual({
      rules: {
        a: { severity: 'warning', options: { z: 1 } },
        b: { severity: 'error', options: { x: 1, y: 1 } },
      },
    })
  })

  it('merges options one by one; a new severity takes the old reason along', () => {
    const base = { rules: { b: { severity: 'info', reason: 'r', options: { x: 1, y: 1 } } } }
    const top = { rules: { b: { severity: 'off', options: { y: 2 } } } }
    expect(mergeConfigs([base, top])).toEqual({
      rules: { b: { severity: 'off', options: { x: 1, y: 2 } } },
    })
  })

  it('of all databases and of one', async () => {
    const config = await validateConfig(
      {
        presets: ['strict'],
        rules: { 'require-order': { severity: 'error', options: { most: 2 } } },
        databases: [
          { name: 'a', presets: ['security'], rules: { 'require-order': { options: { side: 'right' } } } },
        ],
      },
      'c.yaml',
      known,
    )
    const request = { cwd: '.', paths: [], all: false, env: {}, only: [], config }
    const [database] = await databasesOf(request)
    expect(database?.config.rules).toEqual({
      'require-order': { severity: 'error', options: { most: 2, side: 'right' } },
    })
    expect(database?.config.presets).toEqual(['security'])
  })
})
