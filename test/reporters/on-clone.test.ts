/** What a clone of production measured is nowhere called an estimate, and an estimate nowhere a measurement. */
import { describe, expect, it } from 'vitest'
import { addTimes, type Duration } from '../../src/core/cost-model.ts'
import { timeBasis, timeWords } from '../../src/core/time-words.ts'
import type { Report } from '../../src/core/model.ts'
import { stickyBody } from '../../src/gitlab/sticky.ts'
import { threadBody } from '../../src/gitlab/thread-body.ts'
import { costLines } from '../../src/reporters/cost-words.ts'
import { loadReporter, reporterNames } from '../../src/reporters/index.ts'
import { pipeline, policy, stickyContent, withThreads } from '../gitlab/review-content.ts'
import { indexCost, pricedReport, range } from './sample-costs.ts'

const basis = { server: '16.3', databaseBytes: 412 * 1024 ** 3 }
const onClone = 'measured on a clone of production (16.3, 410 GB)'

function measured(ms: number): Duration {
  return { ...range(ms, ms, ms), onClone: basis }
}

describe('a time', () => {
  it.each<[string, Duration, string, string]>([
    ['of an estimate', range(1000, 2000, 3000), 'about 2 s (1 s to 3 s)', 'estimated'],
    ['that was measured', addTimes(measured(1500), measured(500)), '2 s', onClone],
    [
      'that was measured in part',
      addTimes(measured(1500), range(1000, 2000, 3000)),
      'about 3.5 s (2.5 s to 4.5 s)',
      `1.5 s of it ${onClone}, about 2 s (1 s to 3 s) estimated for what did not run there`,
    ],
  ])('%s is told as that', (_, time, words, rests) => {
    expect([timeWords(time), timeBasis(time)]).toEqual([words, rests])
  })

  it('of three parts keeps what was measured apart', () => {
    const whole = addTimes(addTimes(measured(1000), range(1, 2, 3)), addTimes(range(1, 2, 3), measured(500)))
    expect(whole).toEqual({ ...range(1502, 1504, 1506), onClone: { ...basis, estimatedMs: range(2, 4, 6) } })
  })
})

it('a statement has the size that the clone had, and no other, and the disk apart', () => {
  const [size] = indexCost.tables
  if (size === undefined) throw new Error('the sample has no table')
  const cost = {
    ...indexCost,
    basis: { by: 'clone', ...basis } as const,
    durationMs: measured(130_000),
    tables: [{ ...size, from: 'clone' as const }],
    notes: [],
  }
  const { tempBytes: _, ...ran } = cost
  expect(costLines(ran).cost).toEqual([
    `costs 2 min 10 s and 1 GB of WAL at 48,000,000 rows of orders, ${onClone}; about 2.2 GB of disk at its peak, estimated`,
  ])
  expect(costLines({ ...ran, tables: [size] }).cost[0]).toContain(`1 GB of WAL, ${onClone}`)
  expect(costLines(ran, { ms: measured(130_000) }).cost).toEqual([
    'costs 1 GB of WAL, measured on the clone; about 2.2 GB of disk at its peak, estimated',
  ])
})

/** As if all of it, or all statements but the last, had run on a clone. */
function ranOnClone(report: Report, time: (value: Duration) => Duration): Report {
  const visit = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map((one) => visit(one))
    if (typeof value !== 'object' || value === null) return value
    if (isDuration(value)) return ['ms', 'durationMs', 'heldMs'].includes(key) ? time(value) : value
    if (key === 'basis') return { by: 'clone', ...basis }
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, visit(one, name)]))
  }
  return visit(report) as Report
}

function isDuration(value: object): value is Duration {
  return 'low' in value && 'expected' in value && 'high' in value
}

async function rendered(report: Report): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>()
  for (const name of reporterNames) {
    const render = await loadReporter(name)
    pages.set(name, render(report, { color: false, width: 100_000 }))
  }
  pages.set('note', stickyBody(stickyContent({ report, findings: withThreads(report) })))
  const place = { oldPath: 'a.sql', newPath: 'a.sql', newLine: 6, suggestion: true }
  const threads = report.findings.map((finding) => threadBody({ report, finding, pipeline, policy, place }))
  return pages.set('threads', threads.join('\n'))
}

describe('a report whose statements all ran on a clone', () => {
  it('calls no time an estimate, in no form, and names the clone', async () => {
    const report = ranOnClone(pricedReport, ({ expected }) => measured(expected))
    for (const [name, text] of await rendered(report)) {
      expect(text, name).toContain(name === 'json' ? '"onClone"' : onClone)
      const rest = text
        .replaceAll(/about [\d.]+ [kMG]B of disk at its peak, estimated/g, '')
        .replaceAll(/[\d.]+ [kMG]B of disk at its peak \(estimated\)/g, '')
        // of sessions that wait, and standbys
        .replaceAll(/about [\d,]+ sessions|standbys end about [^.;\n]*/g, '')
        .replaceAll('That is estimated', '')
      expect(
        rest.match(
          /.{0,80}(?:estimated (?:at|from|for|time)|, estimated|about \d[\d.]* (?:m?s|min|h)\b).{0,40}/g,
        ),
        name,
      ).toBeNull()
    }
  })

  it('says which part is estimated where some did not', async () => {
    const estimatedMs = range(1000, 2000, 3000)
    const part = ({ expected }: Duration): Duration => addTimes(measured(expected), estimatedMs)
    const pages = await rendered(ranOnClone(pricedReport, part))
    const words = `${onClone}, about 2 s (1 s to 3 s) estimated for what did not run there`
    expect([...pages].flatMap(([name, text]) => (text.includes(words) ? [] : [name]))).toEqual(['json'])
  })
})
