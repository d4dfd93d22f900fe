import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { rules } from '../../rules/index.ts'
import { maskEstimates } from '../estimates.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const read = (name: string): Promise<string> => readFile(path(name), 'utf8')

const rulesTable = [
  '| rule | what it asks for | severity |',
  '|---|---|---|',
  ...rules.map(({ id, title, severity }) => `| [${id}](rules/${id}/README.md) | ${title} | ${severity} |`),
].join('\n')

describe('README.md', () => {
  it('lists the rules as they are', async () => {
    const page = (await read('README.md')).replace(
      /(<!-- generated:rules -->\n)[\s\S]*?(<!-- end generated -->)/,
      (_, before: string, after: string) => `${before}\n${rulesTable}\n\n${after}`,
    )
    expect(page).toContain(rulesTable)
    await expect(page).toMatchFileSnapshot(path('README.md'))
  })

  it('shows a report that the tool really prints', async () => {
    const block = /<!-- an excerpt of .* -->\n\n```\n([\s\S]*?)\n```/.exec(await read('README.md'))?.[1]
    const golden = maskEstimates(await read('fixtures/shop/expected.txt'))
    const pieces = (block ?? '').split('\n…\n').map((piece) => piece.replace(/^\n+|\n+$/g, ''))
    expect(pieces.length).toBeGreaterThan(3)
    for (const piece of pieces) expect(golden).toContain(maskEstimates(piece).trim())
  })

  it('has the two commands of a fresh clone', async () => {
    const page = await read('README.md')
    expect(page).toContain('npm ci && npm run demo')
    expect(page).toContain('npm ci && npm test')
  })

  it('links to files that exist', async () => {
    const links = [...(await read('README.md')).matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(
      ([, link]) => link ?? '',
    )
    expect(links.length).toBeGreaterThan(20)
    for (const link of links)
      await expect(import('node:fs/promises').then(({ stat }) => stat(path(link)))).resolves.toBeDefined()
  })
})
