import { describe, expect, it } from 'vitest'
import { splitScript } from '../../src/sql/split.ts'

function statements(text: string): string[] {
  return splitScript(text).pieces.flatMap((piece) =>
    piece.kind === 'statement' ? [text.slice(piece.start, piece.end)] : [],
  )
}

describe('splitScript', () => {
  it.each([
    ['semicolons between statements', 'select 1; select 2', ['select 1', 'select 2']],
    ['a missing last semicolon', 'select 1', ['select 1']],
    ['nothing but comments', '-- a;\n/* b; */ ;;', []],
    ['a semicolon in a literal', "select 'a;b'; select 2", ["select 'a;b'", 'select 2']],
    ['a doubled quote', "select 'it''s;'; x", ["select 'it''s;'", 'x']],
    ['a backslash that is no escape', "select '\\'; select 2", ["select '\\'", 'select 2']],
    ['a backslash that is one', "select E'\\';'; select 2", ["select E'\\';'", 'select 2']],
    ['a quoted identifier', 'select "a;""b"; x', ['select "a;""b"', 'x']],
    ['a dollar-quoted body', 'do $$ begin; end $$; x', ['do $$ begin; end $$', 'x']],
    ['tagged dollar quotes', 'do $a$ $$ ; $$ $a$; x', ['do $a$ $$ ; $$ $a$', 'x']],
    ['a parameter that is no dollar quote', 'select $1; select a$b$c; x', ['select $1', 'select a$b$c', 'x']],
    ['nested comments', 'select /* ; /* ; */ ; */ 1; x', ['select /* ; /* ; */ ; */ 1', 'x']],
    [
      'parentheses',
      'create rule r as on insert to t do (select 1; select 2); x',
      ['create rule r as on insert to t do (select 1; select 2)', 'x'],
    ],
    ['a trailing comment', 'select 1 -- why; not\n; x', ['select 1', 'x']],
    ['Windows line ends', 'select 1;\r\nselect 2;\r\n', ['select 1', 'select 2']],
    ['letters beyond ASCII', 'select é; select 2', ['select é', 'select 2']],
  ])('understands %s', (_, text, expected) => {
    expect(statements(text)).toEqual(expected)
  })

  it('keeps the body of BEGIN ATOMIC in one piece', () => {
    const body =
      'create or replace function f() returns int begin atomic select 1; select case when true then 2 end; end'
    expect(statements(`${body}; begin; select 1; end;`)).toEqual([body, 'begin', 'select 1', 'end'])
  })

  it('takes the rows after COPY … FROM STDIN as its data', () => {
    const text = 'copy t (a, b) from stdin;\n1\t;\n2\t\\N\n\\.\nselect 1;'
    expect(splitScript(text).pieces).toMatchObject([
      { kind: 'statement', copyData: '1\t;\n2\t\\N\n' },
      { kind: 'statement' },
    ])
    expect(statements(text)[1]).toBe('select 1')
  })

  it('sees psql meta commands, also behind a statement', () => {
    const text = '\\set x 1\nselect 1 \\gset\n\\i other.sql\n'
    const metas = splitScript(text).pieces.filter((piece) => piece.kind === 'meta command')
    expect(metas.map((piece) => text.slice(piece.start, piece.end))).toEqual([
      '\\set x 1',
      '\\gset',
      '\\i other.sql',
    ])
    expect(statements(text)).toEqual(['select 1'])
  })

  it.each([
    ["select 'abc; select 2", 'string literal', 7],
    ['select "abc; select 2', 'quoted identifier', 7],
    ['do $$ abc; select 2', 'dollar-quoted string', 3],
    ['select 1 /* abc', 'comment', 9],
  ])('says where %j never ends', (text, what, start) => {
    expect(splitScript(text).unterminated).toEqual({ what, start })
  })

  it('looks only at the part it is given', () => {
    const text = 'drop table a; select 1; drop table b;'
    const { pieces } = splitScript(text, 13, 23)
    expect(pieces.map(({ start, end }) => text.slice(start, end))).toEqual(['select 1'])
  })
})
