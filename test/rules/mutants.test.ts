/**
 * Small changes to the examples, each at every place where it fits: what makes a good example harmful is found, what
 * makes a bad one harmless silences the rule. `rules/<id>/mutations.yaml` lists them.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { mutantsOf, ownFindings, readMutations } from './mutants.ts'
import { lintExample, ruleFolders } from './run-example.ts'

beforeAll(loadParser)

test.each(ruleFolders())('%s has changes in both directions', (id) => {
  expect(readMutations(id)).toBeDefined()
})

describe.each(ruleFolders().filter((id) => readMutations(id) !== undefined))('%s', (id) => {
  const mutations = readMutations(id)
  if (mutations === undefined) return

  test('finds what makes its good examples harmful', () => {
    for (const { title, mutant, original, replay } of mutantsOf(id, 'harmful', mutations)) {
      expect(
        mutant.review.flatMap(({ statements }) => statements.filter(({ tag }) => tag === 'Unparsed')),
        title,
      ).toEqual([])
      if (replay) continue
      expect(ownFindings(original, lintExample(original)), title).toEqual([])
      expect(ownFindings(mutant, lintExample(mutant)), title).not.toEqual([])
    }
  })

  test('is silent about what makes its bad examples harmless', () => {
    for (const { title, mutant, original, replay } of mutantsOf(id, 'harmless', mutations)) {
      expect(
        mutant.review.flatMap(({ statements }) => statements.filter(({ tag }) => tag === 'Unparsed')),
        title,
      ).toEqual([])
      if (replay) continue
      const before = ownFindings(original, lintExample(original))
      const after = ownFindings(mutant, lintExample(mutant))
      expect(after.length, `${title}: ${after.join(', ')}`).toBeLessThan(before.length)
    }
  })
})
