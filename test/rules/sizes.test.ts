import { beforeAll, describe, expect, test } from 'vitest'
import { rules } from '../../rules/index.ts'
import { relationKey } from '../../src/core/effects.ts'
import type { MigrationResult } from '../../src/core/model.ts'
import type { Production, TableFacts } from '../../src/core/production.ts'
import { priceResults } from '../../src/cost/price.ts'
import { judge, type Judgement } from '../../src/judge/judge.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { lintExample, loadExamples, predictMigrations, today, type Example } from './run-example.ts'

beforeAll(loadParser)

/** Every table that the statements touch, at one size. */
function productionOf(results: readonly MigrationResult[], rows: number): Production {
  const effects = results.flatMap(({ statements }) => statements.flatMap((statement) => statement.effects))
  const relations = effects.flatMap((effect) => ('relation' in effect ? [effect.relation] : []))
  const tables = new Map(
    relations.map((relation): [string, TableFacts] => {
      const { schema, name } = relation
      return [
        relationKey(relation),
        { schema, name, rows, heapBytes: Math.max(8192, rows * 100), from: 'snapshot' },
      ]
    }),
  )
  return { sources: [], tables: [...tables.values()], settings: {} }
}

function judgeAt(rows: number, { history, review, allows }: Example): Judgement {
  const predicted = predictMigrations(history, review)
  const production = productionOf(predicted, rows)
  const { results } = priceResults(predicted, { why: 'this is a test' }, production)
  return judge({ migrations: results, rules, allows, today, production })
}

function infosWithoutSizes(id: string): readonly string[] {
  return loadExamples(id).flatMap((example) =>
    lintExample(example).flatMap(({ ruleId, messageId, severity, span }) =>
      ruleId === id && severity === 'info' ? [`${span.file}:${span.start.line} ${messageId} info`] : [],
    ),
  )
}

const weighed = rules.filter(({ harm }) => harm !== undefined)

/** `rules/x/bad.sql:3 scans error`, of the rule's own findings whose harm is time. */
function outcomes(rows: number, id: string): readonly string[] {
  return loadExamples(id).flatMap((example) => {
    const { findings, harmless } = judgeAt(rows, example)
    return [
      ...findings
        .filter(({ wait }) => wait !== undefined)
        .map((finding) => ({ finding, how: finding.severity })),
      ...harmless.map((finding) => ({ finding, how: 'harmless' })),
    ].flatMap(({ finding: { ruleId, messageId, span }, how }) =>
      ruleId === id ? [`${span.file}:${span.start.line} ${messageId} ${how}`] : [],
    )
  })
}

// what is there is found by its examples; here, that sizes reach it
describe.each(weighed)('$id', ({ id }) => {
  test('is harmless for small tables', () => {
    const small = outcomes(100, id)
    // catalogue changes that were not rehearsed may take long, and nobody knows how often code reads a table
    const unsure = small.filter((line) => line.endsWith(' info'))
    expect(small.filter((line) => !line.endsWith(' harmless'))).toEqual(unsure)
    expect(small.length).toBeGreaterThan(unsure.length)
  })

  test('is not for large ones', () => {
    const large = outcomes(500_000_000, id)
    expect(large.length).toBeGreaterThan(0)
    // what the rule itself holds to be worth knowing only stays that
    const infos = large.filter((line) => !/ (?:error|warning)$/.test(line))
    expect(infos.filter((line) => !infosWithoutSizes(id).includes(line))).toEqual([])
    expect(infos.length).toBeLessThan(large.length)
  })
})
