import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Migration } from '../../src/core/model.ts'
import { predictRun } from '../../src/predict/index.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migrations, summaryOf } from './predict-sql.ts'

/**
 * What PostgreSQL 18.4 and 14.23 did, read from pg_locks, pg_class.relfilenode and pg_stat_get_xact_numscans inside
 * the open transaction on the schema of setup.sql. A row is `locks | heaps with a new file | heaps read`, one per
 * major where they differ; a major without a row does not have the syntax. Statements before `;;` ran before in the
 * same transaction. Left out is what depends on rows and planner: which side of a join is scanned, and the locks of
 * foreign-key triggers on rows that no statement matched.
 */
const folder = new URL('measured/', import.meta.url)

interface MeasuredCase {
  readonly sql: string
  readonly serverMajor: number
  readonly expected: string
}

function readCases(file: string): MeasuredCase[] {
  const cases: MeasuredCase[] = []
  let sql = ''
  for (const line of readFileSync(new URL(file, folder), 'utf8').split('\n')) {
    const row = /^ {2}(?:(\d+): )?(.*)$/.exec(line)
    if (row === null) {
      sql = line
      continue
    }
    const majors = row[1] === undefined ? [18, 14] : [Number(row[1])]
    for (const serverMajor of majors) cases.push({ sql, serverMajor, expected: row[2] ?? '' })
  }
  return cases
}

let history: readonly Migration[]

beforeAll(async () => {
  await loadParser()
  history = migrations([readFileSync(new URL('setup.sql', folder), 'utf8')])
})

/** Each case in a block of its own that is rolled back, so that all start from the same schema. */
function predictAll(cases: readonly MeasuredCase[], serverMajor: number): readonly string[] {
  const blocks = cases.map(({ sql }) => `begin;\n${sql.replaceAll(' ;; ', ';\n')};\nrollback;`)
  const review = migrations([blocks.join('\n')])
  const predictions = predictRun({ history, review, timeZone: 'UTC', serverMajor })[0] ?? []
  const ends = (review[0]?.statements ?? []).filter(({ sql }) => sql === 'rollback')
  return ends.map(({ index }) => summaryOf(predictions[index - 1]))
}

const files = readdirSync(folder).filter((name) => name.endsWith('.txt'))

describe.each(files)('predicts what was measured: %s', (file) => {
  describe.each([18, 14])('PostgreSQL %i', (serverMajor) => {
    const cases = readCases(file).filter((one) => one.serverMajor === serverMajor)
    let predicted: readonly string[]

    beforeAll(() => {
      predicted = predictAll(cases, serverMajor)
    })

    it.each(cases.map((one, position) => ({ ...one, position })))('$sql', ({ expected, position }) => {
      expect(predicted[position]).toBe(expected)
    })
  })
})
