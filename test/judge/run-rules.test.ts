import { beforeAll, expect, test } from 'vitest'
import { judge, type JudgeInput } from '../../src/judge/judge.ts'
import { defineRule } from '../../src/rule.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { predictMigrations } from '../rules/run-example.ts'
import { migrations } from '../predict/predict-sql.ts'

beforeAll(loadParser)

const manyStatements = defineRule({
  id: 'avoid-many-statements',
  title: 'Avoid many statements',
  severity: 'warning',
  since: '0.1.0',
  preset: 'strict',
  options: { most: { type: 'integer', default: 1, description: 'So many are fine.' } },
  messages: { many: ({ count }: { count: number }) => `There are ${count}.` },
  run({ statements, options, causeOf, report }) {
    const at = causeOf({ kind: 'table', schema: 'public', name: 'a' })
    if (statements.length <= options.most || at === undefined) return
    report('many', { count: statements.length }, { at, because: [], evidence: 'schema' })
  },
})

function findings(more: Partial<JudgeInput>) {
  const review = migrations(['CREATE TABLE a (id int); CREATE TABLE b (id int);'])
  const judged = judge({
    migrations: predictMigrations([], review),
    rules: [manyStatements],
    today: '2026-01-01',
    ...more,
  })
  return judged.findings.map(({ message, span, evidence }) => `${span.start.column} ${message} ${evidence}`)
}

test('a rule of a preset is silent until the preset is chosen, or the rule has a severity', () => {
  expect(findings({})).toEqual([])
  expect(findings({ presets: ['strict'] })).toEqual(['1 There are 2. predicted'])
  expect(findings({ severities: { 'avoid-many-statements': 'error' } })).toEqual(['1 There are 2. predicted'])
})

test('a rule reads its options, and rests on a measured schema', () => {
  const options = { 'avoid-many-statements': { most: 2 } }
  expect(findings({ presets: ['strict'], options })).toEqual([])
  const schema = { before: { tables: [] }, after: { tables: [] }, evidence: 'measured' } as const
  expect(findings({ presets: ['strict'], schema })).toEqual(['1 There are 2. measured'])
})
