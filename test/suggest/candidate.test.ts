import { beforeAll, describe, expect, test } from 'vitest'
import type { Finding, MigrationResult, Remedy, TransactionMode } from '../../src/core/model.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { candidateFor, type Candidate } from '../../src/suggest/candidate.ts'
import { script } from '../sql/scripts.ts'

beforeAll(loadParser)

interface Case {
  readonly text: string
  readonly steps: Remedy['migrations']
  readonly mode?: TransactionMode
  /** Which statement has the finding, from 0. */
  readonly at?: number
  readonly lockTimeoutMs?: number
  /** The file, where its tool runs something else. */
  readonly file?: string
}

function candidate({
  text,
  steps,
  mode = 'statement',
  at = 0,
  lockTimeoutMs = 0,
  file = text,
}: Case): Candidate | undefined {
  const [migration] = layOutTransactions([parseScript(script(text, mode))], false)
  if (migration === undefined) throw new Error('no migration')
  const settings = { lockTimeoutMs, statementTimeoutMs: 0, timeZone: 'UTC' }
  const statements = migration.statements.map((statement) => ({
    statement,
    settings,
    effects: [],
    measured: true,
  }))
  const result: MigrationResult = { migration, statements, outcome: 'rehearsed' }
  const statement = migration.statements[at]
  if (statement === undefined) throw new Error('no such statement')
  const finding: Finding = {
    ruleId: 'r',
    messageId: 'm',
    severity: 'error',
    message: '',
    span: statement.span,
    object: '',
    evidence: 'measured',
    because: [],
    notes: [],
    remedy: { summary: '', migrations: steps },
    fingerprint: 'f',
  }
  return candidateFor(finding, result, file)
}

const inside = (sql: string) => ({ sql, transaction: true })
const outside = (sql: string) => ({ sql, transaction: false })
const textOf = (options: Case): string | undefined => candidate(options)?.text

describe('the SQL of a remedy in the place of its statement', () => {
  test('keeps the indentation, and everything around', () => {
    const text = '-- why\n\n\tselect 1 ;  \nselect 2;\n'
    const made = candidate({ text, steps: [inside('select 3;\nselect 4;')] })
    expect(made?.text).toBe('-- why\n\n\tBEGIN;\n\tselect 3;\n\tselect 4;\n\tCOMMIT;\nselect 2;\n')
    expect(made).toMatchObject({ block: { startLine: 3, endLine: 6 }, lastLine: 3 })
  })

  test('is one transaction where the statement was none, and joins that of the file where it has one', () => {
    const steps = [
      inside("SET LOCAL lock_timeout = '2s';\nselect 3;"),
      inside('select 4;'),
      outside('vacuum;'),
    ]
    const text = 'select 1;\n'
    expect(textOf({ text, steps })).toBe(
      "BEGIN;\nSET LOCAL lock_timeout = '2s';\nselect 3;\nCOMMIT;\nselect 4;\nvacuum;\n",
    )
    expect(textOf({ text, steps, mode: 'file' })).toBe(
      "SET LOCAL lock_timeout = '2s';\nselect 3;\nselect 4;\nvacuum;\n",
    )
    expect(candidate({ text, steps })?.outside).toEqual(new Set(['vacuum']))
  })

  test('sets no lock_timeout that is in force already', () => {
    const steps = [inside("SET LOCAL lock_timeout = '5s';\nselect 3;")]
    expect(textOf({ text: 'select 1;\n', steps, lockTimeoutMs: 5000 })).toBe('select 3;\n')
  })

  test('needs no transaction for a setting of the session', () => {
    const steps = [inside("SET lock_timeout = '2s';\nselect 1;")]
    const made = candidate({ text: 'select 1;\n', steps })
    expect(made?.text).toBe("SET lock_timeout = '2s';\nselect 1;\n")
    expect(made?.suggestion).toEqual({
      startLine: 1,
      endLine: 1,
      lines: ["SET lock_timeout = '2s';", 'select 1;'],
    })
  })

  test.each([
    ['another statement', 'select 1; select 2;\n'],
    ['a comment behind it', 'select 1; -- mine\n'],
    ['a comment before its semicolon', 'select 1 /* mine */ ;\n'],
    ['a comment in front of it', '/* mine */ select 1;\n'],
    ['a comment in it', 'select /* mine */ 1;\n'],
    ['a psql command behind it', 'select 1 \\gexec\n'],
  ])('is not made where the lines hold more: %s', (_, text) => {
    expect(candidate({ text, steps: [inside('select 3;')] })).toBeUndefined()
  })

  test('keeps a comment that the remedy keeps', () => {
    const made = candidate({ text: 'select /* mine */ 1;\n', steps: [inside('select /* mine */ 3;')] })
    expect(made?.text).toBe('select /* mine */ 3;\n')
  })

  test.each([
    ['leaves something to a person', '-- First: the rest\nselect 3;'],
    ['accepts the finding', '-- pgrehearse-allow r: <why>\nselect 1;'],
    ['is empty', ''],
    ['says the same', 'select 1;'],
  ])('is not made when the remedy %s', (_, sql) => {
    expect(candidate({ text: 'select 1;\n', steps: [inside(sql)] })).toBeUndefined()
  })

  test('does not run a neighbour twice', () => {
    const text = 'insert into a values (1);\nupdate a set b = 1;\n'
    const steps = [inside('INSERT INTO a VALUES (1);'), outside('update a set b = 2;')]
    expect(candidate({ text, steps, at: 1 })).toBeUndefined()
    expect(candidate({ text, steps: steps.slice(1), at: 1 })).toBeDefined()
  })

  test('is not made for lines that the tool fills in, and stands in the right ones beside them', () => {
    const file = '-- ${x}\nselect ${y};\nselect 2;\n'
    const text = '-- one\nselect 1;\nselect 2;\n'
    expect(candidate({ text, file, steps: [inside('select 3;')] })).toBeUndefined()
    expect(textOf({ text, file, at: 1, steps: [inside('select 3;')] })).toBe(
      '-- ${x}\nselect ${y};\nselect 3;\n',
    )
    expect(candidate({ text: `two\n${text}`, file, at: 1, steps: [inside('select 3;')] })).toBeUndefined()
  })

  test('touches no literal with line ends where these may change', () => {
    const steps = [inside("select 3, 'a\nb';")]
    expect(candidate({ text: "select 'a\nb';\n", steps })).toBeDefined()
    expect(candidate({ text: "select 'a\r\nb';\r\n", steps })).toBeUndefined()
  })

  test('has at most 100 lines', () => {
    const lines = (count: number): string => 'select 3;\n'.repeat(count)
    expect(candidate({ text: 'select 1;\n', steps: [outside(lines(100))] })).toBeDefined()
    expect(candidate({ text: 'select 1;\n', steps: [outside(lines(101))] })).toBeUndefined()
  })
})
