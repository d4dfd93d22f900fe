import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { html } from '../../src/reporters/html.ts'
import { markup } from '../../src/reporters/markup.ts'
import { controlCharacter } from './control-characters.ts'
import { emptyReport, sampleReport } from './sample-report.ts'

const options = { color: false, width: 80 }
const page = html(sampleReport, options)

describe('html', () => {
  it('allows its own style sheet and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    expect(policy?.replaceAll('&#39;', "'")).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    )
  })

  it('holds no script, no event handler, no inline style and nothing to fetch', () => {
    const tags = page.match(/<[a-z][^>]*>/gi) ?? []
    const names = new Set(tags.map((tag) => /^<([a-z0-9]+)/i.exec(tag)?.[1]))
    for (const name of [
      'script',
      'img',
      'iframe',
      'link',
      'object',
      'form',
      'foreignObject',
      'use',
      'image',
    ]) {
      expect(names).not.toContain(name)
    }
    expect(tags.filter((tag) => /\s(on\w+|style|src|srcset|href="(?!#))/.test(withoutValues(tag)))).toEqual(
      [],
    )
    expect(page).not.toMatch(/url\(|@import/)
  })

  it('shows what names hold as text', () => {
    expect(page).toContain('x&quot;; &lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;')
    expect(page).toContain('\\u001b[31mred')
    expect(page).not.toMatch(controlCharacter)
  })

  it('marks the word that the server pointed at', () => {
    expect(page).toContain('SELECT id FROM <mark>ordres</mark> WHERE refunded;')
  })

  it('leads from the overview to every open finding', () => {
    const targets = [...page.matchAll(/href="#(finding-\d+)"/g)].map(([, id]) => id)
    expect(targets).toHaveLength(10)
    expect(new Set(targets).size).toBe(10)
    for (const id of targets) expect(page).toMatch(new RegExp(`<article class="finding \\w+" id="${id}"`))
  })

  it('gives no duration or size measured on sample tables', () => {
    expect(page.slice(page.indexOf('<body>'))).not.toMatch(/1\.25|2720|8192/)
  })

  it('is a whole page also when nothing is under review', () => {
    expect(html(emptyReport, options)).toContain('<h1>Nothing under review.</h1>')
  })
})

describe('markup', () => {
  it('escapes text, joins lists, keeps markup and leaves out nothing', () => {
    const list = ['<', markup`<b>${'&'}</b>`, 1, undefined]
    expect(String(markup`<p title="${'"\''}">${list}</p>`)).toBe(
      '<p title="&quot;&#39;">&lt;<b>&amp;</b>1</p>',
    )
  })

  it('spells out characters that XML does not have', () => {
    expect(String(markup`${'\u0000\u001b\ud800'}`)).toBe('\\u0000\\u001b\\ud800')
  })
})

/** A tag with only the first characters of its attribute values, so that text in them is not taken for attributes. */
function withoutValues(tag: string): string {
  return tag.replaceAll(/"([^"]?)[^"]*"/g, '"$1"')
}
