import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { allMajors } from '../postgres/majors.ts'
import { atlasExceptions } from './exceptions.ts'
import { areaFile, printArea, readAtlas, readArea, type AtlasForm } from './forms.ts'
import { locksPage } from './locks-page.ts'
import { atlasHistory, predictForms } from './predict-forms.ts'

beforeAll(loadParser)

const areas = readAtlas()
const exceptions = new Map(atlasExceptions.map((exception) => [exception.sql, exception]))

describe('the forms', () => {
  const forms = areas.flatMap((area) => area.forms)

  it('are measured on every major', () => {
    expect(forms.filter(({ outcomes }) => outcomes.size !== allMajors.length)).toEqual([])
  })

  it('stand once each', () => {
    const titles = forms.flatMap(({ title }) => title ?? [])
    const twice = (list: readonly string[]): readonly string[] =>
      list.filter((one, index) => list.indexOf(one) !== index)
    expect(twice(forms.map(({ sql }) => sql))).toEqual([])
    expect(twice(titles)).toEqual([])
  })

  it.each(areas)('of $id are written as they are read', ({ id }) => {
    const text = readFileSync(areaFile(id), 'utf8')
    expect(printArea(readArea(id, text))).toBe(text)
  })
})

/** `statement: outcome`, of forms that the major knows. */
function line({ sql }: AtlasForm, outcome: string | undefined): string {
  return `${sql}: ${outcome}`
}

describe.each(allMajors)('the prediction for PostgreSQL %i', (major) => {
  it.each(areas)('says of $id what was measured, and nothing else', ({ forms }) => {
    const known = forms.filter(({ outcomes }) => outcomes.get(major)?.startsWith('fails') === false)
    const predicted = predictForms(known, major, atlasHistory())
    const measured = known.map((form) => {
      const expected = exceptions.get(form.sql)?.predicted ?? form.outcomes.get(major)
      return line(form, expected)
    })
    expect(known.map((form) => line(form, predicted.get(form)?.outcome))).toEqual(measured)
  })
})

describe('the exceptions', () => {
  const forms = areas.flatMap((area) => area.forms)

  it.each(atlasExceptions)('are needed: $why', ({ sql, predicted }) => {
    const form = forms.find((one) => one.sql === sql)
    expect(form?.outcomes.get(18)).toBeDefined()
    expect(form?.outcomes.get(18)).not.toBe(predicted)
  })
})

it('docs/locks.md is what was measured', async () => {
  const page = fileURLToPath(new URL('../../docs/locks.md', import.meta.url))
  await expect(locksPage(areas)).toMatchFileSnapshot(page)
})
