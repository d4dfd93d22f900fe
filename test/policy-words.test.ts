import { expect, it } from 'vitest'
import type { Config } from '../src/config/schema.ts'
import type { Finding } from '../src/core/model.ts'
import { policySentences } from '../src/policy-words.ts'
import { sampleReport } from './reporters/sample-report.ts'

function off(ruleId: string, file: string, line: number): Finding {
  const [finding] = sampleReport.findings
  if (finding === undefined) throw new Error('the sample report has no findings')
  const start = { line, column: 1, offset: 0 }
  return { ...finding, ruleId, span: { file, start, end: start } }
}

function sentences(config: Config, found: readonly Finding[] = []): readonly string[] {
  return policySentences({ config, decidedBy: [], off: found })
}

it('says nothing where nobody decided anything', () => {
  expect(sentences({ failOn: 'warning', roles: ['a'] })).toEqual([])
})

it('says which rules are off, why, and what they would have said', () => {
  const rules = {
    'ban-a': 'off',
    'ban-b': { severity: 'off', reason: 'only staging has it' },
    'ban-c': 'off',
    'ban-d': 'off',
    'ban-e': 'warning',
    'ban-f': { severity: 'info', reason: 'since May' },
  } as const
  expect(sentences({ rules }, [off('ban-a', 'x.sql', 3), off('ban-a', 'y.sql', 1)])).toEqual([
    'By configuration, ban-a is off. It would have had 2 findings, the first in x.sql:3.',
    'By configuration, ban-b is off (only staging has it). It would have found nothing here.',
    'By configuration, ban-c, ban-d are off.',
    'By configuration, ban-e is a warning, ban-f is an info (since May).',
  ])
})

it('says which presets are on, and what rules are told', () => {
  const rules = {
    'ban-a': { options: { columns: true, timeout: '5s' } },
    'ban-b': { severity: 'off', options: { columns: true } },
  } as const
  expect(sentences({ presets: ['recommended', 'strict', 'security'], rules })).toEqual([
    'By configuration, the rules of strict and security are on besides those that are recommended.',
    'By configuration, ban-b is off.',
    'By configuration, ban-a has the options columns true, timeout "5s".',
  ])
})

it('says of overrides what is off in their files only', () => {
  const overrides = [{ paths: ['db/old/**', 'x'], rules: { 'ban-a': 'off', 'ban-b': 'off' } as const }]
  const found = [off('ban-a', 'db/old/x.sql', 3), off('ban-b', 'db/old/x.sql', 4)]
  expect(sentences({ rules: { 'ban-b': 'off' }, overrides }, found)).toEqual([
    'By configuration, ban-b is off. It would have had a finding in db/old/x.sql:4.',
    'By configuration, in db/old/**, x, ban-a is off. It would have had a finding in db/old/x.sql:3.',
    'By configuration, in db/old/**, x, ban-b is off.',
  ])
})

it('says what is left out', () => {
  expect(
    sentences({
      migrations: [{ exclude: ['db/seeds/**'] }],
      queries: { exclude: ['test/**'] },
      thresholds: {},
    }),
  ).toEqual([
    'From how long on a wait counts is what the configuration says.',
    'Left out by migrations.exclude: db/seeds/**.',
    'Left out by queries.exclude: test/**.',
  ])
  expect(sentences({ queries: false })).toEqual([
    'The application’s queries are left alone (queries: false).',
  ])
})

it('says what sessions begin with, and what the history starts from', () => {
  const config: Config = {
    runner: { lockTimeout: 5000, statementTimeout: 0 },
    settings: { search_path: 'app, public', lock_timeout: '9s' },
    migrations: [{ start: 'db/structure.sql' }],
  }
  expect(sentences(config)).toEqual([
    'By configuration, the runner sets lock_timeout 5 s and statement_timeout none.',
    'By configuration, sessions begin with search_path = app, public; lock_timeout = 9s.',
    'The history starts from db/structure.sql (migrations.start), which is not judged.',
  ])
})
