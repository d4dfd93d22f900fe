import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Work } from '../../src/cost/model.ts'
import { workOf } from '../../src/cost/work.ts'
import type { Migration, MigrationResult } from '../../src/core/model.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { atlasSetup, readAtlas } from '../atlas/forms.ts'
import { migrations } from '../predict/predict-sql.ts'
import { loadExamples, predictMigrations, ruleFolders } from '../rules/run-example.ts'

interface Case {
  readonly sql: string
  readonly row: string
}

function readCases(file: URL): readonly Case[] {
  const cases: Case[] = []
  let sql = ''
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const row = /^ {2}(?:18: )?(?!14: )(.*)$/.exec(line)?.[1]
    if (!line.startsWith(' ')) sql = line
    else if (row !== undefined) cases.push({ sql, row })
  }
  return cases
}

let history: readonly Migration[]

beforeAll(async () => {
  await loadParser()
  history = migrations([atlasSetup])
})

/** The last statement's work; each case in a block that is rolled back. */
function worksOf(cases: readonly Case[]): readonly Work[] {
  const blocks = cases.map(({ sql }) => `begin;\n${sql.replaceAll(' ;; ', ';\n')};\nrollback;`)
  const [result] = predictMigrations(history, migrations([blocks.join('\n')])) as [MigrationResult]
  const statements = result.statements
  const ends = statements.filter(({ statement }) => statement.sql === 'rollback')
  return ends.map(({ statement }) => {
    const before = statements[statement.index - 1]
    if (before === undefined) throw new Error('a block without statement')
    return workOf(before)
  })
}

/**
 * Every form of the matrix in postgres-facts.md: what it did to tables of 20,000 rows (orgs 100, wide 200, mv 2), as
 * `files changed | scans | bytes of WAL`. Work that grows with the table read at least the smallest of these tables,
 * or wrote WAL that catalogue changes alone never come near.
 */
describe('every form of the matrix', () => {
  const cases = readCases(new URL('matrix.txt', import.meta.url))

  function grew(row: string): boolean {
    const [, scans = '', wal = '0'] = row.split(' | ')
    const rows = [...scans.matchAll(/\((\d+) rows\)/g)].map((match) => Number(match[1]))
    return rows.some((count) => count >= 100) || Number(wal) >= 100_000
  }

  /** Where the columns do not tell: why, and what is right. */
  const exceptions: Readonly<Record<string, Work['growth']>> = {
    // looks up one key; the planner preferred to read all of 100 rows
    "merge into orgs o using (values (1, 'x')) v(id, name) on o.id = v.id when matched then update set name = v.name":
      'metadata only',
    // reads blocks without counting a scan, up to 30,000
    'analyze users': 'grows',
  }

  let works: readonly Work[]

  beforeAll(() => {
    works = worksOf(cases)
  })

  it('is complete', () => {
    expect(cases).toHaveLength(195)
  })

  it.each(cases.map((one, position) => ({ ...one, position })))('$sql', ({ sql, row, position }) => {
    const expected = exceptions[sql] ?? (grew(row) ? 'grows' : 'metadata only')
    expect(works[position]?.growth).toBe(expected)
  })
})

/** The forms of the lock atlas: where heaps were read whole, more rows take longer. */
describe.each(readAtlas())('the forms of $id', ({ forms }) => {
  it('grow where heaps were read', () => {
    const cases = forms.flatMap(({ sql, outcomes }) => {
      const row = outcomes.get(18) ?? ''
      return /^fails|alone$/.test(row) ? [] : [{ sql, row }]
    })
    const works = worksOf(cases)
    const wrong = cases.flatMap(({ sql, row }, position) => {
      const [, , read = '-'] = row.split(' | ')
      const actual = works[position]?.growth
      const expected = exception(sql) ?? (read === '-' ? 'metadata only' : 'grows')
      return actual === expected ? [] : [`${sql} | ${row} | ${actual}`]
    })
    expect(wrong).toEqual([])
  })

  function exception(sql: string): Work['growth'] | undefined {
    // reads blocks without counting a scan
    if (sql.startsWith('analyze')) return 'grows'
    // the new, empty heap is what its index read
    if (sql.endsWith('with no data')) return 'metadata only'
    // files are copied block by block, without a scan
    if (sql.endsWith('set tablespace other')) return 'grows'
    // looks up one key, or reads one row; the planner preferred to begin a scan of the small table
    if (sql.startsWith('merge') || sql.endsWith("limit 1' ;; select f2()")) return 'metadata only'
    // an index was there for the condition
    if (sql.startsWith('delete from ev where')) return 'grows'
    // what runs inside leaves no effect in a prediction
    if (/^select vol\(\)|call pa\(\)|execute p2$|^copy wide from/.test(sql)) return 'unknown'
    return undefined
  }
})

/**
 * Every statement of every rule example. rule-examples.txt lists those that grow, by hand: `file statement | parts`;
 * all others change the catalogue, tables that the example itself creates, or rows that a key names.
 */
describe('every rule example', () => {
  it('grows only where a heap is read, written or built from', () => {
    const listed = readFileSync(new URL('rule-examples.txt', import.meta.url), 'utf8')
    const growing = ruleFolders()
      .flatMap(loadExamples)
      .flatMap(({ file, history: before, review }) =>
        predictMigrations(before, review)
          .flatMap(({ statements }) => statements.map(workOf))
          .map((work, index) => ({ ...work, place: `${file.replace('rules/', '')} ${index + 1}` })),
      )
    expect(growing.filter(({ growth }) => growth === 'unknown')).toEqual([])
    const lines = growing
      .filter(({ growth }) => growth === 'grows')
      .map(({ place, parts }) => `${place} | ${parts.map(describePart).join(', ')}`)
    expect(lines).toEqual(listed.trim().split('\n'))
  })

  function describePart({ kind, relation, method }: Work['parts'][number]): string {
    return [kind, relation.name, ...(method === undefined ? [] : [method])].join(' ')
  }
})
