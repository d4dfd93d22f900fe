import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { expectedLines, foundLines, lintExample, loadExamples, ruleFolders } from './run-example.ts'

beforeAll(loadParser)

describe.each(ruleFolders())('%s', (id) => {
  test('finds in its examples exactly what their comments say', () => {
    for (const example of loadExamples(id)) {
      expect(foundLines(example, lintExample(example)), example.file).toEqual(expectedLines(example, 'lint'))
    }
  })
})
