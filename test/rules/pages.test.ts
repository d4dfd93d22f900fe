import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { rules } from '../../rules/index.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { renderCatalogue, renderPage, renderReserved } from './page.ts'
import { rulesFolder } from './run-example.ts'

beforeAll(loadParser)

// to bring the pages up to date: npm run docs
describe('the pages say what the code does', () => {
  test.each(rules)('rules/$id/README.md', async (rule) => {
    const path = `${rulesFolder}${rule.id}/README.md`
    await expect(renderPage(rule, readFileSync(path, 'utf8'))).toMatchFileSnapshot(path)
  })

  test.each(rules)('of $id: when sizes decide', ({ id, harm }) => {
    const page = readFileSync(`${rulesFolder}${id}/README.md`, 'utf8')
    expect(page.includes('Production’s sizes are known')).toBe(harm !== undefined)
  })

  test('rules/README.md', async () => {
    await expect(renderCatalogue()).toMatchFileSnapshot(`${rulesFolder}README.md`)
  })

  test('docs/reserved-findings.md', async () => {
    const path = fileURLToPath(new URL('../../docs/reserved-findings.md', import.meta.url))
    await expect(renderReserved()).toMatchFileSnapshot(path)
  })
})
