import { beforeAll, describe, expect, it } from 'vitest'
import type { StatementCost } from '../../src/core/cost-model.ts'
import type { Report } from '../../src/core/model.ts'
import { priceResults } from '../../src/cost/price.ts'
import { basisWords, sizeWords } from '../../src/reporters/cost-words.ts'
import { basisLines, runLines } from '../../src/reporters/production-words.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { loadExamples, predictMigrations } from '../rules/run-example.ts'
import { range } from './sample-costs.ts'
import { emptyReport } from './sample-report.ts'

beforeAll(loadParser)

/** What a statement costs that nothing ran. */
function predictedCost(rule: string): StatementCost | undefined {
  const [example] = loadExamples(rule)
  if (example === undefined) throw new Error(`${rule} has no examples`)
  const predicted = predictMigrations(example.history, example.review)
  const { results } = priceResults(
    predicted,
    { why: 'this is a test' },
    { sources: [], tables: [], settings: {} },
  )
  return results.flatMap(({ statements }) => statements).find(({ cost }) => cost?.basis.by === 'rehearsal')
    ?.cost
}

it('does not name the rehearsal where nothing was rehearsed', () => {
  const cost = predictedCost('ban-drop-column')
  expect(cost?.notes).toEqual(['it was not run: the time is what such changes take'])
  expect(cost === undefined ? undefined : basisWords(cost)).toBe('estimated')
})

it('says when the work is that of several tables', () => {
  const sized = (rows: number, at: number): StatementCost['tables'][number] => ({
    table: `public.events_${at}`,
    rows,
    from: 'snapshot',
  })
  const partitions = [298_000, 214_000, 200_000, 0].map(sized)
  expect(sizeWords(partitions)).toBe('298,000 rows of events_0 and 2 more tables')
  expect(sizeWords(partitions, ['public.events_0'])).toBe('298,000 rows of events_0 and 2 more tables')
  expect(sizeWords(partitions.slice(0, 1), ['public.events_0'])).toBe('298,000 rows')
  // a foreign key
  expect(sizeWords(partitions.slice(0, 2))).toBe('298,000 rows of events_0')
})

const none = range(0, 0, 0)

it.each([
  [0, 'less than a day old'],
  [29, '29 days old'],
  [30, 'old: taken 30 days ago, take a new one'],
])('a snapshot of %i days is %s', (ageDays, words) => {
  const run = { durationMs: none, walBytes: none, diskBytes: none, unknown: 0 }
  const sources = [{ kind: 'snapshot', name: 'production.json', ageDays } as const]
  const report: Report = { ...emptyReport, production: { sources, hardware: 'this machine', run } }
  expect(basisLines(report)[0]).toBe(`sizes from production.json (${words})`)
})

describe('the run', () => {
  const words = (run: Partial<NonNullable<Report['production']>['run']>): readonly string[] =>
    runLines({
      ...emptyReport,
      production: {
        sources: [],
        hardware: 'this machine',
        run: { durationMs: none, walBytes: none, diskBytes: none, unknown: 0, ...run },
      },
    })

  it('is a sentence also where no duration is known', () => {
    expect(words({ unknown: 1 })).toEqual(['a time that is not known, of 1 statement'])
    expect(words({ durationMs: range(1000, 2000, 3000), unknown: 1 })).toEqual([
      "about 2 s (1 s to 3 s) in all at production's size, estimated",
      'not in it: 1 statement whose duration is not known',
    ])
  })

  it('tells when standbys keep up', () => {
    expect(words({ lagMs: none })).toEqual(['standbys keep up'])
    expect(words({ lagMs: range(0, 0, 6400) })).toEqual(['standbys keep up, or end up to 6.4 s behind'])
    expect(words({ lagMs: range(0, 2000, 6400) })).toEqual([
      'standbys end about 2 s (under 1 ms to 6.4 s) behind',
    ])
  })
})
