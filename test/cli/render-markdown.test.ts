import { readdir, readFile } from 'node:fs/promises'
import stringWidth from 'string-width'
import { expect, it } from 'vitest'
import { renderMarkdown } from '../../src/cli/render-markdown.ts'

const page = `<!-- generated:header -->
# require-concurrent-index

**Severity:** error · needs *effects*, says [the manual](https://www.postgresql.org/docs/).
<!-- end -->

## Why

Building an index without \`CONCURRENTLY\` blocks every write until it is done, and this sentence is long
enough to be wrapped. See [locks](../../docs/locks.md) and \`**not bold**\`.

- first item that is long enough to need a second line in a narrow window, with two
  lines in the source
- second
  1. nested

| lock | waits |
|---|---|
| \`ShareLock\` | writes |
| x \\| y | **all** |

\`\`\`sql
-- a comment
create index  concurrently i on t (a);

\`\`\`
`

it('shows headings, lists, tables and code without their marks', () => {
  expect(renderMarkdown(page, { color: false, width: 60 })).toMatchInlineSnapshot(`
    "require-concurrent-index

    Severity: error · needs effects, says the manual
    (https://www.postgresql.org/docs/).

    Why

    Building an index without CONCURRENTLY blocks every write
    until it is done, and this sentence is long enough to be
    wrapped. See locks and **not bold**.

    • first item that is long enough to need a second line in a
      narrow window, with two lines in the source
    • second
      1. nested

    lock       waits
    ShareLock  writes
    x | y      all

        -- a comment
        create index  concurrently i on t (a);

    "
  `)
})

it('paints headings, code and emphasis', () => {
  const text = renderMarkdown('# A\n\n`b` **c** *d*\n', { color: true, width: 60 })
  expect(text).toBe(
    '\u001b[1m\u001b[4mA\u001b[24m\u001b[22m\n\n\u001b[36mb\u001b[39m \u001b[1mc\u001b[22m \u001b[3md\u001b[23m\n',
  )
})

it('leaves names with underscores alone', () => {
  expect(renderMarkdown('lock_timeout and statement_timeout', { color: false, width: 60 })).toBe(
    'lock_timeout and statement_timeout\n',
  )
})

it('keeps every page of a rule within the width, code and tables apart, and leaves no mark of markdown', async () => {
  const rules = new URL('../../rules/', import.meta.url)
  const folders = (await readdir(rules, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  for (const { name } of folders) {
    const markdown = await readFile(new URL(`${name}/README.md`, rules), 'utf8').catch(() => undefined)
    if (markdown === undefined || name.startsWith('_')) continue
    const prose = markdown.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/^\|.*$/gm, '')
    const lines = renderMarkdown(prose, { color: false, width: 80 }).split('\n')
    const long = lines.filter((line) => stringWidth(line) > 80 && line.trim().includes(' '))
    const marked = lines.filter((line) => /<!--|\]\(|\*\*/.test(line))
    expect({ name, long, marked }).toEqual({ name, long: [], marked: [] })
  }
})
