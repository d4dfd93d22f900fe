import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser, parseScript, parseStatement } from '../../src/sql/parse.ts'
import { script } from './scripts.ts'

beforeAll(loadParser)

describe('parseScript', () => {
  it('gives each statement its tag, text and place', () => {
    const { statements } = parseScript(script('-- first\nselect 1;\n\n  create table t (a int);\n'))
    expect(statements.map(({ tag, sql, span }) => [tag, sql, span.start.line, span.start.column])).toEqual([
      ['SelectStmt', 'select 1', 2, 1],
      ['CreateStmt', 'create table t (a int)', 4, 3],
    ])
  })

  it('does not let one statement it cannot parse hide the others', () => {
    const { statements } = parseScript(script('select 1; selec 2; select 3'))
    expect(statements.map(({ tag }) => tag)).toEqual(['SelectStmt', 'Unparsed', 'SelectStmt'])
    expect(statements[1]?.parseError).toBe('syntax error at or near "selec"')
  })

  it('counts locations in the tree in UTF-16 units of the statement', () => {
    const { statements } = parseScript(script("select 'é😀', x"))
    const node = statements[0]?.node as { targetList: { ResTarget: { location: number } }[] }
    const location = node.targetList[1]?.ResTarget.location ?? -1
    expect("select 'é😀', x".slice(location)).toBe('x')
  })

  it('says which psql commands are not run, and keeps quiet about harmless ones', () => {
    const { limits, statements } = parseScript(
      script('\\set ON_ERROR_STOP on\n\\echo hi\n\\restrict abc\n\\i other.sql\nselect 1;'),
    )
    expect(limits).toMatchObject([{ code: 'psql-meta-command', span: { start: { line: 4, column: 1 } } }])
    expect(statements).toHaveLength(1)
  })

  it('tells the commands of a script together', () => {
    const { limits } = parseScript(script('\\if :a\nselect 1;\n\\else\nselect 2;\n\\endif\n\\else\n'))
    expect(limits).toMatchObject([
      {
        message: 'The psql commands \\if, \\else and \\endif are not run: only psql itself understands them.',
        hint: expect.stringContaining('all branches of \\if are run'),
        steps: [{ span: { start: { line: 1 } } }, {}, {}, { span: { start: { line: 6 } } }],
      },
    ])
  })

  it('says where a literal begins that never ends', () => {
    expect(parseScript(script('select 1;\ndo $$ begin')).limits).toMatchObject([
      { code: 'unterminated-literal', span: { start: { line: 2, column: 4 } } },
    ])
  })

  it.each(['', '\n\n', '-- nothing', '/* nothing */'])('finds no statement in %j', (text) => {
    expect(parseScript(script(text))).toMatchObject({ statements: [], limits: [] })
  })
})

it.each([
  ['NOT and IN', 'SELECT 1 WHERE 1 NOT /* never; */ IN (2)'],
  ['NULLS and LAST', 'CREATE INDEX ON orders (id NULLS -- at the end\n LAST)'],
  ['WITH and TIME', 'ALTER TABLE orders ADD COLUMN at timestamp WITH /* ä */ TIME ZONE'],
])('reads a comment between %s, as Postgres does', (_, sql) => {
  const { tag, parseError } = parseStatement(sql)
  expect(parseError).toBeUndefined()
  expect(tag).not.toBe('Unparsed')
})
