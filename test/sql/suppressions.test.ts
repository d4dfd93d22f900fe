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

  it('of several scripts in a file belong to the statement below, also above the next one’s header', () => {
    const text = [
      '-- pgrehearse-allow a: at the top',
      '--change one',
      'select 1;',
      '-- pgrehearse-allow b: between two',
      '--change two',
      '-- pgrehearse-allow c: inside',
      'select 2;',
      '-- pgrehearse-allow d: at the end',
    ].join('\n')
    const part = (id: string, from: string, to: string): ReturnType<typeof parseScript> => {
      const end = to === '' ? text.length : text.indexOf(to)
      return parseScript({ ...script(text), id, start: text.indexOf(from) + from.length, end })
    }
    const told = [part('one', '--change one', '--change two'), part('two', '--change two', '')].map(
      (parsed) =>
        readAllowComments(parsed).allows.map(({ rule, statementOffset }) => [rule, statementOffset]),
    )
    const [first, second] = [text.indexOf('select 1'), text.indexOf('select 2')]
    expect(told).toEqual([
      [['a', first]],
      [
        ['b', second],
        ['c', second],
        ['d', undefined],
      ],
    ])
  })

  it('above the marker of a tool that keeps both directions in a file count', () => {
    const text =
      '\n-- pgrehearse-allow a: x\n-- +up\nselect 1;\n-- +down\n-- pgrehearse-allow b: x\nselect 2;'
    const start = text.indexOf('-- +up') + '-- +up'.length
    const parsed = parseScript({ ...script(text), start, end: text.indexOf('-- +down') })
    expect(readAllowComments(parsed).allows.map(({ rule }) => rule)).toEqual(['a'])
  })
})
