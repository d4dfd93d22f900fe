import { describe, expect, it } from 'vitest'
import {
  codeBlock,
  codeElement,
  codeSpan,
  cutText,
  link,
  markdownText,
  tableCell,
} from '../../src/reporters/markdown-text.ts'
import { markdown } from '../../src/reporters/markdown.ts'
import { rdjson } from '../../src/reporters/rdjson.ts'
import { controlCharacter } from './control-characters.ts'
import { expectHarmless, outsideCode } from './outside-code.ts'
import { sampleReport } from './sample-report.ts'

const options = { color: false, width: 80 }

describe('markdown', () => {
  it('lets nothing that a migration says out of code', () => {
    const body = markdown(sampleReport, options)
    expectHarmless(body.replaceAll(/^#{2,3} /gm, ''))
    expect(body).toContain('\\u001b[31mred')
    expect(body).not.toMatch(controlCharacter)
  })

  it('holds no quick action, also for a reader that takes three backticks for the end of any fence', () => {
    const body = markdown(sampleReport, options)
    expect(body).toMatch(/^ \/close$/m)
    expect(body.replaceAll(/^```.+?\n```$/gms, '')).not.toMatch(/^\/\w/m)
    expect(body).not.toMatch(/^\/\w/m)
  })

  it('folds receipt and remedy, with the blank line that markdown inside HTML needs', () => {
    const body = markdown(sampleReport, options)
    expect(body).toContain(
      '<details><summary>Why, and how to do it instead</summary>\n\n- ShareLock on `orders`',
    )
    expect(body.match(/^<details>/gm)).toHaveLength(body.match(/^<\/details>$/gm)?.length ?? -1)
    expect(body).toContain(
      'To be run outside a transaction:\n\n```sql\nCREATE INDEX CONCURRENTLY orders_status_idx',
    )
  })

  it('gives allowed findings with their reason and without details', () => {
    expect(markdown(sampleReport, options)).toMatch(
      /\*\*allowed\*\* until `2027-01-31`: .*\n.*\nReason: nothing has read it since release 41/,
    )
  })

  it.each([20_000, 9000, 5000, 3000, 1500, 300, 20])('never exceeds a cap of %i characters', (maxLength) => {
    const body = markdown(sampleReport, { ...options, maxLength })
    expect(body.length).toBeLessThanOrEqual(maxLength)
    expect(body).toContain('## pgrehearse: 6 er')
    expectHarmless(body.replaceAll(/^#{2,3} /gm, ''))
  })

  it('drops receipts first, then the least severe findings, and says how many', () => {
    const full = markdown(sampleReport, options)
    const withoutDetails = markdown(sampleReport, { ...options, maxLength: full.length - 1 })
    expect(withoutDetails).toContain('Receipts and remedies are left out here')
    expect(withoutDetails).not.toContain('left out here, gravest')
    const cut = markdown(sampleReport, { ...options, maxLength: 3400 })
    const [, hidden] = /\*\*(\d+) more findings\*\*/.exec(cut) ?? []
    const shown = cut.match(/^\*\*(error|warning|info|allowed)\*\*/gm) ?? []
    expect(shown.length + Number(hidden)).toBe(sampleReport.findings.length)
    expect(shown.length).toBeGreaterThan(0)
    expect(new Set(shown)).toEqual(new Set(['**error**']))
  })

  it('links rules where it knows a page', () => {
    const ruleUrl = (id: string) => `https://example.org/${id}(1)`
    expect(markdown(sampleReport, { ...options, ruleUrl })).toContain(
      '[`avoid-table-rewrite`](https://example.org/avoid-table-rewrite%281%29)',
    )
  })
})

describe('rdjson', () => {
  it('gives messages that reviewdog can post as markdown', () => {
    const { diagnostics } = JSON.parse(rdjson(sampleReport, options)) as {
      diagnostics: { message: string }[]
    }
    expect(diagnostics).toHaveLength(10)
    for (const { message } of diagnostics) expectHarmless(message)
  })
})

describe('untrusted text', () => {
  it.each([
    ['Building orders_status_idx blocks it.', 'Building `orders_status_idx` blocks it.'],
    ['(see public.orders, 5 rows)', '(see `public.orders`, 5 rows)'],
    ['from numeric(12,2) to "x y".', 'from `numeric(12,2)` to "x y".'],
    ['/close', '`/close`'],
    [
      '@all #1 !1 ~bug %1 $1 &1 [x](y) <b> :bug: a*b* __init__',
      '`@all` `#1` `!1` `~bug` `%1` `$1` `&1` `[x](y)` `<b>` `:bug`: `a*b*` `__init__`',
    ],
    ['commit 1a2b3c4 or deadbeef, ABC-12', 'commit `1a2b3c4` or `deadbeef`, `ABC-12`'],
    ['`a` ``b` c`', '`a` ``` ``b` ``` `` c` ``'],
    [
      'The command `sh bin/migrate` ended (`a  b`), `x y`’s: `/close @all`. it`s `a b',
      'The command `sh bin/migrate` ended (`a  b`), `x y`’s: `/close @all`. ``it`s`` `` `a `` b',
    ],
    ['` ` `', '`` ` `` `` ` `` `` ` ``'],
    ['PostgreSQL 18.4 — größe', 'PostgreSQL 18.4 — größe'],
    ['a\n/close\r\n@all', 'a `/close` `@all`'],
    ['', ''],
  ])('%j', (text, expected) => {
    expect(markdownText(text)).toBe(expected)
  })

  it('cannot leave a code span or a block', () => {
    expect(codeSpan('a``b')).toBe('```a``b```')
    expect(codeSpan('`')).toBe('`` ` ``')
    expect(codeSpan('a\nb')).toBe('`a b`')
    expect(outsideCode(codeBlock('````\n/close\n~~~\n@all', 'sql'))).toBe('')
  })

  it('is text for every reader inside of an element', () => {
    expect(codeElement('a-b_c/d.sql é')).toBe('<code>a-b_c/d.sql é</code>')
    expect(codeElement('</code>&`@\n"')).toBe(
      '<code>&#60;&#47;code&#62;'.replace('&#47;', '/') + '&#38;&#96;&#64; &#34;</code>',
    )
  })

  it('is one cell of a table', () => {
    expect(tableCell('`a|b`\n`c`')).toBe('`a\\|b` `c`')
    expect(tableCell(String.raw`a\|b \\|`)).toBe(String.raw`a\u005c\|b \u005c\u005c\|`)
  })

  it('links without leaving the parentheses, and encodes nothing twice', () => {
    expect(link('`x`', 'https://h/a%20b/(c) d"<é>`#L1')).toBe(
      '[`x`](https://h/a%20b/%28c%29%20d%22%3C%C3%A9%3E%60#L1)',
    )
  })

  it('is cut between characters', () => {
    expect(cutText('abc', 3)).toBe('abc')
    expect(cutText('a🐘b', 2)).toBe('a…')
  })
})
