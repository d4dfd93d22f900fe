import { describe, expect, it } from 'vitest'
import { loadReporter, reporterNames, type ReporterName } from '../../src/reporters/index.ts'
import { stickyBody } from '../../src/gitlab/sticky.ts'
import type { Acceptance, Report } from '../../src/core/model.ts'
import { stickyContent } from '../gitlab/review-content.ts'
import { schemaErrors } from './validate.ts'
import { sampleReport } from './sample-report.ts'

const options = { color: false, width: 100 }

const decided = [
  'The configuration of origin/main (1a2b3c4) decides; this branch changes it, which holds once it is merged.',
  'By configuration, ban-truncate is off (only staging has it). It would have had a finding in db/x.sql:3.',
]

function accepted(allowed: Acceptance): Report {
  const findings = sampleReport.findings.map((each) =>
    each.allowed === undefined ? each : { ...each, allowed },
  )
  return { ...sampleReport, findings, policy: decided }
}

const report = accepted({ reason: 'ten rows', author: 'Jo Doe', baseline: '.pgrehearse-baseline.yaml' })

async function rendered(name: ReporterName): Promise<string> {
  const text = (await loadReporter(name))(report, options)
  // one line: some formats break it
  return text.replaceAll(/\s+/g, ' ')
}

/** GitLab's code quality and reviewdog have no word for a finding that is accepted. */
const withoutWords: readonly ReporterName[] = ['codequality', 'rdjson']

describe('what is accepted', () => {
  it.each(reporterNames.filter((name) => !withoutWords.includes(name)))(
    'stands in %s with reason, author and baseline',
    async (name) => {
      const text = await rendered(name)
      for (const word of ['ten rows', 'Jo Doe', '.pgrehearse-baseline.yaml']) expect(text).toContain(word)
    },
  )

  it.each(withoutWords)('is left out of %s', async (name) => {
    expect(await rendered(name)).not.toContain('avoid-drop-column')
  })

  it('stands in the summary of the merge request', () => {
    const findings = report.findings.map((finding) => ({
      finding,
      standing: finding.allowed === undefined ? ('summary' as const) : ('allowed' as const),
    }))
    const text = stickyBody(stickyContent({ report, findings }))
    expect(text).toContain('1 accepted in the baseline')
    expect(text).toContain('**Accepted in the baseline** by `Jo Doe`: ten rows')
    expect(text).toContain('By configuration, ban-truncate is off')
  })

  it('is called external in SARIF when a baseline lists it, and in the source when a comment does', async () => {
    const sarif = await loadReporter('sarif')
    const kinds = (one: Report): unknown =>
      (
        JSON.parse(sarif(one, options)) as { runs: { results: { suppressions: { kind: string }[] }[] }[] }
      ).runs[0]?.results
        .flatMap(({ suppressions }) => suppressions)
        .map(({ kind }) => kind)
    expect(kinds(report)).toEqual(['external'])
    expect(kinds(accepted({ reason: 'x' }))).toEqual(['inSource'])
    const errors = await schemaErrors('test/reporters/schemas/sarif.schema.json')
    expect(errors(JSON.parse(sarif(report, options)))).toEqual([])
  })

  it('is valid JSON of the published form', async () => {
    const errors = await schemaErrors('schemas/report.schema.json')
    expect(errors(JSON.parse((await loadReporter('json'))(report, options)))).toEqual([])
  })
})

describe('what the configuration decides', () => {
  it.each(reporterNames.filter((name) => !withoutWords.includes(name)))('stands in %s', async (name) => {
    const text = await rendered(name)
    expect(text).toContain('ban-truncate is off')
    expect(text).toContain('which holds once it is merged')
  })
})
