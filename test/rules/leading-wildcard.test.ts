import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { lintExample, loadExamples } from './run-example.ts'

beforeAll(loadParser)

const id = 'avoid-leading-wildcard'

// Postgres refuses gin_trgm_ops of character, and uses none of citext: their LIKE is no operator of text
test('recommends an index of text for columns that are none, and says that the query has to change', () => {
  const found = loadExamples(id)
    .flatMap((example) => lintExample(example))
    .filter(({ ruleId }) => ruleId === id)
  const remedyOf = (object: string): string => {
    const remedy = found.find((finding) => finding.object === object)?.remedy
    return JSON.stringify(remedy ?? object)
  }
  expect(remedyOf('notes.reference')).toContain('USING gin ((reference::text) gin_trgm_ops)')
  expect(remedyOf('notes.reference')).toContain('the query has to compare reference::text, too')
  expect(remedyOf('notes.body')).toContain('USING gin (body gin_trgm_ops)')
  expect(remedyOf('notes.body')).not.toContain('has to compare')
})
