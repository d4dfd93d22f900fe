import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import {
  expectedLines,
  foundLines,
  lintExample,
  loadExamples,
  misjudged,
  ruleFolders,
} from './run-example.ts'

beforeAll(loadParser)

describe.each(ruleFolders())('%s', (id) => {
  test('finds in its examples exactly what their comments say', () => {
    for (const example of loadExamples(id)) {
      const findings = lintExample(example)
      expect(foundLines(example, findings), example.file).toEqual(expectedLines(example, 'lint'))
      expect(misjudged(example, findings, 'lint'), example.file).toEqual([])
    }
  })
})
