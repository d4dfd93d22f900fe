import { expect, it } from 'vitest'
import { plainSql } from './psql-file.ts'

const plain = (text: string): string => plainSql(text, { sourceFolder: '/src' })

it('puts variables in as psql does', () => {
  const text = [
    String.raw`\getenv abs_srcdir PG_ABS_SRCDIR`,
    String.raw`\set file :abs_srcdir '/data/a''b.data'`,
    "copy t from :'file';",
    'select a[1:2], x::int, :file, :unknown;',
  ]
  expect(plain(text.join('\n')).split('\n').slice(2)).toEqual([
    "copy t from '/src/data/a''b.data';",
    "select a[1:2], x::int, /src/data/a'b.data, :unknown;",
  ])
})

it('leaves out what concerns psql alone, and keeps the lines', () => {
  const text = String.raw`select 1 as x \gset
\d t
\if :skip
\quit
\else
select 2;
\endif
select 3;`
  expect(plain(text)).toBe('select 1 as x;\n\n\n\n\nselect 2;\n\nselect 3;')
})

it('does not touch the data of COPY', () => {
  const text = String.raw`copy t from stdin;
\d	:x
\.
\d`
  expect(plain(text)).toBe('copy t from stdin;\n\\d\t:x\n\\.\n')
})
