import { describe, expect, it } from 'vitest'
import { loadReporter, reporterNames, type ReporterName } from '../../src/reporters/index.ts'
import { placeFindings } from '../../src/gitlab/place.ts'
import { stickyBody } from '../../src/gitlab/sticky.ts'
import { threadBody } from '../../src/gitlab/thread-body.ts'
import type { Report } from '../../src/core/model.ts'
import { trialWords } from '../../src/reporters/trial-words.ts'
import { stickyContent } from '../gitlab/review-content.ts'
import { schemaErrors } from './validate.ts'
import { sampleReport } from './sample-report.ts'

const options = { color: false, width: 100 }

const hostile = 'db/`x`</code><img src=x>.sql'

const report: Report = {
  ...sampleReport,
  servers: [
    { version: '14.23', kind: 'embedded' },
    { version: '18.4', kind: 'embedded' },
  ],
  findings: sampleReport.findings.map((finding, index) =>
    index === 0 ? { ...finding, majors: [14], sent: 'ALTER TABLE sent_by_code ADD COLUMN x int' } : finding,
  ),
  trials: [
    {
      kind: 'way down',
      about: hostile,
      outcome: 'finding',
      says: 'It leaves a column behind.',
      lines: ['+ column public.orders.note text', 'AccessExclusiveLock on </code> @everyone'],
    },
    { kind: 'silent changes', about: '', outcome: 'holds', says: 'None.', lines: [] },
  ],
}

async function rendered(name: ReporterName): Promise<string> {
  return (await loadReporter(name))(report, options)
}

/** Formats of findings alone. */
const findingsOnly: readonly ReporterName[] = ['codequality', 'rdjson', 'github', 'sarif', 'junit']

describe('trials', () => {
  it.each(reporterNames.filter((name) => !findingsOnly.includes(name)))('stand in %s', async (name) => {
    const text = await rendered(name)
    for (const word of ['It leaves a column behind.', '+ column public.orders.note text'])
      expect(text).toContain(word)
  })

  it('stand in the summary of the merge request, with nothing of theirs as markdown', () => {
    const text = stickyBody(stickyContent({ report, findings: [] }))
    expect(text).toContain('It leaves a column behind.')
    expect(text).toContain('`AccessExclusiveLock on </code> @everyone`')
    expect(text).toContain('- Silent changes: None.')
  })

  it('do not repeat what a finding of theirs says', () => {
    const [finding] = sampleReport.findings
    if (finding === undefined) throw new Error('no finding')
    const down = {
      ...finding,
      ruleId: 'down-leaves-differences',
      message: 'column orders.b int stays behind',
      notes: ['- index a'],
    }
    const lines = ['+ column orders.b int', '- index a', '- index b', 'reads a']
    const trial = { kind: 'way down', about: 'a', outcome: 'finding', says: '', lines } as const
    const told = (findings: Report['findings']) =>
      trialWords({ ...report, findings, trials: [trial] })[0]?.lines
    expect(told([down])).toEqual(['- index b', 'reads a'])
    expect(told([{ ...down, ruleId: 'ban-drop-index' }])).toEqual(lines)
  })

  it('are escaped in HTML', async () => {
    const text = await rendered('html')
    expect(text).not.toContain('<img')
    expect(text).toContain('AccessExclusiveLock on &lt;/code&gt; @everyone')
  })

  it('fit the published schema', async () => {
    const errors = await schemaErrors('schemas/report.schema.json')
    expect(errors(JSON.parse(await rendered('json')))).toEqual([])
  })
})

describe('a finding in a way down of its own file', () => {
  const [finding] = sampleReport.findings
  if (finding === undefined) throw new Error('the sample has findings')
  const file = 'db/0002_note.down.sql'
  const at = { line: 2, column: 1, offset: 12 }
  const span = { file, start: at, end: { line: 2, column: 30, offset: 41 } }
  const down: Report = {
    ...sampleReport,
    files: [{ file, text: 'SELECT NULL\nALTER TABLE notes DROP COLUMN b;\n' }],
    findings: [{ ...finding, ruleId: 'down-fails', span }],
  }

  it('shows the lines of that file', async () => {
    expect((await loadReporter('terminal'))(down, options)).toContain('2 │ ALTER TABLE notes DROP COLUMN b;')
  })

  it('has its thread on the line', () => {
    const lines = [1, 2].map((newLine) => ({
      newLine,
      text: down.files?.[0]?.text.split('\n')[newLine - 1] ?? '',
    }))
    const change = { kind: 'added', oldPath: file, newPath: file, lines } as never
    expect([...placeFindings(down, [change]).values()]).toMatchObject([{ newPath: file, newLine: 2 }])
  })
})

describe('a finding of one major', () => {
  it.each(reporterNames.filter((name) => name !== 'json'))('is marked in %s', async (name) => {
    expect(await rendered(name)).toContain('Postgres 14 only')
  })

  it.each(['terminal', 'markdown', 'html', 'sarif', 'junit'] as const)(
    'and what was sent stands in %s',
    async (name) => {
      expect(await rendered(name)).toContain('ALTER TABLE sent_by_code ADD COLUMN x int')
    },
  )

  it('is marked in its thread, with what was sent', () => {
    const [finding] = report.findings
    if (finding === undefined) throw new Error('the sample has findings')
    const { pipeline } = stickyContent({ report, findings: [] })
    const place = { kind: 'diff', suggestion: false } as never
    const text = threadBody({ report, finding, pipeline, policy: { allowBy: 'developer' } as never, place })
    expect(text).toContain('Postgres 14 only')
    expect(text).toContain('ALTER TABLE sent_by_code ADD COLUMN x int')
  })

  it('names all servers of the run', async () => {
    expect(await rendered('terminal')).toContain('PostgreSQL 14.23 and 18.4 (embedded)')
  })
})
