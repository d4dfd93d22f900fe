import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { readAllowComments } from '../../src/sql/suppressions.ts'
import { script } from './scripts.ts'

beforeAll(loadParser)

const read = (text: string): ReturnType<typeof readAllowComments> =>
  readAllowComments(parseScript(script(text)))

describe('readAllowComments', () => {
  it('reads rule, date and reason, and the statement below', () => {
    const text =
      'select 1;\n-- pgrehearse-allow ban-truncate until 2027-01-31: staging data only\ntruncate t;'
    expect(read(text).allows).toMatchObject([
      { rule: 'ban-truncate', until: '2027-01-31', reason: 'staging data only', statementIndex: 1 },
    ])
  })

  it('takes several above one statement, with other comments between them', () => {
    const text = '-- pgrehearse-allow a: x\n-- because\n-- pgrehearse-allow b: y\n\nselect 1;'
    expect(read(text).allows.map(({ rule, statementIndex }) => [rule, statementIndex])).toEqual([
      ['a', 0],
      ['b', 0],
    ])
  })

  it('keeps a reason that is missing, so that it can be reported', () => {
    expect(read('-- pgrehearse-allow a\nselect 1').allows).toMatchObject([{ rule: 'a', reason: '' }])
    expect(read('-- pgrehearse-allow a:  \nselect 1').allows).toMatchObject([{ rule: 'a', reason: '' }])
  })

  it('begins lines where Postgres ends a comment', () => {
    expect(read('-- wide\u2028-- pgrehearse-allow a: x\nselect 1').allows).toEqual([])
    expect(read('-- wide\r-- pgrehearse-allow a: x\r\nselect 1').allows).toMatchObject([{ rule: 'a' }])
  })

  it('knows when nothing stands below', () => {
    expect(read('select 1;\n-- pgrehearse-allow a: x\n').allows[0]?.statementIndex).toBeUndefined()
  })

  it.each([
    '-- pgrehearse-allow',
    '-- pgrehearse-allow Some_Rule: x',
    '-- pgrehearse-allow a until tomorrow: x',
    '-- pgrehearse-allow a until 2027-13-45: x',
  ])('reports %j as malformed', (comment) => {
    expect(read(`${comment}\nselect 1`)).toMatchObject({
      allows: [],
      malformed: [{ span: { start: { line: 1 } } }],
    })
  })

  it('does not read inside a function body or a literal', () => {
    const text = 'do $$\n-- pgrehearse-allow a: x\nbegin end $$;'
    expect(read(text)).toEqual({ allows: [], malformed: [] })
  })
})
