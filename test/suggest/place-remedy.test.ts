import { beforeAll, describe, expect, test } from 'vitest'
import type { Remedy, TransactionMode } from '../../src/core/model.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { readAllowComments } from '../../src/sql/suppressions.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { alternativeScripts } from '../../src/suggest/alternative-scripts.ts'
import { placeRemedy, type NotPlaced, type PlacedRemedy } from '../../src/suggest/place-remedy.ts'
import { script } from '../sql/scripts.ts'

beforeAll(loadParser)

interface Case {
  readonly text: string
  readonly steps: Remedy['migrations']
  readonly mode?: TransactionMode
  /** Which statements have findings, from 0. */
  readonly at?: readonly number[]
}

function laidOut({ text, mode = 'file' }: Pick<Case, 'text' | 'mode'>) {
  const source = script(text, mode)
  const [migration] = layOutTransactions([parseScript(source)], false)
  if (migration === undefined) throw new Error('no migration')
  return { source, migration }
}

function placed(one: Case): readonly (PlacedRemedy | NotPlaced | undefined)[] {
  const { migration } = laidOut(one)
  return (one.at ?? [0]).map((index) => {
    const statement = migration.statements[index]
    if (statement === undefined) throw new Error('no such statement')
    return placeRemedy(
      { span: statement.span, remedy: { summary: '', migrations: one.steps } },
      { migration },
    )
  })
}

const why = (one: Case): string | undefined => {
  const [only] = placed(one)
  return only !== undefined && 'why' in only ? only.why : undefined
}

/** What runs, a script per entry: `mode: text`. */
function runs(one: Case): readonly string[] {
  const { source, migration } = laidOut(one)
  const remedies = placed(one).filter((each) => each !== undefined && !('why' in each)) as PlacedRemedy[]
  const { scripts, later } = alternativeScripts(source, migration, remedies)
  return [...scripts, ...later].map(
    ({ transaction, text, start, end }) => `${transaction.mode}: ${text.slice(start, end).trim()}`,
  )
}

const inside = (sql: string) => ({ sql, transaction: true })
const outside = (sql: string) => ({ sql, transaction: false })

describe('a remedy in the place of its statement', () => {
  test('has what stood before and after it as migrations of their own', () => {
    const text = 'select 1;\n-- mine\nselect 2 /* ; */ ;\nselect 3;\n'
    expect(runs({ text, at: [1], steps: [inside('select 8;'), outside('vacuum;')] })).toEqual([
      'file: select 1;',
      'file: select 8;',
      'statement: vacuum;',
      'file: select 3;',
    ])
  })

  test('is alone where nothing else does anything', () => {
    const text = "begin;\nset local lock_timeout = '2s';\nselect 2;\ncommit;\n"
    expect(runs({ text, mode: 'statement', at: [2], steps: [outside('vacuum;')] })).toEqual([
      "statement: SET lock_timeout = '2s';\nvacuum;",
    ])
  })

  test('repeats what was set, but for what it sets itself', () => {
    const text = "set search_path = a;\nset local role b;\nset lock_timeout = '1s';\nselect 1;\nselect 2;\n"
    const steps = [inside("SET LOCAL lock_timeout = '2s';\nselect 8;")]
    expect(runs({ text, at: [3], steps })).toEqual([
      "file: SET LOCAL search_path = a;\nSET LOCAL role b;\nSET LOCAL lock_timeout = '2s';\nselect 8;",
      "file: SET LOCAL search_path = a;\nSET LOCAL role b;\nSET LOCAL lock_timeout = '1s';\nselect 2;",
    ])
  })

  test('cuts BEGIN and COMMIT of the file, and keeps what stands outside of them', () => {
    const text = 'select 0;\nbegin;\nselect 1;\nselect 2;\nselect 3;\ncommit;\nselect 4;\n'
    expect(runs({ text, mode: 'statement', at: [3], steps: [outside('vacuum;')] })).toEqual([
      'statement: select 0;',
      'file: select 1;',
      'statement: vacuum;',
      'file: select 3;',
      'statement: select 4;',
    ])
  })

  test('stands for neighbours that it repeats', () => {
    const text = 'select 1;\nselect 2;\nselect 3;\n'
    const steps = [inside('SELECT 1;'), inside('select 8;')]
    expect(runs({ text, at: [1], steps })).toEqual(['file: SELECT 1;', 'file: select 8;', 'file: select 3;'])
    expect(why({ text, at: [2], steps })).toBe(
      'it stands for several statements, and others stand between them',
    )
  })

  test('has its steps for later behind everything', () => {
    const steps = [inside('select 8;'), { ...inside('select 9;'), when: 'next release' as const }]
    expect(runs({ text: 'select 1;\nselect 2;\n', steps })).toEqual([
      'file: select 8;',
      'file: select 2;',
      'file: select 9;',
    ])
  })

  test.each([
    ['begin; savepoint a; select 1; commit;', 2, /more than one BEGIN/],
    ['begin; select 1; rollback;', 1, /more than one BEGIN/],
    ['begin; select 1; commit and chain; select 2; commit;', 1, /more than one BEGIN/],
    ['begin; select 1;', 1, /more than one BEGIN/],
    ['copy a from stdin;\n1\n\\.\n', 0, /COPY/],
  ])('is not made in %j', (text, at, reason) => {
    expect(why({ text, mode: 'statement', at: [at], steps: [inside('select 8;')] })).toMatch(reason)
  })

  test('shares a file with others: cut wherever one of them cuts', () => {
    const text = 'select 1;\nselect 2;\nselect 3;\nselect 4;\n'
    expect(runs({ text, at: [0, 2], steps: [outside('vacuum;')] })).toEqual([
      'statement: vacuum;',
      'file: select 2;',
      'statement: vacuum;',
      'file: select 4;',
    ])
  })

  test('leaves allow comments with their statements', () => {
    const text = 'set search_path = a;\nselect 1;\n-- pgrehearse-allow some-rule: because\nselect 2;\n'
    const { source, migration } = laidOut({ text })
    const [remedy] = placed({ text, at: [1], steps: [inside('select 8;')] })
    if (remedy === undefined || 'why' in remedy) throw new Error('not placed')
    const parsed = alternativeScripts(source, migration, [remedy]).scripts.map(parseScript)
    const allows = parsed.map((one) =>
      readAllowComments(one).allows.map(({ statementIndex = -1 }) => one.statements[statementIndex]?.sql),
    )
    expect(allows).toEqual([[], ['select 2']])
  })

  test('says where it stands, and where settings are repeated', () => {
    const text = 'set search_path = a;\nselect 1;\nselect 2;\n'
    const { source, migration } = laidOut({ text })
    const [remedy] = placed({ text, at: [1], steps: [inside('select 8;')] })
    if (remedy === undefined || 'why' in remedy) throw new Error('not placed')
    for (const behind of [0, 1000]) {
      const { scripts, blocks, repeated } = alternativeScripts(source, migration, [remedy], behind)
      const whole = scripts[0]?.text ?? ''
      const said = (one: { readonly start: number; readonly end: number }) => whole.slice(one.start, one.end)
      expect(blocks.map(said)).toEqual(['SET LOCAL search_path = a;\nselect 8;\n'])
      expect(repeated.map(said)).toEqual(['SET LOCAL search_path = a;\n', 'SET LOCAL search_path = a;\n'])
      expect(scripts.every(({ start }) => start >= behind)).toBe(true)
    }
  })
})
