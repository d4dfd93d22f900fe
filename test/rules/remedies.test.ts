import { beforeAll, describe, expect, test } from 'vitest'
import { rules } from '../../rules/index.ts'
import { judge } from '../../src/judge/judge.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { remedyRuns } from './remedies.ts'
import { lintExample, loadExamples, predictMigrations, ruleFolders, today } from './run-example.ts'

beforeAll(loadParser)

describe.each(ruleFolders())('%s', (id) => {
  test('finds nothing in its own remedies', () => {
    for (const example of loadExamples(id)) {
      for (const run of remedyRuns(example, lintExample(example))) {
        const migrations = predictMigrations(run.history, run.review)
        const { findings } = judge({ migrations, rules, allows: run.allows, today })
        // what cannot be done without a lock stays an info
        const left = findings.filter(
          ({ ruleId, severity, allowed }) => ruleId === id && severity !== 'info' && allowed === undefined,
        )
        expect(
          left.map(({ message }) => message),
          `${example.file}: ${run.finding.message}`,
        ).toEqual([])
      }
    }
  })
})

test('most findings about waiting and long work come with SQL to paste', () => {
  const findings = ruleFolders().flatMap((id) =>
    loadExamples(id).flatMap((example) => lintExample(example).filter(({ ruleId }) => ruleId === id)),
  )
  expect(findings.filter(({ remedy }) => remedy === undefined)).toEqual([])
  // for other harm there is often something to decide first
  const harmful = new Set(rules.filter(({ harm }) => harm !== undefined).map(({ id }) => id))
  const waiting = findings.filter(({ ruleId }) => harmful.has(ruleId))
  const withSql = waiting.filter(({ remedy }) => (remedy?.migrations.length ?? 0) > 0)
  expect(withSql.length / waiting.length).toBeGreaterThan(0.6)
})
