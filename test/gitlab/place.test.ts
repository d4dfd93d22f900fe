import { describe, expect, it } from 'vitest'
import { readDiff } from '../../src/gitlab/diff.ts'
import { placeFindings } from '../../src/gitlab/place.ts'
import type { Finding, Suggestion } from '../../src/core/model.ts'
import type { ThreadPlace } from '../../src/gitlab/model.ts'
import { sampleReport } from '../reporters/sample-report.ts'
import { finding, migration } from '../reporters/sample-parts.ts'
import { reportQueries } from '../../src/report-queries.ts'
import { outcome, query } from '../reporters/sample-queries.ts'
import { DiffedWorkspace } from './diffed-workspace.ts'

const file = 'db/1.sql'

interface Judged {
  /** Text of the file before; undefined when it is new. */
  readonly before: string | undefined
  readonly after: string
  /** The statements of the file. */
  readonly statements: readonly string[]
  /** The text that the finding points at. */
  readonly at: string
  readonly suggestion?: Suggestion
  /** What the report has, when that is another text. */
  readonly reported?: string
  readonly oldName?: string
}

/** Where the one finding of a migration goes, by git's own diff. */
async function placeOf(judged: Judged): Promise<ThreadPlace | undefined> {
  const { before, after, oldName = file } = judged
  const folder = await DiffedWorkspace.create(before === undefined ? {} : { [oldName]: before })
  if (oldName !== file) await folder.move(oldName, file)
  await folder.write({ [file]: after })
  const { report, found } = reportOf(judged)
  return placeFindings(report, readDiff(await folder.diff())).get(found)
}

function reportOf({ after, reported, statements, at, suggestion }: Judged) {
  const text = reported ?? after
  const found: Finding = {
    ...finding(
      { file, text, piece: at },
      {
        ruleId: 'require-lock-timeout',
        messageId: 'instant',
        severity: 'error',
        message: 'x',
        object: 'public.t',
        evidence: 'measured',
        because: [],
      },
    ),
    ...(suggestion === undefined ? {} : { suggestion }),
  }
  const judgedMigration = migration(
    {
      file,
      source: 'plain-sql',
      version: '1',
      title: '1',
      transaction: { mode: 'statement', why: 'assumed' },
      outcome: 'rehearsed',
      text,
    },
    statements.map((sql, transaction) => ({ sql, tag: 'AlterTableStmt', transaction })),
  )
  return { report: { ...sampleReport, migrations: [judgedMigration], findings: [found] }, found }
}

const filler = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `SELECT ${from + at};\n`).join('')
const statement = 'ALTER TABLE t\n  ADD COLUMN a int,\n  ADD COLUMN b int;'

describe('placeFindings', () => {
  it('puts a finding of a new file on its own line', async () => {
    const after = `-- new\n${statement}\n`
    const place = await placeOf({ before: undefined, after, statements: [statement], at: statement })
    expect(place).toEqual({ oldPath: file, newPath: file, newLine: 2, suggestion: false })
  })

  it('gives both numbers of an unchanged line that a hunk shows', async () => {
    const before = `${statement}\nSELECT 1;\n`
    const after = `-- one\n-- two\n${statement}\nSELECT 1;\n`
    const place = await placeOf({ before, after, statements: [statement], at: statement })
    expect(place).toEqual({ oldPath: file, newPath: file, newLine: 3, oldLine: 1, suggestion: false })
  })

  it('goes to the first added line of the statement when its own line is outside of the diff', async () => {
    const long = `ALTER TABLE t\n${filler(1, 8).replaceAll(';', ',')}  ADD COLUMN a int,\n  ADD COLUMN b int;`
    const before = `${long.replace('a int', 'a text')}\n`
    const place = await placeOf({ before, after: `${long}\n`, statements: [long], at: long })
    expect(place).toEqual({ oldPath: file, newPath: file, newLine: 10, suggestion: false })
  })

  it('goes to the nearest line that a hunk shows when no line of the statement was added', async () => {
    const long = `ALTER TABLE t\n${filler(1, 8).replaceAll(';', ',')}  ADD COLUMN b int;`
    const place = await placeOf({
      before: `${long}\n`,
      after: `${long}\nSELECT 'new';\n`,
      statements: [long],
      at: long,
    })
    expect(place).toEqual({ oldPath: file, newPath: file, newLine: 8, oldLine: 8, suggestion: false })
  })

  it('gives no place to a statement that no hunk shows', async () => {
    const before = `${statement}\n${filler(1, 9)}`
    const place = await placeOf({
      before,
      after: `${before}SELECT 10;\n`,
      statements: [statement],
      at: statement,
    })
    expect(place).toBeUndefined()
  })

  it('gives no place in a file that the merge request does not change', async () => {
    const after = `${statement}\n`
    const place = await placeOf({ before: after, after, statements: [statement], at: statement })
    expect(place).toBeUndefined()
  })

  it('gives both names of a renamed file', async () => {
    const before = filler(1, 20)
    const after = `${filler(1, 20)}${statement}\n`
    const place = await placeOf({
      before,
      after,
      statements: [statement],
      at: statement,
      oldName: 'db/old.sql',
    })
    expect(place).toEqual({ oldPath: 'db/old.sql', newPath: file, newLine: 21, suggestion: false })
  })

  it('gives no place when the diff has another text on that line than the report', async () => {
    const after = `-- a line more\n${statement}\n`
    const reported = `${statement}\n`
    const place = await placeOf({
      before: undefined,
      after,
      reported,
      statements: [statement],
      at: 'ALTER TABLE t',
    })
    expect(place).toBeUndefined()
  })

  it('does not mind a byte order mark and carriage returns', async () => {
    const after = '\uFEFFALTER TABLE t\r\n  ADD COLUMN a int;\r\n'
    const reported = 'ALTER TABLE t\n  ADD COLUMN a int;\n'
    const place = await placeOf({
      before: undefined,
      after,
      reported,
      statements: ['ALTER TABLE t\n  ADD COLUMN a int;'],
      at: 'ALTER TABLE t',
    })
    expect(place).toEqual({ oldPath: file, newPath: file, newLine: 1, suggestion: false })
  })

  describe('with a suggestion', () => {
    const three = { startLine: 1, endLine: 3, lines: ['SET lock_timeout = 0;'] }

    it('hangs the thread on its first line when the diff shows all that it replaces', async () => {
      const place = await placeOf({
        before: undefined,
        after: `${statement}\n`,
        statements: [statement],
        at: 'ADD COLUMN b int',
        suggestion: three,
      })
      expect(place).toEqual({ oldPath: file, newPath: file, newLine: 1, suggestion: true })
    })

    it('is not posted when the diff lacks a line that it replaces', async () => {
      const text = `${statement}\n${filler(4, 12)}`
      const place = await placeOf({
        before: text,
        after: `${text}SELECT 13;\n`,
        statements: [statement, 'SELECT 10;', 'SELECT 12;'],
        at: 'SELECT 12;',
        suggestion: { ...three, startLine: 3, endLine: 12 },
      })
      expect(place).toEqual({ oldPath: file, newPath: file, newLine: 12, oldLine: 12, suggestion: false })
    })

    it.each([
      ['101 lines', { startLine: 1, endLine: 101 }],
      ['a million lines that are not there', { startLine: 1, endLine: 1e9 }],
      ['no lines', { startLine: 3, endLine: 2 }],
    ])('is not posted when it replaces %s', async (_, lines) => {
      const after = `${statement}\n${filler(4, 120)}`
      const place = await placeOf({
        before: undefined,
        after,
        statements: [statement],
        at: statement,
        suggestion: { ...three, ...lines },
      })
      expect(place).toEqual({ oldPath: file, newPath: file, newLine: 1, suggestion: false })
    })
  })
})

describe('a finding on a query', () => {
  const path = 'src/orders.ts'
  const piece = `SELECT id\n  FROM orders\n${filler(1, 9)}  WHERE a = 1`
  const code = (before = '') => `${before}const a = 1\nconst b = sql\`${piece}\`\n${'//\n'.repeat(20)}`

  /** Where a finding at the text goes, when the report was made of `reported`. */
  async function placeOnQuery(before: string | undefined, after: string, at = piece, reported = after) {
    const folder = await DiffedWorkspace.create(before === undefined ? {} : { [path]: before })
    await folder.write({ [path]: after })
    const one = query({ at: { file: path, text: reported }, piece, name: 'ListOrders' })
    const about = { id: 'src/orders.ts#ListOrders', name: 'ListOrders', style: one.style, file: path }
    const found: Finding = {
      ...finding(
        { file: path, text: reported, piece: at },
        {
          ...{ ruleId: 'require-index-for-query', messageId: 'scan', severity: 'warning', message: 'x' },
          ...{ object: 'public.orders', evidence: 'predicted', because: [] },
        },
      ),
      query: about,
    }
    const results = [{ reviewed: { id: about.id, new: one }, effects: [], locks: [] }]
    const queries = reportQueries({ ...outcome, results }, [found], undefined)
    const report = { ...sampleReport, migrations: [], findings: [found], queries }
    return placeFindings(report, readDiff(await folder.diff())).get(found)
  }

  it('hangs on its own line, in any file', async () => {
    const place = await placeOnQuery(undefined, code())
    expect(place).toEqual({ oldPath: path, newPath: path, newLine: 2, suggestion: false })
  })

  it('hangs on the line inside of the query that it points at', async () => {
    expect((await placeOnQuery(undefined, code(), 'WHERE a = 1'))?.newLine).toBe(13)
  })

  it('hangs on the changed line of its query when its own is outside of the diff', async () => {
    const before = code().replace('WHERE a = 1', 'WHERE a = 2')
    expect(await placeOnQuery(before, code())).toEqual({
      ...{ oldPath: path, newPath: path, newLine: 13, suggestion: false },
    })
  })

  it('has no place where the diff does not show it, or shows another text', async () => {
    expect(await placeOnQuery(code(), `${code()}// end\n`)).toBeUndefined()
    expect(await placeOnQuery(undefined, code('// a line more\n'), piece, code())).toBeUndefined()
  })
})
